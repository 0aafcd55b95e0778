"""Days, periods, names and hashes in words, in both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from broker.documents.page_parts import Code, Seal, Strong, Terms, Words, listed, tell
from policies.canonical import covenant_sha256
from policies.covenant import Covenant, Label, Party, PartyKind, Period, Step, party_of
from policies.values import period_of
from policies.vocabulary import PartyId, Phase, RoleId
from policies.wording import say

_MONTHS = (
    ("januari", "January"),
    ("februari", "February"),
    ("maart", "March"),
    ("april", "April"),
    ("mei", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augustus", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
)
#: one and many, in Dutch and in English
_UNITS: Mapping[str, tuple[Label, Label]] = MappingProxyType(
    {
        "minute": (Label("minuut", "minute"), Label("minuten", "minutes")),
        "hour": (Label("uur", "hour"), Label("uur", "hours")),
        "day": (Label("dag", "day"), Label("dagen", "days")),
        "week": (Label("week", "week"), Label("weken", "weeks")),
        "month": (Label("maand", "month"), Label("maanden", "months")),
        "year": (Label("jaar", "year"), Label("jaar", "years")),
    }
)
#: what a party is called after the first time, as a paper covenant does ("hierna: de corporatie")
_CALLED: Mapping[PartyKind, Label] = MappingProxyType(
    {
        PartyKind.MUNICIPALITY: Label("de gemeente", "the municipality"),
        PartyKind.HOUSING_CORPORATION: Label("de corporatie", "the housing corporation"),
        PartyKind.POLICE: Label("de politie", "the police"),
        PartyKind.CARE: Label("de zorgorganisatie", "the care organisation"),
        PartyKind.YOUTH_PROTECTION: Label("de jeugdbescherming", "youth protection"),
    }
)
#: the phases of the usual ladder; a covenant that names them itself (`title`) is followed
_PHASES: Mapping[str, Label] = MappingProxyType(
    {
        "triage": Label("triage", "triage"),
        "consultation": Label("casusoverleg", "consultation"),
        "plan": Label("plan van aanpak", "plan"),
        "escalated": Label("opgeschaald", "escalated"),
        "aftercare": Label("nazorg", "aftercare"),
        "closed": Label("gesloten", "closed"),
    }
)
YES_NO = (Label("nee", "no"), Label("ja", "yes"))


def day(on: date) -> Label:
    """`1 januari 2026`, `1 January 2026`."""
    dutch, english = _MONTHS[on.month - 1]
    return Label(f"{on.day} {dutch} {on.year}", f"{on.day} {english} {on.year}")


def length(period: Period | timedelta) -> Label:
    """`14 dagen`, `14 days`; a fixed length in the largest unit that fits."""
    found = period_of(period) if isinstance(period, timedelta) else period
    one, many = _UNITS[found.unit]
    return say("{number} {unit}", "{number} {unit}", number=found.number, unit=one if found.number == 1 else many)


def every(period: Period) -> Label:
    """`elk jaar`, `elke 30 dagen`; `every year`, `every 30 days`."""
    one, _ = _UNITS[period.unit]
    if period.number > 1:
        return say("elke {time}", "every {time}", time=length(period))
    return say("elk {unit}" if period.unit in {"hour", "year"} else "elke {unit}", "every {unit}", unit=one)


def yes_no(so: bool) -> Label:  # noqa: FBT001 - the flag is the whole of what is said
    """`ja` or `nee`."""
    return YES_NO[so]


def called(covenant: Covenant, party: PartyId) -> Words:
    """What a party is called in a sentence: by its kind (`de politie`) where it is the only one of that kind, and else by its name."""
    kinds = Counter(each.kind for each in covenant.parties.values())
    found = covenant.parties[party]
    return _CALLED[found.kind] if found.kind in _CALLED and kinds[found.kind] == 1 else found.name


def is_called_otherwise(covenant: Covenant, party: Party) -> bool:
    """Whether sentences call the party by something else than its name."""
    return called(covenant, party.id) != party.name


def role_of(covenant: Covenant, role: RoleId) -> Words:
    """`de regisseur van de gemeente`."""
    found = covenant.role(role)
    label: Words = Code(role) if found is None else found.label
    return tell("de {role} van {party}", "the {role} of {party}", role=label, party=called(covenant, party_of(role)))


def roles_of(covenant: Covenant, roles: Iterable[RoleId]) -> Words:
    """The roles grouped by party, so that `van de gemeente` is said once: parties in the covenant's order."""
    chosen = frozenset(roles)
    groups = []
    for party in covenant.parties.values():
        labels = [tell("de {role}", "the {role}", role=role.label) for name, role in party.roles.items() if name in chosen]
        if labels:
            groups.append(tell("{roles} van {party}", "{roles} of {party}", roles=listed(labels), party=called(covenant, party.id)))
    return listed(groups)


def named(label: Words, identifier: str) -> Words:
    """A name with the id that the covenant and the systems know it by."""
    return tell("{label} ({id})", "{label} ({id})", label=label, id=Code(identifier))


def phase_title(covenant: Covenant, phase: Phase) -> Words:
    """What the phase is called: by the covenant, by the usual ladder, or by its id."""
    for case_type in covenant.case_types.values():
        step = case_type.ladder.get(phase)
        if step is not None and step.title is not None:
            return step.title
    return _PHASES.get(phase, Code(phase))


def step_title(step: Step) -> Words:
    """What a phase of one ladder is called."""
    return _PHASES.get(step.phase, Code(step.phase)) if step.title is None else step.title


def phases_in_order(covenant: Covenant, phases: Iterable[Phase]) -> tuple[Phase, ...]:
    """The phases in the order of the ladders."""
    wanted = frozenset(phases)
    ordered = dict.fromkeys(phase for case_type in covenant.case_types.values() for phase in case_type.ladder)
    return tuple(phase for phase in ordered if phase in wanted)


def seal_of(covenant: Covenant) -> Seal:
    """The version that a document is made from, with the hash that its parties sign."""
    return Seal(covenant.id, covenant.version, covenant_sha256(covenant))


def sealed(seal: Seal) -> Terms:
    """What stands under the title of every document: which text it is made from, and how to see that for oneself."""
    return Terms(
        (
            (Label("Convenant", "Covenant"), Code(seal.covenant)),
            (Label("Versie", "Version"), Code(seal.version)),
            (Label("Vingerafdruk (SHA-256)", "Fingerprint (SHA-256)"), Code(seal.sha256)),
            (
                Label("Zelf nagaan", "To verify"),
                tell(
                    "Dit stuk is gemaakt uit het convenantbestand. {check} met dat bestand noemt dezelfde vingerafdruk. "
                    "Die ondertekenen de partijen.",
                    "This document is made from the covenant file. {check} with that file prints the same fingerprint. "
                    "That is what the parties sign.",
                    check=Code("broker covenant check"),
                ),
            ),
        )
    )


def absent(nl: str, en: str) -> Words:
    """The sentence that says that an optional part is not there."""
    return Strong(tell(f"Niet geregeld: {nl}.", f"Not provided for: {en}."))
