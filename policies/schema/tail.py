"""The tail of a covenant: signals, insight, how long things are kept, and who can be held to it."""

from __future__ import annotations

from policies.covenant import Breach, Evaluation, Insight, Retention, Rights, Route, SignalKind
from policies.parsed import DAY, LENGTH, PERIOD
from policies.scalars import Among, Number, Ref
from policies.schema.parts import CASE_TYPE, FLAG, LABEL, PARTY, ROLE, TEXT, TEXTS, WORD
from policies.shape import Key, Many, MapOf, Record
from policies.wording import Label

_OFFENCE = Record(
    Label("de weg van een strafbaar feit", "the route of an offence"),
    Route,
    (
        Key("to", Many(ROLE, lone=True), Label("wie het dan oppakt", "who then takes it up")),
        Key("opens", CASE_TYPE, Label("welke soort casus het dan wordt", "the case type that it then opens"), None),
        Key("within", LENGTH, Label("binnen welke termijn het dan wordt opgepakt", "within which time it is then taken up"), None),
    ),
)

SIGNAL = Record(
    Label("een soort signaal", "a kind of signal"),
    SignalKind,
    (
        Key("title", LABEL, Label("hoe het signaal heet", "what the signal is called")),
        Key(
            "from",
            Many(Ref(("party", "role"), frozenset({"resident"})), lone=True),
            Label("wie mag melden: partijen, functies, of `resident` (een bewoner)", "who may report: parties, roles, or `resident`"),
            attr="from_",
        ),
        Key(
            "to",
            Many(ROLE, lone=True),
            Label("wie het oppakt; zonder strafbaar feit eerst zorg", "who takes it up; without an offence, care first"),
        ),
        Key("opens", CASE_TYPE, Label("welke soort casus het wordt", "the case type that it opens")),
        Key("within", LENGTH, Label("binnen welke termijn het wordt opgepakt", "within which time it is taken up")),
        Key(
            "anonymous", FLAG, Label("of een bewoner zonder naam mag melden", "whether a resident may report without a name"), default=False
        ),
        Key("offence", _OFFENCE, Label("waarheen het gaat bij een strafbaar feit", "where it goes when there is an offence"), None),
        Key("remind", Many(ROLE), Label("wie het hoort als niemand het oppakt", "who is told when nobody takes it up"), ()),
    ),
    keyed="id",
)

INSIGHT = Record(
    Label("het inzicht", "insight"),
    Insight,
    (
        Key(
            "geography",
            Among(("neighbourhood", "street", "block", "stairwell")),
            Label("de ene gebiedsindeling: buurt, straat, complex of portiek", "the one geography"),
        ),
        Key("minimum_cell", Number(3, 1_000), Label("kleinere aantallen blijven leeg", "smaller counts stay blank"), 10),
        Key("round_to", Number(1, 100), Label("waarop aantallen worden afgerond", "what counts are rounded to"), 5),
        Key(
            "complementary_suppression",
            FLAG,
            Label("ook cellen weglaten waaruit een lege cel te berekenen is", "also blank what would give a blank cell away"),
            default=True,
        ),
        Key("readers", Many(ROLE), Label("wie de aantallen ziet", "who sees the counts"), ()),
        Key("counts", Many(Among(("signals", "cases", "outcomes", "disclosures"))), Label("wat wordt geteld", "what is counted"), ()),
        Key("every", PERIOD, Label("hoe vaak wordt geteld", "how often it is counted"), None),
    ),
)

RETENTION = Record(
    Label("de bewaartermijnen", "retention"),
    Retention,
    (
        Key(
            "default",
            PERIOD,
            Label("hoe lang ontvangen gegevens blijven nadat de casus sluit", "how long data are kept after a case closes"),
        ),
        Key(
            "categories",
            MapOf(Ref(("category",)), PERIOD),
            Label("per categorie een eigen termijn", "a period of its own per category"),
            {},
        ),
        Key("legal_hold", TEXTS, Label("wie vernietiging mag opschorten", "who may suspend destruction"), ()),
        Key("hold_recheck", PERIOD, Label("hoe vaak opschorting opnieuw wordt bekeken", "how often a hold is looked at again"), None),
    ),
    law="AVG art. 5(1)(e)",
)

RIGHTS = Record(
    Label("de rechten van betrokkenen", "rights"),
    Rights,
    (
        Key("contact", TEXT, Label("waar de betrokkene terechtkan", "where the person can go")),
        Key("within", PERIOD, Label("binnen welke termijn antwoord komt", "within which time there is an answer")),
        Key("by", PARTY, Label("de partij die antwoordt", "the party that answers"), None),
        Key("exceptions", TEXTS, Label("op welke gronden iets mag worden geweigerd", "the grounds on which something may be refused"), ()),
        Key(
            "counters",
            MapOf(PARTY, TEXT),
            Label("partijen met een eigen loket, zoals de politie (Wpg 25-28)", "parties with a counter of their own, such as the police"),
            {},
        ),
    ),
    law="AVG art. 12",
)

BREACH = Record(
    Label("de melding van datalekken", "breach"),
    Breach,
    (
        Key("contact", TEXT, Label("waar een datalek wordt gemeld", "where a data breach is reported")),
        Key("within", PERIOD, Label("hoe snel", "how soon")),
        Key("by", PARTY, Label("de partij die de AP inlicht", "the party that tells the supervisor"), None),
    ),
    law="AVG art. 33",
)

EVALUATION = Record(
    Label("de evaluatie", "evaluation"),
    Evaluation,
    (
        Key("by", PARTY, Label("de partij die evalueert", "the party that evaluates")),
        Key("every", PERIOD, Label("hoe vaak", "how often")),
        Key("first_on", DAY, Label("de eerste keer", "the first time"), None),
        Key("report", TEXT, Label("waar het verslag te lezen is", "where the report can be read"), None),
    ),
)

SIGNALS = Record(
    Label("de signalen", "signals"),
    lambda kinds: kinds,
    (Key("kinds", MapOf(WORD, SIGNAL), Label("de soorten signalen", "the kinds of signal"), get=lambda signals: signals),),
)
