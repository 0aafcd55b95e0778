"""Emergencies: only on a vital interest, only by those on duty, for a day, and looked at afterwards (AVG art. 6(1)(d), 9(2)(c))."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from policies.covenant import DataClass, Emergency, PartyKind
from policies.legal.dossier import CARE_CLASSES, Dossier, Reliance, is_under
from policies.legal.rule import Sighting, lasting, refuses, seen, warns, words
from policies.values import Label, Path, period_of

#: what whoever asks has to state (design: content 10)
REQUIRED = frozenset({"person_at_risk", "cannot_consent", "reason_code", "call_back"})
_TOLD = frozenset({"holder", "privacy_officer"})
_LONGEST = timedelta(hours=72)
_LATEST_REVIEW = timedelta(days=7)


def _emergencies(dossier: Dossier) -> Iterator[tuple[Path, Emergency]]:
    for position, emergency in enumerate(dossier.covenant.emergency):
        yield ("emergency", position), emergency


def _lacks_vital_interest(reliance: Reliance, *, special: bool) -> str | None:
    """The article of the AVG that is missing. What the police do, they do under the Wpg or the AVG."""
    if reliance.party.kind is PartyKind.POLICE and any(basis.kind == "wpg" for basis in reliance.bases):
        return None
    if not any(is_under(basis, "6(1)(d)") for basis in reliance.bases):
        return "6(1)(d)"
    return "9(2)(c)" if special and not any(is_under(basis, "9(2)(c)") for basis in reliance.bases) else None


def _without_vital_interest(dossier: Dossier) -> Iterator[Sighting]:
    for position, (_, emergency) in enumerate(_emergencies(dossier)):
        special = bool(dossier.classes(emergency.fields) & (CARE_CLASSES - {DataClass.SECRECY}))
        for reliance in dossier.reliances():
            missing = _lacks_vital_interest(reliance, special=special) if reliance.at[:2] == ("emergency", position) else None
            if missing is not None:
                yield seen(
                    reliance.at,
                    "nood: {party} noemt geen vitaal belang, AVG {missing}",
                    "emergency: {party} names no vital interest, GDPR {missing}",
                    party=reliance.party.id,
                    missing=missing,
                )


def _not_told(dossier: Dossier) -> Iterator[Sighting]:
    for at, emergency in _emergencies(dossier):
        missing = _TOLD - set(emergency.notify)
        if missing:
            yield seen(
                (*at, "notify"),
                "nood: wie het hoort te horen, hoort het niet: {missing}",
                "emergency: who should be told is not told: {missing}",
                key=True,
                missing=words(missing),
            )


def _too_long(dossier: Dossier) -> Iterator[Sighting]:
    for at, emergency in _emergencies(dossier):
        if emergency.lasts > _LONGEST:
            yield seen(
                (*at, "lasts"),
                "nood duurt {lasts}; langer dan {longest} is geen nood meer",
                "an emergency lasts {lasts}; longer than {longest} it is no emergency",
                lasts=lasting(period_of(emergency.lasts)),
                longest=lasting(period_of(_LONGEST)),
            )


def _reviewed_late(dossier: Dossier) -> Iterator[Sighting]:
    for at, emergency in _emergencies(dossier):
        if emergency.review_within > _LATEST_REVIEW:
            yield seen(
                (*at, "review_within"),
                "nood wordt pas na {within} beoordeeld; verwacht uiterlijk {latest}",
                "an emergency is reviewed only after {within}; expected {latest} at the latest",
                within=lasting(period_of(emergency.review_within)),
                latest=lasting(period_of(_LATEST_REVIEW)),
            )


def _too_easy(dossier: Dossier) -> Iterator[Sighting]:
    for at, emergency in _emergencies(dossier):
        missing = REQUIRED - set(emergency.requires)
        if missing:
            yield seen(
                (*at, "requires"),
                "nood vraagt niet om: {missing}",
                "an emergency does not ask for: {missing}",
                missing=words(missing),
            )


def _not_on_duty(dossier: Dossier) -> Iterator[Sighting]:
    for at, emergency in _emergencies(dossier):
        duty = {role.id for party in dossier.covenant.parties.values() for role in party.roles.values() if role.duty}
        if emergency.who - duty:
            yield seen(
                (*at, "who"),
                "nood staat open voor een functie zonder dienst: {roles}",
                "an emergency is open to a role that is not on duty: {roles}",
                hint=Label("`duty: true` bij de functie, of een andere functie", "`duty: true` at the role, or another role"),
                roles=words(emergency.who - duty),
            )


RULES = (
    refuses(
        "no-vital-interest",
        "AVG art. 6(1)(d), 9(2)(c)",
        "nood zonder vitaal belang",
        "an emergency without a vital interest",
        _without_vital_interest,
    ),
    warns("emergency-not-told", "AVG art. 5(2)", "nood in stilte", "an emergency in silence", _not_told),
    warns("emergency-too-long", "AVG art. 5(1)(e)", "nood die duurt", "an emergency that lasts", _too_long),
    warns("emergency-reviewed-late", "AVG art. 5(2)", "nood zonder tijdige beoordeling", "an emergency reviewed late", _reviewed_late),
    warns("emergency-too-easy", "AVG art. 6(1)(d)", "nood zonder verklaring", "an emergency without statements", _too_easy),
    warns("emergency-not-on-duty", "AVG art. 32", "nood voor wie geen dienst heeft", "an emergency for those not on duty", _not_on_duty),
)
