"""Every dependency has its reason on the page, and the page has no others."""

from __future__ import annotations

import re
import tomllib

from tests.docs.pages import page, rows, section

PAGE = page("docs/dependencies.md")
PROJECT = tomllib.loads(page("pyproject.toml"))["project"]


def _declared(requirements: list[str]) -> list[tuple[str, str]]:
    found = [re.fullmatch(r"([a-z0-9.\[\]-]+)(.*)", requirement) for requirement in requirements]
    return [(match[1], match[2]) for match in found if match]


def _told(title: str) -> list[tuple[str, str]]:
    return [(name, wanted.strip("`")) for name, wanted, _, _ in rows(section(PAGE, title))]


def test_what_is_needed_at_run_time_is_told_with_its_range() -> None:
    assert _told("At run time") == _declared(PROJECT["dependencies"])


def test_what_is_needed_for_development_is_told_with_its_range() -> None:
    assert _told("For development") == _declared(PROJECT["optional-dependencies"]["dev"])


def test_each_has_a_reason_and_an_answer_to_what_there_would_be_without_it() -> None:
    for title in ("At run time", "For development"):
        assert all(why and without for _, _, why, without in rows(section(PAGE, title)))
