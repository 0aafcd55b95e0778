"""The annexes of the covenant text: its scenarios, and the page that is signed."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.covenant_text_articles import field_named
from broker.documents.covenant_text_limits import fields_named
from broker.documents.page_parts import Bullets, Code, Own, Paragraph, Seal, Section, Strong, Table, Words, joined, listed, tell
from broker.documents.wording import absent, phase_title, role_of
from broker.documents.wording_codes import REASON, code_with_id, form
from policies.covenant import Covenant, Expectation, Given, Label


def scenarios(covenant: Covenant) -> Section:
    """What the privacy officers expect the text to do."""
    heading = Label("Bijlage 1. Proeven op de som", "Annex 1. Scenarios")
    if not covenant.scenarios:
        return Section(heading, (Paragraph(absent("proeven op de som", "scenarios")),), new_sheet=True)
    intro = tell(
        "Wat de partijen van deze tekst verwachten. Een tekst die hierin faalt, kan niet in werking treden. Wat niet is genoemd, mag "
        "van alles zijn.",
        "What the parties expect of this text. A text that fails one cannot take effect. What is not named may be anything.",
    )
    return Section(
        heading, (Paragraph(intro), Bullets(tuple(joined(_scenario(covenant, each)) for each in covenant.scenarios))), new_sheet=True
    )


def _scenario(covenant: Covenant, expected: Expectation) -> Iterator[Words]:
    yield Strong(Own(expected.name))
    yield tell("– Gegeven: {given}.", "– Given: {given}.", given=joined(_given(covenant, expected.given), "; "))
    if expected.sees:
        seen = (
            tell("{field} {form}", "{field} {form}", field=field_named(covenant, field), form=form(one))
            for field, one in expected.sees.items()
        )
        yield tell("Ziet: {fields}.", "Sees: {fields}.", fields=joined(seen, "; "))
    if expected.never_sees:
        yield tell("Ziet nooit: {fields}.", "Never sees: {fields}.", fields=joined(fields_named(covenant, expected.never_sees), "; "))
    if expected.withheld:
        kept = (
            tell(
                "{field}, want {why} ({id})",
                "{field}, because {why} ({id})",
                field=field_named(covenant, field),
                why=REASON[why],
                id=Code(why),
            )
            for field, why in expected.withheld.items()
        )
        yield tell("Niet gegeven: {fields}.", "Not given: {fields}.", fields=joined(kept, "; "))


def _given(covenant: Covenant, given: Given) -> Iterator[Words]:
    yield role_of(covenant, given.role)
    if given.purpose is not None:
        yield tell("doel {purpose}", "purpose {purpose}", purpose=covenant.purposes[given.purpose].title)
    if given.case_type is not None:
        yield tell("casus {kind}", "case {kind}", kind=covenant.case_types[given.case_type].title)
    if given.phase is not None:
        yield tell("fase {phase}", "phase {phase}", phase=phase_title(covenant, given.phase))
    if given.subject is not None:
        yield tell("over de {subject}", "about the {subject}", subject=covenant.subjects[given.subject])
    if given.without:
        yield tell("zonder {conditions}", "without {conditions}", conditions=listed(map(code_with_id, given.without)))
    if given.vetoed:
        yield tell(
            "tegengehouden door de houder: {fields}",
            "objected to by the holder: {fields}",
            fields=listed(field_named(covenant, name) for name in given.vetoed),
        )


def signatures(covenant: Covenant, seal: Seal) -> Section:
    """The page that the parties sign."""
    told = tell(
        "De partijen ondertekenen de vingerafdruk van het hele convenant: {sha256}. Elke partij doet dat met haar eigen sleutel, "
        "waarvan de vingerafdruk "
        "hieronder en in het convenant staat. Het convenant geldt pas als alle partijen hebben ondertekend.",
        "The parties sign the fingerprint of the whole covenant: {sha256}. Each does so with its own key, whose thumbprint stands below "
        "and in the "
        "covenant. The covenant holds only when all parties have signed.",
        sha256=Code(seal.sha256),
    )
    columns = (
        Label("Partij", "Party"),
        Label("Functie en mandaat", "Function and mandate"),
        Label("Sleutel", "Key"),
        Label("Plaats en datum", "Place and date"),
        Label("Handtekening", "Signature"),
    )
    rows = tuple(
        (
            party.name,
            joined(map(Own, filter(None, (party.signatory.function, party.signatory.mandate))), ", "),
            Code(party.signing_key) if party.signing_key else Label("geen sleutel genoemd", "no key named"),
            "",
            "",
        )
        for party in covenant.parties.values()
    )
    heading = Label("Bijlage 2. Ondertekening", "Annex 2. Signatures")
    table = Table(Label("Ondertekening", "Signatures"), columns, rows, to_fill_in=True)
    return Section(heading, (Paragraph(told), table), new_sheet=True)
