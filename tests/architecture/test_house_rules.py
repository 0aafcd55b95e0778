"""The rules of the house that a linter does not know. Each exception stands here with its reason."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("audit", "broker", "connectors", "policies")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40

#: what is longer, and why it is one thing all the same
LONG_FUNCTIONS = {"broker/bootstrap.py:open_broker": "the composition root names every part once, in order of dependence"}
LONG_FILES = {"audit/standalone_verifier.py": "handed out as it stands: an outsider reads one file, and it imports nothing of ours"}
#: imports that wait, and why
LATE_IMPORTS = {"broker/bench/postgres.py": "a server of the development extras, which warns when it is imported; only a bench starts it"}


@cache
def trees() -> list[tuple[str, ast.Module, str]]:
    """Every file of ours: its name, its syntax and its text."""
    texts = [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in FILES]
    return [(name, ast.parse(text), text) for name, text in texts]


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_import_hides_behind_type_checking() -> None:
    assert [name for name, _, text in trees() if "TYPE_CHECKING" in text] == []


def test_imports_stand_at_the_top() -> None:
    late = {
        name
        for name, tree, _ in trees()
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(outer)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert late == set(LATE_IMPORTS)


def test_a_file_is_one_room_of_the_product_and_of_its_tests() -> None:
    assert TESTS
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in [*FILES, *TESTS]}
    assert {name for name, length in lengths.items() if length > MAX_FILE_LINES} == set(LONG_FILES)


def lines_of(function: ast.FunctionDef) -> int:
    """Its lines of code: its docstring and its signature do not count, they are what one reads instead."""
    body = (
        function.body[1:] if isinstance(function.body[0], ast.Expr) and isinstance(function.body[0].value, ast.Constant) else function.body
    )
    return (function.end_lineno or function.lineno) - body[0].lineno + 1 if body else 0


def test_a_function_is_one_thing() -> None:
    long = {
        f"{name}:{function.name}"
        for name, tree, _ in trees()
        for function in ast.walk(tree)
        # A function that only holds routes is as long as its routes are many; each of them is counted by itself.
        if isinstance(function, ast.FunctionDef) and lines_of(function) > MAX_FUNCTION_LINES and not holds_functions(function)
    }
    assert long == set(LONG_FUNCTIONS)


def holds_functions(function: ast.FunctionDef) -> bool:
    return sum(isinstance(node, ast.FunctionDef) for node in function.body) > 1


def test_whoever_catches_everything_says_why() -> None:
    silent = [
        f"{name}:{number}"
        for name, _, text in trees()
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(r"except (Base)?Exception\b", line) and not re.search(r"#.* - \w+|# \w+ \w+", line) and not reraises(text, number)
    ]
    assert silent == []


def reraises(text: str, number: int) -> bool:
    """Cleaning up and raising again catches nothing."""
    lines = text.splitlines()
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    for line in lines[number:]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return False
        if line.strip() == "raise":
            return True
    return False


def test_the_steps_of_an_exchange_are_surrounded_by_no_catch_all() -> None:
    assert "except Exception" not in (ROOT / "broker" / "exchange.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["Manager", "Helper", "Util", "Info"])
def test_no_class_is_named_after_nothing(word: str) -> None:
    classes = [(name, node.name) for name, tree, _ in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert [(name, found) for name, found in classes if re.search(rf"{word}(?![a-z])", found)] == []


def test_importing_a_module_opens_nothing() -> None:
    """No engine, session, client or application is made when a module is imported."""
    makers = {"create_engine", "open_engine", "Client", "AsyncClient", "Flask", "sessionmaker", "open_broker", "Log"}
    found = [
        f"{name}:{node.lineno}"
        for name, tree, _ in trees()
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers
    ]
    assert found == []


def test_nothing_is_looked_up_in_the_current_application() -> None:
    assert [name for name, _, text in trees() if "current_app" in text] == []


def test_no_switch_turns_a_check_off() -> None:
    """No setting whose name promises that something is not enforced, verified or logged."""
    bad = re.compile(
        r"\b(disable|skip|bypass|no|without)_(auth|authentication|check|checks|enforce|verify|verification|log|audit)\b", re.IGNORECASE
    )
    assert [name for name, _, text in trees() if bad.search(text) and not name.startswith("broker/demo")] == []
