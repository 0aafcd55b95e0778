"""The data dictionary, the never statements' kinds, signals, how long things are kept, and the scenarios."""

# ruff: noqa: D103 - each reader is its row of `policies.effects.terms`

from __future__ import annotations

from collections.abc import Callable

from policies.covenant import Covenant, Field, SignalKind
from policies.effects.changes import Value
from policies.effects.readers.keyed import Keyed


def _of_field(covenant: Covenant, read: Callable[[Field], Value]) -> Keyed:
    return (((name,), read(field)) for name, field in covenant.fields.items())


def _of_signal(covenant: Covenant, read: Callable[[SignalKind], Value]) -> Keyed:
    return (((name,), read(signal)) for name, signal in covenant.signals.items())


def each_field(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda _: True)


def holder(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: field.holder)


def type_(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: field.type)


def codes(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: frozenset(field.codes))


def code_list(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: field.code_list)


def classes(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: frozenset(field.classes))


def about(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: frozenset(field.about))


def concerns(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: field.of)


def delivery(covenant: Covenant) -> Keyed:
    return _of_field(covenant, lambda field: field.delivery)


def never_kind(covenant: Covenant) -> Keyed:
    """The law or the parties' choice, and where that law is written."""
    return (((never.statement,), " ".join(filter(None, (never.kind, never.law)))) for never in covenant.never)


def category_law(covenant: Covenant) -> Keyed:
    return (((name,), category.law) for name, category in covenant.categories.items())


def each_signal(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda _: True)


def signal_from(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: frozenset(signal.from_))


def signal_to(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: frozenset(signal.to))


def signal_opens(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: signal.opens)


def signal_within(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: signal.within)


def signal_anonymous(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: signal.anonymous)


def signal_reminds(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: frozenset(signal.remind))


def signal_offence_to(covenant: Covenant) -> Keyed:
    """Who receives it where there is an offence: whoever receives it anyway, unless it goes elsewhere."""
    return _of_signal(covenant, lambda signal: frozenset(signal.offence.to if signal.offence else signal.to))


def signal_offence_opens(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: (signal.offence.opens if signal.offence else None) or signal.opens)


def signal_offence_within(covenant: Covenant) -> Keyed:
    return _of_signal(covenant, lambda signal: (signal.offence.within if signal.offence else None) or signal.within)


def retention(covenant: Covenant) -> Keyed:
    """How long data of each category are kept; for ever where nothing is said."""
    said = covenant.retention
    return (((name,), None if said is None else said.categories.get(name, said.default)) for name in covenant.categories)


def scenario(covenant: Covenant) -> Keyed:
    """What each scenario asks, in one line, so that it is seen that it asks something else."""
    return (((each.name,), f"{each.given} {dict(each.sees)} {each.never_sees} {dict(each.withheld)}") for each in covenant.scenarios)
