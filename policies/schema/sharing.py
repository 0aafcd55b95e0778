"""The articles, which alone permit, and the handover, which permits nobody anything here."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policies.covenant import (
    Article,
    Basis,
    Conditions,
    Consent,
    DecisionReference,
    Destination,
    Handover,
    Necessity,
    Onward,
    Wpg20,
    party_of,
)
from policies.document import Items, Node
from policies.parsed import DAY, FormShape
from policies.reading import Reading, Wrong
from policies.scalars import Among, OneOf
from policies.schema.parts import (
    ARTICLE_NUMBER,
    BASIS,
    CASE_TYPE,
    FIELD,
    FLAG,
    ID,
    LABEL,
    PARTY,
    PHASE,
    PURPOSE,
    ROLE,
    SUBJECTS,
    TEXT,
    TEXTS,
    WORD,
)
from policies.shape import Json, Key, Many, MapOf, Record
from policies.values import Path
from policies.vocabulary import BasisId, PartyId, RoleId
from policies.wording import Label


@dataclass(frozen=True, slots=True)
class Receiving:
    """The receivers' grounds: one list for all of them, or a list for each party. Written per party, so that both read back the same."""

    @property
    def expected(self) -> Label:
        return Label("een lijst van grondslagen, of {<partij>: [...]}", "a list of legal bases, or {<party>: [...]}")

    def read(self, node: Node, path: Path, reading: Reading) -> dict[PartyId, tuple[BasisId, ...]] | tuple[BasisId, ...] | Wrong:
        if isinstance(node, Items):
            bases: tuple[BasisId, ...] | Wrong = BASES.read(node, path, reading)
            return bases
        by_party = MapOf(PARTY, BASES).read(node, path, reading)
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


BASES = Many(BASIS)
BOTH_SIDES = Record(
    Label("de grondslagen", "a basis"),
    BasisSaid,
    (
        Key("giver", BASES, Label("de grondslagen om te verstrekken, voor elke klasse een", "the grounds to give, one for every class")),
        Key(
            "receiver",
            Receiving(),
            Label("de grondslagen om te ontvangen, samen of per partij", "the grounds to receive, together or per party"),
        ),
    ),
    law="AVG art. 6(1)",
)


def _article(to: frozenset[RoleId], basis: BasisSaid, **rest: object) -> Article:
    return Article(to=to, basis=basis.among(to), **rest)  # type: ignore[arg-type]  # each key below has its own shape


NECESSITY = Record(
    Label("de noodzaak", "necessity"),
    Necessity,
    (
        Key("decision", TEXT, Label("welk besluit de gegevens dienen", "which decision the data serve")),
        Key("without", TEXT, Label("wat er misgaat zonder deze gegevens", "what goes wrong without them")),
        Key(
            "smaller_form",
            MapOf(FIELD, TEXT),
            Label("waarom het niet met minder kan, per gegeven", "why no smaller form would do, per field"),
            {},
        ),
        Key("subsidiarity", TEXT, Label("wat eerst is geprobeerd", "what was tried first")),
    ),
    law="AVG art. 5(1)(c)",
)

CONSENT = Record(
    Label("de toestemming", "consent"),
    Consent,
    (
        Key(
            "by",
            Among(("subject", "representative", "subject_or_representative")),
            Label("van de betrokkene, een vertegenwoordiger, of een van beiden", "of the subject, a representative, or either"),
        ),
        Key("kind", Among(("explicit", "unambiguous")), Label("uitdrukkelijk of ondubbelzinnig", "explicit or unambiguous"), "explicit"),
        Key("refusal_has_no_effect", FLAG, Label("weigeren heeft geen gevolgen", "refusing has no effect"), default=False),
        Key("help_request", FLAG, Label("de betrokkene vroeg zelf om hulp", "the person asked for help"), default=False),
    ),
    law="AVG art. 7",
)

CONDITIONS = Record(
    Label("de voorwaarden", "conditions"),
    Conditions,
    (
        Key("consent", CONSENT, Label("toestemming", "consent"), None),
        Key(
            "known_to_receiver",
            FLAG,
            Label("eerst een hit: de ontvanger kent de persoon al", "a hit first: the receiver knows the person"),
            default=False,
        ),
        Key("agreement_of_source", FLAG, Label("instemming van de bronhouder", "the agreement of the holder"), default=False),
        Key("four_eyes", FLAG, Label("een tweede paar ogen", "a second pair of eyes"), default=False),
        Key("advice", FLAG, Label("advies over de rechtmatigheid", "advice on lawfulness"), default=False),
    ),
)

_DECISION = Record(
    Label("een besluit", "a decision"),
    DecisionReference,
    (
        Key("ref", TEXT, Label("het kenmerk", "the reference")),
        Key("on", DAY, Label("de datum", "the date")),
    ),
)

WPG20 = Record(
    Label("het besluit op grond van Wpg 20", "wpg20"),
    Wpg20,
    (
        Key("interest", TEXT, Label("het zwaarwegend algemeen belang", "the weighty general interest")),
        Key("partnership", TEXT, Label("ten behoeve van welk samenwerkingsverband", "for which partnership")),
        Key("purpose", PURPOSE, Label("het doel daarvan", "its purpose")),
        Key("conditions", TEXT, Label("onder welke voorwaarden", "on which conditions")),
        Key("decided_by", TEXT, Label("wie heeft besloten", "who decided")),
        Key("agreed_by", TEXTS, Label("het bevoegd gezag dat heeft ingestemd", "the competent authority that agreed")),
        Key("decision", _DECISION, Label("waar het besluit te vinden is", "where the decision is recorded")),
    ),
    law="Wpg art. 20(2)",
)

ARTICLE = Record(
    Label("een artikel", "an article"),
    _article,
    (
        Key("article", ARTICLE_NUMBER, Label("het nummer van het artikel", "the number of the article"), attr="id"),
        Key("title", LABEL, Label("waar het artikel over gaat", "what the article is about")),
        Key("from", PARTY, Label("wie verstrekt: de bronhouder", "who gives: the holder"), attr="from_"),
        Key("to", Many(ROLE, frozenset), Label("welke functies ontvangen", "the roles that receive")),
        Key("purpose", PURPOSE, Label("voor welk doel", "for which purpose")),
        Key("case_types", Many(CASE_TYPE, frozenset), Label("in welke soorten casus", "in which case types")),
        Key("phases", Many(PHASE, frozenset), Label("in welke fasen", "in which phases")),
        Key(
            "about",
            SUBJECTS,
            Label("over wie; minderjarigen en melders zijn nooit inbegrepen", "about whom; minors and reporters are never implied"),
        ),
        Key("identifies", FLAG, Label("deze gegevens zeggen wie de persoon is", "these fields tell who the person is"), default=False),
        Key("fields", MapOf(FIELD, FormShape()), Label("welke gegevens, en in welke vorm", "which fields, and in which form")),
        Key("basis", BOTH_SIDES, Label("de grondslagen aan beide kanten", "the grounds on both sides")),
        Key("conditions", CONDITIONS, Label("wat eerst waar moet zijn", "what must be so first"), Conditions()),
        Key("necessity", NECESSITY, Label("waarom het nodig is", "why it is needed")),
        Key("wpg20", WPG20, Label("het besluit bij politiegegevens", "the decision, for police data"), None),
        Key("onward", OneOf(Onward), Label("of de ontvanger mag doorgeven", "whether the receiver may pass it on"), Onward.NO),
    ),
)

_DESTINATION = Record(
    Label("waarheen wordt overgedragen", "a destination"),
    Destination,
    (
        Key("covenant", ID, Label("het convenant waaronder de nieuwe casus valt", "the covenant of the new case")),
        Key("case_type", WORD, Label("de soort casus daar", "the case type there")),
        Key("receiver", TEXT, Label("wie daar ontvangt", "who receives there")),
        Key("basis", BASES, Label("de grondslagen om te ontvangen", "the grounds to receive")),
    ),
)

HANDOVER = Record(
    Label("een overdracht", "a handover"),
    Handover,
    (
        Key("handover", ARTICLE_NUMBER, Label("het nummer van de overdracht", "the number of the handover"), attr="id"),
        Key("title", LABEL, Label("waar de overdracht over gaat", "what the handover is about")),
        Key("by", Many(ROLE, frozenset), Label("welke functies mogen overdragen", "the roles that may hand over")),
        Key("from", PARTY, Label("van wie de gegevens zijn: de bronhouder", "whose data they are: the holder"), attr="from_"),
        Key("to", _DESTINATION, Label("waarheen", "where to")),
        Key("case_types", Many(CASE_TYPE, frozenset), Label("uit welke soorten casus", "from which case types")),
        Key("phases", Many(PHASE, frozenset), Label("uit welke fasen", "from which phases")),
        Key("about", SUBJECTS, Label("over wie", "about whom")),
        Key("fields", MapOf(FIELD, FormShape()), Label("welke gegevens meegaan, en in welke vorm", "which fields go along, in which form")),
        Key("basis", BASES, Label("de grondslagen om te verstrekken", "the grounds to give"), attr="giver"),
        Key("conditions", CONDITIONS, Label("wat eerst waar moet zijn", "what must be so first"), Conditions()),
        Key("necessity", NECESSITY, Label("waarom het nodig is", "why it is needed")),
        Key("wpg20", WPG20, Label("het besluit bij politiegegevens", "the decision, for police data"), None),
        Key("closes_as", WORD, Label("met welke reden de casus hier sluit", "the reason that the case here closes for"), None),
    ),
)
