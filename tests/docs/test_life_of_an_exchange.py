"""The page and the code count the same seven steps."""

from __future__ import annotations

import re

from broker import exchange
from tests.docs.pages import page, rows, section

PAGE = page("docs/life-of-an-exchange.md")
STEPS = re.findall(r"^    \((\d)\) (\w+)  ", exchange.__doc__ or "", re.MULTILINE)


def test_the_steps_have_the_numbers_and_titles_of_the_code() -> None:
    assert len(STEPS) == 7
    assert re.findall(r"^## \((\d)\) (\w+)$", PAGE, re.MULTILINE) == STEPS


def test_the_diagram_has_them_too() -> None:
    assert re.findall(r"[ ─]\((\d)\) (\w+)\b", PAGE.partition("## Before step 1")[0]) == STEPS


def test_each_step_says_what_is_durable_and_what_is_true_if_the_process_dies_right_after_it() -> None:
    for number, title in STEPS:
        told = {name for name, _ in rows(section(PAGE, f"({number}) {title}"))}
        assert told == {"what happens", "where", "durable", "dies right after"}, title


def test_the_code_marks_each_step_where_it_is() -> None:
    source = page("broker/exchange.py")
    assert [number for number, _ in STEPS if f"# ({number})" not in source] == []


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    from broker.sweeping import INTERRUPTED_AFTER  # noqa: PLC0415 - beside what it is held against

    assert exchange.ATTEMPTS == 5
    assert "five rounds" in PAGE
    assert INTERRUPTED_AFTER.total_seconds() == 120
    assert "two minutes old" in PAGE
