"""The closed lists of the covenant language in words. A code that has no words here is shown as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from broker.documents.page_parts import Code, Words, listed, tell
from policies.covenant import BasisKind, Concerns, DataClass, Label, LegalBasis, NeverKind, Onward, PartyKind, PhaseView
from policies.vocabulary import Delivery, Form, FormKind, Reason, ValueType

PARTY_KIND: Mapping[PartyKind, Label] = MappingProxyType(
    {
        PartyKind.MUNICIPALITY: Label("gemeente", "municipality"),
        PartyKind.HOUSING_CORPORATION: Label("woningcorporatie", "housing corporation"),
        PartyKind.POLICE: Label("politie", "police"),
        PartyKind.CARE: Label("zorgorganisatie", "care organisation"),
        PartyKind.YOUTH_PROTECTION: Label("jeugdbescherming", "youth protection"),
        PartyKind.OTHER: Label("andere organisatie", "other organisation"),
    }
)
BASIS_KIND: Mapping[BasisKind, Label] = MappingProxyType(
    {
        BasisKind.GDPR6: Label("grondslag voor persoonsgegevens (AVG art. 6)", "ground for personal data (GDPR art. 6)"),
        BasisKind.GDPR9: Label("uitzondering voor bijzondere gegevens (AVG art. 9)", "exception for special categories (GDPR art. 9)"),
        BasisKind.GDPR10: Label("grondslag voor strafrechtelijke gegevens (AVG art. 10)", "ground for criminal data (GDPR art. 10)"),
        BasisKind.WPG: Label("grondslag voor politiegegevens (Wpg)", "ground for police data (Wpg)"),
        BasisKind.WGS: Label("grondslag van een samenwerkingsverband (Wgs)", "ground of a statutory partnership (Wgs)"),
        BasisKind.SECRECY_EXCEPTION: Label("uitzondering op het beroepsgeheim", "exception to professional secrecy"),
        BasisKind.BSN: Label(
            "wettelijke grondslag voor het BSN (UAVG art. 46)", "statutory ground for the citizen service number (UAVG art. 46)"
        ),
        BasisKind.DUTY: Label("wettelijke plicht", "statutory duty"),
    }
)
DATA_CLASS: Mapping[DataClass, Label] = MappingProxyType(
    {
        DataClass.ORDINARY: Label("gewoon", "ordinary"),
        DataClass.SPECIAL: Label("bijzonder (AVG art. 9)", "special (GDPR art. 9)"),
        DataClass.CRIMINAL: Label("strafrechtelijk (AVG art. 10)", "criminal (GDPR art. 10)"),
        DataClass.BSN: Label("burgerservicenummer", "citizen service number"),
        DataClass.POLICE_8: Label("politiegegeven (Wpg art. 8)", "police data (Wpg art. 8)"),
        DataClass.POLICE_9: Label("politiegegeven (Wpg art. 9)", "police data (Wpg art. 9)"),
        DataClass.POLICE_10: Label("politiegegeven (Wpg art. 10)", "police data (Wpg art. 10)"),
        DataClass.SECRECY: Label("beroepsgeheim", "professional secrecy"),
    }
)
CONCERNS: Mapping[Concerns, Label] = MappingProxyType(
    {
        Concerns.SUBJECT: Label("de persoon", "the person"),
        Concerns.HOUSEHOLD: Label("het huishouden", "the household"),
        Concerns.ADDRESS: Label("het adres", "the address"),
    }
)
DELIVERY: Mapping[Delivery, Label] = MappingProxyType(
    {
        Delivery.LIVE: Label("op het moment van de vraag uit de bron", "from the source at the moment of the question"),
        Delivery.RELEASED_BY_HOLDER: Label(
            "pas nadat een professional bij de houder het voor deze casus vrijgeeft",
            "only after a professional at the holder releases it for this case",
        ),
    }
)
VALUE_TYPE: Mapping[ValueType, Label] = MappingProxyType(
    {
        ValueType.STRING: Label("korte tekst", "short text"),
        ValueType.TEXT: Label("vrije tekst", "free text"),
        ValueType.INTEGER: Label("getal", "number"),
        ValueType.DATE: Label("datum", "date"),
        ValueType.BOOLEAN: Label("ja of nee", "yes or no"),
        ValueType.CODE: Label("keuze uit een lijst", "choice from a list"),
    }
)
FORM_KIND: Mapping[FormKind, Label] = MappingProxyType(
    {
        FormKind.FULL: Label("volledig", "in full"),
        FormKind.MONTH: Label("alleen de maand", "the month only"),
        FormKind.YEAR: Label("alleen het jaar", "the year only"),
        FormKind.BANDS: Label("alleen de bandbreedte", "the band only"),
        FormKind.INITIALS: Label("alleen de voorletters", "the initials only"),
        FormKind.POSTCODE4: Label("alleen de vier cijfers van de postcode", "the four digits of the postal code only"),
        FormKind.PRESENT: Label("alleen of het er is", "only whether there is any"),
    }
)
PHASE_VIEW: Mapping[PhaseView, Label] = MappingProxyType(
    {
        PhaseView.FULL: Label("in welke fase de casus is", "which phase the case is in"),
        PhaseView.OPEN_OR_CLOSED: Label("alleen of de casus open of gesloten is", "only whether the case is open or closed"),
    }
)
NEVER_KIND: Mapping[NeverKind, Label] = MappingProxyType(
    {
        NeverKind.LAW: Label("De wet verbiedt dit", "The law forbids this"),
        NeverKind.CHOICE: Label("De partijen kiezen hiervoor", "The parties choose this"),
    }
)
ONWARD: Mapping[Onward, Label] = MappingProxyType(
    {
        Onward.NO: Label("De ontvanger geeft dit niet door.", "The receiver does not pass this on."),
        Onward.WITH_AGREEMENT: Label(
            "De ontvanger geeft dit alleen door met instemming van de gever.",
            "The receiver passes this on with the giver's agreement only.",
        ),
    }
)
REASON: Mapping[Reason, Label] = MappingProxyType(
    {
        Reason.UNKNOWN_FIELD: Label("het gegeven bestaat niet", "there is no such field"),
        Reason.NOT_IN_COVENANT: Label("het convenant geeft dit nooit", "the covenant never gives this"),
        Reason.CASE_CLOSED: Label("de casus is gesloten", "the case is closed"),
        Reason.WRONG_CASE_TYPE: Label("niet in deze soort casus", "not in this type of case"),
        Reason.WRONG_PHASE: Label("niet in deze fase", "not in this phase"),
        Reason.WRONG_SUBJECT: Label("niet over deze betrokkene", "not about this person"),
        Reason.NOT_PARTICIPANT: Label("de vrager doet niet mee in de casus", "the one who asks does not take part in the case"),
        Reason.HOLDER_NOT_PARTICIPANT: Label("de houder doet niet mee in de casus", "the holder does not take part in the case"),
        Reason.RESTRICTED: Label("de verwerking is beperkt (AVG art. 18)", "processing is restricted (GDPR art. 18)"),
        Reason.NOT_IDENTIFIED: Label("nog niet is bevestigd dat het dezelfde persoon is", "it is not confirmed that it is the same person"),
        Reason.VETOED: Label("de houder houdt het tegen", "the holder objects"),
        Reason.NO_CONSENT: Label("er is geen toestemming", "there is no consent"),
        Reason.NO_HIT: Label("de ontvanger kent de persoon niet", "the receiver does not know the person"),
        Reason.NO_AGREEMENT: Label("de gever stemde niet in", "the giver did not agree"),
        Reason.NO_SECOND_PAIR_OF_EYES: Label("niemand keek mee", "no second person looked at it"),
        Reason.NO_ADVICE: Label("er is geen advies", "there is no advice"),
        Reason.NOTHING_THERE: Label("er is niets", "there is nothing"),
        Reason.SOURCE_UNAVAILABLE: Label("de bron is niet bereikbaar", "the source is unavailable"),
        Reason.ENGINE_FAILED: Label("de beslissing mislukte", "the decision failed"),
    }
)

#: words of short lists that the language leaves open or that have no meaning to the code, each under its own id
_CODES: Mapping[str, Label] = MappingProxyType(
    {
        # capacities and values seen
        "processor": Label("verwerker", "processor"),
        "joint_controller": Label("gezamenlijk verwerkingsverantwoordelijke", "joint controller"),
        "never": Label("nooit", "never"),
        "in_transit": Label("alleen terwijl zij doorgegeven worden", "only while they are passed on"),
        "stored": Label("ook bewaard", "also stored"),
        # leaving
        "party_only": Label(
            "het convenant blijft gelden tussen de andere partijen", "the covenant stays in force between the other parties"
        ),
        "covenant_ends": Label("het convenant eindigt voor alle partijen", "the covenant ends for all parties"),
        "destroy": Label("vernietigt zij", "is destroyed"),
        "own_ground": Label("bewaart zij alleen op een eigen grondslag", "is kept on a ground of its own only"),
        "destroy_or_own_ground": Label(
            "vernietigt zij, of bewaart zij alleen op een eigen grondslag", "is destroyed, or kept on a ground of its own only"
        ),
        # people
        "privacy_officer": Label("de functionaris gegevensbescherming", "the privacy officer"),
        "auditor": Label("de auditor", "the auditor"),
        "supervisor": Label("de toezichthouder", "the supervisor"),
        "holder": Label("de houder van de gegevens", "the holder of the data"),
        "resident": Label("een bewoner", "a resident"),
        "subject": Label("de betrokkene", "the person concerned"),
        "representative": Label("de vertegenwoordiger van de betrokkene", "the representative of the person concerned"),
        "subject_or_representative": Label("de betrokkene of diens vertegenwoordiger", "the person concerned or the representative"),
        "execution": Label("uitvoering", "execution"),
        "lawfulness_review": Label("toetsing van de rechtmatigheid", "review of lawfulness"),
        "system_maintenance": Label("beheer van het systeem", "maintenance of the system"),
        # joining and being together in law
        "all_parties": Label("alle partijen", "all parties"),
        "majority": Label("de meerderheid van de partijen", "the majority of the parties"),
        "operator": Label("de uitvoerder", "the operator"),
        "wgs_fec": Label("Financieel Expertise Centrum (Wgs)", "Financial Expertise Centre (Wgs)"),
        "wgs_icov": Label("Infobox Crimineel en Onverklaarbaar Vermogen (Wgs)", "Infobox Criminal and Unexplained Wealth (Wgs)"),
        "wgs_riec": Label("Regionaal Informatie- en Expertisecentrum (Wgs)", "Regional Information and Expertise Centre (Wgs)"),
        "wgs_zvh": Label("Zorg- en Veiligheidshuis (Wgs)", "Care and Safety House (Wgs)"),
        "wpg20": Label(
            "samenwerkingsverband waaraan de politie verstrekt (Wpg art. 20)", "partnership to which the police provide (Wpg art. 20)"
        ),
        "joint_controllers": Label("gezamenlijke verwerkingsverantwoordelijken (AVG art. 26)", "joint controllers (GDPR art. 26)"),
        # open cases of a party that leaves
        "finish": Label("maakt zij af", "it finishes"),
        "hand_over": Label("draagt zij over", "it hands over"),
        "leave": Label("verlaat zij", "it leaves"),
        # consent
        "explicit": Label("uitdrukkelijke", "explicit"),
        "unambiguous": Label("ondubbelzinnige", "unambiguous"),
        # closing
        "resolved": Label("opgelost", "resolved"),
        "unfounded": Label("ongegrond", "unfounded"),
        "moved": Label("verhuisd", "moved"),
        "transferred": Label("overgedragen", "transferred"),
        "default": Label("overige redenen", "other reasons"),
        # emergency
        "person_at_risk": Label("wie er in gevaar is", "who is at risk"),
        "cannot_consent": Label("waarom toestemming niet gevraagd kan worden", "why consent cannot be asked"),
        "reason_code": Label("de reden", "the reason"),
        "call_back": Label("een nummer om terug te bellen", "a number to call back"),
        # geography
        "neighbourhood": Label("buurt", "neighbourhood"),
        "street": Label("straat", "street"),
        "block": Label("bouwblok", "block"),
        "stairwell": Label("portiek", "stairwell"),
        # what is counted
        "signals": Label("signalen", "signals"),
        "cases": Label("casussen", "cases"),
        "outcomes": Label("uitkomsten", "outcomes"),
        "disclosures": Label("verstrekkingen", "disclosures"),
        # what a scenario takes away
        "participation": Label("deelname", "participation"),
        "identification": Label("bevestiging van de persoon", "confirmation of the person"),
        "consent": Label("toestemming", "consent"),
        "hit": Label("dat de ontvanger de persoon kent", "that the receiver knows the person"),
        "agreement": Label("instemming", "agreement"),
        "second_eyes": Label("een tweede paar ogen", "a second pair of eyes"),
        "advice": Label("advies", "advice"),
    }
)
#: what the laws that a covenant usually names are called, under their CELEX or BWB id
_LAWS: Mapping[str, Label] = MappingProxyType(
    {
        "32016R0679": Label("AVG", "GDPR"),
        "BWBR0022463": Label("Wet politiegegevens", "Police Data Act (Wpg)"),
        "BWBR0040940": Label("Uitvoeringswet AVG", "GDPR Implementation Act (UAVG)"),
        "BWBR0005290": Label("Burgerlijk Wetboek Boek 7", "Civil Code, Book 7"),
        "BWBR0049962": Label("Wet gegevensverwerking door samenwerkingsverbanden", "Data Processing by Partnerships Act (Wgs)"),
    }
)


def code(word: str) -> Words:
    """A word of a short list, in words where there are any."""
    return _CODES.get(word, Code(word))


def code_with_id(word: str) -> Words:
    """A word of a short list with its id, as the covenant text shows it."""
    return tell("{words} ({id})", "{words} ({id})", words=_CODES[word], id=Code(word)) if word in _CODES else Code(word)


def form(given: Form) -> Words:
    """`alleen de maand`, `alleen de bandbreedte: 0-2, 3-9 of 10+`."""
    if given.bands:
        return tell("{kind}: {bands}", "{kind}: {bands}", kind=FORM_KIND[given.kind], bands=listed(given.bands, "of", "or"))
    return FORM_KIND[given.kind]


def classes(of: Iterable[DataClass]) -> Words:
    """The legal classes, in the order of the language."""
    wanted = frozenset(of)
    return listed(DATA_CLASS[each] for each in DataClass if each in wanted)


def law_named(law: str) -> Words:
    """What a law is called, by the id under which it is published."""
    return _LAWS.get(law, law)


def citation(basis: LegalBasis) -> Words:
    """`art. 6(1)(e) AVG`, or the law alone where no article is named."""
    law = law_named(basis.law)
    return law if basis.article is None else tell("art. {article} {law}", "art. {article} {law}", article=basis.article, law=law)


def citation_with_national_law(basis: LegalBasis) -> Words:
    """`art. 6(1)(e) AVG met Gemeentewet 172`: what the basis rests on is what tells it from another of the same article."""
    further = (*basis.rests_on, *filter(None, (basis.with_,)))
    return tell("{law} met {laws}", "{law} with {laws}", law=citation(basis), laws=listed(further)) if further else citation(basis)


def law_id(basis: LegalBasis) -> Words:
    """The id under which the law is published."""
    return Code(basis.law)
