"""The shipped covenant before the lint: no errors, three warnings that its own comments explain, and concepts that exist."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

from policies.covenant import Covenant, DataClass
from policies.errors import Severity
from policies.legal import lint
from policies.legal.protected import CLASS_OF_CODE
from tests.policies.conftest import SHIPPED


def test_it_has_no_errors_and_its_warnings_are_explained_where_they_arise(shipped: Covenant) -> None:
    findings = lint(shipped, date(2026, 6, 1))
    assert [str(finding) for finding in findings if finding.severity is Severity.ERROR] == []
    warned = Counter(finding.code for finding in findings)
    assert warned == {"metadata-leak": 2, "owner-is-blind": 1}
    comments = "\n".join(line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    assert all(code in comments for code in warned)


def test_every_dpv_concept_that_it_names_exists(shipped: Covenant, shared: Path) -> None:
    with (shared / "oracles" / "dpv" / "iris-2.3.tsv").open(encoding="utf-8") as lines:
        known = {row["iri"] for row in csv.DictReader(lines, delimiter="\t")}
    parts = (shipped.purposes, shipped.legal_bases, shipped.categories, shipped.fields)
    named = {each.dpv for part in parts for each in part.values() if each.dpv is not None}
    assert len(named) > 20
    assert named - known == set()


def test_the_codes_that_the_lint_knows_are_in_the_public_list(shared: Path) -> None:
    table = next((shared / "oracles" / "vera").glob("*.csv"))
    with table.open(encoding="utf-8-sig") as lines:
        known = {(f"vera:{row['Soort']}", row["Code"]) for row in csv.DictReader(lines, delimiter=";")}
    assert {(name, code) for name, codes in CLASS_OF_CODE.items() for code in codes} - known == set()
    assert {data_class for codes in CLASS_OF_CODE.values() for data_class in codes.values()} == {DataClass.SPECIAL, DataClass.CRIMINAL}
