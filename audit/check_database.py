"""A log as a database keeps it, read for a verifier or for a bundle: few queries, driver rows, no objects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice

from sqlalchemy import Connection, and_, or_, select, tuple_

from audit.check_source import EntryRow, NodeRow, SectionRow
from audit.database import KeptLog, rows_of
from audit.note import SIGNATURES_MAX
from audit.postings import INDEX_MAX, Posting, bit_of, block_of
from audit.tables import checkpoint, cosignature, leaf, node, recent, section, term
from audit.terms import unpack_terms

_CHUNK = 1000
#: a chunk has three sections an entry; where there are more, somebody put them there, and the first of them show it
_SECTIONS_MAX = 10 * _CHUNK
_PAGE = 50_000


class DatabaseSource:
    """See `LogSource`; valid as long as its connection's snapshot."""

    left_out: frozenset[str] = frozenset()
    subjects_opened = False

    def __init__(self, connection: Connection, log: KeptLog, *, cosigned: bool = True) -> None:
        self._connection = connection
        self._cosigned = cosigned
        self.log = log

    def entries(self, start: int) -> Iterator[EntryRow]:
        """See `LogSource.entries`."""
        columns = select(leaf.c.idx, leaf.c.id, leaf.c.leaf_hash, leaf.c.envelope).where(leaf.c.log_id == self.log.log_id)
        while rows := rows_of(self._connection, columns.where(leaf.c.idx >= start).order_by(leaf.c.idx).limit(_CHUNK)):
            last = rows[-1][0]
            sections = self._sections(start, last)
            for index, entry_id, digest, envelope in rows:
                yield index, entry_id, digest, envelope.encode(), sections.pop(index, ())
            yield from ((index, None, b"", b"", parts) for index, parts in sections.items())
            start = last + 1
        strays = self._sections(max(start, self.log.size), INDEX_MAX)
        yield from ((index, None, b"", b"", parts) for index, parts in strays.items())

    def nodes(self) -> Iterator[NodeRow]:
        """See `LogSource.nodes`."""
        key = (node.c.level, node.c.i)
        page = select(*key, node.c.hash).where(node.c.log_id == self.log.log_id).order_by(*key).limit(_PAGE)
        rows = rows_of(self._connection, page)
        while rows:
            yield from rows
            level, i, _ = rows[-1]
            rows = rows_of(self._connection, page.where(or_(node.c.level > level, and_(node.c.level == level, node.c.i > i))))

    def nodes_of(self, level: int) -> Iterator[NodeRow]:
        """See `LogSource.nodes_of`."""
        page = select(node.c.level, node.c.i, node.c.hash).where(node.c.log_id == self.log.log_id, node.c.level == level)
        page = page.order_by(node.c.i).limit(_PAGE)
        rows = rows_of(self._connection, page)
        while rows:
            yield from rows
            rows = rows_of(self._connection, page.where(node.c.i > rows[-1][1]))

    def terms(self, start: int) -> Iterator[Posting]:
        """See `LogSource.terms`: what is folded, and what waits."""
        key = (term.c.kind, term.c.value, term.c.block, term.c.members)
        page = select(*key).where(term.c.log_id == self.log.log_id)
        page = (page.where(term.c.block >= block_of(start)) if start else page).order_by(*key).limit(_PAGE)
        rows = rows_of(self._connection, page)
        while rows:
            yield from rows
            rows = rows_of(self._connection, page.where(tuple_(*key) > rows[-1])) if len(rows) == _PAGE else []
        for index, packed in rows_of(self._connection, select(recent.c.idx, recent.c.terms).where(recent.c.log_id == self.log.log_id)):
            place = (block_of(index), bit_of(index)) if type(index) is int and index >= 0 else (-1, 0)
            yield from ((kind, value, *place) for kind, value in unpack_terms(packed))

    def notes(self) -> Iterator[tuple[int, str]]:
        """See `LogSource.notes`: as it was published, with the last word of each witness. One that sees a quiet log again every hour
        has said more about it than a note holds.
        """
        cosigned = select(cosignature.c.size, cosignature.c.vkey, cosignature.c.line).where(cosignature.c.log_id == self.log.log_id)
        ordered = cosigned.order_by(cosignature.c.size, cosignature.c.vkey, cosignature.c.at_s)
        last = {(size, vkey): line for size, vkey, line in (rows_of(self._connection, ordered) if self._cosigned else ())}
        by_size = {
            size: "".join(line if line.endswith("\n") else f"{line}\n" for _, line in islice(lines, SIGNATURES_MAX - 1))
            for size, lines in groupby(last.items(), lambda one: one[0][0])
        }
        signed = select(checkpoint.c.size, checkpoint.c.note).where(checkpoint.c.log_id == self.log.log_id).order_by(checkpoint.c.size)
        for size, note in rows_of(self._connection, signed):
            yield size, note + by_size.get(size, "")

    def _sections(self, start: int, end: int) -> dict[int, list[SectionRow]]:
        columns = select(section.c.idx, section.c.name, section.c.salt, section.c.body, section.c.key_id)
        inside = columns.where(section.c.log_id == self.log.log_id, section.c.idx >= start, section.c.idx <= end)
        found: dict[int, list[SectionRow]] = {}
        for index, *part in rows_of(self._connection, inside.order_by(section.c.idx, section.c.name).limit(_SECTIONS_MAX)):
            found.setdefault(index, []).append(tuple(part))
        return found
