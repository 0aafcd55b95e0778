"""How a change of one value is judged. Each judge takes the value before and after, and is only asked when they differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from policies.effects.changes import Effect, Value, effect_of
from policies.values import Period

Judge = Callable[[Value, Value], Effect]

#: a day from which lengths of months are counted; one after which a month and a year are as long as they mostly are
_DAY = date(2025, 1, 1)


def told(_before: Value, _after: Value) -> Effect:
    """Neither: somebody should know, and nothing more is given or kept by it."""
    return Effect.NEUTRAL


def other(_before: Value, _after: Value) -> Effect:
    """Both: another person, organisation or sort of data than before."""
    return Effect.BOTH


def cautious(_before: Value, _after: Value) -> Effect:
    """Widens whichever way it goes, because the words that the law looks at are no longer those that were agreed."""
    return Effect.WIDENS


def gives(before: Value, after: Value) -> Effect:
    """Something that is there opens; gone, it closes; changed inside, its parts are judged by themselves."""
    if (before in (None, False)) == (after in (None, False)):
        return Effect.NEUTRAL
    return Effect.WIDENS if before in (None, False) else Effect.NARROWS


def guards(before: Value, after: Value) -> Effect:
    """Something that protects: gone, it widens."""
    return _turned(gives(before, after))


def more(before: Value, after: Value) -> Effect:
    """A set of people, codes or ways: each one added widens, each one gone narrows."""
    old, new = _members(before), _members(after)
    return effect_of(widens=bool(new - old), narrows=bool(old - new))


def fewer(before: Value, after: Value) -> Effect:
    """A set of safeguards: each one gone widens."""
    return _turned(more(before, after))


def longer(before: Value, after: Value) -> Effect:
    """A time that something stays open or is kept; none said is for ever, and no longer time than that."""
    old, new = _length(before), _length(after)
    return effect_of(widens=new > old, narrows=new < old)


def shorter(before: Value, after: Value) -> Effect:
    """A time that something is held up; none said is for ever."""
    return _turned(longer(before, after))


def later(before: Value, after: Value) -> Effect:
    """A last day; none said is for ever."""
    old, new = _day(before, date.max), _day(after, date.max)
    return effect_of(widens=new > old, narrows=new < old)


def earlier(before: Value, after: Value) -> Effect:
    """A first day; none said is since ever."""
    old, new = _day(before, date.min), _day(after, date.min)
    return effect_of(widens=new < old, narrows=new > old)


def rising(*order: Value) -> Judge:
    """One of a few words, from the narrowest to the widest; a word that is not among them, or nothing, is not judged."""

    def judge(before: Value, after: Value) -> Effect:
        if before not in order or after not in order:
            return Effect.NEUTRAL
        return Effect.WIDENS if order.index(after) > order.index(before) else Effect.NARROWS

    return judge


def larger(before: Value, after: Value) -> Effect:
    """A number that hides the more the larger it is: larger narrows."""
    if not isinstance(before, int) or not isinstance(after, int):
        return Effect.NEUTRAL
    return Effect.NARROWS if after > before else Effect.WIDENS


def _turned(effect: Effect) -> Effect:
    return {Effect.WIDENS: Effect.NARROWS, Effect.NARROWS: Effect.WIDENS}.get(effect, effect)


def _members(value: Value) -> frozenset[object]:
    return frozenset(value) if isinstance(value, frozenset) else frozenset()


def _length(value: Value) -> timedelta:
    match value:
        case timedelta():
            return value
        case Period():
            return value.after(_DAY) - _DAY
        case _:
            return timedelta.max


def _day(value: Value, unsaid: date) -> date:
    return value if isinstance(value, date) else unsaid
