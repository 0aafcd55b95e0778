"""Single edits of a covenant, as a tired or a cunning hand would make them: each a cut in the text, described in words, seeded.

`edits(page, seed, number)` gives each kind its share. Nothing here knows what an edit ought to bring about: that is for the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from tests.policies.mutation_hand import PROSE, Edit, Hand, dotted
from tests.policies.mutation_losses import (
    drop_basis,
    drop_condition,
    drop_item,
    drop_key,
    drop_label,
    drop_never,
    misspell_key,
    misspell_name,
    misspell_word,
)
from tests.policies.mutation_page import Page, Part

__all__ = ["KINDS", "Edit", "edits"]

_FORMS = ("full", "month", "year", "initials", "postcode4", "present")
_CLASSES = ("ordinary", "special", "criminal", "police_8", "police_9", "secrecy", "bsn")
_PERIOD = re.compile(r"([0-9]+) (minute|hour|day|week|month|year)s?")
_DATE = re.compile(r"([0-9]{4})(-[0-9]{2}-[0-9]{2})")


def edits(page: Page, seed: int, number: int) -> list[Edit]:
    """Edits of all kinds in turn, each kind in an order of its own."""
    random = Random(seed)  # noqa: S311 - a sample, the same one each time
    hand = Hand(page, random)
    kinds = [iter(random.sample(made, len(made))) for kind in KINDS if (made := list(kind(hand)))]
    found: list[Edit] = []
    while kinds and len(found) < number:
        for kind in tuple(kinds):
            edit = next(kind, None)
            if edit is None:
                kinds.remove(kind)
            elif len(found) < number:
                found.append(edit)
    return found


# what becomes wider


def widen_list(hand: Hand) -> Iterator[Edit]:
    wider: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("to", lambda: hand.roles),
        ("phases", lambda: hand.phases),
        ("about", lambda: hand.keys("subjects")),
        ("case_types", lambda: hand.keys("case_types")),
    )
    for key, among in wider:
        for part in hand.parts("articles", "*", key):
            extra = hand.other(among(), *(str(child.scalar) for child in part.children))
            if extra:
                yield hand.add("widen an article", part, extra)


def widen_field(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("articles", "*", "fields"):
        held = sorted({str(child.path[-1]).partition(".")[0] for child in part.children})
        near = [field for field in hand.fields if field.partition(".")[0] in held]
        for among in (near, hand.fields):
            extra = hand.other(among, *(str(child.path[-1]) for child in part.children))
            if extra:
                yield hand.add("add a field", part, f"{extra}: full")


def widen_emergency(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("emergency", "*", "who"):
        yield hand.add("widen an emergency", part, str(hand.other(hand.roles, *(str(child.scalar) for child in part.children))))
    for part in hand.parts("emergency", "*", "fields"):
        for _ in range(4):
            yield hand.add("widen an emergency", part, str(hand.other(hand.fields, *(str(child.scalar) for child in part.children))))


def change_form(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("articles", "*", "fields", "*"):
        yield hand.put("change a form", part, "full" if part.scalar != "full" else str(hand.other(_FORMS, "full")))


def change_delivery(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("data", "*", "delivery"):
        yield hand.put("change the delivery", part, "live" if part.scalar != "live" else "released_by_holder")


def change_shown(hand: Hand) -> Iterator[Edit]:
    for part in hand.values():
        if "shown_as" in part.path and part.scalar in ("full", "open_or_closed"):
            yield hand.put("change what is shown", part, "full" if part.scalar != "full" else "open_or_closed")
    for part in hand.parts("case_types", "*", "shown_as", "*", "participants"):
        extra = hand.other(hand.parties, *(str(child.scalar) for child in part.children))
        if extra:
            yield hand.add("change what is shown", part, extra)


# what becomes something else


def change_reference(hand: Hand) -> Iterator[Edit]:
    groups = (
        hand.parties,
        hand.roles,
        hand.phases,
        hand.fields,
        *(hand.keys(name) for name in ("subjects", "legal_bases", "purposes", "case_types")),
    )
    for part in hand.values():
        for group in groups:
            if part.scalar in group:
                yield hand.put("name another", part, str(hand.other(group, part.scalar)))
                break


def change_holder(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("data", "*", "holder"):
        yield hand.put("change a holder", part, str(hand.other(hand.parties, str(part.scalar))))


def change_class(hand: Hand) -> Iterator[Edit]:
    for part in (
        *hand.parts("data", "*", "classes", "*"),
        *hand.parts("data", "*", "fields", "*", "classes", "*"),
        *hand.parts("never", "*", "classes", "*"),
    ):
        yield hand.put("change a class", part, str(hand.other(_CLASSES, str(part.scalar))))


def change_basis(hand: Hand) -> Iterator[Edit]:
    kinds = ("gdpr6", "gdpr9", "gdpr10", "wpg", "wgs", "secrecy_exception", "bsn", "duty")
    for part in hand.parts("legal_bases", "*", "kind"):
        yield hand.put("change a basis", part, str(hand.other(kinds, str(part.scalar))))
    for part in (*hand.parts("articles", "*", "basis", "giver", "*"), *hand.parts("articles", "*", "basis", "receiver", "*", "*")):
        yield hand.put("change a basis", part, str(hand.other(hand.keys("legal_bases"), str(part.scalar))))


def change_number(hand: Hand) -> Iterator[Edit]:
    for part in hand.values():
        text = str(part.scalar)
        if period := _PERIOD.fullmatch(text):
            number = int(period[1]) * hand.random.choice((2, 10))
            yield hand.put("change a period", part, f"{number} {period[2]}s")
        elif date := _DATE.fullmatch(text):
            yield hand.put("change a date", part, f"{int(date[1]) + hand.random.choice((-1, 1, 5))}{date[2]}")
        elif text.isdecimal() and len(text) >= 8:  # an OIN or a KvK number
            yield hand.put("change a number", part, text[:-1] + str((int(text[-1]) + 1) % 10))
        elif text.isdecimal():
            yield hand.put("change a number", part, str(int(text) + hand.random.choice((1, -1, 5))))


def change_flag(hand: Hand) -> Iterator[Edit]:
    for part in hand.values():
        if part.scalar in ("true", "false"):
            yield hand.put("turn a flag", part, "false" if part.scalar == "true" else "true")


def change_bands(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("**", "bands", "*"):
        number = re.sub(r"[0-9]+", lambda found: str(int(found[0]) + 1), str(part.scalar), count=1)
        yield hand.put("change a band", part, number)


def change_codes(hand: Hand) -> Iterator[Edit]:
    for part in hand.parts("data", "*", "fields", "*", "codes", "only"):
        yield hand.add("add a code", part, hand.random.choice(("ZZZ", "AMB", "HEN", "anders")))


def swap_values(hand: Hand) -> Iterator[Edit]:
    """Two values under keys of one name, in two places of one sort; or two values of one map."""
    by_place: dict[tuple[str | int, ...], list[Part]] = {}
    for part in hand.page.parts:
        if not part.in_list and (part.flow or part.scalar is not None) and part.path[-1] not in ("nl", "en"):
            by_place.setdefault((part.path[0], len(part.path), part.path[-1]), []).append(part)
    for parts in by_place.values():
        for one in parts:
            two = hand.random.choice(parts)
            if hand.page.raw(one) != hand.page.raw(two) and not (one.start <= two.start < one.end or two.start <= one.start < two.end):
                yield hand.swap("swap two values", one, two)
    for one in hand.values():
        for two in hand.page.siblings(one):
            if two.scalar is not None and two.start > one.start and not one.in_list and hand.random.random() < 0.2:
                yield hand.swap("swap two values", one, two)


def swap_parties(hand: Hand) -> Iterator[Edit]:
    for key in ("from", "to"):
        parts = list(hand.parts("articles", "*", key))
        for one in parts:
            two = hand.random.choice(parts)
            if hand.page.raw(one) != hand.page.raw(two):
                yield hand.swap("swap parties", one, two)


def repeat_item(hand: Hand) -> Iterator[Edit]:
    for part in hand.page.parts:
        if part.flow and (part.in_list or part.key):
            words = hand.page.text[part.start : part.end]
            yield Edit("repeat a part", f"repeat a part: {dotted(part.path)}", part.path, ((part.end, part.end, f", {words}"),))


# what changes words, or nothing


def change_prose(hand: Hand) -> Iterator[Edit]:
    yield from (
        hand.put("change the words", part, f"{part.scalar} anders") for part in hand.values() if part.path[-1] in PROSE and part.scalar
    )


def change_comment(hand: Hand) -> Iterator[Edit]:
    for match in re.finditer(r"^ *# [^\n]*$", hand.page.text, re.MULTILINE):
        cut = (match.start(), match.end(), f"{match[0]} anders")
        yield Edit("change a comment", f"change a comment: `{match[0].strip()[:60]}`", (), (cut,))


def change_order(hand: Hand) -> Iterator[Edit]:
    """Two entries of a map, or two items of a list, in each other's place."""
    for one in hand.page.parts:
        siblings = hand.page.siblings(one)
        position = siblings.index(one)
        if one.flow and position + 1 < len(siblings):
            two = siblings[position + 1]
            first, second = hand.page.text[one.start : one.end], hand.page.text[two.start : two.end]
            cuts = ((one.start, one.end, second), (two.start, two.end, first))
            yield Edit("change the order", f"change the order: {dotted(one.path)} and {dotted(two.path)}", one.path, cuts)


KINDS: tuple[Callable[[Hand], Iterator[Edit]], ...] = (
    drop_key,
    drop_item,
    drop_label,
    drop_condition,
    drop_never,
    drop_basis,
    misspell_name,
    misspell_key,
    misspell_word,
    widen_list,
    widen_field,
    widen_emergency,
    change_form,
    change_delivery,
    change_shown,
    change_reference,
    change_holder,
    change_class,
    change_basis,
    change_number,
    change_flag,
    change_bands,
    change_codes,
    swap_values,
    swap_parties,
    repeat_item,
    change_prose,
    change_comment,
    change_order,
)
