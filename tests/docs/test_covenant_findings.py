"""Every code that a finding can have is explained to whoever writes covenants, no other is, and every example does what its page says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from policies.legal import RULES
from tests.docs.pages import ROOT, page, rows, section
from tests.policies.legal.fragments import PAGES, Example, applied, examples, expected, told_of

#: where the code stands among the arguments of what makes a finding
CODE_AT = {"error": 1, "wrong": 1, "add": 1, "Finding": 4}
#: what makes a reference to a name that must be described somewhere
REFERENCES = {"Ref", "ref", "Mention"}
#: codes that no fragment can show: the file itself cannot be read, or no file can bring it about. tests/policies/test_hostile_yaml.py does
WITHOUT_EXAMPLE = {
    "not-yaml", "not-utf8", "byte-order-mark", "tab", "invisible-character", "second-document", "too-deep", "too-large", "permits-nothing",
}  # fmt: skip
#: what both languages say where a rule warns because its law was not read in full
UNREAD = ("hebben de tekst van deze bepaling niet zelf nagelezen", "did not read this provision's own text")
TABLE = "| bladzijde | wat er is · what there is | zwaarte · severity | recht · law |\n|---|---|---|---|\n"


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in `policies`, with the last part of what is called."""
    for path in (ROOT / "policies").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                yield call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", ""), call


@cache
def codes_in_code() -> frozenset[str]:
    """Codes in the code; of one that is put together, its beginning and an ellipsis; of a reference, that its name can be unknown."""
    found = set(RULES)
    for name, call in calls():
        code = call.args[CODE_AT[name]] if name in CODE_AT and len(call.args) > CODE_AT[name] else None
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            found.add(code.value)
        if isinstance(code, ast.JoinedStr) and isinstance(code.values[0], ast.Constant):
            found.add(f"{code.values[0].value}…")
        kinds = call.args[0] if name in REFERENCES and call.args else None
        kind = kinds.elts[0] if isinstance(kinds, ast.Tuple) else kinds
        if isinstance(kind, ast.Constant):
            found.add(f"unknown-{str(kind.value).replace(' ', '-')}")
    return frozenset(found)


def explained() -> dict[str, tuple[str, ...]]:
    """The codes of each page, by its name."""
    return {
        path.stem: tuple(re.findall(r"`([a-z0-9-]+)`", path.read_text(encoding="utf-8").partition("\n")[0]))
        for path in sorted(PAGES.glob("*.md"))
        if path.name != "README.md"
    }


def test_every_code_has_one_page_and_no_page_is_about_anything_else() -> None:
    told = [code for codes in explained().values() for code in codes]
    assert len(told) == len(set(told))
    in_code = codes_in_code()
    families = tuple(code.removesuffix("…") for code in in_code if code.endswith("…"))
    assert {code for code in in_code if not code.endswith("…")} - set(told) == set()
    assert {code for code in told if code not in in_code and not code.startswith(families)} == set()


def test_every_kind_of_name_that_can_be_unknown_is_on_the_page_of_the_unknown() -> None:
    assert {code for code in codes_in_code() if code.startswith("unknown-")} - {"unknown-key"} == set(explained()["unknown"])


def test_a_page_of_one_code_bears_its_name() -> None:
    assert [name for name, codes in explained().items() if len(codes) == 1 and codes != (name,)] == []


@pytest.mark.parametrize("name", explained())
def test_a_page_says_it_in_both_languages_with_severity_and_law(name: str) -> None:
    text, codes = page(f"docs/findings/{name}.md"), explained()[name]
    dutch, english = section(text, "Nederlands"), section(text, "English")
    assert len(dutch.split()) > 12
    assert len(english.split()) > 12
    assert all((one in dutch) == (other in english) for one, other in [UNREAD])
    second = text.splitlines()[2]
    laws = {RULES[code].law for code in codes if code in RULES} - {None}
    assert all(str(law) in second for law in laws)
    errors = {RULES[code].severity == "error" for code in codes if code in RULES} or {True}
    assert [("fout · error" in second), ("waarschuwing · warning" in second)] == [errors == {True}, errors == {False}]


@pytest.mark.parametrize("example", examples("wrong"), ids=lambda example: f"{example.page}-{'-'.join(example.codes)}")
def test_a_wrong_example_has_exactly_the_findings_that_it_points_at(example: Example) -> None:
    pointed = expected(applied(example.text))
    assert pointed
    assert {(finding.line, finding.code) for finding in told_of(example.text)} == set(pointed)


@pytest.mark.parametrize("example", examples("right"), ids=lambda example: example.page)
def test_a_right_example_has_no_finding_at_all(example: Example) -> None:
    assert [str(finding) for finding in told_of(example.text)] == []


def test_every_code_that_can_be_shown_is_shown_wrong_and_right() -> None:
    told = {code for codes in explained().values() for code in codes}
    assert {code for example in examples("wrong") for code in example.codes} == told - WITHOUT_EXAMPLE
    assert {code for example in examples("right") for code in example.codes} == told - WITHOUT_EXAMPLE


def index() -> str:
    """The table of the index, as the pages themselves say it."""
    lines = []
    for name, codes in explained().items():
        head, _, second = page(f"docs/findings/{name}.md").splitlines()[:3]
        english, severity, *law = [part.strip(" *") for part in re.split(r" · (?=fout|waarschuwing|[A-Z])", second)]
        links = f"[{' '.join(f'`{code}`' for code in codes)}]({name}.md)"
        lines.append(f"| {links} | {head.partition(': ')[2]} · {english} | {severity} | {' · '.join(law)} |\n")
    return TABLE + "".join(lines)


def test_the_index_is_current() -> None:
    assert index() in page("docs/findings/README.md"), f"expected this table in docs/findings/README.md:\n{index()}"
    assert len(rows(section(page("docs/findings/README.md"), "Alle codes · every code"))) == len(explained())
