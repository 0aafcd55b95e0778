"""Moments as they are typed: with their offset from UTC, or in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import click

_DAY = "%Y-%m-%d"
_CLOCKS = ("T%H:%M:%S", "T%H:%M", " %H:%M")

#: seconds and offset may be left out
MOMENT = click.DateTime((_DAY, *(f"{_DAY}{clock}{zone}" for clock in _CLOCKS for zone in ("", "%z"))))


def utc(moment: datetime) -> datetime:
    """A moment as it was typed, in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
