"""What goes to another covenant when a case is handed over: per role that may do it, sort of case, phase, subject and field."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from policies.covenant import Covenant, Handover
from policies.effects.changes import HandoverOffer, TermChange, compared
from policies.effects.offers import Grounds, Need, conditions_needed, grounds_named, wpg20_words
from policies.vocabulary import Form

_Offers = dict[tuple[str, ...], tuple[HandoverOffer, ...]]


def handover_changes(old: Covenant, new: Covenant) -> Iterator[TermChange]:
    """Each (role, case type, phase, subject, field) that a handover takes along otherwise than before; judged as fields are."""
    return compared("handover", handover_offers(old), handover_offers(new))


def handover_offers(covenant: Covenant) -> _Offers:
    """What each role could hand over of each field, from where, about whom."""
    found: dict[tuple[str, ...], list[HandoverOffer]] = {}
    for handover in covenant.handovers:
        made = {form: _offer(covenant, handover, form) for form in handover.fields.values()}
        places = (
            (case_type, phase)
            for case_type in sorted(handover.case_types)
            for phase, step in covenant.case_types[case_type].ladder.items()
            if phase in handover.phases and not step.shielded
        )
        for role, place, subject, (field, form) in product(sorted(handover.by), places, sorted(handover.about), handover.fields.items()):
            if subject in covenant.fields[field].about:
                found.setdefault((role, *place, subject, field), []).append(made[form])
    return {key: tuple(offers) for key, offers in found.items()}


def _offer(covenant: Covenant, handover: Handover, form: Form) -> HandoverOffer:
    to = handover.to
    needs: frozenset[Need] = conditions_needed(handover.conditions)
    # The receiver's grounds are named in the other covenant's words, so they are compared by name.
    grounds = Grounds(grounds_named(covenant, handover.giver), frozenset((name,) for name in to.basis), wpg20_words(handover.wpg20))
    return HandoverOffer(f"{to.covenant} {to.case_type} {to.receiver}", form, needs, handover.closes_as, grounds)
