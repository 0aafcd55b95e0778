"""The query index as it is kept: a row says which of 32 neighbouring entries hold a term.

Most terms of an entry are those of its neighbours as well (a type, a party, the fields of a covenant): a row for each term of each
entry would be most of the database, and most of what writing and verifying it cost. Several rows may speak of the same term and
the same neighbours, folded at different times; they never name an entry twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from audit.terms import unpack_terms

#: so many neighbours are in one row; a power of two, small enough that every database counts their bits without a sign
BLOCK = 32
_SHIFT = BLOCK.bit_length() - 1
#: every bit of a row
ALL = (1 << BLOCK) - 1
#: beyond every index
INDEX_MAX = 2**62

#: (kind, value, block, members): bit n of `members` is the entry at block * 32 + n
Posting: TypeAlias = tuple[str, str, int, int]


def postings_of(waiting: Sequence[tuple[int, str]]) -> list[Posting]:
    """The rows for entries that wait in `audit_recent`, given as index and packed terms; in the order of the key."""
    blocks: dict[int, dict[str, int]] = {}
    for index, packed in waiting:
        members, bit = blocks.setdefault(block_of(index), {}), bit_of(index)
        # Neighbours have most terms in common, so what is packed is taken apart as text, and read once for all of them.
        for one in packed[2:-2].split("],["):
            members[one] = members.get(one, 0) | bit
    try:
        found = _read(blocks)
    except (ValueError, TypeError, RecursionError):
        # Somebody wrote there who is not us: each entry by itself, so that the others are found by what is theirs.
        found = {}
        for index, packed in waiting:
            for kind, value in unpack_terms(packed):
                key = kind, value, block_of(index)
                found[key] = found.get(key, 0) | bit_of(index)
    return [(*key, bits) for key, bits in sorted(found.items())]


def _read(blocks: Mapping[int, Mapping[str, int]]) -> dict[tuple[str, str, int], int]:
    """Raises ValueError or TypeError: one of these is no term."""
    found: dict[tuple[str, str, int], int] = {}
    for block, members in blocks.items():
        terms = json.loads("[[" + "],[".join(members) + "]]")
        for (kind, value), bits in zip(terms, members.values(), strict=True):
            key = str(kind), str(value), block
            found[key] = found.get(key, 0) | bits
    return found


def block_of(index: int) -> int:
    """The block that an entry is in."""
    return index >> _SHIFT


def bit_of(index: int) -> int:
    """The entry among its neighbours."""
    return 1 << (index & (BLOCK - 1))


def bits_of(indexes: Iterable[int]) -> dict[int, int]:
    """Entries by their blocks."""
    found: dict[int, int] = {}
    for index in indexes:
        block = block_of(index)
        found[block] = found.get(block, 0) | bit_of(index)
    return found


def bits_within(block: int, start: int, end: int) -> int:
    """Those of a block that are at `start` or later and before `end`."""
    first = block << _SHIFT
    below = (1 << max(0, min(end - first, BLOCK))) - 1
    return below & ~((1 << max(0, min(start - first, BLOCK))) - 1)


def indexes_of(block: int, members: int) -> Iterator[int]:
    """The entries that a row names, in ascending order."""
    first = block << _SHIFT
    while members:
        low = members & -members
        yield first + low.bit_length() - 1
        members ^= low


def is_posting(block: object, members: object) -> bool:
    """Whether these are numbers as they are written here: what a stranger put there may be anything, or of no entry that could ever be."""
    return type(block) is int and type(members) is int and 0 <= block < block_of(INDEX_MAX) and 0 < members <= ALL
