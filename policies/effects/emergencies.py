"""What may be seen when a life is at risk: per role, field and subject, each emergency with what it asks."""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import Covenant, Emergency, party_of
from policies.effects.changes import EmergencyOffer, TermChange, compared
from policies.effects.offers import Grounds, grounds_named
from policies.vocabulary import PartyId

_Offers = dict[tuple[str, ...], tuple[EmergencyOffer, ...]]


def emergency_changes(old: Covenant, new: Covenant) -> Iterator[TermChange]:
    """Each (role, field, subject) that an emergency opens otherwise than before; judged as fields are: by offers that nothing covers."""
    return compared("emergency", emergency_offers(old), emergency_offers(new))


def emergency_offers(covenant: Covenant) -> _Offers:
    """What each role could see of each field, about whom, in need."""
    found: dict[tuple[str, ...], list[EmergencyOffer]] = {}
    for emergency in covenant.emergency:
        made = {party: _offer(covenant, emergency, party) for party in sorted({*map(party_of, emergency.who)})}
        for role in sorted(emergency.who):
            for field in sorted(emergency.fields):
                for subject in sorted(covenant.fields[field].about):
                    found.setdefault((role, field, subject), []).append(made[party_of(role)])
    return {key: tuple(offers) for key, offers in found.items()}


def _offer(covenant: Covenant, emergency: Emergency, receiver: PartyId) -> EmergencyOffer:
    grounds = Grounds(grounds_named(covenant, emergency.basis.giver), grounds_named(covenant, emergency.basis.receiver.get(receiver, ())))
    return EmergencyOffer(
        frozenset(emergency.requires),
        frozenset(emergency.notify),
        emergency.lasts,
        emergency.review_within,
        frozenset(emergency.reasons),
        frozenset(emergency.reviewed_by),
        grounds,
    )
