"""Exports of the log: the same entries as lines of JSON, as CSV, as records of Logboek Dataverwerkingen or of Authorization Decision Log.

A format turns chunks of entries into pieces of a file, one after the other, so that a log of any size passes through a little memory. It
writes what it is handed; who may see what of an entry was decided before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from audit.entry import Core
from audit.evaluations import evaluation_members
from audit.manifest import Written
from audit.note import base64_text
from audit.records import Record

#: the entries of these ids, as far as there are such: a record of a standard may need the decision that an entry closes
Lookup: TypeAlias = Callable[[Sequence[str]], Mapping[str, Record]]

#: a cell that begins with one of these is a formula to a spreadsheet (OWASP, CSV injection)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")

COLUMNS = (
    *("origin", "index", "time", "id", "type", "disclosure", "outcome", "reasons", "requester", "holders", "purpose", "articles"),
    *("covenant", "version", "requested", "released", "withheld", "unavailable", "command", "details", "trace"),
    *("professional", "role", "case", "subject"),
)


@dataclass(frozen=True, slots=True)
class Format:
    """How entries are written. `records` gives one text per record, without what stands between records."""

    name: str
    suffix: str
    media_type: str
    records: Callable[[Sequence[Record], Lookup], Iterable[str]]
    head: str = ""
    between: str = ""
    tail: str = ""


class Writing:
    """One export while it is written: counts and hashes what passes. Used once."""

    def __init__(self, form: Format, lookup: Lookup) -> None:
        self._form = form
        self._lookup = lookup
        self._digest = hashlib.sha256()
        self._entries = self._records = self._octets = 0

    def pieces(self, chunks: Iterable[Sequence[Record]]) -> Iterator[bytes]:
        """The file, piece by piece."""
        yield self._passed(self._form.head)
        for chunk in chunks:
            self._entries += len(chunk)
            texts = list(self._form.records(chunk, self._lookup))
            joined = self._form.between.join(texts)
            yield self._passed(self._form.between + joined if self._records and texts else joined)
            self._records += len(texts)
        yield self._passed(self._form.tail)

    @property
    def entries(self) -> int:
        """How many entries have passed so far."""
        return self._entries

    @property
    def written(self) -> Written:
        """What was written; of the whole file once the last piece was taken."""
        return Written(self._entries, self._records, self._octets, self._digest.hexdigest())

    def _passed(self, text: str) -> bytes:
        piece = text.encode()
        self._digest.update(piece)
        self._octets += len(piece)
        return piece


def json_lines(records: Sequence[Record], _lookup: Lookup) -> Iterator[str]:
    """One object per entry and line; members that say nothing are left out."""
    for record in records:
        yield json.dumps(entry_members(record), separators=(",", ":")) + "\n"


def entry_members(record: Record) -> Mapping[str, object]:
    """Everything of an entry that its reader was given, by name."""
    position, envelope, actor, subject = record.position, record.envelope, record.actor, record.subject
    members: dict[str, object | None] = {
        "origin": position.origin,
        "index": position.index,
        "leafHash": base64_text(position.leaf_hash),
        "time": position.ts,
        "id": position.id,
        "type": envelope.typ,
        "disclosure": envelope.ref,
        "core": None if record.core is None else core_members(record.core),
        "actor": None if actor is None else {"pseudonym": actor.pseudonym, "role": actor.role, "onBehalfOf": actor.on_behalf_of},
        "subject": None if subject is None else {"pseudonym": subject.pseudonym, "case": subject.case_pseudonym},
    }
    return {name: member for name, member in members.items() if member is not None}


def core_members(core: Core) -> Mapping[str, object]:
    """What an entry's core says, by name: lists of codes, and pairs as [name, code]."""
    covenant = core.covenant
    members: dict[str, object] = {
        "outcome": core.outcome,
        "reasons": core.reasons,
        "articles": core.articles,
        "requester": core.requester,
        "holders": core.holders,
        "purpose": core.purpose,
        "legalBases": core.legal_bases,
        "activity": core.activity,
        "covenant": None if covenant is None else {"id": covenant.id, "version": covenant.version, "sha256": covenant.sha256},
        "policySha256": core.policy_sha256,
        "requested": core.requested,
        "released": core.released,
        "withheld": core.withheld,
        "unavailable": core.unavailable,
        "caseFacts": core.case_facts,
        "traceId": core.trace_id,
        "spanId": core.span_id,
        "spanParent": core.span_parent,
        "retention": core.retention,
        "software": core.software,
        "command": core.command,
        "details": core.details,
        "entries": core.entries,
        "situations": core.situations,
        "evaluations": [evaluation_members(one) for one in core.evaluations],
    }
    return {name: member for name, member in members.items() if member}


def csv_lines(records: Sequence[Record], _lookup: Lookup) -> Iterator[str]:
    """One line per entry (RFC 4180), every cell quoted; a list is separated by spaces, since no code holds one."""
    for record in records:
        yield csv_line(_cells(record))


def csv_line(cells: Iterable[str]) -> str:
    """A line whose cells no spreadsheet takes for formulas: one that looks like one begins with an apostrophe."""
    safe = (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in safe) + "\r\n"


def _cells(record: Record) -> tuple[str, ...]:
    position, core, actor, subject = record.position, record.core or Core(), record.actor, record.subject
    covenant = core.covenant
    return (
        *(position.origin, str(position.index), position.ts, position.id, record.envelope.typ, record.envelope.ref or ""),
        *(core.outcome or "", " ".join(core.reasons), core.requester or "", " ".join(core.holders), core.purpose or ""),
        *(" ".join(core.articles), covenant.id if covenant else "", covenant.version if covenant else "", " ".join(core.requested)),
        *(_pairs(core.released), _pairs(core.withheld), _pairs(core.unavailable), core.command or "", _pairs(core.details)),
        *(core.trace_id or "", actor.pseudonym if actor else "", actor.role if actor else ""),
        *(subject.case_pseudonym if subject else "", subject.pseudonym if subject else ""),
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{name}={code}" for name, code in pairs)


JSONL = Format("jsonl", "jsonl", "application/jsonl", json_lines)
CSV = Format("csv", "csv", "text/csv; charset=utf-8", csv_lines, head=csv_line(COLUMNS))
