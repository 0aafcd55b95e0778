"""What can go wrong when somebody signs in. None leaves as itself: the pages say what to do, the counts and events say what it was."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """Why a sign-in came to nothing: what its page tells, and the code of its event."""

    STATE = "state"
    ISSUER = "issuer"
    DENIED = "denied"
    CODE = "code"
    ID_TOKEN = "id_token"  # noqa: S105 - a reason, not a secret
    PROVIDER = "provider"
    SECOND_FACTOR = "second_factor"
    UNKNOWN_PERSON = "unknown_person"
    LOG = "log"


class SignInFailed(Exception):  # noqa: N818 - what happened
    """Nobody is signed in. `detail` is a code for the operator, never what somebody sent."""

    def __init__(self, failure: Failure, detail: str = "-") -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.detail = detail


class NoRoll(Exception):  # noqa: N818 - what is so
    """The list of people has mistakes, or is not there: nobody has a duty until it is mended."""


class RollMistakes(Exception):  # noqa: N818 - what the file has
    """The roll's file has mistakes, or cannot be read; the message has a line for each."""
