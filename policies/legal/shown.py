"""What may be read between the lines: a phase, a participant, a reminder and a signal are disclosures like any other.

Everybody can read the covenant. Whoever is shown a phase that only comes with a certain party has been shown that party.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import PhaseView, ShownAs, Step, party_of
from policies.legal.dossier import Dossier
from policies.legal.rule import Sighting, seen, warns
from policies.values import Label, Path
from policies.vocabulary import CaseTypeId, PartyId

_HINT = Label(
    "laat de fase als open_or_closed zien, of noem de partij bij `participants`",
    "show the phase as open_or_closed, or name the party in `participants`",
)


def _parties_of(step: Step) -> frozenset[PartyId]:
    """Who takes part for sure when a case is in this phase: its owner, and whoever must agree."""
    return step.needs.agreement | (frozenset() if step.owner is None else {party_of(step.owner)})


def _views(dossier: Dossier) -> Iterator[tuple[Path, CaseTypeId, PartyId, ShownAs]]:
    """What each party that the covenant speaks of is shown of each case type."""
    for case_type in dossier.covenant.case_types.values():
        for party, shown in case_type.shown_as.items():
            yield ("case_types", case_type.id, "shown_as", party), case_type.id, party, shown


def _by_phase(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, party, shown in _views(dossier):
        told: set[PartyId] = set()
        for phase, step in dossier.covenant.case_types[name].ladder.items():
            if shown.phase_in(phase) is not PhaseView.FULL or step.shielded:
                continue
            for other in sorted(_parties_of(step) - shown.participants - {party} - told):
                told.add(other)
                yield seen(
                    (*at, "phase"),
                    "{party} ziet fase `{phase}` van {case_type} en weet daardoor dat {other} meedoet, wat haar niet wordt getoond",
                    "{party} sees phase `{phase}` of {case_type} and so knows that {other} takes part, which it is not shown",
                    hint=_HINT,
                    party=party,
                    phase=phase,
                    case_type=name,
                    other=other,
                )


def _by_elimination(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, party, shown in _views(dossier):
        open_phases = [phase for phase, step in dossier.covenant.case_types[name].ladder.items() if not step.shielded]
        hidden = [phase for phase in open_phases if shown.phase_in(phase) is not PhaseView.FULL]
        if len(hidden) == 1 and len(open_phases) > 1:
            yield seen(
                (*at, "phase"),
                "{party} ziet elke open fase van {case_type} behalve `{phase}`: wie alleen `open` ziet, weet welke dat is",
                "{party} sees every open phase of {case_type} but `{phase}`: whoever sees only `open` knows which it is",
                party=party,
                case_type=name,
                phase=hidden[0],
            )


def _by_reminder(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        case_type = dossier.covenant.case_types[name]
        roles = (step.owner, *(step.overdue.remind if step.overdue else ()))
        told: set[PartyId] = set()
        for role in roles:
            party = None if role is None else party_of(role)
            if party is None or party == case_type.lead or party not in case_type.shown_as or party in told:
                continue
            if case_type.shown_as[party].phase_in(step.phase) is not PhaseView.FULL:
                told.add(party)
                yield seen(
                    (*at, "owner") if role == step.owner else (*at, "overdue", "remind"),
                    "{role} leidt fase `{phase}` of wordt eraan herinnerd, maar {party} wordt die fase niet getoond",
                    "{role} owns phase `{phase}` or is reminded of it, but {party} is not shown that phase",
                    role=str(role),
                    phase=step.phase,
                    party=party,
                )


def _by_signal(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    for signal in covenant.signals.values():
        case_type = covenant.case_types[signal.opens]
        receivers = {party_of(role) for role in signal.to}
        reporters = {party.id for name in signal.from_ for party in covenant.parties.values() if name.partition(".")[0] == party.id}
        for reporter in sorted(reporters):
            shown = case_type.shown_to(reporter, frozenset(covenant.parties))
            for receiver in sorted(receivers - shown.participants - {reporter}):
                yield seen(
                    ("signals", "kinds", signal.id, "to"),
                    "{reporter} meldt `{signal}` aan {receiver} en weet dus wie meedoet, wat haar in {case_type} niet wordt getoond",
                    "{reporter} reports `{signal}` to {receiver} and so knows who takes part, which it is not shown in {case_type}",
                    reporter=reporter,
                    signal=signal.id,
                    receiver=receiver,
                    case_type=case_type.id,
                )


RULES = (
    warns("metadata-leak", "AVG art. 5(1)(c)", "een fase verraadt wie meedoet", "a phase tells who takes part", _by_phase),
    warns(
        "phase-by-elimination", "AVG art. 5(1)(c)", "één verborgen fase is geen geheim", "one hidden phase is no secret", _by_elimination
    ),
    warns("reminder-leak", "AVG art. 5(1)(c)", "een herinnering verraadt de fase", "a reminder tells the phase", _by_reminder),
    warns("signal-leak", "AVG art. 5(1)(c)", "een melding verraadt wie meedoet", "a signal tells who takes part", _by_signal),
)
