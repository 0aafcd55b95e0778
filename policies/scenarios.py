"""Runs the scenarios that privacy officers wrote into the covenant, as tests of what it really does.

What a scenario does not give means any. `sees` must come true in at least one situation that fits, `never_sees` and `withheld` hold in all
of them. The case is as favourable as it can be (everybody takes part, every consent is given) except for what `without` and `vetoed` name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from policies.covenant import Covenant, Expectation, Given
from policies.decide import Ask, Decision, Facts, Grant, decide
from policies.never import names_field
from policies.policy import Policy
from policies.values import Path, Places
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, Form, PartyId, Phase, PurposeId, SubjectKind
from policies.wording import Label, say


@dataclass(frozen=True, slots=True)
class Suite:
    """Scenarios that stand together in one file, and where each stood in it, under `scenarios`."""

    scenarios: tuple[Expectation, ...]
    places: Places


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that did not come true; line and column are those of its words."""

    expected: Label
    found: Label
    line: int
    column: int

    @property
    def said(self) -> Label:
        """Both on one line."""
        return say("verwacht {expected}, gevonden {found}", "expected {expected}, found {found}", expected=self.expected, found=self.found)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How one scenario came out. `met_by` are the articles by which what it sees was seen."""

    name: str
    passed: bool
    failures: tuple[Failure, ...] = ()
    file: str = field(default="covenant", compare=False)
    line: int = field(default=1, compare=False)
    met_by: frozenset[ArticleId] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True)
class _Situation:
    """One situation that fits a scenario, with the decision on every field of the covenant."""

    words: Label
    decision: Decision

    def grant(self, field: FieldName) -> Grant | None:
        return next((grant for grant in self.decision.granted if grant.field == field), None)

    def reason(self, field: FieldName) -> str | None:
        return next((withheld.reason.value for withheld in self.decision.withheld if withheld.field == field), None)


@dataclass(frozen=True, slots=True)
class _Run:
    """One scenario, where it stands, and every situation that fits it."""

    expectation: Expectation
    situations: tuple[_Situation, ...]
    places: Places
    at: Path

    def failure(self, expected: Label, found: Label, *path: str | int) -> Failure:
        return Failure(expected, found, *self.places.of_key(*self.at, *path))


def suite_of(covenant: Covenant) -> Suite:
    """The scenarios that stand in the covenant itself."""
    return Suite(covenant.scenarios, covenant.places)


def run_scenarios(policy: Policy, suite: Suite | None = None) -> tuple[ScenarioResult, ...]:
    """Run every scenario of a suite, in its order; without one, those of the covenant."""
    suite = suite or suite_of(policy.covenant)
    return tuple(_result(policy, suite, position) for position in range(len(suite.scenarios)))


def _result(policy: Policy, suite: Suite, position: int) -> ScenarioResult:
    expectation, at = suite.scenarios[position], ("scenarios", position)
    run = _Run(expectation, tuple(_situations(policy, expectation.given)), suite.places, at)
    failures = tuple(dict.fromkeys((*_not_seen(run), *_seen_after_all(run), *_not_withheld(run))))
    met_by = {
        grant.article
        for situation in run.situations
        for grant in situation.decision.granted
        if expectation.sees.get(grant.field) == grant.form
    }
    line, _ = suite.places.of(*at)
    return ScenarioResult(expectation.name, not failures, failures, suite.places.file, line, frozenset(met_by))


def _situations(policy: Policy, given: Given) -> Iterator[_Situation]:
    covenant = policy.covenant
    fields = tuple(covenant.fields)
    for purpose in (given.purpose,) if given.purpose else covenant.purposes:
        for facts in _cases(policy, given):
            words = say(
                "{role} voor {purpose} in {case_type}, {phase}, over {subject}",
                "{role} for {purpose} in {case_type}, {phase}, about a {subject}",
                role=given.role,
                purpose=purpose,
                case_type=facts.case_type,
                phase=facts.phase,
                subject=facts.subject,
            )
            yield _Situation(words, decide(policy, Ask(given.role, PurposeId(purpose), fields), facts))


def _cases(policy: Policy, given: Given) -> Iterator[Facts]:
    covenant = policy.covenant
    for case_type in (given.case_type,) if given.case_type else covenant.case_types:
        for phase in covenant.case_types[case_type].ladder:
            if given.phase in {None, phase}:
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


def _not_seen(run: _Run) -> Iterator[Failure]:
    for name, form in run.expectation.sees.items():
        grants = [grant for situation in run.situations if (grant := situation.grant(name)) is not None]
        if any(grant.form == form for grant in grants):
            continue
        if grants:
            forms = ", ".join(sorted({str(grant.form) for grant in grants}))
            found = say("als {forms}", "as {forms}", forms=forms)
        else:
            reasons = ", ".join(sorted({str(situation.reason(name)) for situation in run.situations}))
            found = say("niet gegeven: {reasons}", "withheld: {reasons}", reasons=reasons)
        yield run.failure(_given_as(name, form), found, "sees", name)


def _given_as(name: FieldName, form: Form) -> Label:
    return say("`{field}` als {form}", "`{field}` as {form}", field=name, form=str(form))


def _seen_after_all(run: _Run) -> Iterator[Failure]:
    for position, pattern in enumerate(run.expectation.never_sees):
        for situation in run.situations:
            for grant in situation.decision.granted:
                if names_field(pattern, grant.field):
                    found = say(
                        "{words}: als {form}, artikel {article}",
                        "{words}: as {form} by article {article}",
                        words=situation.words,
                        form=str(grant.form),
                        article=grant.article,
                    )
                    expected = say("nooit `{field}`", "never `{field}`", field=grant.field)
                    yield run.failure(expected, found, "never_sees", position)


def _not_withheld(run: _Run) -> Iterator[Failure]:
    for name, reason in run.expectation.withheld.items():
        for situation in run.situations:
            reality = situation.reason(name)
            if reality != reason.value:
                expected = say("`{field}` niet gegeven: {reason}", "`{field}` withheld as {reason}", field=name, reason=reason.value)
                instead = Label(reality, reality) if reality else Label("wel gegeven", "it is given")
                found = say("{words}: {instead}", "{words}: {instead}", words=situation.words, instead=instead)
                yield run.failure(expected, found, "withheld", name)
