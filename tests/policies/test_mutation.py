"""Single edits of the shipped covenant: each is reported at its line, or shown as its true effect, or has none. None is silent.

Here a few of each kind; `make soak` tries thousands and prints how each kind was told.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.policies.conftest import SHIPPED
from tests.policies.mutation_page import Page, edited
from tests.policies.mutation_verdict import Bench, Outcome
from tests.policies.mutations import KINDS, Edit, edits


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(SHIPPED.read_text("utf-8"))


def test_no_edit_goes_by_in_silence_whatever_its_kind_and_however_it_is_told(bench: Bench) -> None:
    verdicts = [bench.judge(edit) for edit in edits(bench.page, seed=2026, number=32)]
    assert [str(verdict) for verdict in verdicts if verdict.defect] == []
    assert len({verdict.edit.kind for verdict in verdicts}) == len(KINDS)
    assert {verdict.outcome for verdict in verdicts} >= {Outcome.REPORTED, Outcome.SHOWN, Outcome.WORDS, Outcome.NOTHING}


def test_the_same_seed_makes_the_same_edits(bench: Bench) -> None:
    made = edits(bench.page, seed=7, number=30)
    assert made == edits(bench.page, seed=7, number=30)
    assert made != edits(bench.page, seed=8, number=30)


# the judge itself: that it would see what is silent


def test_an_error_far_from_the_edit_is_a_defect(bench: Bench) -> None:
    """The edit says that it is in `rights`; what it really spoils is the holder of a category."""
    old = "holder: police\n    classes: [police_8]\n"
    at = bench.page.text.index(old) + len("holder: ")
    spoilt = ((at, at + len("police"), "polise"),)
    assert bench.judge(Edit("by hand", "a holder", ("data", "incidents", "holder"), spoilt)).defect is None

    class Elsewhere(Bench):
        def _right_lines(self, edit: Edit, text: str) -> frozenset[int]:
            return super()._right_lines(replace(edit, cuts=()), text)

    verdict = Elsewhere(bench.page.text).judge(Edit("by hand", "a contact", ("rights", "contact"), spoilt))
    assert verdict.outcome is Outcome.REPORTED
    assert "unknown party `polise`" in (verdict.defect or "")


def test_a_term_that_changes_and_is_told_as_words_is_a_defect(bench: Bench) -> None:
    """The edit changes only words, and says that it changed how long things are kept."""
    old = "decision: bepalen of de politie de persoon kent"
    at = bench.page.text.index(old)
    verdict = bench.judge(Edit("by hand", "a decision", ("retention", "default"), ((at, at + len(old), "decision: anders"),)))
    assert verdict.outcome is Outcome.NO_EFFECT
    assert verdict.defect == "retention.default changed, and nobody was told what it does"


@pytest.mark.parametrize(
    ("text", "path", "left"),
    [
        ("a: {b: 1, c: 2}\n", ("a", "b"), "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
        ("a: {b: 1}\n", ("a", "b"), "a: {}\n"),
        ("a: [x, y]\n", ("a", 0), "a: [y]\n"),
        ("a:\n  b: 1 # why\n  c: 2\n", ("a", "b"), "a:\n  c: 2\n"),
        ("a:\n  - b: 1\n    c: 2\n  - b: 3\n", ("a", 0, "b"), "a:\n  - c: 2\n  - b: 3\n"),
        ("a:\n  - b: 1\n    c: 2\n  - b: 3\n", ("a", 0), "a:\n  - b: 3\n"),
        ("a:\n  b:\n    c: 1\n\n# next\nd: 2\n", ("a", "b"), "a:\n\n# next\nd: 2\n"),
    ],
)
def test_a_part_is_taken_out_and_the_rest_stays(text: str, path: tuple[str | int, ...], left: str) -> None:
    page = Page(text)
    assert edited(text, (page.without(page.at[path]),)) == left
