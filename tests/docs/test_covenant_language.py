"""The page on the language is what the language says of itself, and shows an example of every key that reads."""

from __future__ import annotations

import re

from policies.document import Mistakes, read_document
from policies.schema import COVENANT
from policies.shape import Reading, Record
from tests.docs.language_page import OWN, _records, page
from tests.docs.pages import page as stored


def test_the_page_is_current() -> None:
    assert stored("docs/covenant-language.md") == page(), "python -m tests.docs.language_page > docs/covenant-language.md"


def test_every_key_has_an_example() -> None:
    assert [line for line in page().splitlines() if line.startswith("|") and re.search(r"\|\s*\|$", line)] == []


def test_the_examples_that_are_in_no_covenant_are_read_by_the_language() -> None:
    records: dict[str, Record[object]] = dict(_records("", COVENANT, set()))
    for (where, name), example in OWN.items():
        if "…" in example:
            continue
        mistakes = Mistakes("example")
        document = read_document(example.encode(), mistakes)
        shape = next(key.shape for key in records[where].keys if key.name == name)
        shape.read(document.entries[0][1], (name,), Reading(mistakes))  # type: ignore[union-attr]
        assert mistakes.findings == []
