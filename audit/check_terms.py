"""Holding the query index against what the entries say, without having both in memory.

Both sides are summed per bucket of entries, each row as a hash that is keyed anew at every run; only a bucket whose sums differ is
read again and compared row by row.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, select, tuple_

from audit.database import KeptLog, rows_of
from audit.tables import recent, term
from audit.terms import SEALED_KINDS, Term, unpack_terms
from audit.verdict import Finding, Kind

BUCKET = 4096
_PAGE = 50_000
_MASK = 2**64 - 1

#: one row of the index as it is compared: the value of a sealed kind is left out where its section was not opened
_Row = tuple[int, str, str]


class TermCheck:
    """The index of one log. `expect` is called for every entry in turn, then `findings` once."""

    def __init__(self, connection: Connection, log: KeptLog) -> None:
        self._connection = connection
        self._log = log
        self._salt = secrets.token_hex(16)
        self._sums: dict[int, int] = {}
        self._unopened: set[int] = set()
        self._unknown: set[int] = set()

    def expect(self, index: int, terms: frozenset[Term], *, unopened: bool) -> None:
        """What the entry at `index` says; `unopened` when it has a subject whose two terms cannot be computed."""
        total = sum(hash((self._salt, index, kind, value)) for kind, value in terms)
        if unopened:
            self._unopened.add(index)
            total += sum(hash((self._salt, index, kind, "")) for kind in SEALED_KINDS)
        bucket = index // BUCKET
        self._sums[bucket] = (self._sums.get(bucket, 0) + total) & _MASK

    def ignore(self, index: int) -> None:
        """The entry at `index` cannot be read, so what the index says about it is not held against anything."""
        self._unknown.add(index)

    def findings(self, recompute: Callable[[int, int], Iterator[tuple[int, frozenset[Term]]]]) -> Iterator[Finding]:
        """Rows that are hidden or foreign. `recompute(start, end)` says again what the entries of a bucket say."""
        sums = dict(self._sums)
        for index, kind, value in self._rows():
            bucket = index // BUCKET
            sums[bucket] = (sums.get(bucket, 0) - hash((self._salt, index, kind, value))) & _MASK
        for bucket in sorted(bucket for bucket, total in sums.items() if total):
            yield from self._compare(bucket, recompute)

    def _compare(self, bucket: int, recompute: Callable[[int, int], Iterator[tuple[int, frozenset[Term]]]]) -> Iterator[Finding]:
        start, end = bucket * BUCKET, (bucket + 1) * BUCKET
        expected: Counter[_Row] = Counter()
        for index, terms in recompute(start, end):
            expected.update((index, kind, value) for kind, value in terms)
            if index in self._unopened:
                expected.update((index, kind, "") for kind in SEALED_KINDS)
        found: Counter[_Row] = Counter(row for row in self._rows() if start <= row[0] < end)
        for row in sorted((expected - found) | (found - expected)):
            yield Finding(self._log.origin, row[0], Kind.HIDDEN if expected[row] > found[row] else Kind.INSERTED, f"term.{row[1]}")

    def _rows(self) -> Iterator[_Row]:
        for index, kind, value in self._stored():
            if index not in self._unknown:
                yield (index, kind, "") if kind in SEALED_KINDS and index in self._unopened else (index, kind, value)

    def _stored(self) -> Iterator[_Row]:
        key = (term.c.kind, term.c.value, term.c.idx)
        page = select(*key).where(term.c.log_id == self._log.log_id).order_by(*key).limit(_PAGE)
        rows = rows_of(self._connection, page)
        while rows:
            yield from ((index, kind, value) for kind, value, index in rows)
            rows = rows_of(self._connection, page.where(tuple_(*key) > rows[-1]))
        for index, packed in rows_of(self._connection, select(recent.c.idx, recent.c.terms).where(recent.c.log_id == self._log.log_id)):
            yield from ((index, kind, value) for kind, value in unpack_terms(packed))
