"""The data dictionary of the covenant text."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Code, Own, Paragraph, Section, Table, Words, joined, listed, plain, tell
from broker.documents.wording import called, named
from broker.documents.wording_codes import CONCERNS, DELIVERY, VALUE_TYPE, classes
from policies.covenant import Category, Covenant, Field, Label
from policies.vocabulary import SubjectKind
from policies.wording import LANGUAGES


def dictionary(covenant: Covenant) -> Section:
    """Every category with its fields."""
    intro = tell(
        "Elk gegeven heeft één houder en komt alleen van die houder. Politiegegevens en geheimen komen nooit vanzelf: een professional "
        "bij de houder "
        "geeft ze voor deze ene casus vrij. Tot dan is het antwoord alsof er niets is.",
        "Each field has one holder and comes from that holder alone. Police data and secrets never come by themselves: a professional "
        "at the holder "
        "releases them for this one case. Until then the answer is as if there were nothing.",
    )
    return Section(
        Label("Gegevens", "Data"), (Paragraph(intro),), tuple(_category(covenant, category) for category in covenant.categories.values())
    )


def _category(covenant: Covenant, category: Category) -> Section:
    fields = [field for field in covenant.fields.values() if field.name.partition(".")[0] == category.id]
    columns: tuple[Words, ...] = (Label("Gegeven", "Field"), Label("Soort", "Type"), Label("Klasse", "Class"), Label("Betreft", "Concerns"))
    rows: tuple[tuple[Words, ...], ...] = tuple(
        (named(field.title, field.name), _type(field), classes(field.classes), CONCERNS[field.of]) for field in fields
    )
    particulars = [joined(_particulars(covenant, field, category), "; ") for field in fields]
    if any(plain(each, LANGUAGES[0]) for each in particulars):
        columns = (*columns, Label("Bijzonderheden", "Particulars"))
        rows = tuple((*row, each) for row, each in zip(rows, particulars, strict=True))
    table = Table(tell("Gegevens van {category}", "Fields of {category}", category=category.title), columns, rows)
    return Section(named(category.title, category.id), (Paragraph(joined(_as_a_whole(covenant, category))), table))


def _as_a_whole(covenant: Covenant, category: Category) -> Iterator[Words]:
    yield tell(
        "{party} is de houder. De gegevens gaan over {subjects} en betreffen {whole}; klasse: {classes}.",
        "{party} is the holder. The data are about {subjects} and concern {whole}; class: {classes}.",
        party=called(covenant, category.holder),
        subjects=subjects_of(covenant, category.about),
        whole=CONCERNS[category.of],
        classes=classes(category.classes),
    )
    yield tell("Levering: {way}.", "Delivery: {way}.", way=DELIVERY[category.delivery])
    if category.law:
        yield tell("Categorie volgens de wet: {law}.", "Category in law: {law}.", law=Own(category.law))
    if category.dpv:
        yield tell("Soort gegeven volgens DPV: {iri}.", "Kind of data in DPV: {iri}.", iri=Code(category.dpv))


def _type(field: Field) -> Words:
    if not field.codes:
        return VALUE_TYPE[field.type]
    codes = listed(map(Code, field.codes), "of", "or")
    if field.code_list is None:
        return codes
    return tell("{codes} (uit de lijst {name})", "{codes} (from the list {name})", codes=codes, name=Code(field.code_list))


def _particulars(covenant: Covenant, field: Field, category: Category) -> Iterator[Words]:
    """What this field says otherwise than its category."""
    if field.means is not None:
        yield field.means
    if field.about != category.about:
        yield tell("over {subjects}", "about {subjects}", subjects=subjects_of(covenant, field.about))
    if field.delivery != category.delivery:
        yield DELIVERY[field.delivery]
    if field.dpv and field.dpv != category.dpv:
        yield tell("DPV: {iri}", "DPV: {iri}", iri=Code(field.dpv))


def subjects_of(covenant: Covenant, about: frozenset[SubjectKind]) -> Words:
    """`de huurder en de minderjarige`, in the covenant's order."""
    return listed(tell("de {kind}", "the {kind}", kind=label) for kind, label in covenant.subjects.items() if kind in about)
