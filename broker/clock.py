"""Time, ids and randomness: passed in wherever they are needed, so that tests and replays decide them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import uuid_utils

#: the present, aware and in UTC
Clock: TypeAlias = Callable[[], datetime]
#: a new id, unique and ordered by time of making
Ids: TypeAlias = Callable[[], str]
#: that many unpredictable bytes
Random: TypeAlias = Callable[[int], bytes]


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7 (RFC 9562 section 5.7), which the standard library has from Python 3.14 on."""
    return str(uuid_utils.uuid7())


def system_random(size: int) -> bytes:
    """`size` bytes from the operating system's generator."""
    return secrets.token_bytes(size)


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, as every table here keeps time.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("expected a moment with a time zone")
    return int(moment.timestamp() * 1000)
