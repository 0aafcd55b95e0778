"""Who runs the exchange, what the parties are together in law, and the log, which is a processing of its own."""

from __future__ import annotations

from broker.documents.covenant_text_grounds import basis_named
from broker.documents.page_parts import Code, Own, Paragraph, Section, Terms, Words, listed, tell
from broker.documents.wording import absent, called, every, length
from broker.documents.wording_codes import code_with_id
from policies.covenant import Covenant, Label

_UNNAMED = Label("niet genoemd", "not named")


def partnership(covenant: Covenant) -> Section:
    """What the parties are together in law."""
    heading = Label("Het samenwerkingsverband", "The partnership")
    found = covenant.partnership
    if found is None:
        return Section(heading, (Paragraph(absent("wat de partijen samen in de wet zijn", "what the parties are together in law")),))
    facts: tuple[tuple[Words, Words], ...] = (
        (Label("Naam", "Name"), Own(found.name)),
        (Label("Soort", "Kind"), code_with_id(found.kind)),
        (Label("Coördinerend functionaris (Wgs 1.4)", "Coordinating officer (Wgs 1.4)"), _own(found.coordinating_officer)),
        (Label("Advies over rechtmatigheid (Wgs 1.8)", "Advice on lawfulness (Wgs 1.8)"), _own(found.advice_by)),
        (Label("Privacyaudit", "Privacy audit"), every(found.audit) if found.audit else _UNNAMED),
        (Label("Jaarverslag (Wgs 1.12)", "Annual report (Wgs 1.12)"), _own(found.annual_report)),
    )
    return Section(heading, (Terms(facts),))


def _own(text: str | None) -> Words:
    return Own(text) if text else _UNNAMED


def operator(covenant: Covenant) -> Section:
    """Who runs the exchange."""
    heading = Label("De uitvoerder", "The operator")
    found = covenant.operator
    if found is None:
        return Section(
            heading, (Paragraph(Label("Niet geregeld: wie de uitwisseling uitvoert.", "Not provided for: who runs the exchange.")),)
        )
    return Section(
        heading,
        (
            Terms(
                (
                    (Label("Hoedanigheid", "Capacity"), code_with_id(found.role)),
                    (Label("Voor", "For"), called(covenant, found.for_)),
                    (Label("Overeenkomst", "Contract"), Own(found.contract)),
                    (Label("Ziet de waarden van gegevens", "Sees the values of data"), code_with_id(found.sees_values)),
                )
            ),
        ),
    )


def log(covenant: Covenant) -> Section:
    """The audit log as a processing of its own."""
    heading = Label("Het logboek", "The log")
    found = covenant.log
    if found is None:
        told = absent("wie verantwoordelijk is voor het logboek", "who is responsible for the log")
        return Section(heading, (Paragraph(told),))
    intro = tell(
        "Elke vraag en elk antwoord wordt vastgelegd: wie, waarvoor, welke gegevens en op welk artikel; nooit de inhoud van een gegeven.",
        "Every question and answer is recorded: who, for what, which fields and by which article; never the content of a field.",
    )
    return Section(
        heading,
        (
            Paragraph(intro),
            Terms(
                (
                    (Label("Verantwoordelijken", "Controllers"), listed(called(covenant, party) for party in found.controllers)),
                    (
                        Label("Grondslag", "Legal basis"),
                        listed(basis_named(covenant, each) for each in found.legal_basis) if found.legal_basis else _UNNAMED,
                    ),
                    (Label("Verwerkingsactiviteit", "Processing activity"), Code(found.activity) if found.activity else _UNNAMED),
                    (Label("Bewaard", "Kept for"), length(found.retention)),
                    (Label("Gelezen door", "Read by"), listed(map(code_with_id, found.readers))),
                )
            ),
        ),
    )
