"""Runs the scenarios that privacy officers wrote into the covenant, as tests of what it really does.

What a scenario does not give means any. `sees` must come true in at least one situation that fits, `never_sees` and `withheld` hold in all
of them. The case is as favourable as it can be (everybody takes part, every consent is given) except for what `without` and `vetoed` name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from policies.covenant import Expectation, Given
from policies.decide import Ask, Decision, Facts, Grant, decide
from policies.never import names_field
from policies.policy import Policy
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, PartyId, Phase, PurposeId, SubjectKind


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How one scenario came out; `failures` says what was expected and what was found, and where."""

    name: str
    passed: bool
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Situation:
    """One situation that fits a scenario, with the decision on every field of the covenant."""

    words: str
    decision: Decision

    def grant(self, field: FieldName) -> Grant | None:
        return next((grant for grant in self.decision.granted if grant.field == field), None)

    def reason(self, field: FieldName) -> str | None:
        return next((withheld.reason.value for withheld in self.decision.withheld if withheld.field == field), None)


def run_scenarios(policy: Policy) -> tuple[ScenarioResult, ...]:
    """Run every scenario of the covenant, in its order."""
    results = []
    for expectation in policy.covenant.scenarios:
        situations = tuple(_situations(policy, expectation.given))
        failures = (
            *_not_seen(expectation, situations),
            *_seen_after_all(expectation, situations),
            *_not_withheld(expectation, situations),
        )
        results.append(ScenarioResult(expectation.name, not failures, tuple(dict.fromkeys(failures))))
    return tuple(results)


def _situations(policy: Policy, given: Given) -> Iterator[_Situation]:
    covenant = policy.covenant
    fields = tuple(covenant.fields)
    for purpose in (given.purpose,) if given.purpose else covenant.purposes:
        for facts in _cases(policy, given):
            words = f"{given.role} for {purpose} in {facts.case_type}, {facts.phase}, about a {facts.subject}"
            yield _Situation(words, decide(policy, Ask(given.role, PurposeId(purpose), fields), facts))


def _cases(policy: Policy, given: Given) -> Iterator[Facts]:
    covenant = policy.covenant
    for case_type in (given.case_type,) if given.case_type else covenant.case_types:
        ladder = covenant.case_types[case_type].ladder
        for phase in (given.phase,) if given.phase else ladder:
            for subject in (given.subject,) if given.subject else covenant.subjects:
                yield favourable_case(policy, CaseTypeId(case_type), phase, subject, without=given.without, vetoed=given.vetoed)


def favourable_case(
    policy: Policy,
    case_type: CaseTypeId,
    phase: Phase,
    subject: SubjectKind,
    *,
    without: Collection[str] = (),
    vetoed: Collection[FieldName] = (),
) -> Facts:
    """A case in which every party takes part and every condition is met, but for what `without` (words of `UNMET`) and `vetoed` name."""
    parties: frozenset[PartyId] = frozenset(policy.covenant.parties)
    articles: frozenset[ArticleId] = frozenset(policy.articles)
    return Facts(
        case_type,
        phase,
        subject,
        participants=frozenset() if "participation" in without else parties,
        identified=frozenset() if "identification" in without else parties,
        consents=frozenset() if "consent" in without else articles,
        agreements=frozenset() if "agreement" in without else articles,
        second_eyes=frozenset() if "second_eyes" in without else articles,
        advice=frozenset() if "advice" in without else articles,
        hits=frozenset() if "hit" in without else parties,
        vetoed_fields=frozenset(vetoed),
    )


def _not_seen(expectation: Expectation, situations: tuple[_Situation, ...]) -> Iterator[str]:
    for field, form in expectation.sees.items():
        grants = [grant for situation in situations if (grant := situation.grant(field)) is not None]
        if any(grant.form == form for grant in grants):
            continue
        if grants:
            yield f"expected `{field}` as {form}, found it as {', '.join(sorted({str(grant.form) for grant in grants}))}"
        else:
            reasons = sorted({str(situation.reason(field)) for situation in situations})
            yield f"expected `{field}` as {form}, found it withheld: {', '.join(reasons)}"


def _seen_after_all(expectation: Expectation, situations: tuple[_Situation, ...]) -> Iterator[str]:
    for situation in situations:
        for grant in situation.decision.granted:
            if any(names_field(pattern, grant.field) for pattern in expectation.never_sees):
                yield f"expected never to see `{grant.field}`, found {situation.words}: as {grant.form} by article {grant.article}"


def _not_withheld(expectation: Expectation, situations: tuple[_Situation, ...]) -> Iterator[str]:
    for field, reason in expectation.withheld.items():
        for situation in situations:
            found = situation.reason(field)
            if found != reason.value:
                yield f"expected `{field}` withheld as {reason.value}, found {situation.words}: {found or 'it is given'}"
