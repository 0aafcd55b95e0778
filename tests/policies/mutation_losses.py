"""Edits by which something goes missing: a part that is taken away, a word that is spelt wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.policies.mutation_hand import PROSE, Edit, Hand, dotted

_CONDITIONS = ("consent", "known_to_receiver", "agreement_of_source", "four_eyes", "advice")
_WORDS = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_*]+)?")

# what is taken away


def drop_key(hand: Hand) -> Iterator[Edit]:
    yield from (hand.drop("drop a key", part) for part in hand.page.parts if not part.in_list and part.path[-1] not in ("nl", "en"))


def drop_item(hand: Hand) -> Iterator[Edit]:
    yield from (hand.drop("drop an item", part) for part in hand.page.parts if part.in_list)


def drop_label(hand: Hand) -> Iterator[Edit]:
    yield from (hand.drop("drop a label", part) for part in hand.page.parts if part.path[-1] in ("nl", "en"))


def drop_condition(hand: Hand) -> Iterator[Edit]:
    for name in ("conditions", *(f"conditions/{condition}" for condition in _CONDITIONS)):
        yield from (hand.drop("drop a condition", part) for part in hand.parts("articles", "*", *name.split("/")))


def drop_never(hand: Hand) -> Iterator[Edit]:
    yield from (hand.drop("drop a never", part) for part in hand.parts("never", "*"))
    for name in ("classes", "fields", "to", "about"):
        yield from (hand.drop("drop a never", part) for part in hand.parts("never", "*", name, "*"))


def drop_basis(hand: Hand) -> Iterator[Edit]:
    yield from (hand.drop("drop a basis", part) for part in hand.parts("articles", "*", "basis", "giver", "*"))
    yield from (hand.drop("drop a basis", part) for part in hand.parts("articles", "*", "basis", "receiver", "*", "*"))


# what is spelt wrongly


def misspell_name(hand: Hand) -> Iterator[Edit]:
    yield from (hand.put("misspell a name", part, hand.misspelt(part.scalar)) for part in hand.values() if part.scalar in hand.names)


def misspell_key(hand: Hand) -> Iterator[Edit]:
    for part in hand.page.parts:
        if part.key and _WORDS.fullmatch(name := str(part.path[-1])) and len(name) > 1:
            wrong = hand.misspelt(name)
            cuts = ((*part.key, wrong),)
            yield Edit("misspell a key", f"misspell a key: {dotted(part.path)} as `{wrong}`", part.path, cuts, frozenset((name, wrong)))


def misspell_word(hand: Hand) -> Iterator[Edit]:
    for part in hand.values():
        word = str(part.scalar)
        if len(word) > 1 and _WORDS.fullmatch(word) and word not in hand.names and part.path[-1] not in PROSE:
            yield hand.put("misspell a word", part, hand.misspelt(word))
