"""The ladder: every phase can be reached and left, somebody owns it, and what a move asks can be had."""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import CaseType, Step, party_of
from policies.legal.dossier import Dossier
from policies.legal.rule import Sighting, refuses, seen, warns
from policies.values import Label
from policies.vocabulary import PartyId, Phase


def _ways(step: Step) -> frozenset[Phase]:
    """Where a case can go from this phase, by itself too."""
    back = step.overdue.back_to if step.overdue else None
    return frozenset(step.next) | ({back} if back is not None else frozenset())


def _reached(case_type: CaseType, start: Phase) -> frozenset[Phase]:
    """Every phase that can follow on `start`, itself included."""
    reached: set[Phase] = set()
    ahead = [start]
    while ahead:
        phase = ahead.pop()
        if phase in case_type.ladder and phase not in reached:
            reached.add(phase)
            ahead += _ways(case_type.ladder[phase])
    return frozenset(reached)


def _nobody_can_leave(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        case_type = dossier.covenant.case_types[name]
        closes = any(case_type.ladder[phase].shielded for phase in _reached(case_type, step.phase))
        if not step.shielded and not closes:
            yield seen(
                at,
                "vanuit fase `{phase}` van {case_type} kan geen casus ooit worden gesloten",
                "from phase `{phase}` of {case_type} no case can ever be closed",
                hint=Label("noem in `next` een weg naar een gesloten fase", "name a way to a closed phase in `next`"),
                key=True,
                phase=step.phase,
                case_type=name,
            )


def _unreachable(dossier: Dossier) -> Iterator[Sighting]:
    for case_type in dossier.covenant.case_types.values():
        reached = _reached(case_type, case_type.first.phase)
        for phase in case_type.ladder.keys() - reached:
            yield seen(
                ("case_types", case_type.id, "ladder", phase),
                "geen casus van {case_type} komt ooit in fase `{phase}`",
                "no case of {case_type} ever comes into phase `{phase}`",
                key=True,
                phase=phase,
                case_type=case_type.id,
            )


def _without_owner(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        if not step.shielded and step.owner is None:
            yield seen(
                at,
                "fase `{phase}` van {case_type} is van niemand",
                "phase `{phase}` of {case_type} has no owner",
                key=True,
                phase=step.phase,
                case_type=name,
            )


def _without_limit(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        if not step.shielded and (step.within is None or step.overdue is None):
            yield seen(
                at,
                "fase `{phase}` van {case_type} mag eeuwig duren: er is geen termijn, of niets gebeurt als die voorbij is",
                "phase `{phase}` of {case_type} may last for ever: there is no limit, or nothing happens when it has passed",
                hint=Label("`within` en `overdue`", "`within` and `overdue`"),
                key=True,
                phase=step.phase,
                case_type=name,
            )


def _owner_is_blind(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    given = {(role, *where) for article in covenant.articles for where in dossier.situations(article) for role in article.to}
    for at, name, step in dossier.steps():
        if step.owner is not None and not step.shielded and (step.owner, name, step.phase) not in given:
            yield seen(
                (*at, "owner"),
                "{owner} leidt fase `{phase}` van {case_type}, en geen artikel geeft die functie dan iets",
                "{owner} owns phase `{phase}` of {case_type}, and no article gives that role anything then",
                owner=step.owner,
                phase=step.phase,
                case_type=name,
            )


def _agreement_of_outsider(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        for party in sorted(step.needs.agreement - _parties_in(dossier, name)):
            yield seen(
                (*at, "needs", "agreement"),
                "fase `{phase}` van {case_type} wacht op {party}, die in zulke casussen niets geeft of krijgt",
                "phase `{phase}` of {case_type} waits for {party}, which gives and receives nothing in such cases",
                phase=step.phase,
                case_type=name,
                party=party,
            )


def _parties_in(dossier: Dossier, case_type: str) -> frozenset[PartyId]:
    articles = [article for article in dossier.covenant.articles if case_type in article.case_types]
    return frozenset({article.from_ for article in articles} | {party_of(role) for article in articles for role in article.to})


def _agreement_may_block(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        if step.needs.agreement and step.needs.or_after is None:
            yield seen(
                (*at, "needs"),
                "fase `{phase}` van {case_type} wacht op instemming, ook als 's nachts niemand antwoordt",
                "phase `{phase}` of {case_type} waits for agreement, even when nobody answers at night",
                hint=Label("`or_after` zegt hoe lang", "`or_after` says how long"),
                phase=step.phase,
                case_type=name,
            )


def _purge_missing(dossier: Dossier) -> Iterator[Sighting]:
    for at, name, step in dossier.steps():
        if not step.shielded:
            continue
        missing = [reason for reason in step.reasons if step.purge_for(reason) is None]
        if missing or not step.reasons:
            yield seen(
                at,
                "een gesloten casus van {case_type} wordt niet vernietigd bij: {reasons}",
                "a closed case of {case_type} is not destroyed for: {reasons}",
                hint=Label("`reasons` en `purge_after: {default: …}`", "`reasons` and `purge_after: {default: …}`"),
                key=True,
                case_type=name,
                reasons=", ".join(missing) or "…",
            )


RULES = (
    refuses("nobody-can-leave", None, "een fase waar niemand uit komt", "a phase that nobody can leave", _nobody_can_leave),
    warns("phase-unreachable", None, "een fase waar niemand in komt", "a phase that nobody can reach", _unreachable),
    warns("owner-missing", None, "een fase zonder eigenaar", "a phase without an owner", _without_owner),
    warns("limit-missing", None, "een fase zonder einde", "a phase without an end", _without_limit),
    warns("owner-is-blind", None, "een eigenaar die niets ziet", "an owner who sees nothing", _owner_is_blind),
    warns("agreement-of-outsider", None, "instemming van een buitenstaander", "agreement of an outsider", _agreement_of_outsider),
    warns("agreement-may-block", None, "wachten zonder einde", "waiting without an end", _agreement_may_block),
    warns("purge-missing", "AVG art. 5(1)(e)", "gesloten en nooit vernietigd", "closed and never destroyed", _purge_missing),
)
