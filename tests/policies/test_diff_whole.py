"""Nothing of a covenant changes in silence: every leaf is changed and every part taken out, and the diff says it or the part is of words.

The covenant that is bent says everything that the language can say; a key that the language gains and that nobody judged fails here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeVar

import pytest

from policies.compile import compile_covenant
from policies.diff import diff
from policies.effects.terms import PARTS, TERMS
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.policy import Policy
from policies.schema import COVENANT
from policies.shape import Many, MapOf, Record
from tests.policies.bending import BENT, WHOLE, Step, Tree, instead, leaves, others, parts, without
from tests.policies.reference_diff import reference_diff, seen_of

T = TypeVar("T")


#: what is said to people and decides nothing, wherever it stands
WORDS = frozenset(
    {"title", "nl", "en", "because", "necessity", "dpv", "activity", "activities", "version", "supersedes", "means", "statements", "how"}
)
#: names that only the text itself uses: what they stand for is compared, and not what it is called
NAMES = frozenset({("articles", "article"), ("handovers", "handover"), ("never", "statement")})


def is_words(path: Step) -> bool:
    where = [part for part in path if isinstance(part, str)]
    return (
        bool(WORDS.intersection(where))
        or tuple(where) in NAMES
        or (where[0] == "parties" and where[-1] == "name")
        or (where[0] == "parties" and "organs" in where and len(where) == 4)  # what an organ is called; that there is one counts
        or (where[:2] == ["legal_bases", "given"])  # a basis that nothing rests on
        or path == ("covenant",)
    )


@pytest.fixture(scope="module")
def whole() -> Policy:
    return compile_covenant(load_covenant(BENT))


#: of the parts that decide every so many are tried: in `make soak` each of them
EVERY = [pytest.param(1, marks=pytest.mark.soak), 3]


def some(found: Iterable[T], path: Callable[[T], Step], every: int) -> Iterator[T]:
    """One in so many of the parts that decide, and of those that are of words a fifth of that: they are many, and alike."""
    for number, each in enumerate(found):
        if number % (5 * every if is_words(path(each)) else every) == 0:
            yield each


def compiled(tree: dict[str, Tree]) -> Policy | None:
    """The bent covenant, where it is still one."""
    try:
        return compile_covenant(load_covenant(json.dumps(tree).encode()))
    except CovenantErrors:
        return None


def silent(whole: Policy, path: Step, new: Policy) -> str | None:
    """What is wrong with what the diff says of a change at this place."""
    found = diff(whole, new)
    if new.covenant_sha256 == whole.covenant_sha256:
        return f"{path}: equal texts differ" if found.changes else None
    if seen_of(found) != reference_diff(whole.covenant, new.covenant):
        return f"{path}: the reference says otherwise"
    if is_words(path):
        return f"{path} is of words, and {found.changes[0]} is said" if found.changes else None
    return None if found.changes else f"{path} changed in silence"


@pytest.mark.parametrize("every", EVERY)
def test_every_leaf_that_changes_is_an_effect_or_a_word(whole: Policy, every: int) -> None:
    tried, wrong = set(), []
    for path, leaf in some(leaves(WHOLE), lambda each: each[0], every):
        for value in others(leaf):
            new = compiled(instead(path, value))
            if new is not None:
                tried.add(path)
                wrong.append(silent(whole, path, new))
                break
    assert [each for each in wrong if each] == []
    assert len(tried) > 170 // every - 10


@pytest.mark.parametrize("every", EVERY)
def test_every_part_that_is_taken_out_is_an_effect_or_a_word(whole: Policy, every: int) -> None:
    tried, wrong = 0, []
    for path in some(parts(WHOLE), lambda each: each, every):
        new = compiled(without(path))
        if new is not None:
            tried += 1
            wrong.append(silent(whole, path, new))
    assert [each for each in wrong if each] == []
    assert tried > 100 // every - 10


def test_the_bent_covenant_says_all_that_the_language_can_say() -> None:
    """So that a key which the language gains is bent above, or stands below with its reason."""
    said = {str(part) for path in chain(parts(WHOLE)) for part in path}
    known = set(keys_of(COVENANT))
    assert known - said == UNSAID


#: keys that this covenant does not say, each in a test of its own
UNSAID = {
    "wpg20",  # only of the police, who are no party here: tests/policies/test_diff.py
    "interest",
}


def keys_of(shape: object) -> Iterator[str]:
    """The names of all keys of the language."""
    match shape:
        case Record():
            for key in shape.keys:
                yield key.name
                yield from keys_of(key.shape)
        case Many():
            yield from keys_of(shape.each)
        case MapOf():
            yield from keys_of(shape.each)


def test_every_row_of_the_table_has_a_name_of_its_own() -> None:
    names = [term.name for term in TERMS]
    assert len(names) == len(set(names))
    assert set(names) | {"emergency", "handover", "never"} == set(PARTS)
