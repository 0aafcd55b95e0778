"""The guides for privacy officers go as they say: their commands on a new broker, their snippets into the covenant to begin with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from policies.check import check
from policies.editing.source import Plain, Source
from tests.docs.guide import CONSOLE, as_it_goes, commands
from tests.docs.pages import ROOT, blocks, page, section

GUIDES = {"nl": "docs/covenant-guide.md", "en": "docs/covenant-guide-en.md"}
TEN = {"nl": "Een gegeven en een artikel erbij, in tien opdrachten", "en": "A field and an article more, in ten commands"}
TRAPS = {"nl": "Vier valkuilen", "en": "Four traps"}
#: where something stands in the shipped covenant, which changes with it and is not what the guide tells
_LINES = re.compile(r"(?<=waterstad\.yaml:)\d+:\d+|(?<=^@@ ).*(?= @@$)", re.MULTILINE)


@pytest.mark.parametrize("language", GUIDES)
def test_what_the_guide_shows_is_what_comes_out(language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVENANT_LANG", language)
    text = page(GUIDES[language])
    mend = f"COVENANT_LANG={language} python -m tests.docs.guide {GUIDES[language]} prints it as it goes"
    assert _LINES.sub("", as_it_goes(text, tmp_path)) == _LINES.sub("", text), mend


@pytest.mark.parametrize("language", GUIDES)
def test_a_field_and_an_article_take_ten_commands_from_adding_them_to_in_force(language: str) -> None:
    typed = [command for block in CONSOLE.findall(section(page(GUIDES[language]), TEN[language])) for command in commands(block)]
    wanted = ["add-field", "add-article", "test", "propose", "sign", "sign", "sign", "accept", "activate", "activate"]
    assert [command.split()[2] for command in typed] == wanted


def test_both_guides_type_the_same_and_show_the_same_snippets() -> None:
    dutch, english = (page(GUIDES[language]) for language in GUIDES)
    assert [commands(block) for block in CONSOLE.findall(dutch)] == [commands(block) for block in CONSOLE.findall(english)]
    assert blocks(dutch, "yaml") == blocks(english, "yaml")


@pytest.mark.parametrize("language", GUIDES)
def test_each_trap_is_caught_with_its_law(language: str) -> None:
    caught = [
        re.findall(r"(error|warning)\[([a-z-]+)\]: .*?\((AVG|UAVG|Wpg) art", block)
        for block in CONSOLE.findall(section(page(GUIDES[language]), TRAPS[language]))
    ]
    assert [sorted({(severity, code) for severity, code, _ in found}) for found in caught] == [
        [("error", "code-list-mixes-classes")],
        [("warning", "metadata-leak")],  # and an error, where the covenant itself says never
        [("error", "no-ground-to-receive"), ("warning", "basis-outside-purpose")],
        [("warning", "accumulation")],
    ]


def merged(whole: Plain, part: Plain) -> Plain:
    """A fragment put in its place: keys beside keys, an article or statement after the others or over the one of its number."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return {**whole, **{key: merged(whole[key], value) if key in whole else value for key, value in part.items()}}
    if isinstance(whole, list) and isinstance(part, list) and part and isinstance(part[0], dict):
        named = {_name(item): item for item in whole}
        return list({**named, **{_name(item): merged(named.get(_name(item), {}), item) for item in part}}.values())
    return part


def _name(item: Plain) -> str:
    return json.dumps(next(iter(item.values()))) if isinstance(item, dict) else json.dumps(item)


def test_every_snippet_is_free_of_errors_in_the_covenant_to_begin_with() -> None:
    starter = (ROOT / "policies/starter.yaml").read_text(encoding="utf-8")
    snippets = blocks(page(GUIDES["nl"]), "yaml")
    assert len(snippets) == 2
    for snippet in snippets:
        whole = merged(Source(starter).root.plain, Source(snippet).root.plain)
        found = check(_written(whole).encode(), "snippet.yaml").errors
        assert found == ()


def _written(value: Plain, key: str = "") -> str:
    """As one line of YAML; what the language wants without quotes is written without."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_written(each, name)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(each) for each in value) + "]"
    return value if value in {"true", "false"} or key == "covenant" else json.dumps(value, ensure_ascii=False)
