"""Examples from the pages about findings, applied to the small covenant beside them: line by line, so that every place can be checked.

A fragment shows the keys from the root down to what it changes. What it names takes the place of what stood there, or is added; a line
`# key: …` takes that key away, and an item of a list that stands twice is added the second time. `# <-- code` stands at the line where a
finding is expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from policies.check import check
from policies.errors import Finding

PAGES = Path(__file__).resolve().parents[3] / "docs" / "findings"
BASE = PAGES / "base.yaml"
#: the day on which the examples are looked at; the small covenant is in the middle of its term
TODAY = date(2026, 6, 1)
EXPECTED = re.compile(r"# <-- ([a-z0-9-]+)")


@dataclass(slots=True)
class Block:
    """A line and what stands under it."""

    head: str
    under: list[Block] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What names it among its neighbours: a key, or the first line of a list's item."""
        text = re.sub(r"\s+#.*$", "", self.head.strip().removeprefix("# "))
        return text if text.startswith("- ") else text.partition(":")[0]

    @property
    def removes(self) -> bool:
        return bool(re.match(r"\s*# [a-z0-9_]+:", self.head))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def blocks(lines: list[str]) -> list[Block]:
    """The lines as a tree by indentation; comments of their own are left out, except those that take a key away."""
    found: list[Block] = []
    for line in lines:
        if not line.strip() or re.match(r"\s*#(?! [a-z0-9_]+: )", line):
            continue
        if found and _indent(line) > _indent(found[0].head):
            found[-1].under.append(Block(line))
        else:
            found.append(Block(line))
    for each in found:
        each.under = blocks([below.head for below in each.under])
    return found


def merge(base: list[Block], fragment: list[Block]) -> list[Block]:
    """The base with what the fragment says instead."""
    merged = list(base)
    for number, part in enumerate(fragment):
        again = any(part.key == before.key for before in fragment[:number])
        here = None if again else next((place for place, block in enumerate(merged) if block.key == part.key), None)
        if part.removes:
            assert here is not None, f"the base has no `{part.key}` to take away"
            del merged[here]
        elif here is None:
            merged.append(part)
        elif part.key.startswith("- ") and not part.under:
            continue
        elif part.under and merged[here].under:
            merged[here] = Block(part.head, merge(merged[here].under, part.under))
        else:
            merged[here] = part
    return merged


def _written(tree: list[Block]) -> list[str]:
    return [line for block in tree for line in (block.head, *_written(block.under))]


def applied(fragment: str) -> str:
    """The small covenant with a fragment applied."""
    return "\n".join(_written(merge(blocks(BASE.read_text(encoding="utf-8").splitlines()), blocks(fragment.splitlines())))) + "\n"


def expected(text: str) -> list[tuple[int, str]]:
    """Each line at which a finding is expected, with its code."""
    return [(number, code) for number, line in enumerate(text.splitlines(), start=1) for code in EXPECTED.findall(line)]


@dataclass(frozen=True, slots=True)
class Example:
    """A fragment of a page, with the codes that the page is about; of a wrong example, those that it expects."""

    page: str
    codes: tuple[str, ...]
    text: str


@cache
def examples(which: str) -> tuple[Example, ...]:
    """The examples under `wrong` or `right` of every page."""
    found = []
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        about = tuple(re.findall(r"`([a-z0-9-]+)`", text.partition("\n")[0]))
        section = re.search(rf"^## [^\n]* · {which}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        for fragment in re.findall(r"^```yaml\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL) if section else ():
            codes = tuple(code for code in EXPECTED.findall(fragment) if code in about) if which == "wrong" else about
            found.append(Example(page.stem, codes, fragment))
    return tuple(found)


@cache
def told_of(fragment: str) -> tuple[Finding, ...]:
    """Everything that is said of the small covenant with a fragment applied."""
    return check(applied(fragment).encode(), "covenant.yaml", TODAY).findings
