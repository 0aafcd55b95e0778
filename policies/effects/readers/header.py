"""The head of a covenant. A part that is left out has one value, None, and none of the terms inside it."""

# ruff: noqa: D103 - each reader is its row of `policies.effects.terms`

from __future__ import annotations

from policies.covenant import Covenant
from policies.effects.offers import grounds_named
from policies.effects.readers.keyed import Keyed, grounds_in_words, one


def identity(covenant: Covenant) -> Keyed:
    return one(covenant.id)


def in_force_from(covenant: Covenant) -> Keyed:
    return one(covenant.in_force.from_)


def in_force_until(covenant: Covenant) -> Keyed:
    return one(covenant.in_force.until)


def in_force_review(covenant: Covenant) -> Keyed:
    return one(covenant.in_force.review)


def area(covenant: Covenant) -> Keyed:
    said = covenant.area
    return one(None if said is None else said.municipality)


def area_description(covenant: Covenant) -> Keyed:
    said = covenant.area
    return one(None if said is None else said.description)


def dpia(covenant: Covenant) -> Keyed:
    said = covenant.dpia
    return one(None if said is None else f"{said.ref} {said.on}")


def operator(covenant: Covenant) -> Keyed:
    said = covenant.operator
    return one(None if said is None else f"{said.role} {said.for_} {said.contract}")


def operator_sees_values(covenant: Covenant) -> Keyed:
    said = covenant.operator
    return one(None if said is None else said.sees_values)


def inform(covenant: Covenant) -> Keyed:
    return one(covenant.inform is not None)


def inform_by(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else one(said.by)


def inform_from(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else one(said.from_)


def inform_within(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else one(said.within)


def inform_defer(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None else one(None if said.defer is None else said.defer.ground)


def inform_defer_recheck(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None or said.defer is None else one(said.defer.recheck)


def withdrawal(covenant: Covenant) -> Keyed:
    said = covenant.withdrawal
    return one(None if said is None else ", ".join(filter(None, (str(said.notice), said.effect, said.to, said.open_cases))))


def withdrawal_received_data(covenant: Covenant) -> Keyed:
    said = covenant.withdrawal
    return () if said is None else one(said.received_data)


def log(covenant: Covenant) -> Keyed:
    said = covenant.log
    if said is None:
        return one(None)
    return one(frozenset(said.controllers) | grounds_in_words(grounds_named(covenant, said.legal_basis)))


def log_retention(covenant: Covenant) -> Keyed:
    said = covenant.log
    return () if said is None else one(said.retention)


def log_readers(covenant: Covenant) -> Keyed:
    said = covenant.log
    return () if said is None else one(frozenset(said.readers))


def inform_about(covenant: Covenant) -> Keyed:
    """Who is informed; nobody named is everybody whom the data are about."""
    said = covenant.inform
    return () if said is None else one(frozenset(said.about or covenant.subjects))


def inform_defer_by(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None or said.defer is None else one(said.defer.decided_by)


def inform_defer_at_most(covenant: Covenant) -> Keyed:
    said = covenant.inform
    return () if said is None or said.defer is None else one(said.defer.at_most)


def withdrawal_destroyed_within(covenant: Covenant) -> Keyed:
    said = covenant.withdrawal
    return () if said is None else one(said.destroyed_within)


def accession(covenant: Covenant) -> Keyed:
    return one(None if covenant.accession is None else covenant.accession.agreed_by)


def accession_conditions(covenant: Covenant) -> Keyed:
    said = covenant.accession
    return () if said is None else one(frozenset(said.conditions))


def partnership(covenant: Covenant) -> Keyed:
    return one(None if covenant.partnership is None else covenant.partnership.name)


def partnership_kind(covenant: Covenant) -> Keyed:
    said = covenant.partnership
    return () if said is None else one(said.kind)


def partnership_officer(covenant: Covenant) -> Keyed:
    said = covenant.partnership
    return () if said is None else one(said.coordinating_officer)


def partnership_advice(covenant: Covenant) -> Keyed:
    said = covenant.partnership
    return () if said is None else one(said.advice_by)


def partnership_audit(covenant: Covenant) -> Keyed:
    said = covenant.partnership
    return () if said is None else one(said.audit)


def partnership_report(covenant: Covenant) -> Keyed:
    said = covenant.partnership
    return () if said is None else one(said.annual_report)
