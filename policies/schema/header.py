"""The head of a covenant: when and where it holds, who runs it, who is told, how a party leaves and joins, and what its log is."""

from __future__ import annotations

from policies.covenant import Accession, Area, Deferral, Dpia, InForce, Inform, LogRules, Operator, Partnership, Withdrawal
from policies.parsed import DAY, PERIOD
from policies.scalars import Among
from policies.schema.parts import BASIS, LABEL, PARTY, PHASE, SUBJECTS, TEXT, TEXTS
from policies.shape import Key, Many, Record
from policies.wording import Label

IN_FORCE = Record(
    Label("de looptijd", "in_force"),
    InForce,
    (
        Key("from", DAY, Label("de eerste dag waarop het convenant geldt", "the first day on which the covenant holds"), attr="from_"),
        Key("until", DAY, Label("de laatste dag waarop het convenant geldt", "the last day on which the covenant holds")),
        Key("review", DAY, Label("de dag waarop partijen het convenant opnieuw bekijken", "the day on which the parties look at it again")),
    ),
)

AREA = Record(
    Label("het gebied", "area"),
    Area,
    (
        Key("municipality", TEXT, Label("de gemeentecode (CBS), zoals GM0363", "the code of the municipality (CBS), such as GM0363")),
        Key("description", TEXT, Label("wijk, buurt of complex, in woorden", "district, neighbourhood or block, in words")),
    ),
)

DPIA = Record(
    Label("de DPIA", "dpia"),
    Dpia,
    (
        Key("ref", TEXT, Label("het kenmerk van de gegevensbeschermingseffectbeoordeling", "the reference of the impact assessment")),
        Key("on", DAY, Label("de dag waarop zij is vastgesteld", "the day on which it was adopted")),
    ),
    law="AVG art. 35",
)

OPERATOR = Record(
    Label("de uitvoerder", "operator"),
    Operator,
    (
        Key(
            "role",
            Among(("processor", "joint_controller")),
            Label("verwerker, of medeverantwoordelijk voor de verwerking", "processor or joint controller"),
        ),
        Key("for", PARTY, Label("de partij voor wie de uitvoerder werkt", "the party for which the operator works"), attr="for_"),
        Key(
            "contract",
            TEXT,
            Label("de overeenkomst: AVG 28, en voor politiegegevens Wpg 6c", "the contract: AVG 28, for police data Wpg 6c"),
        ),
        Key(
            "sees_values",
            Among(("never", "in_transit", "stored")),
            Label(
                "of de uitvoerder de gegevens zelf kan zien: nooit, bij het doorgeven, of opgeslagen", "whether the operator can see values"
            ),
        ),
    ),
    law="AVG art. 28",
)

INFORM = Record(
    Label("de informatieplicht", "inform"),
    Inform,
    (
        Key("by", PARTY, Label("de partij die de betrokkene informeert", "the party that informs the person")),
        Key("from", PHASE, Label("de fase vanaf wanneer", "the phase from which"), attr="from_"),
        Key("within", PERIOD, Label("binnen welke termijn", "within which time")),
        Key(
            "defer",
            Record(
                Label("het uitstel", "defer"),
                Deferral,
                (
                    Key("ground", TEXT, Label("op welke grond informeren mag wachten", "the ground on which informing may wait")),
                    Key("recheck", PERIOD, Label("hoe vaak wordt bekeken of dat nog nodig is", "how often it is looked at again")),
                    Key("decided_by", TEXT, Label("wie over uitstel beslist", "who decides that it waits"), None),
                    Key("at_most", PERIOD, Label("hoe lang uitstel ten hoogste duurt", "how long it waits at most"), None),
                ),
                law="UAVG art. 41",
            ),
            Label("wanneer informeren mag worden uitgesteld", "when informing may wait"),
            None,
        ),
        Key(
            "about",
            SUBJECTS,
            Label("wie wordt geïnformeerd; leeg is iedere betrokkene", "who is informed; absent is everybody"),
            frozenset(),
        ),
        Key("how", LABEL, Label("hoe: brief, gesprek, huisbezoek", "how: a letter, a talk, a visit"), None),
    ),
    law="AVG art. 14",
)

WITHDRAWAL = Record(
    Label("de opzegging", "withdrawal"),
    Withdrawal,
    (
        Key("notice", PERIOD, Label("de opzegtermijn", "the period of notice")),
        Key(
            "effect",
            Among(("party_only", "covenant_ends")),
            Label("alleen de partij die opzegt stopt, of het hele convenant eindigt", "only the leaving party stops, or the covenant ends"),
        ),
        Key(
            "received_data",
            Among(("destroy", "own_ground", "destroy_or_own_ground")),
            Label("wat er gebeurt met wat de partij heeft ontvangen", "what happens to what the party received"),
        ),
        Key("to", TEXT, Label("aan wie wordt opgezegd", "to whom notice is given"), None),
        Key(
            "open_cases",
            Among(("finish", "hand_over", "leave")),
            Label("lopende casussen: afmaken, overdragen of verlaten", "open cases: finish, hand over or leave them"),
            None,
        ),
        Key("destroyed_within", PERIOD, Label("binnen welke termijn wordt vernietigd", "within which time data are destroyed"), None),
    ),
)

ACCESSION = Record(
    Label("de toetreding", "accession"),
    Accession,
    (
        Key(
            "agreed_by",
            Among(("all_parties", "majority", "operator")),
            Label("wie met een nieuwe partij moet instemmen", "who must agree to a new party"),
        ),
        Key("conditions", TEXTS, Label("wat een nieuwe partij eerst op orde heeft", "what a new party has in order first"), ()),
    ),
)

PARTNERSHIP = Record(
    Label("het samenwerkingsverband", "partnership"),
    Partnership,
    (
        Key(
            "kind",
            Among(("wgs_fec", "wgs_icov", "wgs_riec", "wgs_zvh", "wpg20", "joint_controllers")),
            Label("wat de partijen samen zijn: een verband van de Wgs, van Wpg 20, of AVG 26", "what the parties are together in law"),
        ),
        Key("name", TEXT, Label("de naam van het samenwerkingsverband", "the name of the partnership")),
        Key("coordinating_officer", TEXT, Label("de coördinerend FG (Wgs 1.4)", "the coordinating privacy officer (Wgs 1.4)"), None),
        Key("advice_by", TEXT, Label("de rechtmatigheidsadviescommissie (Wgs 1.8(6))", "the lawfulness committee (Wgs 1.8(6))"), None),
        Key(
            "audit",
            PERIOD,
            Label("hoe vaak een privacyaudit is (Wgs 1.10, Wpg 33)", "how often a privacy audit is (Wgs 1.10, Wpg 33)"),
            None,
        ),
        Key("annual_report", TEXT, Label("waar het jaarverslag staat (Wgs 1.12)", "where the annual report is (Wgs 1.12)"), None),
    ),
)

LOG = Record(
    Label("het logboek", "log"),
    LogRules,
    (
        Key("controllers", Many(PARTY), Label("wie voor het logboek verantwoordelijk is", "the controllers of the log")),
        Key("retention", PERIOD, Label("hoe lang het logboek wordt bewaard", "how long the log is kept")),
        Key(
            "readers", Many(Among(("privacy_officer", "auditor", "supervisor"))), Label("wie het logboek mag lezen", "who may read the log")
        ),
        Key(
            "legal_basis",
            Many(BASIS),
            Label("de grondslag van het logboek, dat zelf een register is", "the ground of the log, a register itself"),
            (),
        ),
        Key("activity", TEXT, Label("het logboek in het verwerkingsregister", "the log in the register of processing"), None),
    ),
)
