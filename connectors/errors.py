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


class SealBroken(ConnectorError):  # noqa: N818 - what happened to it, as one says it
    """A sealed blob does not open for the row it lies in: it was changed, moved, or sealed under a key that is not here."""

    def __init__(self) -> None:
        super().__init__("a sealed blob does not open for its row")


class DepositUnavailable(ConnectorError):  # noqa: N818 - a state, as SourceUnavailable
    """The deposit's database did not take or give what was asked, or its keys cannot be read; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("the deposit's database did not answer, or its keys cannot be read")


class ReferenceTaken(ConnectorError):  # noqa: N818 - a state of the reference
    """The party's reference already stands for another subject, or the subject already has another reference of this party."""

    def __init__(self) -> None:
        super().__init__("this reference stands for another subject, or this subject has another reference")


class TextUnknown(ConnectorError):  # noqa: N818 - a state of the text
    """There is no text of this kind by this id: it was never kept, or it was forgotten."""

    def __init__(self) -> None:
        super().__init__("there is no text of this kind by this id")


class TextTaken(ConnectorError):  # noqa: N818 - a state of the id
    """Another text already stands under this id; a text is never replaced."""

    def __init__(self) -> None:
        super().__init__("another text already stands under this id")


class SourceMissing(ConnectorError):  # noqa: N818 - a state, as SourceUnavailable
    """A field of the covenant has no source: the configuration was not checked against this covenant."""

    def __init__(self, field: str, holder: str) -> None:
        super().__init__(f"field {field} of {holder} has no source")
