"""Holding the query index against what the entries say, without having both in memory.

Every term has a number that is drawn anew at every run, and every entry a sum: what it says is added, what the index says about it is
taken away. Only entries whose sum is not nothing are read again and compared row by row.
"""

from __future__ import annotations

import secrets
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from audit.check_source import LogSource
from audit.postings import ALL, BLOCK, INDEX_MAX, Posting, bits_of, bits_within, indexes_of, is_posting
from audit.terms import SEALED_KINDS, Term
from audit.terms import Kind as TermKind
from audit.verdict import Finding, Kind

#: so many entries are compared row by row; where more differ, the first of them show it
_COMPARED_MAX = 4096
_MASK = 2**64 - 1
#: from indexes in ascending order to what each of these entries can be found by
Recompute: TypeAlias = Callable[[Sequence[int]], Iterable[tuple[int, frozenset[Term]]]]
_KINDS = frozenset(kind.value for kind in TermKind)
_UNOPENED, _UNKNOWN = 1, 2


class TermCheck:
    """The index of one log from `start` on. `expect` or `ignore` is called for every entry in turn, then `findings` once."""

    def __init__(self, source: LogSource, start: int) -> None:
        self._source = source
        self._start = start
        self._salt = secrets.token_hex(16)
        self._sums = array("Q")
        self._flags = bytearray()
        self._whole: dict[int, int] = {}
        self._unopened = False

    def weigh(self, term: Term) -> int:
        """The number of a term in this run, 61 bits that nobody outside it can know."""
        return hash((self._salt, term)) & _MASK

    def expect(self, total: int, *, unopened: bool) -> None:
        """The next entry says so much; `unopened` when it has a subject whose two values are not known."""
        self._sums.append(total & _MASK)
        self._flags.append(_UNOPENED if unopened else 0)
        self._unopened |= unopened

    def ignore(self) -> None:
        """The next entry cannot be read, so what the index says about it is not held against anything."""
        self._sums.append(0)
        self._flags.append(_UNKNOWN)

    def findings(self, recompute: Recompute) -> Iterator[Finding]:
        """Rows that are hidden or foreign. `recompute` says again what these entries can be found by."""
        rows = self._source.terms(self._start)
        if rows is None:
            return
        strays: set[tuple[int | None, str]] = set()
        for row in rows:
            # No more than are named: how many a stranger put there is for the stranger to say.
            strays.update(islice(self._subtract(row), _COMPARED_MAX - len(strays)))
        self._subtract_whole()
        for index, kind in strays:
            yield Finding(self._source.log.origin, index, Kind.INSERTED, _what(kind))
        differing = (at for at, total in enumerate(self._sums) if total and not self._flags[at] & _UNKNOWN)
        wrong = [self._start + at for at, _ in zip(differing, range(_COMPARED_MAX), strict=False)]
        if wrong:
            yield from self._compare(wrong, recompute)

    def _subtract(self, row: Posting) -> Iterable[tuple[int | None, str]]:
        """Take away what one row says, where it says anything about the part that is checked; gives what it says of no entry."""
        kind, value, block, members = row
        if not is_posting(block, members):
            return ((None, kind),)
        start, sums, end = self._start, self._sums, self._start + len(self._sums)
        number = self.weigh((kind, value))
        first, beyond = block * BLOCK - start, 0
        if first < 0 or first + BLOCK > len(sums):
            beyond = members & bits_within(block, end, INDEX_MAX)
            members &= bits_within(block, start, end)
        elif members.bit_count() > BLOCK // 2 and not (self._unopened and kind in SEALED_KINDS):
            # Most of a log is what neighbours have in common: taken from all of them at once, and given back to those who have it not.
            self._whole[block] = self._whole.get(block, 0) + number
            members, number = ALL ^ members, -number
        if self._unopened and kind in SEALED_KINDS:
            self._subtract_sealed(kind, number, indexes_of(block, members))
            members = 0
        while members:
            low = members & -members
            at = first + low.bit_length() - 1
            sums[at] = (sums[at] - number) & _MASK
            members ^= low
        return ((index, kind) for index in indexes_of(block, beyond)) if beyond else ()

    def _subtract_whole(self) -> None:
        for block, number in self._whole.items():
            first = block * BLOCK - self._start
            for at in range(first, first + BLOCK):
                self._sums[at] = (self._sums[at] - number) & _MASK

    def _subtract_sealed(self, kind: str, number: int, indexes: Iterable[int]) -> None:
        """Of an entry whose subject was not opened, only that there is one row is held against the index."""
        blank = self.weigh((kind, ""))
        for index in indexes:
            at = index - self._start
            self._sums[at] = (self._sums[at] - (blank if self._flags[at] & _UNOPENED else number)) & _MASK

    def _compare(self, wrong: Sequence[int], recompute: Recompute) -> Iterator[Finding]:
        """Name what differs; the index is read once more, for these entries alone."""
        found: dict[int, Counter[Term]] = {index: Counter() for index in wrong}
        blocks = bits_of(wrong)
        for kind, value, block, members in self._source.terms(self._start) or ():
            for index in indexes_of(block, members & blocks[block]) if block in blocks and is_posting(block, members) else ():
                sealed = kind in SEALED_KINDS and self._flags[index - self._start] & _UNOPENED
                found[index][kind, "" if sealed else value] += 1
        for index, terms in recompute(wrong):
            expected = Counter(terms)
            for term in sorted((expected - found[index]) | (found[index] - expected)):
                kind = Kind.HIDDEN if expected[term] > found[index][term] else Kind.INSERTED
                yield Finding(self._source.log.origin, index, kind, _what(term[0]))


def _what(kind: str) -> str:
    return f"term.{kind}" if kind in _KINDS else "term"
