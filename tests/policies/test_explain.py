"""An explanation is a set of claims about `decide`; each is put to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from policies.compile import compile_covenant, rules_of
from policies.covenant import Conditions, Consent, Covenant, Never, NeverKind
from policies.decide import Ask, Facts, decide
from policies.explain import Explained, answered, explain
from policies.policy import Policy
from policies.remedies import Change, ChangeKind, Remedy, applied
from policies.vocabulary import COVENANT_REASONS, FULL, FieldName, Form, FormKind, PurposeId, Reason, RoleId
from tests.policies import strategies
from tests.policies.builders import (
    ADVISER,
    ALL_PARTIES,
    CITY,
    CLOSED,
    COUNT,
    DIRECTOR,
    HOME,
    KIND,
    LANDLORD,
    LAST_ON,
    NUISANCE,
    PLAN,
    SUPPORT,
    TRIAGE,
    article,
    ask,
    covenant,
    facts,
)

MONTH = Form(FormKind.MONTH)


def explained(text: Covenant, asked: Ask | None = None, **situation: object) -> Explained:
    """The first field of an ask, explained."""
    return explain(compile_covenant(text), asked or ask(), facts(**situation))[0]


def check_claims(policy: Policy, asked: Ask, case: Facts) -> int:
    """Put everything that an explanation says to `decide`; returns how many remedies were tried."""
    decision, tried = decide(policy, asked, case), 0
    found = explain(policy, asked, case)
    assert [one.field for one in found] == list(asked.fields)
    assert tuple(one.grant for one in found if one.grant) == decision.granted
    assert {one.field: one.reason for one in found if one.reason} == {w.field: w.reason for w in decision.withheld}
    for one in found:
        for remedy in [each for merged in one.remedies for each in merged.each()]:
            check_remedy(policy, replace(asked, fields=(one.field,)), case, remedy)
            tried += 1
    return tried


def check_remedy(policy: Policy, asked: Ask, case: Facts, remedy: Remedy) -> None:
    """The remedy is enough, it gives what it says, and nothing of it can be left out."""
    (grant,) = decide(policy, *applied(asked, case, remedy)).granted
    assert (grant.article, grant.form) == (remedy.article, remedy.form)
    for fewer in range(
        max(0, len(remedy.changes) - 1) if len(remedy.changes) > 3 else 0, len(remedy.changes)
    ):  # of a large one, one change at a time
        for some in combinations(remedy.changes, fewer):
            assert decide(policy, *applied(asked, case, replace(remedy, changes=some))).granted == ()


def ever_given(policy: Policy, role: RoleId, field: FieldName) -> bool:
    """Whether the covenant's articles give this field to this role in any case at all, read from the articles."""
    return any(
        role in one.to
        and field in one.fields
        and one.about & policy.covenant.fields[field].about
        and any(
            phase in one.phases and not step.shielded
            for name in one.case_types
            for phase, step in policy.covenant.case_types[name].ladder.items()
        )
        for one in policy.covenant.articles
    )


def test_an_unknown_field_has_no_remedy_and_nobody_gets_it() -> None:
    found = explained(covenant(), ask(FieldName("complaints.secret")))
    assert found == Explained(FieldName("complaints.secret"), reason=Reason.UNKNOWN_FIELD, outward="not_in_covenant")


def test_what_no_article_gives_this_role_says_who_does_get_it() -> None:
    found = explained(covenant(), ask(role=ADVISER))
    assert (found.reason, found.outward, found.remedies) == (Reason.NOT_IN_COVENANT, "not_in_covenant", ())
    assert [(one.role, one.purpose, one.article, one.form) for one in found.elsewhere] == [(DIRECTOR, NUISANCE, "1", FULL)]


def test_what_a_never_statement_forbids_is_said_with_the_statement() -> None:
    never = Never("N1", NeverKind.CHOICE, "the adviser counts nothing", to=frozenset({ADVISER}), fields=frozenset({"complaints.*"}))
    other = Never("N2", NeverKind.CHOICE, "only about others", to=frozenset({ADVISER}), fields=frozenset({KIND}))
    assert explained(covenant(never=(never, other)), ask(role=ADVISER)).never == (never,)


def test_another_purpose_is_a_remedy_only_where_this_one_never_gives_the_field() -> None:
    one = article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, phases=frozenset({PLAN}))
    two = article("2", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL, KIND: FULL}, purpose=SUPPORT)
    assert explained(covenant(one, two)).remedies == (Remedy((Change(ChangeKind.PHASE, (PLAN,)),), one.id, FULL),)
    other = explained(covenant(one, two), ask(KIND))
    assert other.remedies == (Remedy((Change(ChangeKind.PURPOSE, (SUPPORT,)),), two.id, FULL),)
    assert [where.purpose for where in other.elsewhere] == [SUPPORT]


def test_phases_that_are_as_good_are_one_remedy() -> None:
    text = covenant(article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}))
    found = explained(text, phase=CLOSED)
    assert found.reason is Reason.CASE_CLOSED
    assert found.remedies == (Remedy((Change(ChangeKind.PHASE, (TRIAGE, PLAN)),), text.articles[0].id, FULL),)


def test_a_condition_is_nearer_than_another_phase_and_that_than_another_case() -> None:
    consent = Conditions(consent=Consent("subject", refusal_has_no_effect=True))
    one = article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, phases=frozenset({TRIAGE}), conditions=consent)
    two = article("2", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, phases=frozenset({PLAN}))
    three = article("3", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, case_types=frozenset({HOME}), phases=frozenset({TRIAGE}))
    found = explained(covenant(three, two, one))
    assert found.reason is Reason.NO_CONSENT
    assert [[(change.kind.value, change.one_of) for change in remedy.changes] for remedy in found.remedies] == [
        [("consent", ("1",))],
        [("phase", (PLAN,))],
        [("case_type", (HOME,))],
    ]


def test_everything_that_is_missing_is_named_at_once_and_not_one_after_the_other() -> None:
    needs = Conditions(Consent("subject", refusal_has_no_effect=True), True, True, True, True)
    text = covenant(article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, conditions=needs))
    (remedy,) = explained(
        text,
        participants=frozenset(),
        identified=frozenset(),
        restricted=True,
        vetoed_fields=frozenset({COUNT}),
        vetoing_parties=ALL_PARTIES,
    ).remedies
    assert {(change.kind.value, change.one_of) for change in remedy.changes} == {
        *((kind, ("1",)) for kind in ("consent", "agreement", "second_eyes", "advice")),
        *((kind, (party,)) for kind in ("participation", "identification") for party in (CITY, LANDLORD)),
        ("hit", (CITY,)),
        ("restriction", ("",)),
        ("field_veto", (COUNT,)),
        ("party_veto", (LANDLORD,)),
    }


def test_the_wider_of_two_articles_is_what_a_remedy_promises() -> None:
    narrow = article("1", LANDLORD, frozenset({DIRECTOR}), {LAST_ON: MONTH}, phases=frozenset({PLAN}))
    wide = article("2", LANDLORD, frozenset({DIRECTOR}), {LAST_ON: FULL}, phases=frozenset({PLAN}))
    (remedy,) = explained(covenant(narrow, wide), ask(LAST_ON)).remedies
    assert (remedy.article, remedy.form) == ("2", FULL)


def test_a_given_field_carries_its_grounds_and_no_reason() -> None:
    found = explained(covenant())
    assert found.grant is not None
    assert (found.grant.giver, found.grant.receiver) == (("task",), ("task",))
    assert (found.reason, found.outward, found.remedies) == (None, None, ())


def test_the_partner_sees_no_case_where_it_is_closed_or_not_its_own() -> None:
    policy = compile_covenant(covenant())
    for case in (facts(phase=CLOSED), facts(participants=frozenset({LANDLORD}))):
        assert answered(policy, ask(), case, decide(policy, ask(), case)) == "unknown-case"
    assert answered(policy, ask(KIND), facts(), decide(policy, ask(KIND), facts())) == "unauthorized-field"
    assert answered(policy, ask(KIND, COUNT), facts(), decide(policy, ask(KIND, COUNT), facts())) == "disclosure"


def test_an_explanation_never_raises_whatever_breaks(monkeypatch: object) -> None:
    policy = compile_covenant(covenant())
    monkeypatch.setattr(policy, "mask", None)  # type: ignore[attr-defined]  # whatever breaks inside
    found = explain(policy, ask(COUNT, KIND), facts())
    assert [(one.reason, one.outward, one.remedies) for one in found] == [(Reason.ENGINE_FAILED, "not_given", ())] * 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=strategies.covenants(), asked=strategies.asks(), case=strategies.facts())
def test_every_remedy_is_enough_and_where_there_is_none_no_case_gives_the_field(text: Covenant, asked: Ask, case: Facts) -> None:
    assume(any(True for _ in rules_of(text)))  # else every article is about a closed phase, and it is not compiled
    policy = compile_covenant(text)
    check_claims(policy, asked, case)
    for one in explain(policy, asked, case):
        if one.grant is None and one.field in text.fields:
            assert bool(one.remedies) is ever_given(policy, asked.role, one.field)
            anybody = any(ever_given(policy, role, one.field) for role in roles_of(text))
            assert bool(one.elsewhere) is (one.reason in COVENANT_REASONS and anybody)


def roles_of(text: Covenant) -> list[RoleId]:
    return [role for party in text.parties.values() for role in party.roles]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_remedy_under_the_shipped_covenant_is_enough(shipped_policy: Policy, data: st.DataObject) -> None:
    text = shipped_policy.covenant
    role = data.draw(st.sampled_from(roles_of(text)))
    purpose = data.draw(st.sampled_from(sorted(text.purposes)))
    case_type = data.draw(st.sampled_from(sorted(text.case_types)))
    parties, articles = (
        st.frozensets(st.sampled_from(sorted(text.parties))),
        st.frozensets(st.sampled_from(sorted(shipped_policy.articles))),
    )
    case = Facts(
        case_type,
        data.draw(st.sampled_from(sorted(text.case_types[case_type].ladder))),
        data.draw(st.sampled_from(sorted(text.subjects))),
        *(data.draw(part) for part in (parties, parties, articles, articles, articles, articles, parties)),
        vetoed_fields=data.draw(st.frozensets(st.sampled_from(sorted(text.fields)), max_size=3)),
        vetoing_parties=data.draw(parties),
        restricted=data.draw(st.booleans()),
    )
    fields = data.draw(st.lists(st.sampled_from(sorted(text.fields)), min_size=1, max_size=8, unique=True))
    check_claims(shipped_policy, Ask(role, purpose, tuple(fields)), case)


def test_every_role_and_purpose_of_the_shipped_covenant_is_explained_in_full(shipped_policy: Policy) -> None:
    text = shipped_policy.covenant
    parties, tried = frozenset(text.parties), 0
    for (role, purpose), case_type in product(product(roles_of(text), text.purposes), text.case_types):
        case = Facts(case_type, next(iter(text.case_types[case_type].ladder)), "tenant", parties, parties)
        tried += check_claims(shipped_policy, Ask(role, PurposeId(purpose), tuple(text.fields)[:: 1 + len(role) % 7]), case)
    assert tried > 500
