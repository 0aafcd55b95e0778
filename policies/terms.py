"""The terms around the sharing: when and where a covenant holds, who runs it, who is told, what is kept, and who can be held to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from policies.values import Label, Period, freeze
from policies.vocabulary import BasisId, CaseTypeId, PartyId, Phase, RoleId, SubjectKind
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
    """On which ground informing the person may wait, who decides that, how soon it is looked at again, and how long at most."""

    ground: str
    recheck: Period
    decided_by: str | None = None
    at_most: Period | None = None


@dataclass(frozen=True, slots=True)
class Inform:
    """Who tells whom, from which phase, how soon and how (AVG art. 14). No `about` means everybody whom the data are about."""

    by: PartyId
    from_: Phase
    within: Period
    defer: Deferral | None = None
    about: frozenset[SubjectKind] = frozenset()
    how: Label | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How a party leaves, to whom it says so, and what happens to what it received and to the cases it takes part in."""

    notice: Period
    effect: str
    received_data: str
    to: str | None = None
    open_cases: str | None = None
    destroyed_within: Period | None = None


@dataclass(frozen=True, slots=True)
class Accession:
    """How a party joins later: who must agree, and what it must have in order first."""

    agreed_by: str
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Partnership:
    """What the parties are together in law: a partnership of the Wgs, one to which the police provide (Wpg art. 20), or joint controllers.

    The Wgs asks for a coordinating officer (1.4), advice on lawfulness (1.8(6)), a periodic audit (1.10) and an annual report (1.12).
    """

    kind: str
    name: str
    coordinating_officer: str | None = None
    advice_by: str | None = None
    audit: Period | None = None
    annual_report: str | None = None


@dataclass(frozen=True, slots=True)
class LogRules:
    """The audit log is a processing of its own: its controllers, grounds, how long it is kept and who reads it."""

    controllers: tuple[PartyId, ...]
    retention: Period
    readers: tuple[str, ...]
    legal_basis: tuple[BasisId, ...] = ()
    activity: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a report goes instead where somebody sees an offence; no `opens` or `within` means as the kind says."""

    to: tuple[RoleId, ...]
    opens: CaseTypeId | None = None
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SignalKind:
    """A sort of report: who may make it, who takes it up and by when. `from_` names parties, roles, or `resident`.

    `anonymous`: a resident need not say who they are. `offence`: where it goes instead when there is an offence, so that what is none goes
    to care first. `remind`: who hears of it when nobody took it up in time.
    """

    id: str
    title: Label
    from_: tuple[str, ...]
    to: tuple[RoleId, ...]
    opens: CaseTypeId
    within: timedelta
    anonymous: bool = False
    offence: Route | None = None
    remind: tuple[RoleId, ...] = ()

    def __post_init__(self) -> None:
        if self.anonymous and "resident" not in self.from_:
            raise Impossible(
                say(
                    "`anonymous` geldt voor bewoners, maar `from` noemt `resident` niet",
                    "`anonymous` is for residents, but `from` does not name `resident`",
                )
            )


@dataclass(frozen=True, slots=True)
class Insight:
    """Counts for policy makers: on which geography, and how small numbers are kept from naming people."""

    geography: str
    minimum_cell: int = 10
    round_to: int = 5
    complementary_suppression: bool = True
    readers: tuple[RoleId, ...] = ()
    counts: tuple[str, ...] = ()
    every: Period | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long received data are kept, per category, who may suspend destruction, and how soon that is looked at again."""

    default: Period
    categories: Mapping[str, Period] = field(default_factory=dict)
    legal_hold: tuple[str, ...] = ()
    hold_recheck: Period | None = None

    def __post_init__(self) -> None:
        freeze(self, "categories")


@dataclass(frozen=True, slots=True)
class Rights:
    """Where people exercise their rights, within which time, and on which grounds something may be refused.

    `counters`: parties with a counter of their own, such as the police (Wpg art. 25-28).
    """

    contact: str
    within: Period
    by: PartyId | None = None
    exceptions: tuple[str, ...] = ()
    counters: Mapping[PartyId, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self, "counters")


@dataclass(frozen=True, slots=True)
class Breach:
    """Whom to tell of a data breach, and how soon (AVG art. 33); who tells the supervisor."""

    contact: str
    within: Period
    by: PartyId | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Who evaluates the covenant, how often, and where the report can be read."""

    by: PartyId
    every: Period
    first_on: date | None = None
    report: str | None = None
