"""The data dictionary as it is written: categories whose fields say only what differs, worked out into whole fields and back."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.covenant import Category, Concerns, Covenant, DataClass, Field
from policies.document import Entries, Items, Node
from policies.reading import Reading, Wrong, instead
from policies.scalars import Text
from policies.shape import Json, Many
from policies.values import Path
from policies.vocabulary import Delivery, FieldName, PartyId, SubjectKind, ValueType
from policies.wording import Impossible, Label, say


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes a field may hold, and the public list they are from (`vera:SIGNALERINGDETAILSOORT`)."""

    only: tuple[str, ...]
    from_: str | None = None


@dataclass(frozen=True, slots=True)
class FieldSaid:
    """What the dictionary says of one field; None is what its category says."""

    type: ValueType
    title: Label
    codes: Codes | None = None
    classes: frozenset[DataClass] | None = None
    about: frozenset[SubjectKind] | None = None
    of: Concerns | None = None
    delivery: Delivery | None = None
    dpv: str | None = None
    means: Label | None = None

    def __post_init__(self) -> None:
        if (self.type is ValueType.CODE) != (self.codes is not None):
            raise Impossible(
                say("`codes` hoort bij `type: code`, en bij niets anders", "`codes` goes with `type: code`, and with nothing else")
            )


@dataclass(frozen=True, slots=True)
class CategorySaid:
    """What the dictionary says of one category."""

    holder: PartyId
    classes: frozenset[DataClass]
    about: frozenset[SubjectKind]
    title: Label
    fields: Mapping[str, FieldSaid]
    delivery: Delivery = Delivery.LIVE
    of: Concerns = Concerns.SUBJECT
    dpv: str | None = None
    law: str | None = None


def worked_out(data: Mapping[str, CategorySaid]) -> tuple[dict[str, Category], dict[FieldName, Field]]:
    """The categories and fields that a dictionary stands for."""
    categories: dict[str, Category] = {}
    fields: dict[FieldName, Field] = {}
    for name, said in data.items():
        categories[name] = Category(name, said.holder, said.classes, said.about, said.title, said.delivery, said.of, said.dpv, said.law)
        for short, one in said.fields.items():
            field = FieldName(f"{name}.{short}")
            fields[field] = Field(
                name=field,
                holder=said.holder,
                type=one.type,
                classes=one.classes or said.classes,
                about=one.about or said.about,
                title=one.title,
                of=one.of or said.of,
                delivery=one.delivery or said.delivery,
                codes=one.codes.only if one.codes else (),
                code_list=one.codes.from_ if one.codes else None,
                dpv=one.dpv or said.dpv,
                means=one.means,
            )
    return categories, fields


def said_of(covenant: Covenant) -> dict[str, CategorySaid]:
    """The dictionary that works out to this covenant's categories and fields: each field says only what differs."""
    said: dict[str, CategorySaid] = {}
    for name, category in covenant.categories.items():
        fields = {
            field.name.partition(".")[2]: _said_of_field(field, category)
            for field in covenant.fields.values()
            if field.name.partition(".")[0] == name
        }
        said[name] = CategorySaid(
            category.holder,
            category.classes,
            category.about,
            category.title,
            fields,
            category.delivery,
            category.of,
            category.dpv,
            category.law,
        )
    return said


def _said_of_field(field: Field, category: Category) -> FieldSaid:
    return FieldSaid(
        type=field.type,
        title=field.title,
        codes=Codes(field.codes, field.code_list) if field.codes else None,
        classes=None if field.classes == category.classes else field.classes,
        about=None if field.about == category.about else field.about,
        of=None if field.of == category.of else field.of,
        delivery=None if field.delivery == category.delivery else field.delivery,
        dpv=None if field.dpv == category.dpv else field.dpv,
        means=field.means,
    )


@dataclass(frozen=True, slots=True)
class CodesShape:
    """`[GEL, VER]`, or `{from: vera:SIGNALERINGDETAILSOORT, only: [GEL, VER]}`."""

    codes: Many[str]
    list_name: Text

    @property
    def expected(self) -> Label:
        return Label("een lijst van codes, of {from: <lijst>, only: [...]}", "a list of codes, or {from: <list>, only: [...]}")

    def read(self, node: Node, path: Path, reading: Reading) -> Codes | Wrong:
        if isinstance(node, Items):
            codes = self.codes.read(node, path, reading)
            return codes if isinstance(codes, Wrong) else Codes(codes)
        parts = {key.text: value for key, value in node.entries} if isinstance(node, Entries) else {}
        if set(parts) != {"from", "only"}:
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        name = self.list_name.read(parts["from"], (*path, "from"), reading)
        codes = self.codes.read(parts["only"], (*path, "only"), reading)
        return Wrong() if isinstance(name, Wrong) or isinstance(codes, Wrong) or not codes else Codes(codes, name)

    def write(self, value: Codes) -> Json:
        codes = self.codes.write(value.only)
        return codes if value.from_ is None else {"from": value.from_, "only": codes}
