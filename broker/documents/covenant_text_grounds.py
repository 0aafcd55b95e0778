"""Purposes and legal bases of the covenant text."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Code, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import called, day, named, yes_no
from broker.documents.wording_codes import BASIS_KIND, citation, citation_with_national_law, law_id
from policies.covenant import Covenant, Label, LegalBasis, Purpose
from policies.vocabulary import BasisId


def purposes(covenant: Covenant) -> Section:
    """What data are used for, with each party's own ground."""
    intro = tell(
        "Wie iets vraagt, noemt één doel. Wat voor het ene doel is ontvangen, is er niet voor een ander.",
        "An ask names one purpose. What was received for one purpose is not there for another.",
    )
    return Section(
        Label("Doelen en grondslag per partij", "Purposes and legal basis per party"),
        (Paragraph(intro),),
        tuple(_purpose(covenant, purpose) for purpose in covenant.purposes.values()),
    )


def _purpose(covenant: Covenant, purpose: Purpose) -> Section:
    rows = tuple(
        (called(covenant, party), joined((basis_named(covenant, basis) for basis in bases), "; "))
        for party, bases in purpose.legal_basis.items()
    )
    facts: tuple[tuple[Words, Words], ...] = (
        (
            Label("Verwerkingsactiviteit", "Processing activity"),
            Code(purpose.activity) if purpose.activity else Label("niet genoemd", "not named"),
        ),
        (Label("Vertrouwelijk", "Confidential"), yes_no(purpose.confidential)),
        (Label("Doel volgens DPV", "Purpose in DPV"), Code(purpose.dpv) if purpose.dpv else Label("niet genoemd", "not named")),
    )
    facts += tuple(
        (tell("Verwerkingsactiviteit bij {party}", "Processing activity at {party}", party=called(covenant, party)), Code(activity))
        for party, activity in purpose.activities.items()
    )
    without = [called(covenant, party) for party in covenant.parties if party not in purpose.legal_basis]
    if without:
        facts += ((Label("Doet voor dit doel niet mee", "Takes no part for this purpose"), listed(without)),)
    return Section(
        named(purpose.title, purpose.id),
        (
            Table(
                tell("Grondslagen voor het doel {purpose}", "Legal bases for the purpose {purpose}", purpose=purpose.title),
                (Label("Partij", "Party"), Label("Grondslag", "Legal basis")),
                rows,
            ),
            Terms(facts),
        ),
    )


def basis_named(covenant: Covenant, basis: BasisId) -> Words:
    """A basis where it is used: its article of law, what that rests on, and its id."""
    return named(citation_with_national_law(covenant.legal_bases[basis]), basis)


def legal_bases(covenant: Covenant) -> Section:
    """Every ground, once."""
    intro = tell(
        "Elke grondslag wordt hier één keer genoemd. Een grondslag die alleen geeft, is voor de ontvanger geen grond: die heeft een "
        "eigen grond nodig.",
        "Each basis is named here once. A basis that only gives is no ground for a receiver, who needs one of its own.",
    )
    columns = (
        Label("Naam in het bestand", "Id"),
        Label("Wet en artikel", "Law and article"),
        Label("Soort", "Kind"),
        Label("Bijzonderheden", "Particulars"),
    )
    rows = tuple(
        (Code(basis.id), _law(basis), BASIS_KIND[basis.kind], joined(_particulars(basis), "; ")) for basis in covenant.legal_bases.values()
    )
    return Section(
        Label("Grondslagen", "Legal bases"), (Paragraph(intro), Table(Label("Alle grondslagen", "All legal bases"), columns, rows))
    )


def _law(basis: LegalBasis) -> Words:
    cited = tell("{law}, {id}", "{law}, {id}", law=citation(basis), id=law_id(basis))
    return cited if basis.title is None else tell("{title}: {cited}", "{title}: {cited}", title=basis.title, cited=cited)


def _particulars(basis: LegalBasis) -> Iterator[Words]:
    if basis.rests_on:
        yield tell("rust op {laws}", "rests on {laws}", laws=listed(basis.rests_on))
    if basis.with_:
        yield tell("samen met {law}", "together with {law}", law=basis.with_)
    if basis.balancing:
        yield tell("belangenafweging: {where}", "balancing test: {where}", where=Code(basis.balancing))
    if basis.balanced_on:
        yield tell("afgewogen op {on}", "balanced on {on}", on=day(basis.balanced_on))
    if basis.gives_only:
        yield Label("alleen om te geven, niet om te ontvangen", "to give only, not to receive")
    yield (
        tell("geldt sinds {since}", "valid since {since}", since=day(basis.valid_from))
        if basis.valid_from
        else Label("geen begindatum genoemd", "no date of entry named")
    )
    if basis.valid_until:
        yield tell("geldt tot en met {until}", "valid up to and including {until}", until=day(basis.valid_until))
    if basis.dpv:
        yield tell("DPV: {iri}", "DPV: {iri}", iri=Code(basis.dpv))
