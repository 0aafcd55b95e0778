"""The linter of the API Design Rules: first whether it finds what it should, then that it finds nothing in our description."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from broker.api.openapi import openapi_document
from tests.stage import Theatre

#: a line of a finding, and one that names the file of those after it
FINDING = re.compile(r"\s*\d+:\d+\s+(error|warning)\s.*")
FILE = re.compile(r"/.*/([^/]+)/openapi\.json")


@pytest.fixture(scope="module")
def found(shared: Path, shared_small_house: Theatre, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Sequence[str]]:
    """What the linter says of its own cases, of ours and of ours broken, by folder; in one run, since it takes seconds to start."""
    linter = shutil.which("spectral")
    if linter is None:
        assert not os.environ.get("CI"), "in CI the linter must be there"
        pytest.skip("the linter `spectral` is not installed (npm install --global @stoplight/spectral-cli@6)")
    ours = openapi_document(shared_small_house.app, "https://broker.example.nl", "desk@municipality.example")
    broken = copy.deepcopy(ours)
    del broken["paths"]["/problems"]["get"]["responses"]["200"]["headers"]
    folder = tmp_path_factory.mktemp("linted")
    for name, document in (("ours", ours), ("broken", broken)):
        (folder / name).mkdir()
        (folder / name / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    adr = shared / "oracles" / "adr"
    documents = (*sorted(adr.glob("testcases/*/openapi.json")), *folder.glob("*/openapi.json"))
    ran = subprocess.run([linter, "lint", "-r", adr / "linter.yaml", *documents], check=False, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    return {document.parent.name: () for document in documents} | by_folder(ran.stdout)


def by_folder(said: str) -> Mapping[str, Sequence[str]]:
    findings: dict[str, list[str]] = {}
    for line in said.splitlines():
        if (file := FILE.fullmatch(line.strip())) is not None:
            folder = file[1]
        elif FINDING.fullmatch(line):
            findings.setdefault(folder, []).append(" ".join(line.split()))
    return findings


def test_the_linter_finds_in_its_own_cases_what_it_should(found: Mapping[str, Sequence[str]], shared: Path) -> None:
    cases = sorted((shared / "oracles" / "adr" / "testcases").iterdir())
    assert len(cases) == 4
    for case in cases:
        expected = by_folder((case / "expected-output.txt").read_text(encoding="utf-8"))
        assert list(found[case.name]) == expected.get(case.name, []), case.name
    assert [case.name for case in cases if not found[case.name]] == ["baseline"]


def test_it_finds_nothing_in_our_description_and_warns_of_nothing(found: Mapping[str, Sequence[str]]) -> None:
    assert list(found["ours"]) == []


def test_it_would_find_what_is_broken_in_ours(found: Mapping[str, Sequence[str]]) -> None:
    assert [finding.split()[2] for finding in found["broken"]] == ["nlgov:missing-header"]
