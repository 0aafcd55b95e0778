"""The head and the tail of a covenant. A part that is left out has one value, None, and none of the terms inside it."""

# ruff: noqa: D103 - each reader is its row of `policies.effects.terms`

from __future__ import annotations

from policies.covenant import Covenant
from policies.effects.changes import Value
from policies.effects.offers import Ground, grounds_named
from policies.effects.readers.keyed import Keyed


def _one(value: Value) -> Keyed:
    return (((), value),)


def grounds_in_words(grounds: frozenset[Ground]) -> frozenset[str]:
    """Each ground in one line, as the table can compare and show it."""
    return frozenset(" ".join(part for part in ground if part) for ground in grounds)


def identity(covenant: Covenant) -> Keyed:
    return _one(covenant.id)


def in_force_from(covenant: Covenant) -> Keyed:
    return _one(covenant.in_force.from_)


def in_force_until(covenant: Covenant) -> Keyed:
    return _one(covenant.in_force.until)


def in_force_review(covenant: Covenant) -> Keyed:
    return _one(covenant.in_force.review)


def area(covenant: Covenant) -> Keyed:
    said = covenant.area
    return _one(None if said is None else said.municipality)


def area_description(covenant: Covenant) -> Keyed:
    said = covenant.area
    return _one(None if said is None else said.description)


def dpia(covenant: Covenant) -> Keyed:
    said = covenant.dpia
    return _one(None if said is None else f"{said.ref} {said.on}")


def operator(covenant: Covenant) -> Keyed:
    said = covenant.operator
    return _one(None if said is None else f"{said.role} {said.for_} {said.contract}")


def operator_sees_values(covenant: Covenant) -> Keyed:
    said = covenant.operator
    return _one(None if said is None else said.sees_values)


def inform(covenant: Covenant) -> Keyed:
    return _one(covenant.inform is not None)


def inform_by(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else _one(said.by)


def inform_from(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else _one(said.from_)


def inform_within(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else _one(said.within)


def inform_defer(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else _one(None if said.defer is None else said.defer.ground)


def inform_defer_recheck(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None or said.defer is None else _one(said.defer.recheck)


def withdrawal(covenant: Covenant) -> Keyed:
    said = covenant.withdrawal
    return _one(None if said is None else f"{said.notice} {said.effect}")


def withdrawal_received_data(covenant: Covenant) -> Keyed:
    said = covenant.withdrawal
    return () if said is None else _one(said.received_data)


def log(covenant: Covenant) -> Keyed:
    said = covenant.log
    if said is None:
        return _one(None)
    return _one(frozenset(said.controllers) | grounds_in_words(grounds_named(covenant, said.legal_basis)))


def log_retention(covenant: Covenant) -> Keyed:
    said = covenant.log
    return () if said is None else _one(said.retention)


def log_readers(covenant: Covenant) -> Keyed:
    said = covenant.log
    return () if said is None else _one(frozenset(said.readers))


def insight(covenant: Covenant) -> Keyed:
    return _one(covenant.insight is not None)


def insight_geography(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else _one(said.geography)


def insight_minimum_cell(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else _one(said.minimum_cell)


def insight_round_to(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else _one(said.round_to)


def insight_suppression(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else _one(said.complementary_suppression)


def insight_readers(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else _one(frozenset(said.readers))


def legal_hold(covenant: Covenant) -> Keyed:
    said = covenant.retention
    return () if said is None else _one(frozenset(said.legal_hold))


def rights(covenant: Covenant) -> Keyed:
    return _one(covenant.rights is not None)


def rights_within(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else _one(said.within)


def rights_contact(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else _one(f"{said.by or ''} {said.contact}".strip())


def rights_exceptions(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else _one(frozenset(said.exceptions))


def breach(covenant: Covenant) -> Keyed:
    return _one(covenant.breach is not None)


def breach_contact(covenant: Covenant) -> Keyed:
    said = covenant.breach
    return () if said is None else _one(said.contact)


def breach_within(covenant: Covenant) -> Keyed:
    said = covenant.breach
    return () if said is None else _one(said.within)


def evaluation(covenant: Covenant) -> Keyed:
    return _one(covenant.evaluation is not None)


def evaluation_by(covenant: Covenant) -> Keyed:
    said = covenant.evaluation
    return () if said is None else _one(said.by)


def evaluation_every(covenant: Covenant) -> Keyed:
    said = covenant.evaluation
    return () if said is None else _one(said.every)
