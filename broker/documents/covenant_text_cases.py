"""Case types of the covenant text: the ladder in sentences, and what each party is shown of a case."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Bullets, Code, Own, Paragraph, Section, Strong, Table, Words, joined, listed, tell
from broker.documents.wording import called, length, named, phase_title, role_of, roles_of, step_title
from broker.documents.wording_codes import PHASE_VIEW, code_with_id
from policies.covenant import CaseType, Covenant, Label, Needs, Overdue, ShownAs, Step
from policies.vocabulary import PartyId


def case_types(covenant: Covenant) -> Section:
    """Every sort of case with its ladder."""
    intro = tell(
        "Een casus opent in de eerste fase van haar ladder. Wat een partij van de casus zelf ziet, is ook een verstrekking: wie ziet "
        "dat een casus is "
        "opgeschaald, weet dat er meer aan de hand is.",
        "A case opens in the first phase of its ladder. What a party sees of the case itself is a disclosure too: whoever sees that a "
        "case is "
        "escalated knows that more is going on.",
    )
    return Section(
        Label("Soorten casussen en de ladder", "Types of cases and the ladder"),
        (Paragraph(intro),),
        tuple(_case_type(covenant, case_type) for case_type in covenant.case_types.values()),
    )


def _case_type(covenant: Covenant, case_type: CaseType) -> Section:
    steps = tuple(joined(_step(covenant, case_type, step)) for step in case_type.ladder.values())
    everybody = frozenset(covenant.parties)
    rows = tuple(_shown(covenant, party, case_type.shown_to(party, everybody), case_type) for party in covenant.parties)
    columns = (
        Label("Partij", "Party"),
        Label("Ziet van de fase", "Sees of the phase"),
        Label("Ziet als deelnemers", "Sees as participants"),
    )
    return Section(
        named(case_type.title, case_type.id),
        (
            Bullets(steps),
            Table(
                tell("Wat elke partij ziet van een casus {title}", "What each party sees of a case {title}", title=case_type.title),
                columns,
                rows,
            ),
        ),
    )


def _step(covenant: Covenant, case_type: CaseType, step: Step) -> Iterator[Words]:
    yield tell("{phase} ({id}).", "{phase} ({id}).", phase=Strong(step_title(step)), id=Code(step.phase))
    if step.law is not None:
        yield tell("Dit is {law}.", "This is {law}.", law=Own(step.law))
    if step.owner is not None:
        yield tell("Eigenaar is {role}.", "Its owner is {role}.", role=role_of(covenant, step.owner))
    yield from _entering(covenant, step.needs)
    if step.within is not None:
        yield tell("Deze fase duurt ten hoogste {time}.", "This phase lasts at most {time}.", time=length(step.within))
    if step.overdue is not None:
        yield from _overdue(covenant, step.overdue)
    if step.next:
        following = listed((step_title(case_type.ladder[phase]) for phase in step.next), "of", "or")
        yield tell("Hierna volgt {phases}.", "After this comes {phases}.", phases=following)
    elif not step.shielded:
        yield Label("Hierna volgt geen andere fase.", "No other phase comes after this.")
    yield from _ending(step)


def _entering(covenant: Covenant, needs: Needs) -> Iterator[Words]:
    wanted: list[Words] = []
    if needs.reason:
        wanted.append(Label("een reden", "a reason"))
    if needs.agreement:
        whose = listed(called(covenant, party) for party in covenant.parties if party in needs.agreement)
        wanted.append(tell("de instemming van {parties}", "the agreement of {parties}", parties=whose))
    if wanted:
        yield tell("Om in deze fase te komen is nodig: {wanted}.", "To enter this phase one needs {wanted}.", wanted=listed(wanted))
    if needs.or_after is not None:
        yield tell(
            "Blijft een antwoord uit, dan is die instemming na {time} niet meer nodig.",
            "Where no answer comes, that agreement is no longer needed after {time}.",
            time=length(needs.or_after),
        )


def _overdue(covenant: Covenant, overdue: Overdue) -> Iterator[Words]:
    if overdue.remind:
        yield tell(
            "Duurt zij langer, dan krijgt bericht: {roles}.",
            "If it lasts longer, a reminder goes to {roles}.",
            roles=roles_of(covenant, overdue.remind),
        )
    if overdue.warn is not None:
        yield tell(
            "Een waarschuwing gaat {time} tevoren uit.",
            "A warning is given {time} before.",
            time=length(overdue.warn),
        )
    if overdue.back_to is not None:
        yield tell(
            "Daarna gaat de casus terug naar {phase}.",
            "After that the case goes back to {phase}.",
            phase=phase_title(covenant, overdue.back_to),
        )


def _ending(step: Step) -> Iterator[Words]:
    if step.shielded:
        yield Label(
            "De casus is dan afgeschermd: niemand krijgt er nog iets van.",
            "The case is then shielded: nobody is given anything of it any more.",
        )
    if step.reasons:
        yield tell(
            "Redenen om te sluiten: {reasons}.", "Reasons to close: {reasons}.", reasons=listed(map(code_with_id, step.reasons), "of", "or")
        )
    if step.purge_after:
        kept = (
            tell("{reason}: {time}", "{reason}: {time}", reason=code_with_id(why), time=length(time))
            for why, time in step.purge_after.items()
        )
        yield tell(
            "Na sluiting wordt de casus vernietigd na: {kept}.",
            "After closing, the case is destroyed after: {kept}.",
            kept=joined(kept, "; "),
        )


def _shown(covenant: Covenant, party: PartyId, shown: ShownAs, case_type: CaseType) -> tuple[Words, Words, Words]:
    who = listed(called(covenant, each) for each in covenant.parties if each in shown.participants and each != party)
    views = [
        tell("{phase}: {view}", "{phase}: {view}", phase=step_title(case_type.ladder[phase]), view=PHASE_VIEW[view])
        for phase, view in shown.phases.items()
        if phase in case_type.ladder
    ]
    otherwise: Words = PHASE_VIEW[shown.otherwise]
    if views:
        otherwise = tell("{views}; verder {rest}", "{views}; otherwise {rest}", views=joined(views, "; "), rest=otherwise)
    return called(covenant, party), otherwise, who
