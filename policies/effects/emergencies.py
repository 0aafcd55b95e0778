"""What may be seen when a life is at risk: per role, field and subject, each emergency with what it asks."""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import Covenant, Emergency, party_of
from policies.effects.changes import Effect, EmergencyOffer, TermChange, effect_of
from policies.effects.offers import Grounds, grounds_named
from policies.vocabulary import PartyId

_Offers = dict[tuple[str, str, str], tuple[EmergencyOffer, ...]]


def emergency_changes(old: Covenant, new: Covenant) -> Iterator[TermChange]:
    """Each (role, field, subject) that an emergency opens otherwise than before; judged as fields are: by offers that nothing covers."""
    before, after = emergency_offers(old), emergency_offers(new)
    for key in (*before, *(key for key in after if key not in before)):
        was, is_ = before.get(key, ()), after.get(key, ())
        if frozenset(was) == frozenset(is_):
            continue
        widens = any(not any(one.covers(other) for one in was) for other in is_)
        narrows = any(not any(other.covers(one) for other in is_) for one in was)
        effect: Effect = effect_of(widens=widens, narrows=narrows)
        yield TermChange("emergency", effect, key, was or None, is_ or None)


def emergency_offers(covenant: Covenant) -> _Offers:
    """What each role could see of each field, about whom, in need."""
    found: dict[tuple[str, str, str], list[EmergencyOffer]] = {}
    for emergency in covenant.emergency:
        made = {party: _offer(covenant, emergency, party) for party in sorted({*map(party_of, emergency.who)})}
        for role in sorted(emergency.who):
            for field in sorted(emergency.fields):
                for subject in sorted(covenant.fields[field].about):
                    found.setdefault((role, field, subject), []).append(made[party_of(role)])
    return {key: tuple(offers) for key, offers in found.items()}


def _offer(covenant: Covenant, emergency: Emergency, receiver: PartyId) -> EmergencyOffer:
    grounds = Grounds(grounds_named(covenant, emergency.basis.giver), grounds_named(covenant, emergency.basis.receiver.get(receiver, ())))
    return EmergencyOffer(frozenset(emergency.requires), frozenset(emergency.notify), emergency.lasts, emergency.review_within, grounds)
