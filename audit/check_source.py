"""What a verifier reads a log from: a database, or a bundle of one. Rows come as they stand there, and none of them is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from audit.database import KeptLog
from audit.postings import Posting

#: (name, salt, body, id of the key that seals it)
SectionRow: TypeAlias = tuple[str, bytes, bytes, str | None]
#: (index, id, leaf hash, envelope, sections); the id is None where there are sections and no leaf
EntryRow: TypeAlias = tuple[int, str | None, bytes, bytes, Sequence[SectionRow]]
#: (level, i, hash)
NodeRow: TypeAlias = tuple[int, int, bytes]


class LogSource(Protocol):
    """One log. Everything may be read more than once, and streams: it need not fit in memory."""

    @property
    def log(self) -> KeptLog:
        """The head as it claims to be."""

    @property
    def left_out(self) -> frozenset[str]:
        """The names of the sections that were left out on purpose, and so are not missed."""

    @property
    def subjects_opened(self) -> bool:
        """Whether a subject section without the id of a key stands here in plain text."""

    def entries(self, start: int) -> Iterator[EntryRow]:
        """Every leaf from an index on with the sections beside it, in the order in which they are kept."""

    def nodes(self) -> Iterator[NodeRow]:
        """Every stored node, by level and place."""

    def nodes_of(self, level: int) -> Iterator[NodeRow]:
        """The stored nodes of one level."""

    def terms(self, start: int) -> Iterator[Posting] | None:
        """The query index from an index on, in any order; None where it was left out on purpose."""

    def notes(self) -> Iterator[tuple[int, str]]:
        """(size, note) of every signed checkpoint, with the lines of its witnesses."""
