"""Handovers in the covenant text: what goes along when a case is continued under another covenant."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.covenant_text_articles import conditions, decision, field_rows, necessity
from broker.documents.covenant_text_data import subjects_of
from broker.documents.covenant_text_grounds import basis_named
from broker.documents.page_parts import Code, Own, Paragraph, Section, Strong, Terms, Words, listed, tell
from broker.documents.wording import absent, called, phase_title, phases_in_order, roles_of
from broker.documents.wording_codes import code_with_id
from policies.covenant import Covenant, Handover, Label


def handovers(covenant: Covenant) -> Section:
    """Who may hand a case over, and with what."""
    heading = Label("Overdracht naar een ander convenant", "Handing over to another covenant")
    if not covenant.handovers:
        return Section(heading, (Paragraph(absent("overdracht; een casus blijft onder dit convenant", "handing over; a case stays here")),))
    intro = tell(
        "Een overdracht laat hier niemand iets zien. Zij zegt wat meegaat als een casus onder een ander convenant verdergaat.",
        "A handover shows nobody anything here. It says what goes along when a case is continued under another covenant.",
    )
    return Section(heading, (Paragraph(intro),), tuple(_handover(covenant, each) for each in covenant.handovers))


def _handover(covenant: Covenant, one: Handover) -> Section:
    kinds = listed((kind.title for name, kind in covenant.case_types.items() if name in one.case_types), "of", "or")
    told = tell(
        "{who} mag een casus van de soort {kinds} overdragen, vanuit de fasen {phases}. Mee gaan gegevens van {holder} over {subjects}.",
        "{who} may hand over a case of the type {kinds}, from the phases {phases}. Data of {holder} about {subjects} go along.",
        who=Strong(roles_of(covenant, one.by)),
        kinds=kinds,
        phases=listed(phase_title(covenant, phase) for phase in phases_in_order(covenant, one.phases)),
        holder=called(covenant, one.from_),
        subjects=subjects_of(covenant, one.about),
    )
    caption = tell("Wat overdracht {number} meegeeft", "What handover {number} takes along", number=one.id)
    blocks = (Paragraph(told), field_rows(covenant, caption, one.fields, one.necessity), Terms(tuple(_terms(covenant, one))))
    heading = tell("Overdracht {number}. {title}", "Handover {number}. {title}", number=one.id, title=one.title)
    return Section(heading, blocks if one.wpg20 is None else (*blocks, decision(covenant, one.wpg20)))


def _terms(covenant: Covenant, one: Handover) -> Iterator[tuple[Words, Words]]:
    yield Label("Naar het convenant", "To the covenant"), Code(one.to.covenant)
    yield Label("Daar een casus van de soort", "There a case of the type"), Code(one.to.case_type)
    yield Label("Daar ontvangt", "There received by"), Own(one.to.receiver)
    yield (
        tell("{party} geeft op grond van", "{party} gives on the ground of", party=called(covenant, one.from_)),
        listed(basis_named(covenant, each) for each in one.giver),
    )
    yield Label("Ontvangen op grond van", "Received on the ground of"), listed(basis_named(covenant, each) for each in one.to.basis)
    yield Label("Voorwaarden", "Conditions"), conditions(one.conditions)
    yield from necessity(one.necessity)
    yield (
        Label("De casus hier sluit als", "The case here closes as"),
        code_with_id(one.closes_as) if one.closes_as else Label("zij sluit niet", "it does not close"),
    )
