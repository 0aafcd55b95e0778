"""policies/ is pure: it imports nothing of ours but itself, knows no clock and no chance, and Casbin has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "policies"
MODULES = {str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
ALLOWED = {"policies", "rfc8785", "yaml", "marshmallow"}
#: what would let in a clock, chance, the network, a file or a log
IMPURE = {"time", "random", "secrets", "uuid", "socket", "http", "urllib", "logging", "os", "subprocess", "tempfile", "zoneinfo"}


def imports(module: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import of {node.module}"
            found.add(str(node.module).partition(".")[0])
    return found


def test_a_module_imports_what_it_may() -> None:
    allowed = ALLOWED | set(sys.stdlib_module_names) - IMPURE
    found = {(name, imported) for name, module in MODULES.items() for imported in imports(module) - allowed}
    assert found == {("enforcer.py", "casbin")}


def test_no_module_asks_what_time_it_is() -> None:
    calls = [(name, node.func) for name, module in MODULES.items() for node in ast.walk(module) if isinstance(node, ast.Call)]
    called = {(name, call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")) for name, call in calls}
    assert len(called) > len(MODULES)
    assert [(name, word) for name, word in called if word in {"now", "utcnow", "today", "getenv", "open"}] == []


def test_reading_the_vocabulary_brings_no_rules_and_no_casbin() -> None:
    """`connectors` may know what a field is called; it gets nothing else with it."""
    rooms = "('policies', 'casbin', 'yaml')"
    code = f"import sys, policies.vocabulary; print(sorted(name for name in sys.modules if name.partition('.')[0] in {rooms}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert found.stdout.strip() == "['policies', 'policies.vocabulary']"
