"""Every code that a finding can have is explained to whoever writes covenants, and no other is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.docs.pages import ROOT, page, rows, section

#: where the code stands among the arguments of what makes a finding
CODE_AT = {"error": 1, "wrong": 1, "add": 1, "Finding": 4}


def _codes() -> Iterator[str]:
    """Codes in the code; of one that is put together, its beginning and an ellipsis."""
    for path in (ROOT / "policies").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            code = call.args[CODE_AT[name]] if name in CODE_AT and len(call.args) > CODE_AT[name] else None
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value
            if isinstance(code, ast.JoinedStr) and isinstance(code.values[0], ast.Constant) and isinstance(code.values[0].value, str):
                yield f"{code.values[0].value}…"


def test_every_code_is_explained_and_no_other() -> None:
    text = page("docs/covenant-findings.md")
    told = [row[0].strip("`") for title in ("Het recht", "De samenhang", "De vorm van het bestand") for row in rows(section(text, title))]
    assert len(told) == len(set(told))
    families = {code for code in told if code.endswith("…")}
    in_code = {next((family for family in families if code.startswith(family[:-1]) and code not in told), code) for code in _codes()}
    assert set(told) == in_code
