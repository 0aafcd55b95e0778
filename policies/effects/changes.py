"""One change of effect: of a field that somebody may see, or of a term around the sharing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from policies.effects.offers import Grounds, Need, Offer
from policies.forms import shows_at_least
from policies.rules import Context
from policies.values import Period
from policies.vocabulary import FieldName, Form


class Effect(StrEnum):
    """What a change does, the first to be shown first.

    *Widens*: something is seen, kept, passed on or done that the old covenant did not allow, or a protection becomes less. *Narrows* is the
    other way round. *Both*: each of the two allows what the other does not. *Neutral*: neither, but somebody should know.
    """

    WIDENS = "widens"
    BOTH = "both"
    NARROWS = "narrows"
    NEUTRAL = "neutral"

    @property
    def widens(self) -> bool:
        """Whether the new covenant allows anything that the old one did not."""
        return self in (Effect.WIDENS, Effect.BOTH)

    @property
    def narrows(self) -> bool:
        """Whether the old covenant allowed anything that the new one does not."""
        return self in (Effect.NARROWS, Effect.BOTH)


def effect_of(*, widens: bool, narrows: bool) -> Effect:
    """The effect that is one, the other, both or neither."""
    if widens:
        return Effect.BOTH if narrows else Effect.WIDENS
    return Effect.NARROWS if narrows else Effect.NEUTRAL


class What(StrEnum):
    """What happens to one field for one role in one situation."""

    GAINS = "gains"
    LOSES = "loses"
    MORE = "more"
    LESS = "less"
    OTHERWISE = "otherwise"
    NEEDS_LESS = "needs_less"
    NEEDS_MORE = "needs_more"
    ONWARD = "onward"
    NOT_ONWARD = "not_onward"
    GROUNDS = "grounds"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What is offered of one field in one context, before and after; empty is nothing."""

    what: What
    effect: Effect
    context: Context
    field: FieldName
    before: tuple[Offer, ...]
    after: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class EmergencyOffer:
    """What one emergency asks of whoever invokes it; `notify`, `requires`, `lasts` and `review_within` as the covenant has them."""

    requires: frozenset[str]
    notify: frozenset[str]
    lasts: timedelta
    review_within: timedelta
    reasons: frozenset[str]
    reviewed_by: frozenset[str]
    grounds: Grounds

    def covers(self, other: EmergencyOffer) -> bool:
        """Whether whoever has this one gains nothing by the other; no reasons named is any reason."""
        return (
            (not self.reasons or (bool(other.reasons) and self.reasons >= other.reasons))
            and self.reviewed_by <= other.reviewed_by
            and self.requires <= other.requires
            and self.notify <= other.notify
            and self.lasts >= other.lasts
            and self.review_within >= other.review_within
        )


@dataclass(frozen=True, slots=True)
class HandoverOffer:
    """What one handover lets go to another covenant: a field in a form, to one receiver there, if what it needs is so."""

    receiver: str
    form: Form
    needs: frozenset[Need]
    closes_as: str | None
    grounds: Grounds

    def covers(self, other: HandoverOffer) -> bool:
        """Whether whoever receives this gains nothing by the other."""
        return self.receiver == other.receiver and self.needs <= other.needs and shows_at_least(self.form, other.form)


#: a value of a term; None is that nothing is said
Value = str | bool | int | date | timedelta | Period | frozenset[str] | tuple[EmergencyOffer, ...] | tuple[HandoverOffer, ...] | None


Coverable = TypeVar("Coverable", EmergencyOffer, HandoverOffer)


@dataclass(frozen=True, slots=True)
class TermChange:
    """One term around the sharing. `term` is a name of `TERMS`, `key` says of what, in the parts that the term names."""

    term: str
    effect: Effect
    key: tuple[str, ...]
    before: Value
    after: Value


Change = FieldChange | TermChange


def compared(
    term: str, old: Mapping[tuple[str, ...], tuple[Coverable, ...]], new: Mapping[tuple[str, ...], tuple[Coverable, ...]]
) -> Iterator[TermChange]:
    """Each key whose offers are others than before: one that nothing old covers widens, one that nothing new covers narrows."""
    for key in (*old, *(key for key in new if key not in old)):
        before, after = old.get(key, ()), new.get(key, ())
        if frozenset(before) != frozenset(after):
            widens = any(not any(one.covers(other) for one in before) for other in after)
            narrows = any(not any(other.covers(one) for other in after) for one in before)
            yield TermChange(term, effect_of(widens=widens, narrows=narrows), key, before or None, after or None)
