"""What we export is what another Casbin reads: pycasbin here, node-casbin in tests/conformance."""

from __future__ import annotations

from pathlib import Path
from random import Random

import casbin
import pytest
from casbin.persist.adapters import StringAdapter

from policies.casbin_export import casbin_files, policy_csv, question
from policies.enforcer import casbin_model_text
from policies.policy import Policy
from policies.rules import Context, Rule
from policies.vocabulary import FULL, ArticleId, FieldName, Form, FormKind, RoleId
from tests.conformance.questions import exported, generated, questions
from tests.policies.builders import COUNT, DIRECTOR, NUISANCE, STREET, TENANT, TRIAGE

HERE = Context(DIRECTOR, NUISANCE, STREET, TRIAGE, TENANT)
BANDS = Form(FormKind.BANDS, ("0-2", "3-9", "10+"))


def test_an_export_without_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="an exported policy without rules would allow what it was never told"):
        policy_csv([])


def test_a_line_reads_as_the_question_that_it_answers() -> None:
    assert policy_csv([Rule(HERE, COUNT, ArticleId("5.1"), BANDS)]) == (
        "p, city.director|nuisance|street|triage|tenant, complaints.count, 5.1|bands(0-2;3-9;10+)\n"
    )


def test_pycasbin_keeps_quotes_as_part_of_a_value_so_that_nothing_may_need_them() -> None:
    """The reason for percent-encoding: should pycasbin learn to quote, this test says so."""
    model = casbin.Model()
    model.load_model_from_text(casbin_model_text())
    enforcer = casbin.Enforcer(model, StringAdapter('p, here, field, "5.1, lid 2|full"'))
    assert enforcer.get_policy() == [["here", "field", '"5.1', 'lid 2|full"']]


@pytest.mark.parametrize(
    ("article", "written"),
    [
        ("5.1, lid 2 (a)", "5.1%2C%20lid%202%20%28a%29"),
        ('"5"', "%225%22"),
        ("5%2C1", "5%252C1"),
        ("5|full", "5%7Cfull"),
        ("\u00e9", "%C3%A9"),
    ],
)
def test_what_a_reader_gives_a_meaning_is_encoded_and_no_two_names_become_one(article: str, written: str) -> None:
    assert question(HERE, COUNT, ArticleId(article), FULL)[2] == f"{written}|full"


def test_every_name_of_a_covenant_from_a_file_stands_as_it_is(shipped_policy: Policy) -> None:
    lines = policy_csv(shipped_policy.rules).splitlines()
    rows = [tuple(line.split(", ")) for line in lines]
    assert rows == [("p", *rule.row[:2], rule.row[2].replace(",", ";")) for rule in shipped_policy.rules]


def test_the_same_policy_gives_the_same_bytes(shipped_policy: Policy) -> None:
    assert casbin_files(shipped_policy, "nl") == casbin_files(shipped_policy, "nl")


def test_pycasbin_loads_the_files_and_decides_as_we_do(shipped_policy: Policy, tmp_path: Path) -> None:
    folder = exported(shipped_policy, tmp_path / "casbin")
    other = casbin.FastEnforcer(str(folder / "model.conf"), str(folder / "policy.csv"), cache_key_order=(0, 1))
    asked = list(questions(shipped_policy, Random(1), 20_000))  # noqa: S311 - a sample
    wrong = [ask for ask, expected in asked if all(ask) and other.enforce(*ask) is not expected]
    assert wrong == []
    assert 5_000 < sum(expected for _, expected in asked) < 15_000


@pytest.mark.parametrize("seed", range(3))
def test_pycasbin_reads_the_worst_of_names(seed: int, tmp_path: Path) -> None:
    random = Random(seed)  # noqa: S311 - a sample
    policy = generated(random)
    folder = exported(policy, tmp_path / "casbin")
    other = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
    assert len(other.get_policy()) == len(policy.rules)
    asked = list(questions(policy, random, 300))
    assert [ask for ask, expected in asked if all(ask) and other.enforce(*ask) is not expected] == []


def test_the_page_beside_the_files_shows_a_question_that_is_answered_with_yes(shipped_policy: Policy, tmp_path: Path) -> None:
    folder = exported(shipped_policy, tmp_path / "casbin")
    for language, word in (("nl", "Bijvoorbeeld"), ("en", "For instance")):
        lines = casbin_files(shipped_policy, language)["README.txt"].splitlines()
        assert shipped_policy.covenant_sha256 in "\n".join(lines)
        at = next(number for number, line in enumerate(lines) if line.startswith(word))
        asked = [line.split()[1] for line in lines[at + 2 : at + 5]]
        other = casbin.FastEnforcer(str(folder / "model.conf"), str(folder / "policy.csv"), cache_key_order=(0, 1))
        assert other.enforce(*asked) is True


def test_the_page_warns_of_empty_questions_because_pycasbin_allows_them(shipped_policy: Policy) -> None:
    assert "Refuse an empty value" in casbin_files(shipped_policy, "en")["README.txt"]
    assert question(Context(RoleId(""), NUISANCE, STREET, TRIAGE, TENANT), FieldName(""), ArticleId(""), FULL)[1] == ""
