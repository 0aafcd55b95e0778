"""UUIDv7 for the entries that the log makes itself; its callers bring their own ids."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

RANDOM_BYTES = 10


def uuid7(moment: datetime, noise: bytes) -> str:
    """RFC 9562 section 5.7: 48 bits of milliseconds, then version, variant and 74 of the 80 bits of `noise`."""
    number = int(moment.timestamp() * 1000) << 80 | int.from_bytes(noise, "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=number))
