"""Exchanges that took place, for the interface's description: recorded by a test from a staged house, and played again by it.

The file beside this module is written by `python -m tests.interface.recording`; nothing in it is anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from broker.problem import Problem

FILE = "examples.json"


@dataclass(frozen=True, slots=True)
class Example:
    """One exchange: what was asked, and what was answered. `body` and `answer` are None where there is none, or where it is no text."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object
    answer: object


def example_of(operation: str) -> Example | None:
    """The exchange that was recorded for an operation; None where there is none yet."""
    found = _recorded()["operations"].get(operation)
    return None if found is None else Example(**{name: found[name] for name in Example.__slots__})


def problem_example(problem: Problem) -> Mapping[str, object]:
    """A refusal as it was answered, or its fixed members where it cannot be brought about."""
    found: Mapping[str, object] = _recorded()["problems"].get(problem.slug, problem.document())
    return found


@cache
def _recorded() -> Mapping[str, Mapping[str, Any]]:
    recorded: Mapping[str, Mapping[str, Any]] = json.loads(files("broker.api").joinpath(FILE).read_text(encoding="utf-8"))
    return recorded
