"""No line of the threat model leans on a test that does not exist."""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.docs.pages import ROOT, page, section

PAGE = page("docs/threat-model.md")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@cache
def _tests_of(path: str) -> frozenset[str]:
    """The test functions of a file, in classes too."""
    if not (ROOT / path).is_file():
        return frozenset()
    tree = ast.walk(ast.parse(page(path)))
    return frozenset(node.name for node in tree if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def test_every_test_that_is_named_exists() -> None:
    assert NAMED
    assert [f"{path}::{name}" for path, name in NAMED if name not in _tests_of(path)] == []


def test_every_threat_has_something_that_holds_the_line_and_a_test() -> None:
    lines = [line for line in section(PAGE, "Threats").splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
    assert len(lines) > 30
    assert [line for line in lines if len(line.strip("| ").split(" | ")) != 3 or "::test_" not in line] == []
