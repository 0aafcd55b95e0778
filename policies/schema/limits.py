"""What must never be, and what may be when a life is at risk."""

from __future__ import annotations

from policies.covenant import Emergency, Never, NeverKind
from policies.parsed import LENGTH
from policies.scalars import OneOf, Ref
from policies.schema.data import CLASSES
from policies.schema.parts import ARTICLE_NUMBER, FIELD, FIELDS, LABEL, PARTY, PHASE, PURPOSE, ROLE, SUBJECTS, TEXT, WORD
from policies.schema.sharing import BOTH_SIDES, BasisSaid
from policies.shape import Key, Many, MapOf, Record
from policies.vocabulary import FormKind, RoleId
from policies.wording import Label


def _emergency(who: frozenset[RoleId], basis: BasisSaid, **rest: object) -> Emergency:
    return Emergency(who=who, basis=basis.among(who), **rest)  # type: ignore[arg-type]  # each key below has its own shape


NEVER = Record(
    Label("een nooit-bepaling", "a never statement"),
    Never,
    (
        Key("statement", ARTICLE_NUMBER, Label("het nummer van de bepaling", "the number of the statement")),
        Key(
            "kind",
            OneOf(NeverKind),
            Label("de wet verbiedt het, of partijen kiezen ervoor", "the law forbids it, or the parties choose it"),
        ),
        Key(
            "to",
            Many(Ref(("party", "role")), frozenset, lone=True),
            Label("nooit aan deze partijen of functies", "never to these parties or roles"),
            frozenset(),
        ),
        Key(
            "from",
            Many(PARTY, frozenset, lone=True),
            Label("nooit van deze partijen", "never from these parties"),
            frozenset(),
            attr="from_",
        ),
        Key("classes", CLASSES, Label("nooit van deze klassen", "never of these classes"), frozenset()),
        Key(
            "fields",
            Many(FIELDS, frozenset),
            Label("nooit deze gegevens (`incidents.*` is de hele categorie)", "never these fields (`incidents.*` is the whole category)"),
            frozenset(),
        ),
        Key("about", SUBJECTS, Label("nooit over deze betrokkenen", "never about these subjects"), frozenset()),
        Key(
            "purposes",
            Many(PURPOSE, frozenset),
            Label("alleen voor deze doelen verboden", "forbidden for these purposes only"),
            frozenset(),
        ),
        Key("phases", Many(PHASE, frozenset), Label("alleen in deze fasen verboden", "forbidden in these phases only"), frozenset()),
        Key(
            "forms", Many(OneOf(FormKind), frozenset), Label("alleen in deze vormen verboden", "forbidden in these forms only"), frozenset()
        ),
        Key("law", TEXT, Label("waar de wet het verbiedt, zoals UAVG art. 46", "where the law forbids it, such as UAVG art. 46"), None),
        Key("because", TEXT, Label("waarom", "why")),
    ),
    also={"anyOf": [{"required": [name]} for name in ("to", "from", "classes", "fields", "about")]},
)

EMERGENCY = Record(
    Label("een noodregeling", "an emergency"),
    _emergency,
    (
        Key("title", LABEL, Label("hoe de noodregeling heet", "what the emergency is called"), None),
        Key("who", Many(ROLE, frozenset), Label("welke functies met dienst", "which roles on duty")),
        Key(
            "fields",
            Many(FIELD, frozenset),
            Label("welke gegevens; een gegeven zonder grondslag nooit", "which fields; never one without a ground"),
        ),
        Key("basis", BOTH_SIDES, Label("de grondslagen aan beide kanten: vitaal belang", "the grounds on both sides: vital interest")),
        Key("requires", Many(WORD), Label("wat de professional verklaart", "what the professional states")),
        Key("statements", MapOf(WORD, LABEL), Label("de tekst van elke verklaring", "the words of each statement"), {}),
        Key("reasons", Many(WORD), Label("de redenen die men kan opgeven", "the reasons that may be given"), ()),
        Key("lasts", LENGTH, Label("hoe lang het duurt", "how long it lasts")),
        Key("notify", Many(WORD), Label("wie het meteen hoort", "who is told at once"), ()),
        Key("review_within", LENGTH, Label("binnen welke termijn het wordt beoordeeld", "within which time it is reviewed")),
        Key("reviewed_by", Many(WORD), Label("wie het beoordeelt", "who reviews it"), ()),
    ),
    law="AVG art. 6(1)(d), 9(2)(c)",
)
