"""The tail of a covenant: insight, holds, rights, breaches, evaluation. A part that is left out has none of the terms inside it."""

# ruff: noqa: D103 - each reader is its row of `policies.effects.terms`

from __future__ import annotations

from policies.covenant import Covenant
from policies.effects.readers.keyed import Keyed, one


def insight(covenant: Covenant) -> Keyed:
    return one(covenant.insight is not None)


def insight_geography(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(said.geography)


def insight_minimum_cell(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(said.minimum_cell)


def insight_round_to(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(said.round_to)


def insight_suppression(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(said.complementary_suppression)


def insight_readers(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(frozenset(said.readers))


def legal_hold(covenant: Covenant) -> Keyed:
    said = covenant.retention
    return () if said is None else one(frozenset(said.legal_hold))


def rights(covenant: Covenant) -> Keyed:
    return one(covenant.rights is not None)


def rights_within(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else one(said.within)


def rights_contact(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else one(f"{said.by or ''} {said.contact}".strip())


def rights_exceptions(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else one(frozenset(said.exceptions))


def breach(covenant: Covenant) -> Keyed:
    return one(covenant.breach is not None)


def breach_contact(covenant: Covenant) -> Keyed:
    said = covenant.breach
    return () if said is None else one(f"{said.by or ''} {said.contact}".strip())


def breach_within(covenant: Covenant) -> Keyed:
    said = covenant.breach
    return () if said is None else one(said.within)


def evaluation(covenant: Covenant) -> Keyed:
    return one(covenant.evaluation is not None)


def evaluation_by(covenant: Covenant) -> Keyed:
    said = covenant.evaluation
    return () if said is None else one(said.by)


def evaluation_every(covenant: Covenant) -> Keyed:
    said = covenant.evaluation
    return () if said is None else one(said.every)


def insight_counts(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(frozenset(said.counts))


def insight_every(covenant: Covenant) -> Keyed:
    said = covenant.insight
    return () if said is None else one(said.every)


def legal_hold_recheck(covenant: Covenant) -> Keyed:
    said = covenant.retention
    return () if said is None else one(said.hold_recheck)


def rights_counters(covenant: Covenant) -> Keyed:
    said = covenant.rights
    return () if said is None else one(frozenset(f"{party} {contact}" for party, contact in said.counters.items()))


def evaluation_first(covenant: Covenant) -> Keyed:
    said = covenant.evaluation
    return () if said is None else one(said.first_on)


def evaluation_report(covenant: Covenant) -> Keyed:
    said = covenant.evaluation
    return () if said is None else one(said.report)
