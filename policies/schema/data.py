"""The data dictionary: categories, and fields that say only what differs."""

from __future__ import annotations

import re

from policies.covenant import Concerns, DataClass
from policies.dictionary import CategorySaid, CodesShape, FieldSaid
from policies.scalars import OneOf, Text
from policies.schema.parts import LABEL, PARTY, SUBJECTS, TEXT, WORD, defines
from policies.shape import Key, Many, MapOf, Record
from policies.vocabulary import Delivery, ValueType
from policies.wording import Label

CLASSES = Many(OneOf(DataClass), frozenset)
_CODES = CodesShape(
    Many(Text(Label("een code", "a code"), re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}"))),
    Text(
        Label("een codelijst als `vera:SIGNALERINGDETAILSOORT`", "a code list such as `vera:SIGNALERINGDETAILSOORT`"),
        re.compile(r"[a-z]+:[0-9A-Za-z_.-]{1,64}"),
    ),
)
_DPV = Label("de IRI van de soort gegevens in het Data Privacy Vocabulary", "the IRI in the Data Privacy Vocabulary")

FIELD_OF_CATEGORY = Record(
    Label("een gegeven", "a field"),
    FieldSaid,
    (
        Key("type", OneOf(ValueType), Label("het type van de waarde", "the type of the value")),
        Key("codes", _CODES, Label("de codes die het gegeven kan hebben", "the codes that the field may hold"), None),
        Key(
            "of",
            OneOf(Concerns),
            Label("van de persoon, het huishouden of het adres", "of the subject, the household or the address"),
            None,
        ),
        Key(
            "classes",
            CLASSES,
            Label("de juridische klassen, als die anders zijn dan van de categorie", "the legal classes, where they differ"),
            None,
        ),
        Key("about", SUBJECTS, Label("over wie het gaat, als dat anders is", "whom it is about, where that differs"), None),
        Key("delivery", OneOf(Delivery), Label("rechtstreeks uit de bron, of per casus vrijgegeven", "live, or released per case"), None),
        Key("dpv", TEXT, _DPV, None),
        Key("means", LABEL, Label("wat het gegeven betekent", "what the field means"), None),
        Key("title", LABEL, Label("hoe het gegeven heet", "what the field is called")),
    ),
    also={"if": {"properties": {"type": {"const": "code"}}}, "then": {"required": ["codes"]}, "else": {"not": {"required": ["codes"]}}},
)

CATEGORY = Record(
    Label("een categorie", "a category"),
    CategorySaid,
    (
        Key("holder", PARTY, Label("de bronhouder: alleen van deze partij komt het", "the holder: it comes from this party alone")),
        Key(
            "classes",
            CLASSES,
            Label("de juridische klassen; elke klasse vraagt een eigen grondslag", "the legal classes; each needs its own basis"),
        ),
        Key("about", SUBJECTS, Label("over wie de gegevens gaan", "whom the data are about")),
        Key(
            "delivery",
            OneOf(Delivery),
            Label(
                "rechtstreeks uit de bron, of per casus vrijgegeven door de bronhouder",
                "live from the source, or released by the holder per case",
            ),
            Delivery.LIVE,
        ),
        Key(
            "of",
            OneOf(Concerns),
            Label("van de persoon, het huishouden of het adres", "of the subject, the household or the address"),
            Concerns.SUBJECT,
        ),
        Key("dpv", TEXT, _DPV, None),
        Key(
            "law", TEXT, Label("de categorie in de wet, zoals Wgs 2.30(g)", "the category of a law that this is, such as Wgs 2.30(g)"), None
        ),
        Key("title", LABEL, Label("hoe de categorie heet", "what the category is called")),
        Key("fields", MapOf(WORD, FIELD_OF_CATEGORY, defines("field", with_owner=True)), Label("de gegevens", "the fields")),
    ),
)
