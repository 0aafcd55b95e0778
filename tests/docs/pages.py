"""Reading the project's pages: their sections, tables, blocks, links, and the commands that they mention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from broker.cli import broker

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
#: what a reader may be sent to in words: a path with a known ending or a folder
_PATH = re.compile(r"(?:[A-Za-z0-9_.-]+/)+(?:[A-Za-z0-9_.-]+\.(?:py|md|yaml|toml|conf|json|mako))?")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[Path]:
    """Every page that people read, from the top down."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one of its rank or a higher one."""
    kept: list[str] = []
    rank, fenced = 0, False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else re.fullmatch(r"(#+) (.+)", line)
        if heading is not None and rank and len(heading[1]) <= rank:
            break
        if rank:
            kept.append(line)
        elif heading is not None and heading[2] == title:
            rank = len(heading[1])
    if not rank:
        raise AssertionError(f"expected a section {title}")
    return "\n".join([*kept, ""])


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of the first table, without its heading."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if re.fullmatch(r"(\|-+)+\|", line)) + 1
    table = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        table.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return table


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks in one language."""
    return [found[2] for found in _FENCE.finditer(text) if found[1] == language]


def links(text: str) -> list[str]:
    return _LINK.findall(_FENCE.sub("", text))


def paths(text: str) -> Iterator[str]:
    """Files and folders of the project that are named in code type."""
    for code in _CODE.findall(_FENCE.sub("", text)):
        if _PATH.fullmatch(code) and not code.startswith(("var/", "etc/", "..")):
            yield code


def anchors(text: str) -> set[str]:
    """What a link may point at within a page, as the usual renderers name it."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_of(text: str) -> list[tuple[str, ...]]:
    """The words after `broker` or `make` of every command that a page mentions, in blocks and in running text."""
    spoken = [code for code in _CODE.findall(_FENCE.sub("", text)) if code.startswith(("broker ", "make "))]
    shown = "\n".join([*(found[2] for found in _FENCE.finditer(text)), *re.findall(r"^ {4}.*$", text, re.MULTILINE)])
    typed = [line.strip().removeprefix("$ ") for line in shown.splitlines() if re.match(r"\s*(\$ )?(broker|make) ", line)]
    return [tuple(re.findall(r"[^\s|>]+", command)) for command in (*spoken, *typed)]


def is_command(words: tuple[str, ...]) -> bool:
    """Whether the command line or the Makefile knows these words."""
    if words[0] == "make":
        return bool(re.search(rf"^{re.escape(words[1])}:", page("Makefile"), re.MULTILINE))
    command: click.Command = broker
    for position, word in enumerate(words[1:], start=1):
        if not isinstance(command, click.Group):
            return _options_known(command, words[position:])
        found = command.commands.get(word)
        if found is None:
            return word in {"--help", "--version"}
        command = found
    return True


def _options_known(command: click.Command, words: tuple[str, ...]) -> bool:
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return all(word in known for word in words if word.startswith("--"))
