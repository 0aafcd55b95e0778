"""The steps that a version takes, as they are kept: who did what when, and what it changed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from broker.cases.rules import By
from broker.errors import CovenantRefused
from broker.trace import Trace
from policies.vocabulary import CovenantId, PartyId, RoleId

#: an operator's name is a code of the log, and none that could be taken for a party's professional
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class StepKind(StrEnum):
    """What happened to a version."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    REQUESTED = "requested"
    ACTIVATED = "activated"
    STARTED = "started"
    ENDED = "ended"


class Effect(StrEnum):
    """What a step changed for those who exchange; in doubt it narrowed."""

    NONE = "none"
    WIDENS = "widens"
    NARROWS = "narrows"
    BOTH = "both"
    SCHEDULED = "scheduled"

    @property
    def takes(self) -> bool:
        """Whether somebody may get less than before."""
        return self in {Effect.NARROWS, Effect.BOTH}


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever works at the command line of the broker's own machine, by a name that nobody has proven.

    Raises:
        CovenantRefused: the name cannot stand in the log.
    """

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise CovenantRefused("expected a name of lower-case letters, digits, dots and dashes", "unknown_person")


Official = By | Operator


@dataclass(frozen=True, slots=True)
class Who:
    """Who took a step: a party's professional, an operator (no party), or nobody but the calendar (no name either).

    `trace` is of the request in which it was taken, if it came in one; it stands in the log alone.
    """

    party: PartyId | None = None
    role: RoleId | None = None
    name: str | None = None
    trace: Trace | None = field(default=None, compare=False)

    @classmethod
    def of(cls, by: Official | None) -> Who:
        """The same person as the steps keep them."""
        if by is None:
            return cls()
        return cls(by.party, by.role, by.professional, by.trace) if isinstance(by, By) else cls(None, None, by.name)

    @property
    def eyes(self) -> str:
        """One pair of eyes: pseudonyms are unique at one party, operators' names among themselves."""
        return f"{self.party or 'operator'}/{self.name}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `party` is whose answer it is; `id` is also the id of its entry in the log."""

    id: str
    covenant: CovenantId
    version: str
    sha256: str
    kind: StepKind
    effect: Effect
    who: Who
    at_ms: int
    party: PartyId | None = None
    thumbprint: str | None = None
    jws: str | None = None
    signed_ms: int | None = None
