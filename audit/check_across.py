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
        self._ended: set[int] = set()
        self._accounts: set[tuple[str, int]] = set()

    def note(self, origin: str, index: int, read: Read) -> None:
        """Take in one entry."""
        if not read.typ:
            self.gaps = True
            return
        # A decision may be closed in another log, whichever is read first: its covenant ended, or its year.
        if read.typ == DECISION:
            if self._closing.pop(read.id, None) is None and not (self._ended and hash(read.id) in self._ended):
                self.open[read.id] = (origin, index)
        elif read.typ in TERMINAL and read.ref is not None:
            self._close(read.ref, (origin, index))
        if read.missing:
            self.absences.note(origin, index, read.id, read.missing)
        if read.typ == ERASURE:
            self._accounts.add((origin, index))
            if read.erasure is not None:
                self.absences.account(read.erasure, (origin, index))

    def end(self, origin: str, size: int) -> None:
        """A log has been read up to its last entry."""
        if size:
            self.absences.note(origin, size - 1, "", ())

    def settle(self, signed: Mapping[str, int]) -> None:
        """After the last log: a terminal entry whose decision was nowhere, a section gone that nothing accounts for.

        `signed` is the size of each log that a checkpoint covers.
        """
        if self._whole:
            self.findings.extend(Finding(*place, Kind.REMOVED, "decision") for place in self._closing.values())
        self.findings.extend(self.absences.settle(frozenset(self._accounts), signed))

    def differing(self, kept: Mapping[str, tuple[str, int]]) -> list[Finding]:
        """The list of open decisions against the decisions that nothing closed."""
        if self.gaps:
            return []
        hidden = [Finding(*place, Kind.HIDDEN, "open") for entry, place in self.open.items() if kept.get(entry) != place]
        return hidden + [Finding(*place, Kind.INSERTED, "open") for entry, place in kept.items() if self.open.get(entry) != place]

    def _close(self, decision: str, place: tuple[str, int]) -> None:
        """A terminal entry. Where two wait for one decision, one of them is too many, and the first seen is named now."""
        was_open = self.open.pop(decision, None) is not None
        if self._whole:
            if not was_open and decision in self._closing:
                self.findings.append(Finding(*self._closing[decision], Kind.INSERTED, "decision"))
            if not was_open:
                self._closing[decision] = place
        # The decision may stand where nobody looked; that it ends twice is seen without it. Eight bytes each, keyed by the interpreter.
        elif hash(decision) in self._ended:
            self.findings.append(Finding(*place, Kind.INSERTED, "decision"))
        else:
            self._ended.add(hash(decision))
