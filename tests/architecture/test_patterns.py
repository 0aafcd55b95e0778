"""No pattern runs for ever: each is matched against hostile text by a backtracking matcher that counts its steps.

Python's own matcher says nothing of its steps, and a clock would be a coin. This one goes the same way, through the same parsed pattern.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

import audit
import broker
import connectors
import policies
from tests.docs.pages import ROOT

PACKAGES = (audit, broker, connectors, policies)
#: how many times a unit stands in hostile text, and twice that
SHORT, LONG = 12, 24
#: a pattern whose steps grow as its text does takes twice as many for twice the text, and one that tries again at every place four times
MOST_TIMES = 2.5
ENOUGH = 200_000

ONE = {"LITERAL", "NOT_LITERAL", "ANY", "IN"}
REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
Nodes = list[tuple[Any, Any]]
After = Callable[[int], bool]


class TooManySteps(AssertionError):  # noqa: N818 - what happened
    """A pattern that would not end."""


class Matcher:
    """Matches as `re` does, and counts. Groups hold nothing, so a reference to one takes nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0

    def run(self, nodes: Nodes, at: int, after: After) -> bool:
        self.tick()
        if not nodes:
            return after(at)
        (operation, value), rest = nodes[0], nodes[1:]
        name = str(operation)
        if name in ONE:
            return at < len(self.text) and takes(name, value, self.text[at]) and self.run(rest, at + 1, after)
        if name in REPEATS:
            return self.repeat(value, rest, at, after, 0)
        return any(self.run([*inner, *rest], at, after) for inner in self.alternatives(name, value, at))

    def alternatives(self, name: str, value: Any, at: int) -> Iterator[Nodes]:  # noqa: ANN401 - a parsed pattern
        """What may stand in the place of a node that takes nothing by itself; nothing where it does not hold."""
        if name == "SUBPATTERN":
            yield list(value[3])
        elif name == "ATOMIC_GROUP":
            yield list(value)
        elif name == "BRANCH":
            yield from (list(branch) for branch in value[1])
        elif name in {"ASSERT", "ASSERT_NOT"}:
            found = value[0] < 0 or self.run(list(value[1]), at, lambda _: True)
            yield from [[]] if found is (name == "ASSERT") else []
        elif name != "AT" or "END" not in str(value) or at == len(self.text):
            yield []

    def repeat(self, value: tuple[int, int, Any], rest: Nodes, at: int, after: After, done: int) -> bool:
        self.tick()
        least, most, item = value
        if done < most and self.run(list(item), at, lambda next_: next_ != at and self.repeat(value, rest, next_, after, done + 1)):
            return True
        return done >= least and self.run(rest, at, after)

    def tick(self) -> None:
        self.steps += 1
        if self.steps > ENOUGH:
            raise TooManySteps


def takes(name: str, value: Any, character: str) -> bool:  # noqa: ANN401 - a parsed pattern
    if name == "ANY":
        return character != "\n"
    if name == "LITERAL":
        return ord(character) == value
    if name == "NOT_LITERAL":
        return ord(character) != value
    negated = bool(value) and str(value[0][0]) == "NEGATE"
    return any(holds(str(kind), held, character) for kind, held in value[negated:]) is not negated


def holds(kind: str, held: Any, character: str) -> bool:  # noqa: ANN401 - a parsed pattern
    if kind == "RANGE":
        return bool(held[0] <= ord(character) <= held[1])
    if kind == "CATEGORY":
        told = {"DIGIT": character.isdigit(), "SPACE": character.isspace(), "WORD": character.isalnum() or character == "_"}
        of, negated = str(held).removeprefix("CATEGORY_").rpartition("_")[2], "NOT_" in str(held)
        return told[of] is not negated
    return ord(character) == held


def sample(nodes: Nodes) -> str:
    """A short text that the nodes match, or near enough to come as far as they go."""
    text = ""
    for operation, value in nodes:
        name = str(operation)
        if name in ONE:
            text += next((one for one in map(chr, [*range(97, 123), *range(32, 127), 9, 10, 233]) if takes(name, value, one)), "?")
        elif name in REPEATS:
            text += sample(list(value[2])) * min(value[0], 40)
        elif name == "SUBPATTERN":
            text += sample(list(value[3]))
        elif name == "BRANCH":
            text += sample(list(value[1][0]))
    return text


def hostile(nodes: Nodes, before: str = "") -> Iterator[tuple[str, str]]:
    """(what comes before, what is repeated) for every repetition in a pattern, however deep."""
    for place, (operation, value) in enumerate(nodes):
        name, prefix = str(operation), before + sample(nodes[:place])
        if name in REPEATS:
            unit = sample(list(value[2])) or "a"
            follows = sample(nodes[place + 1 :])
            yield from ((prefix, one) for one in {unit, unit[:1], unit + follows[:1], follows[:1] or unit})
            yield from hostile(list(value[2]), prefix)
        elif name == "SUBPATTERN":
            yield from hostile(list(value[3]), prefix)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from hostile(list(branch), prefix)


def steps_of(nodes: Nodes, text: str) -> int:
    """Steps until it is clear that a text does not match as a whole."""
    matcher = Matcher(text)
    matcher.run(nodes, 0, lambda at: at == len(text))
    return matcher.steps


def worst(pattern: str) -> float:
    """How many times the steps that twice the text takes, in the worst case found; infinite where they do not end."""
    nodes: Nodes = list(re._parser.parse(pattern))  # type: ignore[attr-defined]  # the parser that `re` has
    found = 1.0
    for before, unit in hostile(nodes):
        try:
            short, long = (steps_of(nodes, before + unit * times + "\x01") for times in (SHORT, LONG))
        except TooManySteps:
            return float("inf")
        # a handful of steps more is no growth
        found = max(found, long / short if long > 200 else 1.0)
    return found


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns() -> dict[str, str]:
    """Every pattern of ours by its text, with where it stands: those that modules hold, and those that are written where they are used."""
    found: dict[str, str] = {}
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                found.setdefault(value.pattern, module.__name__)
    for package in PACKAGES:
        for path in (ROOT / package.__name__).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                    first = node.args[0] if node.args else None
                    if node.func.value.id == "re" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.setdefault(first.value, str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("pattern", [r"(a+)+\Z", r"(a|a)*b", r"([a-z]+)*[0-9]", r"Bearer (x+x+)+y", r"(?:[0-9]+|[0-9]{2})+z"])
def test_a_pattern_that_runs_for_ever_is_found(pattern: str) -> None:
    assert worst(pattern) == float("inf")


@pytest.mark.parametrize("pattern", [r"a*a*b", r"\s*x?\s*y", r"a*a*a*b"])
def test_a_pattern_that_tries_again_at_every_place_is_found(pattern: str) -> None:
    assert worst(pattern) > MOST_TIMES


def test_every_pattern_takes_steps_as_its_text_is_long_and_no_more() -> None:
    found = patterns()
    assert len(found) > 100
    assert {where: pattern for pattern, where in found.items() if worst(pattern) > MOST_TIMES} == {}
