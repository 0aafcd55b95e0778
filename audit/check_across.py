"""What only all entries together can tell: which decisions are open, what closes what, and what accounts for a missing section."""

from __future__ import annotations

from collections.abc import Mapping

from audit.absence import Absences
from audit.check_entry import Read
from audit.entry import DECISION, ERASURE, TERMINAL
from audit.verdict import Finding, Kind


class Across:
    """What is known from all logs so far. `whole` while every entry of every log is read.

    `gaps` once an entry is missing or unreadable: it may be what closed a decision, so the list of open ones says nothing any more.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self.open: dict[str, tuple[str, int]] = {}
        self.findings: list[Finding] = []
        self.gaps = False
        self.absences = Absences()
        self._whole = whole
        self._closing: dict[str, tuple[str, int]] = {}
        self._accounts: set[tuple[str, int]] = set()

    def note(self, origin: str, index: int, read: Read) -> None:
        """Take in one entry."""
        if not read.typ:
            self.gaps = True
            return
        # A decision may be closed in another log, whichever is read first: its covenant ended, or its year.
        if read.typ == DECISION:
            if self._closing.pop(read.id, None) is None:
                self.open[read.id] = (origin, index)
        elif read.typ in TERMINAL and read.ref is not None and self.open.pop(read.ref, None) is None:
            self._closed_twice(read.ref)
            self._closing[read.ref] = (origin, index)
        if read.missing:
            self.absences.note(origin, index, read.id, read.missing)
        if read.typ == ERASURE:
            self._accounts.add((origin, index))
            if read.erasure is not None:
                self.absences.account(read.erasure)

    def end(self, origin: str, size: int) -> None:
        """A log has been read up to its last entry."""
        if size:
            self.absences.note(origin, size - 1, "", ())

    def settle(self) -> None:
        """After the last log: a terminal entry whose decision was nowhere, a section gone that nothing accounts for."""
        if self._whole:
            self.findings.extend(Finding(*place, Kind.REMOVED, "decision") for place in self._closing.values())
        self.findings.extend(self.absences.settle(frozenset(self._accounts)))

    def differing(self, kept: Mapping[str, tuple[str, int]]) -> list[Finding]:
        """The list of open decisions against the decisions that nothing closed."""
        if self.gaps:
            return []
        hidden = [Finding(*place, Kind.HIDDEN, "open") for entry, place in self.open.items() if kept.get(entry) != place]
        return hidden + [Finding(*place, Kind.INSERTED, "open") for entry, place in kept.items() if self.open.get(entry) != place]

    def _closed_twice(self, decision: str) -> None:
        """Two terminal entries wait for one decision: one of them is too many, and the first seen is named now."""
        place = self._closing.get(decision)
        if place is not None:
            self.findings.append(Finding(*place, Kind.INSERTED, "decision"))
