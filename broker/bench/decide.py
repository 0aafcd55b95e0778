"""What a decision costs: 60 fields with article and reason each, beside plain pycasbin over the same rules in the same run.

Absolute figures say something about the machine; what is held to is that a warm decision does not grow with the rules (`warm_growth`).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import count, product

import casbin
from casbin.model import FastModel

from broker.bench.changing import diff_ms
from policies.canonical import canonical_bytes
from policies.compile import compile_covenant
from policies.covenant import (
    Article,
    Basis,
    BasisKind,
    CaseType,
    Category,
    Covenant,
    DataClass,
    Field,
    InForce,
    Label,
    LegalBasis,
    Necessity,
    Party,
    PartyKind,
    Purpose,
    Role,
    Signatory,
    Step,
)
from policies.decide import Ask, Facts, decide
from policies.load import load_covenant
from policies.policy import Policy
from policies.rules import Rule
from policies.vocabulary import (
    FULL,
    ArticleId,
    BasisId,
    CaseTypeId,
    CovenantId,
    FieldName,
    PartyId,
    Phase,
    PurposeId,
    RoleId,
    SubjectKind,
    ValueType,
)

FIELDS = 60
#: rules in total, and the roles and purposes that make them: with five phases and 60 fields, rules = roles x purposes x 300
SIZES = ((300, 1, 1), (3_000, 5, 2), (30_000, 25, 4))

_PHASES = tuple(Phase(f"phase_{letter}") for letter in "abcde")
_CLOSED = Phase("closed")
_CASE_TYPE, _SUBJECT, _GROUND = CaseTypeId("case"), SubjectKind("tenant"), BasisId("task")
_HOLDER, _RECEIVER = PartyId("holder"), PartyId("receiver")
_PER_ARTICLE = 10
_ROUNDS = 200

#: the matcher of Casbin's own examples, with a context as subject and an article as action
_USUAL_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
"""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class DecideFigures:
    """One size. `warm_us`: in a situation seen before; `new_facts_us`: a known context, facts never seen; `cold_ms`: with empty memory.

    `casbin_ms` and `fast_casbin_ms` are 60 questions to pycasbin's own `Enforcer` and `FastEnforcer`, all of which it allows; the first is
    timed over `casbin_asked` questions and scaled. They are about the context in the middle, so that half of the rules come first.
    `diff_ms`: from this covenant to one in which every rule is another.
    """

    rules: int
    load_ms: float
    compile_ms: float
    verify_ms: float
    cold_ms: float
    warm_us: float
    new_facts_us: float
    casbin_ms: float
    casbin_asked: int
    fast_casbin_ms: float
    diff_ms: float

    @property
    def times_faster(self) -> float:
        """A warm decision beside plain pycasbin over the same rules."""
        return self.casbin_ms * 1_000 / self.warm_us


@dataclass(frozen=True, slots=True)
class DecideBench:
    """All sizes of one run, smallest first."""

    fields: int
    figures: tuple[DecideFigures, ...]

    @property
    def warm_growth(self) -> float:
        """How much slower a warm decision is with the most rules than with the fewest; 1.0 is not at all."""
        return self.figures[-1].warm_us / self.figures[0].warm_us


@dataclass(frozen=True, slots=True)
class _Subject:
    """One size, compiled, with what is asked of it."""

    policy: Policy
    ask: Ask
    facts: Facts
    load_ms: float
    compile_ms: float
    verify_ms: float


def measure(clock: Clock, sizes: tuple[tuple[int, int, int], ...] = SIZES) -> DecideBench:
    """Measure every size, in some ten seconds. Warm decisions of all sizes take turns, so that a busy moment counts for all."""
    subjects = [_prepared(clock, *size) for size in sizes]
    warm: list[list[float]] = [[] for _ in subjects]
    for _ in range(_ROUNDS):
        for subject, taken in zip(subjects, warm, strict=True):
            taken.append(_median(clock, partial(decide, subject.policy, subject.ask, subject.facts), 1, 100))
    return DecideBench(
        FIELDS, tuple(_figures(clock, subject, statistics.median(taken)) for subject, taken in zip(subjects, warm, strict=True))
    )


def _prepared(clock: Clock, rules: int, roles: int, purposes: int) -> _Subject:
    document = canonical_bytes(covenant_of(roles, purposes))
    start = clock()
    covenant = load_covenant(document)
    loaded = clock()
    policy = compile_covenant(covenant)
    compiled = clock()
    policy.verify_all()
    verified = clock()
    if len(policy.rules) != rules:
        raise ValueError(f"expected {rules} rules, found {len(policy.rules)}")
    middle = policy.rules[len(policy.rules) // 2].context
    parties = frozenset({_HOLDER, _RECEIVER})
    facts = Facts(middle.case_type, middle.phase, middle.subject, participants=parties, identified=parties)
    ask = Ask(middle.role, middle.purpose, _field_names())
    return _Subject(policy, ask, facts, (loaded - start) * 1e3, (compiled - loaded) * 1e3, (verified - compiled) * 1e3)


def _figures(clock: Clock, subject: _Subject, warm_s: float) -> DecideFigures:
    policy, ask, facts = subject.policy, subject.ask, subject.facts
    casbin_s, asked = _plain_casbin(clock, policy.rules, ask, facts)
    return DecideFigures(
        rules=len(policy.rules),
        load_ms=subject.load_ms,
        compile_ms=subject.compile_ms,
        verify_ms=subject.verify_ms,
        cold_ms=_median(clock, lambda: _cold(policy, ask, facts), 7, 1) * 1e3,
        warm_us=warm_s * 1e6,
        new_facts_us=_median(clock, _with_new_facts(policy, ask, facts), 50, 5) * 1e6,
        casbin_ms=casbin_s * 1e3,
        casbin_asked=asked,
        fast_casbin_ms=_fast_casbin(clock, policy.rules, ask, facts) * 1e3,
        diff_ms=diff_ms(clock, policy),
    )


def _median(clock: Clock, work: Callable[[], object], rounds: int, times: int) -> float:
    """Seconds per call: the median over `rounds` of `times` calls each."""
    work()
    taken = []
    for _ in range(rounds):
        start = clock()
        for _ in range(times):
            work()
        taken.append((clock() - start) / times)
    return statistics.median(taken)


def _cold(policy: Policy, ask: Ask, facts: Facts) -> None:
    policy.forget()
    decide(policy, ask, facts)


def _with_new_facts(policy: Policy, ask: Ask, facts: Facts) -> Callable[[], object]:
    numbers = count()

    def work() -> object:
        return decide(policy, ask, replace(facts, consents=frozenset({ArticleId(f"never-{next(numbers)}")})))

    return work


def _requests(rules: tuple[Rule, ...], ask: Ask, facts: Facts) -> list[tuple[str, str, str]]:
    context = f"{ask.role}|{ask.purpose}|{facts.case_type}|{facts.phase}|{facts.subject}"
    return [(context, rule.field, rule.article) for rule in rules if rule.context.key == context]


def _plain_casbin(clock: Clock, rules: tuple[Rule, ...], ask: Ask, facts: Facts) -> tuple[float, int]:
    """Seconds for 60 questions to a plain `Enforcer`, and how many were really asked: at 30,000 rules one takes a tenth of a second."""
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=_USUAL_MODEL))
    _fill(enforcer, rules)
    asked = _requests(rules, ask, facts)[: max(2, min(FIELDS, 30_000 // len(rules)))]
    start = clock()
    if not all(enforcer.enforce(*request) for request in asked):
        raise ValueError("plain pycasbin refuses what the covenant permits")
    return (clock() - start) / len(asked) * FIELDS, len(asked)


def _fast_casbin(clock: Clock, rules: tuple[Rule, ...], ask: Ask, facts: Facts) -> float:
    model = FastModel((0, 1))
    model.load_model_from_text(_USUAL_MODEL)
    enforcer = casbin.FastEnforcer(model, cache_key_order=(0, 1))
    _fill(enforcer, rules)
    asked = _requests(rules, ask, facts)
    return _median(clock, lambda: [enforcer.enforce(*request) for request in asked], 5, 1)


def _fill(enforcer: casbin.Enforcer, rules: tuple[Rule, ...]) -> None:
    """Straight into the model: `add_policies` looks through all rules for each one, nine seconds for 30,000."""
    for rule in rules:
        enforcer.get_model().model["p"]["p"].policy.append([rule.context.key, rule.field, rule.article])


def _field_names() -> tuple[FieldName, ...]:
    return tuple(FieldName(f"category_{number // _PER_ARTICLE}.field_{number % _PER_ARTICLE}") for number in range(FIELDS))


def covenant_of(roles: int, purposes: int) -> Covenant:
    """A made-up covenant of `roles` x `purposes` x 300 rules: 60 fields, five phases, ten fields to an article."""
    words = Label("gemaakt om te meten", "made to measure")
    fields = {
        name: Field(name, _HOLDER, ValueType.INTEGER, frozenset({DataClass.ORDINARY}), frozenset({_SUBJECT}), words)
        for name in _field_names()
    }
    categories = {name.partition(".")[0] for name in fields}
    receivers = {name: Role(name, words) for name in (RoleId(f"{_RECEIVER}.role_{number}") for number in range(roles))}
    names = tuple(PurposeId(f"purpose_{number}") for number in range(purposes))
    return Covenant(
        language=1,
        id=CovenantId("bench"),
        version="1",
        title=words,
        in_force=InForce(date(2026, 1, 1), date(2027, 12, 31), date(2027, 6, 1)),
        parties={
            _HOLDER: _party(_HOLDER, {RoleId(f"{_HOLDER}.clerk"): Role(RoleId(f"{_HOLDER}.clerk"), words)}),
            _RECEIVER: _party(_RECEIVER, receivers),
        },
        subjects={_SUBJECT: words},
        legal_bases={_GROUND: LegalBasis(_GROUND, BasisKind.GDPR6, "32016R0679", "6(1)(e)")},
        purposes={name: Purpose(name, words, {_HOLDER: (_GROUND,), _RECEIVER: (_GROUND,)}) for name in names},
        case_types={
            _CASE_TYPE: CaseType(_CASE_TYPE, words, {**{each: Step(each) for each in _PHASES}, _CLOSED: Step(_CLOSED, shielded=True)})
        },
        categories={
            name: Category(name, _HOLDER, frozenset({DataClass.ORDINARY}), frozenset({_SUBJECT}), words) for name in sorted(categories)
        },
        fields=fields,
        articles=tuple(_articles(names, sorted(categories), frozenset(receivers), words)),
    )


def _party(identifier: PartyId, roles: dict[RoleId, Role]) -> Party:
    return Party(identifier, PartyKind.OTHER, identifier, Signatory("bench"), "fg@bench.example", roles, kvk="00000000")


def _articles(purposes: tuple[PurposeId, ...], categories: list[str], roles: frozenset[RoleId], words: Label) -> Iterator[Article]:
    for number, (purpose, category) in enumerate(product(purposes, categories), start=1):
        given = {name: FULL for name in _field_names() if name.startswith(f"{category}.")}
        yield Article(
            ArticleId(str(number)),
            words,
            _HOLDER,
            roles,
            purpose,
            frozenset({_CASE_TYPE}),
            frozenset(_PHASES),
            frozenset({_SUBJECT}),
            given,
            Basis((_GROUND,), {_RECEIVER: (_GROUND,)}),
            Necessity("measure", "measure", "measure"),
        )
