"""Case types: the ladder of phases, and what each party is shown of the case itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from policies.parties import party_of
from policies.values import Label, Period, freeze
from policies.vocabulary import CaseTypeId, PartyId, Phase, RoleId
from policies.wording import Impossible, say


class PhaseView(StrEnum):
    """How much of the phase a party is shown."""

    FULL = "full"
    OPEN_OR_CLOSED = "open_or_closed"


@dataclass(frozen=True, slots=True)
class ShownAs:
    """What one party learns of a case besides its fields: the phase, and which other parties take part."""

    otherwise: PhaseView = PhaseView.OPEN_OR_CLOSED
    phases: Mapping[Phase, PhaseView] = field(default_factory=dict)
    participants: frozenset[PartyId] = frozenset()

    def __post_init__(self) -> None:
        freeze(self, "phases")

    def phase_in(self, phase: Phase) -> PhaseView:
        """How the phase is shown while the case is in `phase`."""
        return self.phases.get(phase, self.otherwise)


#: what a party sees for which a case type says nothing
SHOWN_LEAST = ShownAs()


@dataclass(frozen=True, slots=True)
class Overdue:
    """What happens when a phase lasts longer than it may: people are reminded, or after a warning the case goes back."""

    remind: tuple[RoleId, ...] = ()
    warn: timedelta | None = None
    back_to: Phase | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What a move into a phase needs. `or_after`: the time after which silence of the parties named no longer holds it up."""

    reason: bool = False
    agreement: frozenset[PartyId] = frozenset()
    or_after: timedelta | None = None

    def __post_init__(self) -> None:
        if self.or_after is not None and not self.agreement:
            raise Impossible(
                say(
                    "`or_after` zegt hoe lang op instemming wordt gewacht, maar er wordt geen instemming gevraagd",
                    "`or_after` says how long an agreement is waited for, but no agreement is asked",
                )
            )


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of the ladder. `shielded`: the case is closed; nothing of it is given to anybody.

    `law` is the step of a law that this phase is, such as `Wgs 2.31(3)`.
    """

    phase: Phase
    owner: RoleId | None = None
    within: timedelta | None = None
    overdue: Overdue | None = None
    next: tuple[Phase, ...] = ()
    needs: Needs = field(default_factory=Needs)
    reasons: tuple[str, ...] = ()
    shielded: bool = False
    purge_after: Mapping[str, Period] = field(default_factory=dict)
    title: Label | None = None
    law: str | None = None

    def __post_init__(self) -> None:
        freeze(self, "purge_after")

    def purge_for(self, reason: str) -> Period | None:
        """How long a case closed for `reason` is kept."""
        return self.purge_after.get(reason, self.purge_after.get("default"))


@dataclass(frozen=True, slots=True)
class CaseType:
    """A sort of case. The ladder is in the covenant's order; its first phase is where an accepted signal opens a case."""

    id: CaseTypeId
    title: Label
    ladder: Mapping[Phase, Step]
    shown_as: Mapping[PartyId, ShownAs] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.ladder:
            raise Impossible(say("een soort casus zonder fasen kan geen casus bevatten", "a case type without phases can hold no case"))
        freeze(self, "ladder", "shown_as")

    @property
    def first(self) -> Step:
        """The step in which a case opens."""
        return next(iter(self.ladder.values()))

    @property
    def lead(self) -> PartyId | None:
        """The party that owns the first step; it is shown the whole case unless `shown_as` says otherwise."""
        return None if self.first.owner is None else party_of(self.first.owner)

    def shown_to(self, party: PartyId, among: frozenset[PartyId]) -> ShownAs:
        """What `party` is shown of a case in which `among` take part; a party the covenant is silent about is shown least."""
        if party in self.shown_as:
            return self.shown_as[party]
        return ShownAs(PhaseView.FULL, {}, among) if party == self.lead else SHOWN_LEAST
