"""The head and the tail of a covenant: when and where it holds, who runs it, and everything around the sharing itself."""

from __future__ import annotations

from policies.covenant import (
    Area,
    Breach,
    Deferral,
    Dpia,
    Evaluation,
    InForce,
    Inform,
    Insight,
    LogRules,
    Operator,
    Retention,
    Rights,
    SignalKind,
    Withdrawal,
)
from policies.parsed import DAY, LENGTH, PERIOD
from policies.scalars import Among, Number, Ref
from policies.schema.parts import BASIS, CASE_TYPE, FLAG, LABEL, PARTY, PHASE, ROLE, TEXT, TEXTS, WORD
from policies.shape import Key, Many, MapOf, Record
from policies.wording import Label

IN_FORCE = Record(Label("de looptijd", "in_force"), InForce, (Key("from", DAY, attr="from_"), Key("until", DAY), Key("review", DAY)))

AREA = Record(Label("het gebied", "area"), Area, (Key("municipality", TEXT), Key("description", TEXT)))

DPIA = Record(Label("de DPIA", "dpia"), Dpia, (Key("ref", TEXT), Key("on", DAY)))

OPERATOR = Record(
    Label("de uitvoerder", "operator"),
    Operator,
    (
        Key("role", Among(("processor", "joint_controller"))),
        Key("for", PARTY, attr="for_"),
        Key("contract", TEXT),
        Key("sees_values", Among(("never", "in_transit", "stored"))),
    ),
)

INFORM = Record(
    Label("de informatieplicht", "inform"),
    Inform,
    (
        Key("by", PARTY),
        Key("from", PHASE, attr="from_"),
        Key("within", PERIOD),
        Key("defer", Record(Label("het uitstel", "defer"), Deferral, (Key("ground", TEXT), Key("recheck", PERIOD))), None),
    ),
)

WITHDRAWAL = Record(
    Label("de opzegging", "withdrawal"),
    Withdrawal,
    (
        Key("notice", PERIOD),
        Key("effect", Among(("party_only", "covenant_ends"))),
        Key("received_data", Among(("destroy", "own_ground", "destroy_or_own_ground"))),
    ),
)

LOG = Record(
    Label("het logboek", "log"),
    LogRules,
    (
        Key("controllers", Many(PARTY)),
        Key("retention", PERIOD),
        Key("readers", Many(Among(("privacy_officer", "auditor", "supervisor")))),
        Key("legal_basis", Many(BASIS), ()),
    ),
)

SIGNAL = Record(
    Label("een soort signaal", "a kind of signal"),
    SignalKind,
    (
        Key("title", LABEL),
        Key("from", Many(Ref(("party", "role"), frozenset({"resident"})), lone=True), attr="from_"),
        Key("to", Many(ROLE, lone=True)),
        Key("opens", CASE_TYPE),
        Key("within", LENGTH),
    ),
    keyed="id",
)

INSIGHT = Record(
    Label("het inzicht", "insight"),
    Insight,
    (
        Key("geography", Among(("neighbourhood", "street", "block", "stairwell"))),
        Key("minimum_cell", Number(3, 1_000), 10),
        Key("round_to", Number(1, 100), 5),
        Key("complementary_suppression", FLAG, True),
        Key("readers", Many(ROLE), ()),
    ),
)

RETENTION = Record(
    Label("de bewaartermijnen", "retention"),
    Retention,
    (
        Key("default", PERIOD),
        Key("categories", MapOf(Ref(("category",)), PERIOD), {}),
        Key("legal_hold", TEXTS, ()),
    ),
)

RIGHTS = Record(
    Label("de rechten van betrokkenen", "rights"),
    Rights,
    (Key("contact", TEXT), Key("within", PERIOD), Key("by", PARTY, None), Key("exceptions", TEXTS, ())),
)

BREACH = Record(Label("de melding van datalekken", "breach"), Breach, (Key("contact", TEXT), Key("within", PERIOD)))

EVALUATION = Record(Label("de evaluatie", "evaluation"), Evaluation, (Key("by", PARTY), Key("every", PERIOD)))

SIGNALS = Record(Label("de signalen", "signals"), lambda kinds: kinds, (Key("kinds", MapOf(WORD, SIGNAL), get=lambda signals: signals),))
