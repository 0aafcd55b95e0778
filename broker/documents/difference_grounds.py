"""Grounds in law, apart from what they are called in a covenant, and lists in a covenant's own order."""

from __future__ import annotations

from collections.abc import Iterable

from broker.documents.matrix_words import Naming
from broker.documents.wording_codes import law_named
from policies.effects.offers import Ground, Offer


def in_order(known: Iterable[str], values: Iterable[str]) -> list[str]:
    """The values in the order of what is known, and then whatever else there is."""
    wanted = frozenset(values)
    ordered = [name for name in known if name in wanted]
    return [*ordered, *sorted(wanted.difference(ordered))]


def grounds_of(offers: Iterable[Offer]) -> frozenset[tuple[str, Ground]]:
    """Every ground of these offers with its side: `giver`, `receiver`, and the police's decision as `wpg20`."""
    found: set[tuple[str, Ground]] = set()
    for offer in offers:
        found.update(("giver", ground) for ground in offer.grounds.giver)
        found.update(("receiver", ground) for ground in offer.grounds.receiver)
        found.update(("wpg20", said) for said in (offer.grounds.wpg20,) if said)
    return frozenset(found)


def ground_in_words(naming: Naming, side: str, ground: Ground) -> str:
    """`AVG 6(1)(e) Gemeentewet 172`: the law and article of a ground and what it rests on; of the police's decision all its elements."""
    if side == "wpg20":
        return "; ".join(ground)
    _, law, *rest = ground
    return " ".join(part for part in (naming.words(law_named(law)), *rest) if part)


def grounds_in_words(naming: Naming, side: str, grounds: Iterable[Ground]) -> str:
    """Several grounds of one side."""
    return ", ".join(ground_in_words(naming, side, ground) for ground in sorted(grounds)) or "–"
