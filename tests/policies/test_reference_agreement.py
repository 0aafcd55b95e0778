"""Casbin with `decide` on one side, the obvious interpreter on the other: no difference, anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, assume, given, settings

from policies.compile import compile_covenant, rules_of
from policies.covenant import Covenant
from policies.decide import Ask, Decision, Facts, decide
from policies.policy import Policy
from policies.vocabulary import FieldName, PartyId, PurposeId, RoleId
from tests.policies import strategies
from tests.policies.reference import Answer, answer

T = TypeVar("T")


def answers_of(decision: Decision) -> dict[FieldName, Answer]:
    given_: dict[FieldName, Answer] = {grant.field: (grant.form, grant.article) for grant in decision.granted}
    return given_ | {withheld.field: withheld.reason for withheld in decision.withheld}


def favourable(covenant: Covenant, facts: Facts) -> Facts:
    parties, articles = frozenset(covenant.parties), frozenset(article.id for article in covenant.articles)
    return Facts(facts.case_type, facts.phase, facts.subject, parties, parties, articles, articles, articles, articles, parties)


def some(random: Random, values: frozenset[T]) -> frozenset[T]:
    return frozenset(value for value in sorted(values, key=str) if random.random() < 0.8)


def one_thing_wrong(covenant: Covenant, facts: Facts) -> Iterator[Facts]:
    """These facts, and then with one of them otherwise: of random facts hardly any come as far as an article's last condition."""
    yield facts
    for names in ("participants", "identified", "hits"):
        told: frozenset[PartyId] = getattr(facts, names)
        yield from (replace(facts, **{names: told - {party}}) for party in sorted(told))
    yield from (replace(facts, **{names: frozenset()}) for names in ("consents", "agreements", "second_eyes", "advice"))
    yield from (replace(facts, vetoing_parties=frozenset({party})) for party in covenant.parties)
    yield replace(facts, vetoed_fields=frozenset(sorted(covenant.fields)[::2]))
    yield replace(facts, restricted=True)


def every_case(covenant: Covenant) -> list[Facts]:
    return [
        Facts(case_type, phase, subject)
        for case_type, described in covenant.case_types.items()
        for phase, subject in product(described.ladder, covenant.subjects)
    ]


def every_asker(covenant: Covenant) -> list[tuple[RoleId, PurposeId]]:
    return [(role, purpose) for party in covenant.parties.values() for role, purpose in product(party.roles, covenant.purposes)]


def test_the_shipped_covenant_agrees_in_every_cell(shipped: Covenant, shipped_policy: Policy) -> None:
    fields = tuple(shipped.fields)
    cells = 0
    for (role, purpose), case in product(every_asker(shipped), every_case(shipped)):
        ask, facts = Ask(role, purpose, fields), favourable(shipped, case)
        assert answers_of(decide(shipped_policy, ask, facts)) == answer(shipped, ask, facts), (ask, facts)
        cells += len(fields)
    assert cells > 300_000


def test_the_shipped_covenant_agrees_whatever_a_case_lacks(shipped: Covenant, shipped_policy: Policy) -> None:
    random = Random(20260101)  # noqa: S311 - a sample, the same one each time
    fields, cases, askers = tuple(shipped.fields), every_case(shipped), every_asker(shipped)
    for _ in range(2_000):
        role, purpose = random.choice(askers)
        full = favourable(shipped, random.choice(cases))

        facts = Facts(
            full.case_type,
            full.phase,
            full.subject,
            some(random, full.participants),
            some(random, full.identified),
            some(random, full.consents),
            some(random, full.agreements),
            some(random, full.second_eyes),
            some(random, full.advice),
            some(random, full.hits),
            frozenset(random.sample(fields, 3)),
            frozenset(random.sample(sorted(full.participants), random.choice([0, 0, 1]))),
            random.random() < 0.05,
        )
        ask = Ask(role, purpose, fields)
        assert answers_of(decide(shipped_policy, ask, facts)) == answer(shipped, ask, facts), (ask, facts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.covenants(), strategies.asks(), strategies.facts())
def test_generated_covenants_agree(covenant: Covenant, ask: Ask, facts: Facts) -> None:
    assume(any(True for _ in rules_of(covenant)))  # else every article is about a closed phase, and it is not compiled
    policy = compile_covenant(covenant)
    policy.verify_all()
    assert answers_of(decide(policy, ask, facts)) == answer(covenant, ask, facts)
    for article in covenant.articles:
        ask = Ask(min(article.to), article.purpose, tuple(covenant.fields))
        here = Facts(min(article.case_types), max(article.phases), min(article.about))
        for case in one_thing_wrong(covenant, favourable(covenant, here)):
            assert answers_of(decide(policy, ask, case)) == answer(covenant, ask, case), (ask, case)
