"""Every field that somebody may see otherwise than before.

For one role, purpose, case type, phase, subject and field, the new covenant *widens* when it has an offer that no old offer covers: there
is then a case in which that is given and was not. It *narrows* when the old one had an offer that no new one covers. That is all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.effects.changes import Effect, FieldChange, What, effect_of
from policies.effects.offers import Need, Offer, Offers
from policies.forms import shows_at_least
from policies.vocabulary import Form

_NOTHING: tuple[Offer, ...] = ()
_BY = frozenset({Need.CONSENT_BY_SUBJECT, Need.CONSENT_BY_REPRESENTATIVE})
_Judged = tuple[What, Effect] | None


def field_changes(old: Offers, new: Offers) -> Iterator[FieldChange]:
    """Each change, in the order of the old rules and then of the new; what is offered as before, by whichever article, is none."""
    judged: dict[tuple[tuple[int, ...], tuple[int, ...]], _Judged] = {}
    for where in (*old, *(where for where in new if where not in old)):
        before, after = old.get(where, _NOTHING), new.get(where, _NOTHING)
        # Equal offers are one object on each side, so a pair is judged once however many contexts it stands in.
        pair = (tuple(map(id, before)), tuple(map(id, after)))
        if pair not in judged:
            judged[pair] = _judge(before, after)
        found = judged[pair]
        if found is not None:
            context, field = where
            yield FieldChange(found[0], found[1], context, field, before, after)


def _judge(before: tuple[Offer, ...], after: tuple[Offer, ...]) -> _Judged:
    was, is_ = tuple(_ways(before)), tuple(_ways(after))
    widens = any(not any(old.covers(new) for old in was) for new in is_)
    narrows = any(not any(new.covers(old) for new in is_) for old in was)
    if widens or narrows:
        effect = effect_of(widens=widens, narrows=narrows)
        return _what(before, after, effect), effect
    if {offer.grounds for offer in before} != {offer.grounds for offer in after}:
        return What.GROUNDS, Effect.NEUTRAL
    return None


def _ways(offers: tuple[Offer, ...]) -> Iterator[Offer]:
    """Each way in which an offer can be had: a consent that either may give is given by the one or by the other."""
    for offer in offers:
        if Need.CONSENT in offer.needs and not offer.needs & _BY:
            yield from (replace(offer, needs=offer.needs | {by}) for by in _BY)
        else:
            yield offer


def _what(before: tuple[Offer, ...], after: tuple[Offer, ...], effect: Effect) -> What:
    if not before:
        return What.GAINS
    if not after:
        return What.LOSES
    if effect is Effect.BOTH:
        return What.OTHERWISE
    more, fewer = _uncovered(before, after), _uncovered(after, before)
    if more or fewer:
        return What.MORE if effect is Effect.WIDENS else What.LESS
    if {offer.needs for offer in before} == {offer.needs for offer in after}:
        return What.ONWARD if effect is Effect.WIDENS else What.NOT_ONWARD
    return What.NEEDS_LESS if effect is Effect.WIDENS else What.NEEDS_MORE


def _uncovered(by: tuple[Offer, ...], offers: tuple[Offer, ...]) -> set[Form]:
    """The forms that no form on the other side shows, conditions apart."""
    return {offer.form for offer in offers if not any(shows_at_least(other.form, offer.form) for other in by)}
