"""Every key of the covenant language, in the order in which a paper covenant is written. This package is the language.

A `Key` with two arguments must be there; one with a third may be left out, and then has that value. Reading a covenant, writing its
canonical form and did-you-mean all use this one table. The parts: header, parties, cases, sharing.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.covenant import Covenant, Expectation, Given
from policies.dictionary import CategorySaid, said_of, worked_out
from policies.parsed import FormShape
from policies.scalars import Among, Number, OneOf
from policies.schema.cases import CASE_TYPE_OF_COVENANT
from policies.schema.header import (
    AREA,
    BREACH,
    DPIA,
    EVALUATION,
    IN_FORCE,
    INFORM,
    INSIGHT,
    LOG,
    OPERATOR,
    RETENTION,
    RIGHTS,
    SIGNALS,
    WITHDRAWAL,
)
from policies.schema.parties import LEGAL_BASIS, PARTY_OF_COVENANT, PURPOSE_OF_COVENANT
from policies.schema.parts import CASE_TYPE, FIELD, FIELDS, ID, LABEL, PHASE, PURPOSE, ROLE, SUBJECT, TEXT, VERSION, WORD, defines
from policies.schema.sharing import ARTICLE, CATEGORY, EMERGENCY, NEVER
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
        Key("role", ROLE),
        Key("purpose", PURPOSE, None),
        Key("case_type", CASE_TYPE, None),
        Key("phase", PHASE, None),
        Key("subject", SUBJECT, None),
        Key("without", Many(Among(UNMET)), ()),
        Key("vetoed", Many(FIELD), ()),
    ),
)

SCENARIO = Record(
    Label("een scenario", "a scenario"),
    Expectation,
    (
        Key("scenario", TEXT, attr="name"),
        Key("given", GIVEN),
        Key("sees", MapOf(FIELD, FormShape()), {}),
        Key("never_sees", Many(FIELDS), ()),
        Key("withheld", MapOf(FIELD, OneOf(Reason)), {}),
    ),
)


def _covenant(data: Mapping[str, CategorySaid], **rest: object) -> Covenant:
    categories, fields = worked_out(data)
    return Covenant(categories=categories, fields=fields, **rest)  # type: ignore[arg-type]  # each key below has its own shape


COVENANT = Record(
    Label("het convenant", "the covenant"),
    _covenant,
    (
        Key("covenant", Number(LANGUAGE, LANGUAGE), attr="language"),
        Key("id", ID),
        Key("version", VERSION),
        Key("supersedes", VERSION, None),
        Key("title", LABEL),
        Key("in_force", IN_FORCE),
        Key("area", AREA, None),
        Key("dpia", DPIA, None),
        Key("operator", OPERATOR, None),
        Key("inform", INFORM, None),
        Key("withdrawal", WITHDRAWAL, None),
        Key("log", LOG, None),
        Key("parties", MapOf(WORD, PARTY_OF_COVENANT, defines("party"), forgiving=True)),
        Key("subjects", MapOf(WORD, LABEL, defines("kind of subject"), forgiving=True)),
        Key("legal_bases", MapOf(WORD, LEGAL_BASIS, defines("legal basis"), forgiving=True)),
        Key("purposes", MapOf(WORD, PURPOSE_OF_COVENANT, defines("purpose"), forgiving=True)),
        Key("case_types", MapOf(WORD, CASE_TYPE_OF_COVENANT, defines("case type"), forgiving=True)),
        Key("data", MapOf(WORD, CATEGORY, defines("category"), forgiving=True), get=said_of),
        Key("articles", Many(ARTICLE, forgiving=True)),
        Key("never", Many(NEVER, forgiving=True), ()),
        Key("emergency", Many(EMERGENCY, forgiving=True), ()),
        Key("signals", SIGNALS, {}),
        Key("insight", INSIGHT, None),
        Key("retention", RETENTION, None),
        Key("rights", RIGHTS, None),
        Key("breach", BREACH, None),
        Key("evaluation", EVALUATION, None),
        Key("scenarios", Many(SCENARIO, forgiving=True), ()),
    ),
    forgiving=True,
)
