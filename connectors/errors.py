"""What can go wrong at a source. The text of these errors never leaves the process; their codes may."""

from __future__ import annotations

from enum import StrEnum


class Unavailable(StrEnum):
    """Why a source gave no answer: its technical state, never anything about the data."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    BUSY = "busy"


class ConnectorError(Exception):
    """The root of this package's errors."""


class SourceUnavailable(ConnectorError):  # noqa: N818 - a state of the source, named as the API names it
    """A source did not answer as agreed; its fields are `unavailable`, the rest of the disclosure goes on."""

    def __init__(self, source: str, reason: Unavailable) -> None:
        super().__init__(f"source {source} is unavailable: {reason}")
        self.source = source
        self.reason = reason


class ConnectorConfigError(ConnectorError):
    """The sources' configuration is wrong; the message lists every mistake with where it stands."""
