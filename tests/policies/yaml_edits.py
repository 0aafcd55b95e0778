"""The small covenant as a file, and what a single edit of it brings about."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.compile import compile_covenant
from policies.covenant import Covenant
from policies.editing import Edit, EditRefused
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.values import Label

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")


def edited(*edits: tuple[str, str]) -> bytes:
    text = SMALL
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the small covenant"
        text = text.replace(old, new)
    return text.encode()


def loaded(*edits: tuple[str, str]) -> Covenant:
    return load_covenant(edited(*edits))


def mistakes(content: bytes) -> list[str]:
    """What loading says, one line for each mistake, without the name of the file."""
    with pytest.raises(CovenantErrors) as caught:
        load_covenant(content)
    assert all(finding.file == "covenant.yaml" for finding in caught.value.findings)
    return [line.removeprefix("covenant.yaml:") for line in str(caught.value).split("\n")]


def mistakes_of(*edits: tuple[str, str]) -> list[str]:
    return mistakes(edited(*edits))


def refusals_of(*edits: tuple[str, str]) -> list[str]:
    """What compiling says of a covenant that loads."""
    with pytest.raises(CovenantErrors) as caught:
        compile_covenant(loaded(*edits))
    return [line.removeprefix("covenant.yaml:") for line in str(caught.value).split("\n")]


WHOLE = (Path(__file__).resolve().parents[2] / "covenant.yaml").read_text(encoding="utf-8")
#: the shipped covenant with the articles of one chapter; an edit does not ask whether the rest is there
SHIPPED = re.sub(r'(?ms)^  - article: "(?!8\.)[^"]*"\n.*?(?=^  - article:|^ *# ──|^never:)', "", WHOLE)

#: the small covenant in a layout that no emitter would give back
UNTIDY = (
    SMALL.replace("id: small", "id:    small      # naam")
    .replace("{nl: Klein, en: Small}", "{ nl: 'Klein',en: \"Small\" }")
    .replace("phases: [plan]\n", "phases:\n    -   plan   # alleen hier\n")
    .replace("    onward: no\n", "    # doorgeven\n    onward:   no      # nooit\n")
    .replace("because: een verhuurder heeft daar geen taak", "because: >\n      een verhuurder\n      heeft daar geen taak\n\n")
    .replace(
        "    about: [tenant]\n    fields: {help.contact: full}", "    about: [ tenant, # een\n      ]\n    fields: {help.contact: full,}"
    )
    .replace("\n", "\r\n")
)


def lines(before: str, edit: Edit) -> list[str]:
    """What changed, as a diff without its context."""
    found = difflib.unified_diff(before.splitlines(keepends=True), edit.text.splitlines(keepends=True), n=0)
    return [line.rstrip("\r\n") for line in found if line[:3] not in {"---", "+++"} and not line.startswith("@@")]


def refusal(edit: Callable[[], object]) -> Label:
    with pytest.raises(EditRefused) as caught:
        edit()
    return caught.value.message
