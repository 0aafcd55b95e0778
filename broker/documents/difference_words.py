"""What each sort of change is called, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from broker.documents.wording_codes import CONCERNS, DATA_CLASS, DELIVERY, PARTY_KIND, PHASE_VIEW, VALUE_TYPE
from policies.effects.changes import Effect, What
from policies.effects.offers import Need
from policies.values import Label

EFFECT: Mapping[Effect, Label] = MappingProxyType(
    {
        Effect.WIDENS: Label("Verruimt", "Widens"),
        Effect.BOTH: Label("Verruimt en versmalt", "Widens and narrows"),
        Effect.NARROWS: Label("Versmalt", "Narrows"),
        Effect.NEUTRAL: Label("Verruimt niets en versmalt niets", "Widens nothing and narrows nothing"),
    }
)
#: one sign for each effect, which needs no colour
SIGN: Mapping[Effect, str] = MappingProxyType({Effect.WIDENS: "+", Effect.BOTH: "±", Effect.NARROWS: "-", Effect.NEUTRAL: "·"})

WHAT: Mapping[What, Label] = MappingProxyType(
    {
        What.GAINS: Label("gaat zien", "will see"),
        What.LOSES: Label("ziet niet meer", "no longer sees"),
        What.MORE: Label("ziet meer van", "sees more of"),
        What.LESS: Label("ziet minder van", "sees less of"),
        What.OTHERWISE: Label("ziet anders", "sees otherwise"),
        What.NEEDS_LESS: Label("ziet onder minder voorwaarden", "sees under fewer conditions"),
        What.NEEDS_MORE: Label("ziet onder meer voorwaarden", "sees under more conditions"),
        What.ONWARD: Label("mag voortaan doorgeven", "may from now on pass on"),
        What.NOT_ONWARD: Label("mag niet meer doorgeven", "may no longer pass on"),
        What.GROUNDS: Label("rust op andere gronden", "rests on other grounds"),
    }
)

#: a need as it stands after `met` / `with`
NEED: Mapping[Need, Label] = MappingProxyType(
    {
        Need.CONSENT: Label("toestemming", "consent"),
        Need.HIT: Label("een ontvanger die de persoon al kent", "a receiver that knows the person already"),
        Need.AGREEMENT: Label("instemming van de gever", "agreement of the source"),
        Need.FOUR_EYES: Label("een tweede paar ogen", "a second pair of eyes"),
        Need.ADVICE: Label("advies over de rechtmatigheid", "advice on lawfulness"),
    }
)
#: what a consent may have to be beside a consent
CONSENT: Mapping[Need, Label] = MappingProxyType(
    {
        Need.CONSENT_EXPLICIT: Label("uitdrukkelijke", "explicit"),
        Need.CONSENT_BY_SUBJECT: Label("van de betrokkene zelf", "of the person concerned"),
        Need.CONSENT_BY_REPRESENTATIVE: Label("van de vertegenwoordiger", "of the representative"),
        Need.CONSENT_WITHOUT_EFFECT: Label("weigeren heeft geen gevolg", "refusing has no effect"),
        Need.CONSENT_ON_REQUEST: Label("bij een hulpvraag", "on a request for help"),
    }
)
CONSENT_OF = (Need.CONSENT_BY_SUBJECT, Need.CONSENT_BY_REPRESENTATIVE)
CONSENT_HOW = (Need.CONSENT_WITHOUT_EFFECT, Need.CONSENT_ON_REQUEST)
BEFORE_CONFIRMED = Label("ook voordat de ontvanger bevestigde wie bedoeld is", "also before the receiver confirmed who is meant")
MAY_PASS_ON = Label("mag worden doorgegeven", "may be passed on")

#: in which respect a never statement forbids
RESPECT: Mapping[str, Label] = MappingProxyType(
    {
        "to": Label("aan", "to"),
        "from": Label("van", "from"),
        "classes": Label("klasse", "class"),
        "fields": Label("gegeven", "field"),
        "about": Label("over", "about"),
        "purposes": Label("voor", "for"),
        "phases": Label("in fase", "in phase"),
        "forms": Label("in de vorm", "in the form"),
    }
)

#: what a term is called; `tests/broker/documents/test_difference.py` holds that none is missing
TERM: Mapping[str, Label] = MappingProxyType(
    {
        "emergency": Label("In acute nood", "In an emergency"),
        "never": Label("Nooit-bepaling", "Never statement"),
        "covenant": Label("Het convenant zelf", "The covenant itself"),
        "in_force_from": Label("Geldt vanaf", "In force from"),
        "in_force_until": Label("Geldt tot en met", "In force until"),
        "in_force_review": Label("Wordt herzien op", "Reviewed on"),
        "area": Label("Gemeente", "Municipality"),
        "area_description": Label("Gebied", "Area"),
        "dpia": Label("Effectbeoordeling (DPIA)", "Impact assessment (DPIA)"),
        "operator": Label("Wie het systeem beheert", "Who runs the system"),
        "operator_sees_values": Label("Of de beheerder waarden ziet", "Whether the operator sees values"),
        "inform": Label("De betrokkene wordt geïnformeerd", "The person concerned is informed"),
        "inform_by": Label("Wie de betrokkene informeert", "Who informs the person concerned"),
        "inform_from": Label("Informeren vanaf fase", "Informing from phase"),
        "inform_within": Label("Informeren binnen", "Informing within"),
        "inform_defer": Label("Informeren mag worden uitgesteld", "Informing may be deferred"),
        "inform_defer_recheck": Label("Uitstel wordt opnieuw bekeken na", "A deferral is looked at again after"),
        "withdrawal": Label("Uittreden", "Withdrawal"),
        "withdrawal_received_data": Label("Ontvangen gegevens na uittreden", "Data received, after withdrawal"),
        "log": Label("Verantwoordelijk voor het logboek", "Responsible for the log"),
        "log_retention": Label("Bewaartermijn van het logboek", "How long the log is kept"),
        "log_readers": Label("Wie het logboek lezen", "Who reads the log"),
        "party": Label("Partij", "Party"),
        "party_kind": Label("Soort partij", "Kind of party"),
        "party_number": Label("Nummer van de partij", "Number of the party"),
        "party_signing": Label("Ondertekening", "Signing"),
        "party_privacy_officer": Label("Functionaris gegevensbescherming", "Privacy officer"),
        "party_organs": Label("Organen", "Organs"),
        "party_accession": Label("Neemt deel vanaf", "Takes part from"),
        "party_withdrawal": Label("Neemt deel tot", "Takes part until"),
        "role": Label("Functie", "Role"),
        "role_designated": Label("Alleen aangewezen personen", "Designated people only"),
        "role_duty": Label("Dienst buiten kantooruren", "Duty outside office hours"),
        "role_organ": Label("Orgaan van de functie", "Organ of the role"),
        "subject": Label("Soort betrokkene", "Kind of subject"),
        "purpose": Label("Doel", "Purpose"),
        "purpose_confidential": Label("Doel blijft uit het openbare register", "Purpose kept from the open register"),
        "purpose_grounds": Label("Gronden voor het doel", "Grounds for the purpose"),
        "case_type": Label("Soort casus", "Case type"),
        "phase": Label("Fase", "Phase"),
        "shown_phase": Label("Wat van de fase te zien is", "What is shown of the phase"),
        "shown_participants": Label("Welke deelnemers te zien zijn", "Which participants are shown"),
        "opens_in": Label("Een casus opent in fase", "A case opens in phase"),
        "shielded": Label("Fase is afgeschermd", "Phase is shielded"),
        "moves": Label("Kan verder naar", "Can go on to"),
        "closing_moves": Label("Kan gesloten worden naar", "Can be closed to"),
        "move_needs_reason": Label("Naar deze fase alleen met een reden", "Into this phase only with a reason"),
        "move_needs_agreement": Label("Naar deze fase alleen met instemming van", "Into this phase only with the agreement of"),
        "move_or_after": Label("Zonder antwoord verder na", "Without an answer on after"),
        "phase_owner": Label("Eigenaar van de fase", "Owner of the phase"),
        "phase_within": Label("Duurt hoogstens", "Lasts at most"),
        "phase_falls_back_to": Label("Valt na de termijn terug naar", "Falls back after its time to"),
        "phase_warns": Label("Waarschuwt vooraf", "Warns beforehand"),
        "phase_reminds": Label("Herinnert", "Reminds"),
        "close_reasons": Label("Redenen om te sluiten", "Reasons to close"),
        "purge": Label("Een gesloten casus blijft bewaard", "A closed case is kept"),
        "field": Label("Gegeven", "Field"),
        "field_holder": Label("Houder van het gegeven", "Holder of the field"),
        "field_type": Label("Type van het gegeven", "Type of the field"),
        "field_codes": Label("Codes van het gegeven", "Codes of the field"),
        "field_code_list": Label("Codelijst van het gegeven", "Code list of the field"),
        "field_classes": Label("Juridische klasse van het gegeven", "Legal class of the field"),
        "field_about": Label("Over wie het gegeven kan gaan", "Whom the field may be about"),
        "field_of": Label("Waarvan het gegeven is", "What the field is of"),
        "field_delivery": Label("Hoe het gegeven komt", "How the field is delivered"),
        "never_kind": Label("Nooit: wet of keuze", "Never: law or choice"),
        "signal": Label("Soort signaal", "Kind of signal"),
        "signal_from": Label("Wie dit kunnen melden", "Who may report this"),
        "signal_to": Label("Wie de melding krijgen", "Who receives the report"),
        "signal_opens": Label("De melding opent", "The report opens"),
        "signal_within": Label("De melding wordt opgepakt binnen", "The report is taken up within"),
        "insight": Label("Inzicht in aantallen", "Insight in counts"),
        "insight_geography": Label("Aantallen per", "Counts per"),
        "insight_minimum_cell": Label("Kleinste aantal dat getoond wordt", "Smallest count that is shown"),
        "insight_round_to": Label("Aantallen afgerond op", "Counts rounded to"),
        "insight_suppression": Label("Onderdrukt wat af te leiden is", "Suppresses what could be worked out"),
        "insight_readers": Label("Wie de aantallen zien", "Who sees the counts"),
        "retention": Label("Bewaartermijn", "Retention"),
        "legal_hold": Label("Wie vernietiging kan opschorten", "Who may suspend destruction"),
        "rights": Label("Loket voor rechten van betrokkenen", "Counter for rights of people"),
        "rights_within": Label("Antwoord op een verzoek binnen", "Answer to a request within"),
        "rights_contact": Label("Contact voor verzoeken", "Contact for requests"),
        "rights_exceptions": Label("Gronden om te weigeren", "Grounds to refuse"),
        "breach": Label("Melding van datalekken", "Reporting of data breaches"),
        "breach_contact": Label("Contact bij een datalek", "Contact for a breach"),
        "breach_within": Label("Datalek gemeld binnen", "A breach reported within"),
        "evaluation": Label("Evaluatie", "Evaluation"),
        "evaluation_by": Label("Wie evalueert", "Who evaluates"),
        "evaluation_every": Label("Evaluatie elke", "Evaluation every"),
        "handover": Label("Bij overdracht", "When handed over"),
        "inform_about": Label("Wie geïnformeerd worden", "Who are informed"),
        "inform_defer_by": Label("Wie over uitstel beslist", "Who decides on a deferral"),
        "inform_defer_at_most": Label("Uitstel duurt hoogstens", "A deferral lasts at most"),
        "withdrawal_destroyed_within": Label("Na uittreden vernietigd binnen", "Destroyed after withdrawal within"),
        "accession": Label("Toetreden: wie instemt", "Accession: who agrees"),
        "accession_conditions": Label("Toetreden: wat op orde moet zijn", "Accession: what must be in order"),
        "partnership": Label("Samenwerkingsverband", "Partnership"),
        "partnership_kind": Label("Soort samenwerkingsverband", "Kind of partnership"),
        "partnership_officer": Label("Coördinerend functionaris", "Coordinating officer"),
        "partnership_advice": Label("Advies over rechtmatigheid door", "Advice on lawfulness by"),
        "partnership_audit": Label("Audit elke", "Audit every"),
        "partnership_report": Label("Jaarverslag", "Annual report"),
        "role_designated_by": Label("Aangewezen door", "Designated by"),
        "role_function": Label("Functie in de zin van de wet", "Function in the sense of the law"),
        "phase_law": Label("Wettelijke stap van de fase", "Step of the law that the phase is"),
        "category_law": Label("Wettelijke categorie", "Category of the law"),
        "signal_anonymous": Label("Melden zonder naam", "Reporting without a name"),
        "signal_reminds": Label("Herinnert bij stilte", "Reminds when nobody acts"),
        "signal_offence_to": Label("Wie de melding krijgen bij een strafbaar feit", "Who receives the report where there is an offence"),
        "signal_offence_opens": Label("De melding opent bij een strafbaar feit", "The report opens where there is an offence"),
        "signal_offence_within": Label("Opgepakt bij een strafbaar feit binnen", "Taken up where there is an offence within"),
        "insight_counts": Label("Wat geteld wordt", "What is counted"),
        "insight_every": Label("Aantallen elke", "Counts every"),
        "legal_hold_recheck": Label("Opschorting opnieuw bekeken na", "A suspension is looked at again after"),
        "rights_counters": Label("Eigen loketten", "Counters of their own"),
        "evaluation_first": Label("Eerste evaluatie", "First evaluation"),
        "evaluation_report": Label("Verslag van de evaluatie", "Report of the evaluation"),
        "scenario": Label("Proef in het convenant", "Scenario in the covenant"),
    }
)

#: the words of a term that has a short list of its own
VALUES: Mapping[str, Mapping[str, Label]] = MappingProxyType(
    {
        "party_kind": {str(key): label for key, label in PARTY_KIND.items()},
        "shown_phase": {str(key): label for key, label in PHASE_VIEW.items()},
        "field_type": {str(key): label for key, label in VALUE_TYPE.items()},
        "field_classes": {str(key): label for key, label in DATA_CLASS.items()},
        "field_of": {str(key): label for key, label in CONCERNS.items()},
        "field_delivery": {str(key): label for key, label in DELIVERY.items()},
    }
)
#: what the values of a term name
VALUES_ARE: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("shown_participants", "move_needs_agreement", "inform_by", "field_holder", "evaluation_by"), "party")
    | dict.fromkeys(
        ("phase_owner", "phase_reminds", "signal_from", "signal_to", "signal_offence_to", "signal_reminds", "insight_readers"), "role"
    )
    | dict.fromkeys(("moves", "closing_moves", "opens_in", "phase_falls_back_to", "inform_from"), "phase")
    | dict.fromkeys(("signal_opens", "signal_offence_opens"), "case_type")
    | dict.fromkeys(("field_about", "inform_about"), "subject")
)

NEW, GONE = Label("nieuw", "new"), Label("vervalt", "gone")
NOTHING_SAID = Label("niets geregeld", "nothing said")
ADDED, DROPPED = Label("erbij", "added"), Label("eraf", "dropped")
NO_LONGER_FORBIDS = Label("verbiedt niet langer", "no longer forbids")
FORBIDS = Label("verbiedt voortaan", "now forbids")
WORDS_ONLY = Label("De tekst is gewijzigd, het gevolg niet.", "The text changed, the effect did not.")
THE_SAME = Label("De teksten zijn gelijk.", "The texts are the same.")
