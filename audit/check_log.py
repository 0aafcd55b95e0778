"""Checking one log from its first entry to its last, and what only all logs together can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from audit.check_entry import Checked, StoredEntry, StoredSection, Subjects, check_entry
from audit.check_signed import Signed
from audit.check_terms import TermCheck
from audit.check_tree import check_tree
from audit.database import KeptLog, rows_of
from audit.entry import DECISION, ERASURE, TERMINAL
from audit.merkle import EMPTY, EMPTY_ROOT, HASH_BYTES
from audit.section import SubjectKeys
from audit.tables import leaf, section
from audit.terms import Term, terms_of
from audit.verdict import Finding, Kind, LogVerdict

_CHUNK = 1000
#: a chunk has three sections an entry; where there are more, somebody put them there, and the first of them show it
_SECTIONS_MAX = 10 * _CHUNK
#: a longer run of missing entries is not walked through: what lies beyond it is foreign
_GAP_MAX = 1_000_000


class Across:
    """What is known from all logs so far: open decisions by id, subjects that are gone, and entries that an erasure names.

    `gaps` once an entry is missing or unreadable: it may be what closed a decision, so the list of open ones says nothing any more.
    """

    def __init__(self) -> None:
        self.open: dict[str, tuple[str, int]] = {}
        self.findings: list[Finding] = []
        self.gaps = False
        self._closing: dict[str, tuple[str, int]] = {}
        self._gone: dict[str, tuple[str, int]] = {}
        self._erased: set[str] = set()

    def note(self, origin: str, index: int, checked: Checked) -> None:
        """Take in one entry that could be read."""
        envelope = checked.envelope
        if envelope is None:
            self.gaps = True
            return
        # A decision may be closed in another log, whichever is read first: its covenant ended, or its year.
        if envelope.typ == DECISION and self._closing.pop(envelope.id, None) is None:
            self.open[envelope.id] = (origin, index)
        elif envelope.typ in TERMINAL and envelope.ref is not None and self.open.pop(envelope.ref, None) is None:
            self._closed_twice(envelope.ref)
            self._closing[envelope.ref] = (origin, index)
        if checked.subjects is Subjects.MISSING:
            self._gone[envelope.id] = (origin, index)
        if envelope.typ == ERASURE and checked.core is not None:
            self._erased.update(checked.core.entries)

    def _closed_twice(self, decision: str) -> None:
        """Two terminal entries wait for one decision: one of them is too many, and the first seen is named now."""
        place = self._closing.get(decision)
        if place is not None:
            self.findings.append(Finding(*place, Kind.INSERTED, "decision"))

    def settle(self) -> None:
        """After the last log: a terminal entry whose decision was nowhere, a subject gone without an erasure that names its entry."""
        self.findings.extend(Finding(*place, Kind.REMOVED, "decision") for place in self._closing.values())
        self.findings.extend(
            Finding(*place, Kind.REMOVED, "section.subject") for entry, place in self._gone.items() if entry not in self._erased
        )

    def erased_in(self, origin: str) -> int:
        """How many subjects of one log were erased as they should."""
        return sum(place[0] == origin for entry, place in self._gone.items() if entry in self._erased)


class LogCheck:
    """One log. `run` reads it once, in order; `findings` and `verdict` are there afterwards."""

    def __init__(self, connection: Connection, log: KeptLog, signed: Sequence[Signed], across: Across, keys: SubjectKeys | None) -> None:
        self._connection = connection
        self._log = log
        self._signed = signed
        self._across = across
        self._keys = keys
        self._terms = TermCheck(connection, log)
        self._leaves = bytearray()
        self._bad: set[int] = set()
        self._roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self._unopened = 0
        self._signed_size = 0
        self._head_holds = True
        self.findings: list[Finding] = []

    def run(self, step: Callable[[int], None]) -> None:
        """Read and check everything about this log."""
        self._entries(step)
        self.findings.extend(check_tree(self._connection, self._log, bytes(self._leaves), frozenset(self._bad)))
        self.findings.extend(self._terms.findings(self._recomputed_terms))
        # An entry that was changed changes the frontier as well; the head is named where nothing below explains it.
        if not self._head_holds and not any(finding.index is not None for finding in self.findings):
            self._find(None, Kind.CHANGED, "head")
        self._checkpoints()

    def verdict(self) -> LogVerdict:
        """The log in numbers."""
        held = [one for one in self._signed if one.checkpoint is not None]
        return LogVerdict(
            origin=self._log.origin,
            size=self._log.size,
            root=self._roots.get(self._log.size, b""),
            signed_size=self._signed_size,
            checkpoints=len(held),
            unknown_signatures=len(self._signed) - len(held),
            unopened=self._unopened,
            erased=self._across.erased_in(self._log.origin),
        )

    def _entries(self, step: Callable[[int], None]) -> None:
        wanted = {one.checkpoint.size for one in self._signed if one.checkpoint is not None} | {self._log.size}
        frontier, last_ts, following, done = EMPTY, "", 0, 0
        for index, stored in self._stored(0):
            if not following <= index < min(self._log.size, following + _GAP_MAX):
                self._find(index, Kind.INSERTED, "leaf")
                self._terms.ignore(index)
                continue
            self._missing(following, index)
            checked = check_entry(stored, self._log.origin, last_ts, self._keys)
            self._take(index, checked)
            if frontier.size == index:
                frontier, _ = frontier.grown(checked.leaf)
                if frontier.size in wanted:
                    self._roots[frontier.size] = frontier.root
            last_ts = last_ts if checked.envelope is None else max(last_ts, checked.envelope.ts)
            following, done = index + 1, done + 1
            if done % _CHUNK == 0:
                step(_CHUNK)
        step(done % _CHUNK)
        if following < self._log.size:
            self._across.gaps = True
            self._find(following, Kind.REMOVED, "leaf", self._log.size - 1)
        self._head_holds = frontier.size != self._log.size or (frontier.pack(), last_ts) == (self._log.frontier, self._log.last_ts)

    def _take(self, index: int, checked: Checked) -> None:
        self._leaves += checked.leaf
        for kind, what in checked.faults:
            self._find(index, kind, what)
        if any(what in {"envelope", "id"} for _, what in checked.faults):
            self._bad.add(index)
        self._unopened += checked.subjects is Subjects.UNOPENED
        self._across.note(self._log.origin, index, checked)
        terms = _terms(checked)
        if terms is None:
            self._terms.ignore(index)
        else:
            self._terms.expect(index, terms, unopened=checked.subjects is Subjects.UNOPENED)

    def _missing(self, start: int, end: int) -> None:
        if start < end:
            self._across.gaps = True
            self._find(start, Kind.REMOVED, "leaf", end - 1)
        for index in range(start, end):
            self._leaves += bytes(HASH_BYTES)
            self._bad.add(index)
            self._terms.ignore(index)

    def _checkpoints(self) -> None:
        """Roots against what was signed; a difference that an entry already explains is not named again."""
        explained = min((finding.index for finding in self.findings if finding.index is not None), default=self._log.size)
        held = 0
        checkpoints = [(one.checkpoint, one.source) for one in self._signed if one.checkpoint is not None]
        for one, source in sorted(checkpoints, key=lambda pair: pair[0].size):
            if one.size > self._log.size:
                self._find(self._log.size, Kind.REMOVED, "leaf", one.size - 1)
            elif self._roots.get(one.size) == one.root:
                held = one.size
            elif explained >= one.size:
                self._find(held, Kind.CHANGED, source, one.size - 1)
        self._signed_size = held

    def _recomputed_terms(self, start: int, end: int) -> Iterator[tuple[int, frozenset[Term]]]:
        for index, stored in self._stored(start):
            if index >= end:
                return
            terms = _terms(check_entry(stored, self._log.origin, "", self._keys))
            if terms is not None:
                yield index, terms

    def _stored(self, start: int) -> Iterator[tuple[int, StoredEntry]]:
        """Every leaf from an index on with the sections beside it, read in chunks."""
        while True:
            wanted = select(leaf.c.idx, leaf.c.id, leaf.c.leaf_hash, leaf.c.envelope).where(
                leaf.c.log_id == self._log.log_id, leaf.c.idx >= start
            )
            rows = rows_of(self._connection, wanted.order_by(leaf.c.idx).limit(_CHUNK))
            if not rows:
                for index in self._sections(max(start, self._log.size), 2**62):
                    self._orphan(index)
                return
            last = rows[-1][0]
            sections = self._sections(start, last)
            for index, entry_id, digest, envelope in rows:
                yield index, StoredEntry(entry_id, digest, envelope.encode(), sections.pop(index, {}))
            for index in sections:
                self._orphan(index)
            start = last + 1

    def _sections(self, start: int, end: int) -> dict[int, Mapping[str, StoredSection]]:
        columns = select(section.c.idx, section.c.name, section.c.salt, section.c.body, section.c.key_id)
        found: dict[int, dict[str, StoredSection]] = {}
        inside = columns.where(section.c.log_id == self._log.log_id, section.c.idx >= start, section.c.idx <= end)
        for index, name, salt, body, key_id in rows_of(self._connection, inside.limit(_SECTIONS_MAX)):
            found.setdefault(index, {})[name] = StoredSection(salt, body, key_id)
        return {**found}

    def _orphan(self, index: int) -> None:
        """Sections without a leaf: the leaf was removed, which its gap says already, or they were put there."""
        if index not in self._bad:
            self._find(index, Kind.INSERTED, "section")

    def _find(self, index: int | None, kind: Kind, what: str, through: int | None = None) -> None:
        self.findings.append(Finding(self._log.origin, index, kind, what, through))


def _terms(checked: Checked) -> frozenset[Term] | None:
    """What the entry says it can be found by; None where it cannot be read whole."""
    if checked.envelope is None or checked.core is None or any(what.startswith("section.") for _, what in checked.faults):
        return None
    return terms_of(checked.envelope.typ, checked.envelope.ref, checked.core, checked.actor, checked.subject)
