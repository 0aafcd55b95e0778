"""policies/ is pure: it imports nothing of ours but itself, knows no clock and no chance, and Casbin has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "policies"
MODULES = sorted(PACKAGE.rglob("*.py"))
ALLOWED = {"policies", "rfc8785", "yaml", "marshmallow"}
#: what would let in a clock, chance, the network, a file or a log
IMPURE = {"time", "random", "secrets", "uuid", "socket", "http", "urllib", "logging", "os", "subprocess", "tempfile", "zoneinfo"}


def imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_module_imports_what_it_may(module: Path) -> None:
    allowed = ALLOWED | set(sys.stdlib_module_names) - IMPURE | ({"casbin"} if module == PACKAGE / "enforcer.py" else set())
    assert imports(module) - allowed == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_no_module_asks_what_time_it_is(module: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    called = {call.attr for call in calls if isinstance(call, ast.Attribute)} | {call.id for call in calls if isinstance(call, ast.Name)}
    assert called & {"now", "utcnow", "today", "getenv", "open"} == set()


def test_reading_the_vocabulary_brings_no_rules_and_no_casbin() -> None:
    """`connectors` may know what a field is called; it gets nothing else with it."""
    rooms = "('policies', 'casbin', 'yaml')"
    code = f"import sys, policies.vocabulary; print(sorted(name for name in sys.modules if name.partition('.')[0] in {rooms}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert found.stdout.strip() == "['policies', 'policies.vocabulary']"
