"""The terms around the sharing: when and where a covenant holds, who runs it, who is told, what is kept, and who can be held to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from policies.values import Label, Period, freeze
from policies.vocabulary import BasisId, CaseTypeId, PartyId, Phase, RoleId
from policies.wording import Impossible, say


@dataclass(frozen=True, slots=True)
class InForce:
    """From and until when (both days included, Europe/Amsterdam), and when the parties look at it again."""

    from_: date
    until: date
    review: date

    def __post_init__(self) -> None:
        if not self.from_ <= self.review <= self.until:
            raise Impossible(
                say(
                    "`review` ligt tussen `from` en `until`; er staat {from_}, {review} en {until}",
                    "expected from <= review <= until, found {from_}, {review}, {until}",
                    from_=self.from_,
                    review=self.review,
                    until=self.until,
                )
            )


@dataclass(frozen=True, slots=True)
class Area:
    """Where the covenant holds."""

    municipality: str
    description: str


@dataclass(frozen=True, slots=True)
class Dpia:
    """The data protection impact assessment that came before (AVG art. 35)."""

    ref: str
    on: date


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the broker, in which capacity, and whether it can see values."""

    role: str
    for_: PartyId
    contract: str
    sees_values: str


@dataclass(frozen=True, slots=True)
class Deferral:
    """On which ground informing the person may wait, and how soon that is looked at again."""

    ground: str
    recheck: Period


@dataclass(frozen=True, slots=True)
class Inform:
    """Who tells the person, from which phase, how soon (AVG art. 14)."""

    by: PartyId
    from_: Phase
    within: Period
    defer: Deferral | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How a party leaves, and what happens to what it received."""

    notice: Period
    effect: str
    received_data: str


@dataclass(frozen=True, slots=True)
class LogRules:
    """The audit log is a processing of its own: its controllers, grounds, how long it is kept and who reads it."""

    controllers: tuple[PartyId, ...]
    retention: Period
    readers: tuple[str, ...]
    legal_basis: tuple[BasisId, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalKind:
    """A sort of report: who may make it, who takes it up and by when. `from_` names parties, roles, or `resident`."""

    id: str
    title: Label
    from_: tuple[str, ...]
    to: tuple[RoleId, ...]
    opens: CaseTypeId
    within: timedelta


@dataclass(frozen=True, slots=True)
class Insight:
    """Counts for policy makers: on which geography, and how small numbers are kept from naming people."""

    geography: str
    minimum_cell: int = 10
    round_to: int = 5
    complementary_suppression: bool = True
    readers: tuple[RoleId, ...] = ()


@dataclass(frozen=True, slots=True)
class Retention:
    """How long received data are kept, per category, and who may suspend destruction."""

    default: Period
    categories: Mapping[str, Period] = field(default_factory=dict)
    legal_hold: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, "categories")


@dataclass(frozen=True, slots=True)
class Rights:
    """Where people exercise their rights, within which time, and on which grounds something may be refused."""

    contact: str
    within: Period
    by: PartyId | None = None
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """Whom to tell of a data breach, and how soon."""

    contact: str
    within: Period


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Who evaluates the covenant, and how often."""

    by: PartyId
    every: Period
