"""Special and criminal data, the BSN and what is under secrecy: who has no task for them (AVG art. 9 and 10, UAVG art. 46)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from policies.covenant import BasisKind, DataClass, Field, PartyKind
from policies.legal.dossier import CARE_CLASSES, POLICE_CLASSES, Dossier
from policies.legal.rule import Sighting, refuses, seen, warns, words
from policies.values import Label
from policies.vocabulary import FieldName

#: who has a task in care or support of its own
_CARE_TASK = frozenset({PartyKind.CARE, PartyKind.YOUTH_PROTECTION, PartyKind.MUNICIPALITY})
_NOT_FOR_A_LANDLORD = CARE_CLASSES | POLICE_CLASSES | {DataClass.CRIMINAL}
#: codes of public lists that are no ordinary data, with the class that their own description gives them (Aedes VERA 4.1)
CLASS_OF_CODE: Mapping[str, Mapping[str, DataClass]] = MappingProxyType(
    {
        "vera:SIGNALERINGDETAILSOORT": MappingProxyType(
            {
                **dict.fromkeys(("AMB", "CUR", "PRO", "SEU"), DataClass.SPECIAL),
                **dict.fromkeys(("BRA", "DRU", "FYS", "HEN"), DataClass.CRIMINAL),
            }
        ),
        "vera:SIGNALERINGSOORT": MappingProxyType({"ONB": DataClass.SPECIAL}),
    }
)


def _path(field: FieldName) -> tuple[str, str, str, str]:
    category, _, short = field.partition(".")
    return ("data", category, "fields", short)


def _to_a_landlord(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    for at, article in dossier.articles():
        landlords = [party.id for party in dossier.receivers(article.to) if party.kind is PartyKind.HOUSING_CORPORATION]
        consent = article.conditions.consent is not None and article.conditions.consent.kind == "explicit"
        for name in article.fields if landlords else ():
            found = covenant.fields[name].classes & _NOT_FOR_A_LANDLORD
            if found and not (consent and found <= CARE_CLASSES):
                yield seen(
                    (*at, "fields", name),
                    "artikel {article} geeft `{field}` ({classes}) aan woningcorporatie {party}; ook ja of nee is een verstrekking",
                    "article {article} gives `{field}` ({classes}) to housing corporation {party}; yes or no is a disclosure too",
                    key=True,
                    article=article.id,
                    field=name,
                    classes=words(found),
                    party=landlords[0],
                )


def _without_care_task(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        if article.conditions.consent is not None:
            continue
        special = [name for name in article.fields if dossier.covenant.fields[name].classes & CARE_CLASSES]
        for party in dossier.receivers(article.to) if special else ():
            if any(basis.kind is BasisKind.WGS for basis in dossier.bases(article.basis.receiver.get(party.id, ()))):
                continue  # Wgs art. 2.29 allows health data to the participants
            if party.kind not in _CARE_TASK | {PartyKind.HOUSING_CORPORATION}:
                yield seen(
                    (*at, "to"),
                    "artikel {article} geeft `{field}` zonder toestemming aan {party}, die geen taak in de zorg heeft",
                    "article {article} gives `{field}` without consent to {party}, which has no task in care",
                    article=article.id,
                    field=special[0],
                    party=party.id,
                )


def _bsn_to_a_landlord(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        landlords = [party.id for party in dossier.receivers(article.to) if party.kind is PartyKind.HOUSING_CORPORATION]
        for name in article.fields if landlords else ():
            if DataClass.BSN in dossier.covenant.fields[name].classes:
                yield seen(
                    (*at, "fields", name),
                    "artikel {article} geeft een BSN aan woningcorporatie {party}",
                    "article {article} gives a BSN to housing corporation {party}",
                    key=True,
                    article=article.id,
                    party=landlords[0],
                )


def _bsn_without_law(dossier: Dossier) -> Iterator[Sighting]:
    for basis in dossier.covenant.legal_bases.values():
        if basis.kind is BasisKind.BSN and not basis.law.startswith("BWBR"):
            yield seen(
                ("legal_bases", basis.id, "law"),
                "grondslag {basis} voor het BSN is geen Nederlandse wet: `{law}`",
                "legal basis {basis} for the BSN is no Dutch law: `{law}`",
                hint=Label("een BSN mag alleen waar een wet erin voorziet", "a BSN only where a law provides for it"),
                basis=basis.id,
                law=basis.law,
            )


def _care_without_secrecy(dossier: Dossier) -> Iterator[Sighting]:
    for name, field in dossier.covenant.fields.items():
        of_care = dossier.covenant.parties[field.holder].kind is PartyKind.CARE
        if of_care and DataClass.SPECIAL in field.classes and DataClass.SECRECY not in field.classes:
            yield seen(
                _path(name),
                "`{field}` is een gezondheidsgegeven bij {holder} en heeft niet de klasse secrecy",
                "`{field}` is health data at {holder} and does not have the class secrecy",
                key=True,
                field=name,
                holder=field.holder,
            )


def _mixed_codes(dossier: Dossier) -> Iterator[Sighting]:
    for name, field in dossier.covenant.fields.items():
        known = CLASS_OF_CODE.get(field.code_list or "", {})
        wrong = sorted(code for code in field.codes if code in known and known[code] not in field.classes)
        if wrong:
            yield seen(
                (*_path(name), "codes"),
                "codelijst van `{field}` mengt klassen: {codes} is {data_class}, het veld is {classes}",
                "the code list of `{field}` mixes classes: {codes} is {data_class}, the field is {classes}",
                hint=Label(
                    "splits het veld, zodat geen besluit van een waarde afhangt", "split the field, so that no decision needs a value"
                ),
                field=name,
                codes=", ".join(wrong),
                data_class=words({known[code] for code in wrong}),
                classes=words(field.classes),
            )


def _code_in_two_classes(dossier: Dossier) -> Iterator[Sighting]:
    first: dict[tuple[str, str], Field] = {}
    for name, field in dossier.covenant.fields.items():
        for code in field.codes if field.code_list else ():
            other = first.setdefault((field.code_list or "", code), field)
            if other.classes != field.classes and other.holder == field.holder:
                yield seen(
                    (*_path(name), "codes"),
                    "code {code} van {list_} staat in `{field}` ({classes}) en in `{other}` ({others})",
                    "code {code} of {list_} stands in `{field}` ({classes}) and in `{other}` ({others})",
                    code=code,
                    list_=field.code_list or "",
                    field=name,
                    classes=words(field.classes),
                    other=other.name,
                    others=words(other.classes),
                )


def _identifies_too_much(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        for name in article.fields if article.identifies else ():
            more = dossier.covenant.fields[name].classes - {DataClass.ORDINARY, DataClass.BSN}
            if more:
                yield seen(
                    (*at, "fields", name),
                    "artikel {article} geeft `{field}` ({classes}) voordat is bevestigd om wie het gaat",
                    "article {article} gives `{field}` ({classes}) before it is confirmed whom it is about",
                    key=True,
                    article=article.id,
                    field=name,
                    classes=words(more),
                )


RULES = (
    refuses("not-for-a-landlord", "AVG art. 9, 10", "politie of zorg bij een verhuurder", "police or care at a landlord", _to_a_landlord),
    warns("no-care-task", "AVG art. 9", "zorggegevens zonder zorgtaak", "care data without a care task", _without_care_task),
    warns("bsn-to-a-landlord", "UAVG art. 46", "een BSN bij een verhuurder", "a BSN at a landlord", _bsn_to_a_landlord),
    warns("bsn-without-law", "UAVG art. 46", "een BSN zonder wet", "a BSN without a law", _bsn_without_law),
    warns("care-without-secrecy", "BW 7:457", "zorg zonder beroepsgeheim", "care without secrecy", _care_without_secrecy),
    refuses("code-list-mixes-classes", "AVG art. 9, 10", "een codelijst mengt klassen", "a code list mixes classes", _mixed_codes),
    warns("code-in-two-classes", "AVG art. 9, 10", "één code, twee klassen", "one code, two classes", _code_in_two_classes),
    warns("identifies-too-much", "AVG art. 5(1)(c)", "te veel om te herkennen", "too much to identify", _identifies_too_much),
)
