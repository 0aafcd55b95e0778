"""Each way in which pycasbin fails open or breaks, shown to be real, and shown not to reach us."""

from __future__ import annotations

import threading

import casbin
import pytest
from casbin.model import FastModel

from policies.compile import compile_covenant
from policies.decide import decide
from policies.enforcer import Enforcer, casbin_model_text
from policies.errors import EnforcementError
from policies.policy import Policy
from policies.rules import Context, Rule
from policies.vocabulary import FULL, ArticleId, FieldName, Form, FormKind, Phase, PurposeId, RoleId, SubjectKind
from tests.policies.builders import COUNT, DIRECTOR, LANDLORD, LAST_ON, NUISANCE, STREET, TENANT, TRIAGE, article, ask, covenant, facts

HERE = Context(DIRECTOR, NUISANCE, STREET, TRIAGE, TENANT)
NOBODY = Context(RoleId(""), PurposeId(""), STREET, Phase(""), SubjectKind(""))
MONTH = Form(FormKind.MONTH)
RULE = Rule(HERE, COUNT, ArticleId("1"), FULL)


def fast_casbin(*rows: tuple[str, str, str]) -> casbin.FastEnforcer:
    model = FastModel((0, 1))
    model.load_model_from_text(casbin_model_text())
    enforcer = casbin.FastEnforcer(model, cache_key_order=(0, 1))
    for row in rows:
        enforcer.get_model().model["p"]["p"].policy.append(row)
    return enforcer


def test_casbin_allows_empty_strings_even_with_rules_loaded() -> None:
    """The trap itself: should pycasbin close it, this test says so."""
    assert fast_casbin().enforce("", "", "") is True
    assert fast_casbin(RULE.row).enforce("", "", "") is True


def test_an_enforcer_without_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="an enforcer without rules would allow what it was never told"):
        Enforcer([])


@pytest.mark.parametrize(
    "rule",
    [
        Rule(HERE, FieldName(""), ArticleId("1"), FULL),
        Rule(HERE, COUNT, ArticleId(""), FULL),
        Rule(Context(RoleId("a|b"), NUISANCE, STREET, TRIAGE, TENANT), COUNT, ArticleId("1"), FULL),
    ],
)
def test_a_rule_with_an_empty_name_or_a_bar_in_it_is_refused(rule: Rule) -> None:
    with pytest.raises(ValueError, match="expected a rule without empty names"):
        Enforcer([RULE, rule])


@pytest.mark.parametrize(
    ("context", "field", "article_id"),
    [
        (NOBODY, FieldName(""), ArticleId("")),
        (NOBODY, COUNT, ArticleId("1")),
        (HERE, FieldName(""), ArticleId("1")),
        (HERE, COUNT, ArticleId("")),
        (HERE, LAST_ON, ArticleId("1")),
        (HERE, COUNT, ArticleId("2")),
        (Context(DIRECTOR, NUISANCE, STREET, Phase("limbo"), TENANT), COUNT, ArticleId("1")),
    ],
)
def test_empty_and_unknown_requests_are_refused(context: Context, field: FieldName, article_id: ArticleId) -> None:
    assert Enforcer([RULE]).allows(context, field, article_id, FULL) is False


def test_empty_and_unknown_contexts_are_refused_before_casbin_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    enforcer, asked = Enforcer([RULE]), list[object]()
    monkeypatch.setattr(enforcer, "_casbin", None)  # the private seam: there is nothing to ask
    monkeypatch.setattr(enforcer, "_lock", asked)
    assert enforcer.allows(NOBODY, COUNT, ArticleId("1"), FULL) is False
    assert enforcer.allows(HERE, FieldName(""), ArticleId("1"), FULL) is False


def test_questions_after_the_first_parse_nothing_and_are_answered_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    enforcer, asked = Enforcer([RULE]), [(COUNT, FULL), (COUNT, MONTH), (LAST_ON, FULL), (COUNT, FULL)]
    assert enforcer.allows(HERE, LAST_ON, ArticleId("1"), FULL) is False
    monkeypatch.setattr(casbin.core_enforcer, "SimpleEval", None)  # what parses: there is nothing to parse with any more
    assert [enforcer.allows(HERE, field, ArticleId("1"), form) for field, form in asked] == [True, False, False, True]
    with pytest.raises(TypeError):
        fast_casbin(RULE.row).enforce(*RULE.row)


def test_another_form_than_the_rule_gives_is_refused() -> None:
    assert Enforcer([RULE]).allows(HERE, COUNT, ArticleId("1"), FULL) is True
    assert Enforcer([RULE]).allows(HERE, COUNT, ArticleId("1"), MONTH) is False


def test_the_model_has_no_effect_column_so_no_effect_can_be_misspelt() -> None:
    model = casbin_model_text()
    assert "p = context, field, grant\n" in model
    assert "e = some(where (p.eft == allow))\n" in model
    assert "deny" not in [line.split("#")[0] for line in model.splitlines() if not line.startswith("#")]


def test_disabled_casbin_allows_everything_and_the_enforcer_offers_no_way_to_disable_it() -> None:
    disabled = fast_casbin(RULE.row)
    disabled.enable_enforce(False)
    assert disabled.enforce("anybody", "anything", "9|full") is True
    assert [name for name in dir(Enforcer) if not name.startswith("_")] == ["allows", "refuses_all_but"]


def test_article_ids_with_commas_and_brackets_are_not_cut() -> None:
    rules = [
        Rule(HERE, COUNT, ArticleId("5.1, lid 2 (a)"), FULL),
        Rule(HERE, LAST_ON, ArticleId('"5"'), Form(FormKind.BANDS, ("0-2", "3+"))),
    ]
    enforcer = Enforcer(rules)
    assert all(enforcer.allows(rule.context, rule.field, rule.article, rule.form) for rule in rules)
    assert enforcer.allows(HERE, COUNT, ArticleId("5.1"), FULL) is False


def test_an_answer_that_is_not_true_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd:
        def enforce(self, *_: str) -> object:
            return "yes"

    enforcer = Enforcer([RULE])
    monkeypatch.setattr(enforcer, "_casbin", Odd())
    assert enforcer.allows(HERE, COUNT, ArticleId("1"), FULL) is False


def test_all_articles_of_a_field_are_candidates_not_the_first_that_casbin_finds() -> None:
    """`enforce_ex` names one matching rule, so `month` could hide `full`; the mask has both."""
    narrow = article("1", LANDLORD, frozenset({DIRECTOR}), {LAST_ON: MONTH})
    wide = article("2", LANDLORD, frozenset({DIRECTOR}), {LAST_ON: FULL})
    mask = compile_covenant(covenant(narrow, wide)).mask(HERE)
    assert {(grant.article, grant.form) for grant in mask.grants()} == {("1", MONTH), ("2", FULL)}


def test_four_threads_get_the_answers_that_one_gets() -> None:
    """Shared without a lock, pycasbin gave hundreds of wrong denials and exceptions here."""
    policy = compile_covenant(covenant())
    expected = decide(policy, ask(COUNT, LAST_ON), facts())
    wrong: list[object] = []

    def work() -> None:
        for _ in range(100):
            policy.forget()
            found = decide(policy, ask(COUNT, LAST_ON), facts())
            if found != expected:
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_casbin_refusing_what_a_rule_gives_stops_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tampered(monkeypatch, allows=False)
    with pytest.raises(
        EnforcementError, match=r"casbin refuses complaints\.count by article 1 in city\.director\|nuisance\|street\|plan\|tenant"
    ):
        policy.verify_all()
    assert decide(policy, ask(COUNT), facts()).outcome == "deny"


def test_casbin_allowing_what_no_rule_gives_stops_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnforcementError, match="which no rule says"):
        tampered(monkeypatch, allows=True).verify_all()


def tampered(monkeypatch: pytest.MonkeyPatch, *, allows: bool) -> Policy:
    class Tampered:
        def enforce(self, *_: str) -> bool:
            return allows

    policy = compile_covenant(covenant())
    monkeypatch.setattr(policy._enforcer, "_casbin", Tampered())  # the seam a DBA or a bad upgrade would be at
    return policy


def test_verifying_asks_what_is_given_and_what_is_not() -> None:
    policy = compile_covenant(covenant())
    assert policy.verify_all() == len(policy.rules) + 2 * (len(policy.covenant.fields) - 1)


def test_casbin_does_not_log_what_it_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    policy = compile_covenant(covenant())  # the first one of a process is told its model, which has no rule in it
    caplog.set_level("DEBUG")
    decide(policy, ask(COUNT, LAST_ON), facts())
    assert [record for record in caplog.records if record.name.startswith("casbin")] == []
