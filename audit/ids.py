"""UUIDv7 for the entries that the log makes itself; its callers bring their own ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

RANDOM_BYTES = 10


def uuid7(moment: datetime, noise: bytes) -> str:
    """RFC 9562 section 5.7: 48 bits of milliseconds, then version, variant and 74 of the 80 bits of `noise`."""
    number = int(moment.timestamp() * 1000) << 80 | int.from_bytes(noise, "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=number))


def moment_in(entry_id: str) -> datetime:
    """When a UUIDv7 was made, by the clock of whoever made it; to the millisecond.

    Raises:
        ValueError: it is no UUID, or of a time that no calendar has.
    """
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=UUID(entry_id).int >> 80)
    except OverflowError as error:
        raise ValueError("expected a UUIDv7 of a time before the year 10000") from error
