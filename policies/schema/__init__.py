"""Every key of the covenant language, in the order in which a paper covenant is written. This package is the language.

A `Key` has a name, a shape and what it says in both languages; one with a default may be left out. Reading a covenant, writing its
canonical form, did-you-mean and the JSON Schema all use this one table. The parts: header, parties, cases, data, sharing, limits, tail.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.covenant import Covenant, Expectation, Given
from policies.dictionary import CategorySaid, said_of, worked_out
from policies.parsed import FormShape
from policies.scalars import Among, Number, OneOf
from policies.schema.cases import CASE_TYPE_OF_COVENANT
from policies.schema.data import CATEGORY
from policies.schema.header import ACCESSION, AREA, DPIA, IN_FORCE, INFORM, LOG, OPERATOR, PARTNERSHIP, WITHDRAWAL
from policies.schema.limits import EMERGENCY, NEVER
from policies.schema.parties import LEGAL_BASIS, PARTY_OF_COVENANT, PURPOSE_OF_COVENANT
from policies.schema.parts import CASE_TYPE, FIELD, FIELDS, ID, LABEL, PHASE, PURPOSE, ROLE, SUBJECT, TEXT, VERSION, WORD, defines
from policies.schema.sharing import ARTICLE, HANDOVER
from policies.schema.tail import BREACH, EVALUATION, INSIGHT, RETENTION, RIGHTS, SIGNALS
from policies.shape import Key, Many, MapOf, Record
from policies.vocabulary import Reason
from policies.wording import Label

#: the version of the language that this package reads
LANGUAGE = 1

#: what a scenario may say is not so; everything else is as favourable as it can be
UNMET = ("participation", "identification", "consent", "hit", "agreement", "second_eyes", "advice")

GIVEN = Record(
    Label("een situatie", "a situation"),
    Given,
    (
        Key("role", ROLE, Label("wie vraagt", "who asks")),
        Key("purpose", PURPOSE, Label("voor welk doel; leeg is elk doel", "for which purpose; absent is any"), None),
        Key("case_type", CASE_TYPE, Label("in welke soort casus; leeg is elke soort", "in which case type; absent is any"), None),
        Key("phase", PHASE, Label("in welke fase; leeg is elke fase", "in which phase; absent is any"), None),
        Key("subject", SUBJECT, Label("over wie; leeg is iedereen", "about whom; absent is anybody"), None),
        Key("without", Many(Among(UNMET)), Label("wat in de casus niet zo is", "what is not so in the case"), ()),
        Key("vetoed", Many(FIELD), Label("welke gegevens de bronhouder tegenhoudt", "the fields that the holder vetoes"), ()),
    ),
)

SCENARIO = Record(
    Label("een scenario", "a scenario"),
    Expectation,
    (
        Key("scenario", TEXT, Label("wat het scenario zegt, in een zin", "what the scenario says, in a sentence"), attr="name"),
        Key("given", GIVEN, Label("in welke situatie", "in which situation")),
        Key("sees", MapOf(FIELD, FormShape()), Label("wat zichtbaar is, en in welke vorm", "what is seen, and in which form"), {}),
        Key("never_sees", Many(FIELDS), Label("wat nooit zichtbaar is", "what is never seen"), ()),
        Key("withheld", MapOf(FIELD, OneOf(Reason)), Label("wat wordt onthouden, en waarom", "what is withheld, and why"), {}),
    ),
    also={"anyOf": [{"required": [name]} for name in ("sees", "never_sees", "withheld")]},
)


def _covenant(data: Mapping[str, CategorySaid], **rest: object) -> Covenant:
    categories, fields = worked_out(data)
    return Covenant(categories=categories, fields=fields, **rest)  # type: ignore[arg-type]  # each key below has its own shape


_PARTIES = MapOf(WORD, PARTY_OF_COVENANT, defines("party"), forgiving=True)
_SUBJECTS = MapOf(WORD, LABEL, defines("kind of subject"), forgiving=True)
_BASES = MapOf(WORD, LEGAL_BASIS, defines("legal basis"), forgiving=True)
_PURPOSES = MapOf(WORD, PURPOSE_OF_COVENANT, defines("purpose"), forgiving=True)
_CASE_TYPES = MapOf(WORD, CASE_TYPE_OF_COVENANT, defines("case type"), forgiving=True)
_DATA = MapOf(WORD, CATEGORY, defines("category"), forgiving=True)

COVENANT = Record(
    Label("het convenant", "the covenant"),
    _covenant,
    (
        Key("covenant", Number(LANGUAGE, LANGUAGE), Label("de versie van deze taal", "the version of this language"), attr="language"),
        Key("id", ID, Label("de naam van het convenant, door alle versies heen", "the name of the covenant, through all its versions")),
        Key("version", VERSION, Label("de versie van deze tekst", "the version of this text")),
        Key("supersedes", VERSION, Label("de versie die deze vervangt", "the version that this one supersedes"), None),
        Key("title", LABEL, Label("de titel", "the title")),
        Key("in_force", IN_FORCE, Label("van wanneer tot wanneer het geldt", "from when until when it holds")),
        Key("area", AREA, Label("waar het geldt", "where it holds"), None),
        Key(
            "dpia", DPIA, Label("de gegevensbeschermingseffectbeoordeling (AVG 35)", "the data protection impact assessment (AVG 35)"), None
        ),
        Key("partnership", PARTNERSHIP, Label("wat de partijen samen in de wet zijn", "what the parties are together in law"), None),
        Key("operator", OPERATOR, Label("wie het systeem draait, en voor wie", "who runs the system, and for whom"), None),
        Key(
            "inform", INFORM, Label("wie de betrokkene informeert, en wanneer (AVG 14)", "who informs the person, and when (AVG 14)"), None
        ),
        Key("accession", ACCESSION, Label("hoe een partij later toetreedt", "how a party joins later"), None),
        Key("withdrawal", WITHDRAWAL, Label("hoe een partij opzegt", "how a party leaves"), None),
        Key("log", LOG, Label("het logboek, dat zelf een verwerking is", "the audit log, a processing of its own"), None),
        Key("parties", _PARTIES, Label("wie meedoet", "who takes part")),
        Key("subjects", _SUBJECTS, Label("over wie gegevens kunnen gaan", "whose data there can be")),
        Key("legal_bases", _BASES, Label("de grondslagen, elk een keer genoemd", "the legal bases, each named once")),
        Key("purposes", _PURPOSES, Label("de doelen", "the purposes")),
        Key("case_types", _CASE_TYPES, Label("de soorten casus, elk met een ladder", "the case types, each with a ladder")),
        Key("data", _DATA, Label("welke gegevens er zijn", "which data there are"), get=said_of),
        Key(
            "articles",
            Many(ARTICLE, forgiving=True),
            Label("wat wordt verstrekt; alleen een artikel staat iets toe", "what is given; only an article permits"),
        ),
        Key(
            "handovers",
            Many(HANDOVER, forgiving=True),
            Label("overdracht naar een ander convenant", "handing over to another covenant"),
            (),
        ),
        Key(
            "never",
            Many(NEVER, forgiving=True),
            Label("wat nooit mag, wat de artikelen ook zeggen", "what must never be, whatever the articles say"),
            (),
        ),
        Key("emergency", Many(EMERGENCY, forgiving=True), Label("acute nood", "when a life is at risk"), ()),
        Key("signals", SIGNALS, Label("wie wat mag melden, en wie het oppakt", "who may report what, and who takes it up"), {}),
        Key("insight", INSIGHT, Label("aantallen voor beleid, nooit lijsten", "counts for policy, never lists"), None),
        Key("retention", RETENTION, Label("hoe lang wordt bewaard", "how long things are kept"), None),
        Key("rights", RIGHTS, Label("waar de betrokkene terechtkan", "where people exercise their rights"), None),
        Key("breach", BREACH, Label("waar een datalek wordt gemeld", "where a data breach is reported"), None),
        Key("evaluation", EVALUATION, Label("wie evalueert, en hoe vaak", "who evaluates, and how often"), None),
        Key("scenarios", Many(SCENARIO, forgiving=True), Label("proeven op de som", "tests of this text"), ()),
    ),
    forgiving=True,
)
