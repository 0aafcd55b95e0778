"""Everything about a text at once: errors of reading and compiling beside the lint's, in the order of the file, and never an exception."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from policies.canonical import covenant_sha256
from policies.check import check
from policies.compile import compile_covenant
from policies.load import load_covenant
from tests.policies.conftest import SHIPPED
from tests.policies.legal.fragments import applied

DAY = date(2026, 6, 1)


def test_a_clean_text_gives_the_policy_that_compiling_gives() -> None:
    checked = check(applied("").encode(), "x.yaml", DAY)
    assert checked.findings == ()
    assert checked.policy is not None
    assert checked.policy.sha256 == compile_covenant(load_covenant(applied("").encode())).sha256


def test_warnings_leave_the_policy_and_errors_of_the_lint_leave_it_too_but_stand_apart() -> None:
    warned = check(applied("insight: {geography: block, minimum_cell: 3}").encode(), "x.yaml", DAY)
    assert ([finding.code for finding in warned.warnings], warned.errors) == (["small-cells"], ())
    assert warned.policy is not None
    refused = check(
        applied("legal_bases:\n  interest: {kind: gdpr6, law: 32016R0679, article: 6(1)(f), valid_from: 2018-05-25}").encode(), "x"
    )
    assert [finding.code for finding in refused.errors] == ["balancing-missing"]


def test_a_text_that_loads_and_does_not_compile_is_linted_all_the_same() -> None:
    ungrounded = 'articles:\n  - article: "3"\n    basis: {giver: [contract, explicit], receiver: {municipality: [task, task_health]}}\n'
    text = applied(ungrounded + "insight: {geography: block, minimum_cell: 3}")
    checked = check(text.encode(), "x.yaml", DAY)
    assert {"no-ground-to-give", "small-cells"} <= {finding.code for finding in checked.findings}
    assert checked.policy is None


def test_what_cannot_be_read_says_all_of_that_and_nothing_of_the_law() -> None:
    checked = check(applied("version: 2.0\nsupersedes: [x]\n").encode(), "x.yaml", DAY)
    assert [finding.code for finding in checked.findings] == ["wrong-type", "wrong-type"]
    assert checked.policy is None


def test_findings_stand_in_the_order_of_the_file_and_carry_its_name() -> None:
    text = applied(
        "insight: {geography: block, minimum_cell: 3}\nparties:\n  care:\n    # signing_key: x\nbreach: {contact: x, within: 9 days}"
    )
    findings = check(text.encode(), "anders.yaml", DAY).findings
    assert [finding.code for finding in findings] == ["signing-key-missing", "small-cells", "breach-late"]
    assert all((one.line, one.column) <= (other.line, other.column) for one, other in pairwise(findings))
    assert {finding.file for finding in findings} == {"anders.yaml"}


@pytest.mark.parametrize("text", [b"", b"\xff", b"- x", b"covenant: [" * 50, b"a: &a [*a]", b"covenant: 1\n\tid: x", b"null"])
def test_a_hostile_text_is_a_finding_and_never_an_exception(text: bytes) -> None:
    checked = check(text, "x.yaml", DAY)
    assert checked.errors
    assert checked.policy is None


def test_the_shipped_covenant_can_be_proposed() -> None:
    checked = check(SHIPPED.read_bytes(), "covenant.yaml", DAY)
    assert checked.errors == ()
    assert checked.policy is not None
    assert checked.policy.covenant_sha256 == covenant_sha256(checked.policy.covenant)
