"""A difference in a terminal: a paragraph per change, folded at the width of the screen, with a sign that needs no colour."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from broker.documents.difference import FieldLine, Said, TermLine
from broker.documents.difference_words import EFFECT, SIGN
from policies.diff import Effect
from policies.policy import Policy
from policies.values import Label
from policies.wording import in_language

_INDENT = 4


def difference_text(said: Said, width: int = 100) -> str:
    """The whole difference; ends with one line break."""
    return "\n".join(difference_lines(said, width)) + "\n"


def difference_lines(said: Said, width: int = 100) -> Iterator[str]:
    """Which two texts, the verdict, then every line, what widens first."""
    yield f"{_version(said.diff.old)} → {_version(said.diff.new)}"
    yield said.verdict
    yield from effect_lines(said, width)


def effect_lines(said: Said, width: int = 100) -> Iterator[str]:
    """The lines of every effect under its name, and nothing where there is none."""
    for effect in Effect:
        fields, terms = said.of(effect)
        if not (fields or terms):
            continue
        yield ""
        yield f"{in_language(EFFECT[effect], said.language)} ({sum(line.count for line in fields) + sum(term.count for term in terms)})"
        for line in fields:
            yield from _field(said, line, width)
        for term in terms:
            yield from _term(term, width)


def _field(said: Said, line: FieldLine, width: int) -> Iterator[str]:
    yield from _folded(f"{SIGN[line.effect]} {line.who} {line.what}", width, 2)
    for field in line.fields:
        yield from _folded(f"    {field}", width, 6)
    if line.where:
        yield from _folded(f"    {line.where}", width, _INDENT)
    yield from _folded(f"    {in_language(Label('was', 'was'), said.language)}: {line.before}", width, _INDENT + 2)
    yield from _folded(f"    {in_language(Label('wordt', 'becomes'), said.language)}: {line.after}", width, _INDENT + 2)


def _term(line: TermLine, width: int) -> Iterator[str]:
    of = f" ({line.of})" if line.of else ""
    yield from _folded(f"{SIGN[line.effect]} {line.term}{of}: {line.change}", width, _INDENT)


def _folded(text: str, width: int, indent: int) -> list[str]:
    return wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False) or [""]


def _version(policy: Policy) -> str:
    covenant = policy.covenant
    return f"{covenant.id} {covenant.version} ({policy.covenant_sha256[:12]})"
