"""Exports of the log, with a signed manifest: on the record before the first byte, and again when the last one has been made.

    (1) record    that this reader takes this out, for which purpose; durable, or nothing leaves
    (2) fix       the state of the log that is exported: size and root of each year, and the newest checkpoint
    (3) write     chunk by chunk, as the reader may see it
    (4) record    what was written, with its SHA-256; durable, or there is no manifest
    (5) sign      the manifest

An export that broke off has (1) and no (4): the log over-states what left and never under-states it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Engine

from audit.codes import Pair
from audit.export import Format, Lookup, Writing
from audit.export_source import lookup_in, trees_of
from audit.growth import Position, timestamp
from audit.manifest import Manifest, ManifestSigner, Tree
from audit.query import Search, chunks
from audit.records import Record
from broker.auditing.formats import format_of
from broker.auditing.reading import Question, Reading
from broker.auditing.sought import search_for
from broker.auditing.views import shown
from broker.covenants import Covenants
from broker.subjects import Subjects

#: entries that are read, written and sent at a time
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Export:
    """An export that is on the record and has begun: the `pieces` of its file, to be taken once and in order, then its `manifest`.

    `size` is how many entries the log has, for whoever shows how far it is.
    """

    name: str
    format: Format
    size: int
    pieces: Iterator[bytes]
    writing: Writing
    _finish: _Finish

    def manifest(self) -> str:
        """Steps 4 and 5, once every piece was taken: the manifest as a signed note.

        Raises:
            audit.errors.LogUnavailable: what was written could not be put on the record; the file has no manifest and is worth nothing.
        """
        return self._finish.finish(self.writing)


@dataclass(frozen=True, slots=True)
class _Finish:
    """What is left to do at the end of an export."""

    reading: Reading
    signer: ManifestSigner
    question: Question
    sought: Search
    format: str
    began: Position
    trees: Mapping[int, Tree]

    def finish(self, writing: Writing) -> str:
        written = writing.written
        details = (
            ("format", self.format),
            ("sha256", written.sha256),
            ("entries", str(written.entries)),
            ("records", str(written.records)),
        )
        self.reading.tell("audit.export", self.question, self.sought, command="exported", details=details, ref=self.began.id)
        manifest = Manifest(
            id=self.began.id,
            at=self.began.ts,
            log=self.sought.log,
            format=self.format,
            purpose=self.question.purpose,
            reader=self.question.reader.kind,
            party=self.question.reader.party,
            filters=_said(self.sought),
            trees=tuple(self.trees[year] for year in sorted(self.trees)),
            written=written,
        )
        return self.signer.sign(manifest)


class Exporting:
    """Makes exports. One instance serves all threads of a process."""

    def __init__(self, *, reading: Reading, log_engine: Engine, subjects: Subjects, covenants: Covenants, signer: ManifestSigner) -> None:
        self._reading = reading
        self._engine = log_engine
        self._subjects = subjects
        self._covenants = covenants
        self._signer = signer

    def begin(self, question: Question, form: str) -> Export:
        """Steps 1 and 2; what is returned does step 3 while its pieces are taken.

        Raises:
            PersonSearchRefused: the reader may not search by person.
            ValueError: there is no such format.
            audit.errors.LogUnavailable: it could not be put on the record, so nothing leaves.
        """
        reader = question.reader
        chosen = format_of(form, self._covenants, reader.log)
        sought = search_for(question.filters, reader, self._subjects)
        began = self._reading.tell("audit.export", question, sought, command="export", details=(("format", form),))  # (1)
        trees = trees_of(self._engine, reader.log)  # (2)
        sizes = {year: tree.size for year, tree in trees.items()}
        writing = Writing(chosen, self._lookup(question))
        pieces = writing.pieces(self._chunks(question, sought, sizes))  # (3)
        finish = _Finish(self._reading, self._signer, question, sought, form, began, trees)
        name = f"{reader.log}.{chosen.suffix}"
        return Export(name, chosen, sum(sizes.values()), pieces, writing, finish)

    def _chunks(self, question: Question, sought: Search, sizes: Mapping[int, int]) -> Iterator[tuple[Record, ...]]:
        holder_of = self._reading.holder_of(sought.log)
        for chunk in chunks(self._engine, sought, sizes, CHUNK, subject_keys=self._reading.keys_of(question.reader)):
            yield tuple(shown(record, question.reader, holder_of) for record in chunk)

    def _lookup(self, question: Question) -> Lookup:
        if not question.reader.reads_everything:
            return lambda _: {}  # the decision behind an ask is nobody's own
        return lookup_in(self._engine, self._reading.keys_of(question.reader))


def _said(sought: Search) -> tuple[Pair, ...]:
    """What was sought, as it stands in a manifest: a case and a subject under their pseudonyms."""
    said: list[Pair] = []
    for member in fields(sought):
        value = getattr(sought, member.name)
        if member.name in {"log", "own"} or value is None:
            continue
        said.append((member.name, timestamp(value) if isinstance(value, datetime) else value))
    return tuple(sorted(said))
