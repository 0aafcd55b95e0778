"""The data dictionary, the articles, what must never be, and emergencies."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policies.covenant import (
    Article,
    Basis,
    Concerns,
    Conditions,
    Consent,
    DataClass,
    DecisionReference,
    Emergency,
    Necessity,
    Never,
    NeverKind,
    Onward,
    Wpg20,
    party_of,
)
from policies.dictionary import CategorySaid, CodesShape, FieldSaid
from policies.document import Items, Node
from policies.parsed import DAY, LENGTH, FormShape
from policies.reading import Reading, Wrong
from policies.scalars import Among, OneOf, Ref, Text
from policies.schema.parts import (
    BASIS,
    CASE_TYPE,
    FIELD,
    FIELDS,
    FLAG,
    LABEL,
    PARTY,
    PHASE,
    PURPOSE,
    ROLE,
    SUBJECT,
    TEXT,
    TEXTS,
    WORD,
    defines,
)
from policies.shape import Json, Key, Many, MapOf, Record
from policies.values import Path
from policies.vocabulary import BasisId, Delivery, FormKind, PartyId, RoleId, ValueType
from policies.wording import Label

ARTICLE_NUMBER = Text(
    Label("een artikelnummer als `5.1`", "an article number such as `5.1`"), re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
)
_CODE = Text(Label("een code", "a code"), re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}"))
_LIST_NAME = Text(
    Label("een codelijst als `vera:SIGNALERINGDETAILSOORT`", "a code list such as `vera:SIGNALERINGDETAILSOORT`"),
    re.compile(r"[a-z]+:[0-9A-Za-z_.-]{1,64}"),
)
_CLASSES = Many(OneOf(DataClass), frozenset)
_SUBJECTS = Many(SUBJECT, frozenset)

FIELD_OF_CATEGORY = Record(
    Label("een gegeven", "a field"),
    FieldSaid,
    (
        Key("type", OneOf(ValueType)),
        Key("codes", CodesShape(Many(_CODE), _LIST_NAME), None),
        Key("of", OneOf(Concerns), None),
        Key("classes", _CLASSES, None),
        Key("about", _SUBJECTS, None),
        Key("delivery", OneOf(Delivery), None),
        Key("dpv", TEXT, None),
        Key("title", LABEL),
    ),
)

CATEGORY = Record(
    Label("een categorie", "a category"),
    CategorySaid,
    (
        Key("holder", PARTY),
        Key("classes", _CLASSES),
        Key("about", _SUBJECTS),
        Key("delivery", OneOf(Delivery), Delivery.LIVE),
        Key("of", OneOf(Concerns), Concerns.SUBJECT),
        Key("dpv", TEXT, None),
        Key("title", LABEL),
        Key("fields", MapOf(WORD, FIELD_OF_CATEGORY, defines("field", with_owner=True))),
    ),
)


@dataclass(frozen=True, slots=True)
class Receiving:
    """The receivers' grounds: one list for all of them, or a list for each party. Written per party, so that both read back the same."""

    @property
    def expected(self) -> Label:
        return Label("een lijst van grondslagen, of {<partij>: [...]}", "a list of legal bases, or {<party>: [...]}")

    def read(self, node: Node, path: Path, reading: Reading) -> dict[PartyId, tuple[BasisId, ...]] | tuple[BasisId, ...] | Wrong:
        if isinstance(node, Items):
            bases: tuple[BasisId, ...] | Wrong = Many(BASIS).read(node, path, reading)
            return bases
        by_party = MapOf(PARTY, Many(BASIS)).read(node, path, reading)
        return by_party if isinstance(by_party, Wrong) else {PartyId(party): each for party, each in by_party.items()}

    def write(self, value: Mapping[PartyId, tuple[BasisId, ...]]) -> Json:
        return {party: list(bases) for party, bases in value.items()}


@dataclass(frozen=True, slots=True)
class BasisSaid:
    """A basis before it is known which parties receive."""

    giver: tuple[BasisId, ...]
    receiver: Mapping[PartyId, tuple[BasisId, ...]] | tuple[BasisId, ...]

    def among(self, roles: Iterable[RoleId]) -> Basis:
        """The basis, with one list of the receivers' spread over their parties."""
        if isinstance(self.receiver, tuple):
            return Basis(self.giver, dict.fromkeys(sorted({party_of(role) for role in roles}), self.receiver))
        return Basis(self.giver, self.receiver)


_BASIS = Record(Label("de grondslagen", "a basis"), BasisSaid, (Key("giver", Many(BASIS)), Key("receiver", Receiving())))


def _article(to: frozenset[RoleId], basis: BasisSaid, **rest: object) -> Article:
    return Article(to=to, basis=basis.among(to), **rest)  # type: ignore[arg-type]  # each key below has its own shape


def _emergency(who: frozenset[RoleId], basis: BasisSaid, **rest: object) -> Emergency:
    return Emergency(who=who, basis=basis.among(who), **rest)  # type: ignore[arg-type]  # each key below has its own shape


NECESSITY = Record(
    Label("de noodzaak", "necessity"),
    Necessity,
    (Key("decision", TEXT), Key("without", TEXT), Key("smaller_form", MapOf(FIELD, TEXT), {}), Key("subsidiarity", TEXT)),
)

CONSENT = Record(
    Label("de toestemming", "consent"),
    Consent,
    (
        Key("by", Among(("subject", "representative", "subject_or_representative"))),
        Key("kind", Among(("explicit", "unambiguous")), "explicit"),
        Key("refusal_has_no_effect", FLAG, False),
        Key("help_request", FLAG, False),
    ),
)

CONDITIONS = Record(
    Label("de voorwaarden", "conditions"),
    Conditions,
    (
        Key("consent", CONSENT, None),
        Key("known_to_receiver", FLAG, False),
        Key("agreement_of_source", FLAG, False),
        Key("four_eyes", FLAG, False),
        Key("advice", FLAG, False),
    ),
)

WPG20 = Record(
    Label("het besluit op grond van Wpg 20", "wpg20"),
    Wpg20,
    (
        Key("interest", TEXT),
        Key("partnership", TEXT),
        Key("purpose", PURPOSE),
        Key("conditions", TEXT),
        Key("decided_by", TEXT),
        Key("agreed_by", TEXTS),
        Key("decision", Record(Label("een besluit", "a decision"), DecisionReference, (Key("ref", TEXT), Key("on", DAY)))),
    ),
)

ARTICLE = Record(
    Label("een artikel", "an article"),
    _article,
    (
        Key("article", ARTICLE_NUMBER, attr="id"),
        Key("title", LABEL),
        Key("from", PARTY, attr="from_"),
        Key("to", Many(ROLE, frozenset)),
        Key("purpose", PURPOSE),
        Key("case_types", Many(CASE_TYPE, frozenset)),
        Key("phases", Many(PHASE, frozenset)),
        Key("about", _SUBJECTS),
        Key("identifies", FLAG, False),
        Key("fields", MapOf(FIELD, FormShape())),
        Key("basis", _BASIS),
        Key("conditions", CONDITIONS, Conditions()),
        Key("necessity", NECESSITY),
        Key("wpg20", WPG20, None),
        Key("onward", OneOf(Onward), Onward.NO),
    ),
)

NEVER = Record(
    Label("een nooit-bepaling", "a never statement"),
    Never,
    (
        Key("statement", ARTICLE_NUMBER),
        Key("kind", OneOf(NeverKind)),
        Key("to", Many(Ref(("party", "role")), frozenset, lone=True), frozenset()),
        Key("from", Many(PARTY, frozenset, lone=True), frozenset(), attr="from_"),
        Key("classes", _CLASSES, frozenset()),
        Key("fields", Many(FIELDS, frozenset), frozenset()),
        Key("about", _SUBJECTS, frozenset()),
        Key("purposes", Many(PURPOSE, frozenset), frozenset()),
        Key("phases", Many(PHASE, frozenset), frozenset()),
        Key("forms", Many(OneOf(FormKind), frozenset), frozenset()),
        Key("because", TEXT),
    ),
)

EMERGENCY = Record(
    Label("een noodregeling", "an emergency"),
    _emergency,
    (
        Key("title", LABEL, None),
        Key("who", Many(ROLE, frozenset)),
        Key("fields", Many(FIELD, frozenset)),
        Key("basis", _BASIS),
        Key("requires", Many(WORD)),
        Key("lasts", LENGTH),
        Key("notify", Many(WORD), ()),
        Key("review_within", LENGTH),
    ),
)
