"""The list of decisions is the folder's."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT, page, rows

FOLDER = ROOT / "docs" / "adr"


def test_every_decision_is_listed_under_its_number_and_title() -> None:
    listed = {}
    for number, link in rows(page("docs/adr/README.md")):
        found = re.fullmatch(r"\[(.+)\]\((.+)\)", link)
        assert found is not None
        listed[found[2]] = (int(number), found[1])
    there = {}
    for path in FOLDER.glob("[0-9]*.md"):
        title = re.match(r"# (\d+)\. (.+)\n", path.read_text(encoding="utf-8"))
        assert title is not None, path.name
        there[path.name] = (int(title[1]), title[2])
    assert listed == there


def test_no_two_decisions_have_one_number_and_each_has_a_status() -> None:
    numbers = [path.name[:4] for path in FOLDER.glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))
    assert [path.name for path in FOLDER.glob("[0-9]*.md") if "\nStatus: " not in path.read_text(encoding="utf-8")] == []
