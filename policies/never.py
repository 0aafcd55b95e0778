"""The never statements, checked against everything that would give something away: articles, emergencies and what is shown of a case.

They are no deny rows. A covenant in which a statement is broken is not compiled, so there is nothing to deny at run time.

A party *tells by taking part* under a statement when every field it holds falls under that statement: whoever learns that the police take
part has learnt that there is something for the police. Such a party may not be among the participants shown, nor be given away by a phase.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.covenant import CaseType, Covenant, Field, Never, NeverKind, PhaseView, ShownAs, Step, party_of
from policies.errors import Finding, Severity
from policies.values import Path
from policies.vocabulary import FieldName, FormKind, PartyId, Phase, PurposeId, RoleId, SubjectKind
from policies.wording import Label, say

_KINDS = {NeverKind.LAW: Label("wet", "law"), NeverKind.CHOICE: Label("eigen keuze", "choice")}


def names_field(pattern: str, field: FieldName) -> bool:
    """Whether `incidents.*` or `incidents.count_12m` names the field."""
    return field == pattern or (pattern.endswith(".*") and field.startswith(pattern[:-1]))


def covers(never: Never, field: Field) -> bool:
    """Whether the statement speaks of this field, whoever gets it."""
    return (
        (not never.from_ or field.holder in never.from_)
        and (not never.classes or bool(never.classes & field.classes))
        and (not never.fields or any(names_field(pattern, field.name) for pattern in never.fields))
    )


def binds(never: Never, role: RoleId) -> bool:
    """Whether the statement speaks of what this role gets, whatever it is."""
    return not never.to or role in never.to or party_of(role) in never.to


def broken_statements(covenant: Covenant) -> Iterator[Finding]:
    """Every place where a never statement is broken."""
    for never in covenant.never:
        yield from _by_articles(covenant, never)
        yield from _by_emergencies(covenant, never)
        yield from _by_handovers(covenant, never)
        yield from _by_what_is_shown(covenant, never)


def _broken(covenant: Covenant, never: Never, what: Label, at: Path) -> Finding:
    line, column = covenant.places.of(*at)
    message = say(
        "nooit-bepaling {statement} ({kind}) is geschonden: {what}",
        "never {statement} ({kind}) is broken: {what}",
        statement=never.statement,
        kind=_KINDS[never.kind],
        what=what,
    )
    because = Label(never.because, never.because)  # the covenant's own words, which have one language
    return Finding(covenant.places.file, line, column, Severity.ERROR, "never-broken", message, because, never.law)


def _by_articles(covenant: Covenant, never: Never) -> Iterator[Finding]:
    for position, article in enumerate(covenant.articles):
        roles = sorted(role for role in article.to if binds(never, role))
        if not roles or not _in_scope(never, article.purpose, article.phases, article.about):
            continue
        for field, form in article.fields.items():
            if covers(never, covenant.fields[field]) and (not never.forms or form.kind in never.forms):
                what = say(
                    "artikel {article} geeft `{field}` aan {roles}",
                    "article {article} gives `{field}` to {roles}",
                    article=article.id,
                    field=field,
                    roles=", ".join(roles),
                )
                yield _broken(covenant, never, what, ("articles", position, "fields", field))


def _in_scope(never: Never, purpose: PurposeId | None, phases: Iterable[Phase], about: Iterable[SubjectKind]) -> bool:
    return (
        (not never.purposes or purpose is None or purpose in never.purposes)
        and (not never.phases or not never.phases.isdisjoint(phases))
        and (not never.about or not never.about.isdisjoint(about))
    )


def _by_emergencies(covenant: Covenant, never: Never) -> Iterator[Finding]:
    """An emergency has no purpose, phase or form of its own and gives the whole field, so those never excuse it."""
    for position, emergency in enumerate(covenant.emergency):
        roles = sorted(role for role in emergency.who if binds(never, role))
        for name in sorted(emergency.fields) if roles else ():
            field = covenant.fields[name]
            if (
                covers(never, field)
                and (not never.about or never.about & field.about)
                and (not never.forms or FormKind.FULL in never.forms)
            ):
                what = say(
                    "de noodregeling geeft `{field}` aan {roles}",
                    "the emergency gives `{field}` to {roles}",
                    field=name,
                    roles=", ".join(roles),
                )
                yield _broken(covenant, never, what, ("emergency", position, "fields"))


def _by_handovers(covenant: Covenant, never: Never) -> Iterator[Finding]:
    """A handover goes to nobody of this covenant, so a statement that names receivers is silent on it; it has no purpose of its own."""
    for position, handover in enumerate(covenant.handovers if not never.to else ()):
        if not _in_scope(never, None, handover.phases, handover.about):
            continue
        for field, form in handover.fields.items():
            if covers(never, covenant.fields[field]) and (not never.forms or form.kind in never.forms):
                what = say(
                    "overdracht {handover} geeft `{field}` aan {receiver}",
                    "handover {handover} gives `{field}` to {receiver}",
                    handover=handover.id,
                    field=field,
                    receiver=handover.to.receiver,
                )
                yield _broken(covenant, never, what, ("handovers", position, "fields", field))


def _by_what_is_shown(covenant: Covenant, never: Never) -> Iterator[Finding]:
    telling = frozenset(party for party in covenant.parties if _tells_by_taking_part(covenant, never, party))
    for case_type in covenant.case_types.values() if telling else ():
        for party in covenant.parties:
            # What is shown of a case is shown to a whole party, so a statement about some of its roles does not bind it.
            if (not never.to or party in never.to) and party not in telling:
                shown = case_type.shown_to(party, frozenset(covenant.parties))
                yield from _shown_too_much(covenant, never, case_type, party, shown, telling - {party})


def _tells_by_taking_part(covenant: Covenant, never: Never, party: PartyId) -> bool:
    """A statement about some subjects, purposes, phases or forms says nothing about taking part as such."""
    if never.about or never.purposes or never.phases or never.forms:
        return False
    held = [field for field in covenant.fields.values() if field.holder == party]
    return bool(held) and all(covers(never, field) for field in held)


def _shown_too_much(
    covenant: Covenant, never: Never, case_type: CaseType, party: PartyId, shown: ShownAs, telling: frozenset[PartyId]
) -> Iterator[Finding]:
    at: Path = ("case_types", case_type.id, "shown_as", party)
    for other in sorted(shown.participants & telling):
        what = say(
            "{party} krijgt te zien dat {other} meedoet in {case_type}, en {other} heeft niets waarvan {party} mag weten",
            "{party} is shown that {other} takes part in {case_type}, and {other} holds nothing that {party} may know of",
            party=party,
            other=other,
            case_type=case_type.id,
        )
        yield _broken(covenant, never, what, (*at, "participants"))
    for phase, step in case_type.ladder.items():
        given_away = sorted(_parties_of(step) & telling)
        if given_away and shown.phase_in(phase) is PhaseView.FULL:
            what = say(
                "{party} krijgt fase `{phase}` van {case_type} te zien, en dat verraadt dat {parties} meedoet",
                "{party} is shown phase `{phase}` of {case_type}, which gives away that {parties} takes part",
                party=party,
                phase=phase,
                case_type=case_type.id,
                parties=", ".join(given_away),
            )
            yield _broken(covenant, never, what, (*at, "phase"))


def _parties_of(step: Step) -> frozenset[PartyId]:
    return step.needs.agreement | (frozenset() if step.owner is None else {party_of(step.owner)})
