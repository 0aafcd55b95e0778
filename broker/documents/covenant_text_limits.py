"""What never happens, and what may in mortal danger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from broker.documents.covenant_text_articles import field_named, receiving
from broker.documents.covenant_text_data import subjects_of
from broker.documents.covenant_text_grounds import basis_named
from broker.documents.page_parts import Bullets, Code, Own, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import absent, called, length, named, phase_title, phases_in_order, role_of, roles_of
from broker.documents.wording_codes import DATA_CLASS, FORM_KIND, NEVER_KIND, code_with_id
from policies.covenant import Covenant, DataClass, Emergency, Label, Never
from policies.vocabulary import FieldName, FormKind, PartyId, RoleId


def never(covenant: Covenant) -> Section:
    """What holds whatever the articles say."""
    heading = Label("Wat nooit gebeurt", "What never happens")
    if not covenant.never:
        return Section(
            heading, (Paragraph(absent("wat nooit mag, wat de artikelen ook zeggen", "what may never be, whatever the articles say")),)
        )
    intro = tell(
        "Dit geldt wat de artikelen ook zeggen, ook in acute nood en ook voor wat een partij van een casus ziet. Het wordt "
        "gecontroleerd voordat het "
        "convenant gebruikt kan worden: een tekst die hiermee strijdt, wordt geweigerd.",
        "This holds whatever the articles say, also in an emergency and also for what a party sees of a case. It is checked before the "
        "covenant can "
        "be used: a text that conflicts with it is refused.",
    )
    columns = (Label("Nummer", "Number"), Label("Nooit", "Never"), Label("Waarom", "Why"), Label("Wet of keuze", "Law or choice"))
    rows = tuple((one.statement, joined(_scope(covenant, one)), Own(one.because), _law_or_choice(one)) for one in covenant.never)
    return Section(heading, (Paragraph(intro), Table(heading, columns, rows)))


def _law_or_choice(never: Never) -> Words:
    kind = NEVER_KIND[never.kind]
    return kind if never.law is None else tell("{kind}: {law}", "{kind}: {law}", kind=kind, law=Own(never.law))


def _scope(covenant: Covenant, never: Never) -> Iterator[Words]:
    receivers = listed(_receivers(covenant, never)) if never.to else Label("wie dan ook", "anybody")
    what = joined(_what(covenant, never), "; ") if never.classes or never.fields else Label("enig gegeven", "any field")
    yield tell("naar {receivers}: {what}", "to {receivers}: {what}", receivers=receivers, what=what)
    if never.from_:
        yield tell("van {parties}", "from {parties}", parties=_parties(covenant, never.from_))
    if never.about:
        yield tell("over {subjects}", "about {subjects}", subjects=subjects_of(covenant, never.about))
    if never.purposes:
        titles = (purpose.title for name, purpose in covenant.purposes.items() if name in never.purposes)
        yield tell("voor het doel {purposes}", "for the purpose {purposes}", purposes=listed(titles, "of", "or"))
    if never.phases:
        phases = listed((phase_title(covenant, phase) for phase in phases_in_order(covenant, never.phases)), "of", "or")
        yield tell("in de fase {phases}", "in the phase {phases}", phases=phases)
    if never.forms:
        forms = listed((FORM_KIND[kind] for kind in FormKind if kind in never.forms), "of", "or")
        yield tell("in de vorm {forms}", "in the form {forms}", forms=forms)


def _what(covenant: Covenant, never: Never) -> Iterator[Words]:
    if never.classes:
        chosen = listed((DATA_CLASS[each] for each in DataClass if each in never.classes), "of", "or")
        yield tell("gegevens van de klasse {classes}", "data of the class {classes}", classes=chosen)
    yield from fields_named(covenant, sorted(never.fields))


def fields_named(covenant: Covenant, patterns: Iterable[str]) -> Iterator[Words]:
    """Fields, and whole categories such as `incidents.*`."""
    for pattern in patterns:
        if pattern.endswith(".*"):
            title = covenant.categories[pattern[:-2]].title
            yield tell("alles van {category} ({id})", "all of {category} ({id})", category=title, id=Code(pattern))
        else:
            yield field_named(covenant, FieldName(pattern))


def _parties(covenant: Covenant, parties: frozenset[PartyId]) -> Words:
    return listed(called(covenant, party) for party in covenant.parties if party in parties)


def _receivers(covenant: Covenant, never: Never) -> Iterator[Words]:
    for receiver in sorted(never.to):
        yield role_of(covenant, RoleId(receiver)) if "." in receiver else called(covenant, PartyId(receiver))


def emergency(covenant: Covenant) -> Section:
    """What those on duty may see when a life is at risk."""
    heading = Label("Acute nood", "Emergency")
    if not covenant.emergency:
        return Section(
            heading, (Paragraph(absent("een noodprocedure; ook in nood geldt alleen wat een artikel geeft", "an emergency procedure")),)
        )
    intro = tell(
        "Alleen wie dienst heeft, alleen wat hier staat, en alleen als iemands leven in gevaar is. Een veld zonder grondslag gaat ook "
        "in nood niet open.",
        "Only those on duty, only what is named here, and only where somebody's life is at risk. A field without a ground is not opened "
        "in an emergency.",
    )
    return Section(heading, (Paragraph(intro),), tuple(_emergency(covenant, each) for each in covenant.emergency))


def _emergency(covenant: Covenant, found: Emergency) -> Section:
    ordered = [name for name in covenant.fields if name in found.fields]
    return Section(
        found.title or Label("Noodsituatie", "Emergency"),
        (
            Paragraph(tell("{who} mag dan zien:", "Then {who} may see:", who=roles_of(covenant, found.who))),
            Bullets(tuple(field_named(covenant, name) for name in ordered)),
            Terms(
                (
                    (
                        Label("De houder geeft op grond van", "The holder gives on the ground of"),
                        listed(basis_named(covenant, each) for each in found.basis.giver),
                    ),
                    *receiving(covenant, found.basis),
                    (Label("De professional verklaart", "The professional states"), joined(_stated(found), "; ")),
                    (Label("Redenen die kunnen worden opgegeven", "Reasons that may be given"), _words_or_none(found.reasons)),
                    (Label("Duurt ten hoogste", "Lasts at most"), length(found.lasts)),
                    (Label("Meteen bericht aan", "At once told to"), _words_or_none(found.notify)),
                    (Label("Achteraf beoordeeld binnen", "Reviewed afterwards within"), length(found.review_within)),
                    (Label("Beoordeeld door", "Reviewed by"), _words_or_none(found.reviewed_by)),
                )
            ),
        ),
    )


def _stated(found: Emergency) -> Iterator[Words]:
    """What is stated, in the covenant's own words where it has them."""
    for word in found.requires:
        words = found.statements.get(word)
        yield code_with_id(word) if words is None else named(words, word)
    yield from (named(words, word) for word, words in found.statements.items() if word not in found.requires)


def _words_or_none(words: tuple[str, ...]) -> Words:
    return listed(map(code_with_id, words)) if words else Label("niet genoemd", "not named")
