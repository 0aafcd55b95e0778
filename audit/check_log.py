"""Checking one log from its first entry, or from a checkpoint that was checked before, to its last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from audit.check_across import Across
from audit.check_entry import CLOSED, EntryCheck, Read, Subjects
from audit.check_signed import Signed, witnessed_size
from audit.check_source import EntryRow, LogSource
from audit.check_terms import TermCheck
from audit.check_tree import Tree, check_tree
from audit.checkpoint import Checkpoint
from audit.merkle import EMPTY, EMPTY_ROOT, HASH_BYTES, Frontier, perfect_nodes
from audit.quorum import TrustPolicy
from audit.section import SubjectKeys
from audit.terms import Term
from audit.verdict import Finding, Kind, LogVerdict

_STEP = 1000
#: a longer run of missing entries is not walked through: what lies beyond it is foreign
_GAP_MAX = 1_000_000


class LogCheck:
    """One log. `run` reads it once, in order; `findings` and `verdict` are there afterwards.

    Args:
        since: a checkpoint of this log that its auditor checked before; what it covers is not read again.
    """

    def __init__(
        self, source: LogSource, signed: Sequence[Signed], across: Across, keys: SubjectKeys | None, since: Checkpoint | None = None
    ) -> None:
        self._source = source
        self._log = source.log
        self._signed = signed
        self._across = across
        self._start = 0 if since is None else since.size
        self._since = since
        self._terms = TermCheck(source, self._start)
        self._entry = EntryCheck(
            source.log.origin, keys, self._terms.weigh, left_out=source.left_out, subjects_opened=source.subjects_opened
        )
        self._bad: set[int] = set()
        self._roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self._unopened = 0
        self._keyless = 0
        self.origin = source.log.origin
        self.signed_size = 0
        self._head_holds = True
        self.findings: list[Finding] = []

    def run(self, step: Callable[[int], None]) -> None:
        """Read and check everything about this log."""
        frontier = self._frontier()
        if frontier is None:
            return
        tree = Tree(frontier)
        self._entries(tree, step)
        self.findings.extend(check_tree(self._source, tree, frozenset(self._bad)))
        self.findings.extend(self._terms.findings(self._recomputed_terms))
        # An entry that was changed changes the frontier as well; the head is named where nothing below explains it.
        if not self._head_holds and not any(finding.index is not None for finding in self.findings):
            self._find(None, Kind.CHANGED, "head")
        self._checkpoints()

    def verdict(self, policy: TrustPolicy | None) -> LogVerdict:
        """The log in numbers."""
        held = [one for one in self._signed if one.checkpoint is not None]
        return LogVerdict(
            origin=self._log.origin,
            size=self._log.size,
            root=self._roots.get(self._log.size, b""),
            signed_size=self.signed_size,
            checkpoints=len(held),
            unknown_signatures=len(self._signed) - len(held),
            unopened=self._unopened,
            keyless=self._keyless,
            erased=self._across.absences.erased_in(self._log.origin),
            dropped=self._across.absences.dropped_in(self._log.origin),
            pending=self._across.absences.pending_in(self._log.origin),
            since=self._start,
            witnessed_size=None if policy is None else witnessed_size(held, policy, range(max(self._start, 1), self.signed_size + 1)),
            left_out=tuple(sorted(self._source.left_out)) + (("index",) if self._source.terms(self._start) is None else ()),
        )

    def _frontier(self) -> Frontier | None:
        """The tree to go on from: that of the checkpoint, if the stored nodes still make it up."""
        if self._since is None:
            return EMPTY
        size = self._since.size
        if size > self._log.size:
            self._find(self._log.size, Kind.REMOVED, "leaf", size - 1)
            return None
        wanted = perfect_nodes(size)
        found = {(0, row[0]): row[2] for level, i in wanted if level == 0 for row in self._row(i)}
        found |= {(level, i): digest for level, i, digest in self._source.nodes() if (level, i) in frozenset(wanted)} if size > 1 else {}
        roots = tuple(found.get(node, b"") for node in wanted)
        frontier = Frontier(size, roots)
        if any(len(root) != HASH_BYTES for root in roots) or frontier.root != self._since.root:
            self._find(0, Kind.CHANGED, "since", size - 1)
            return None
        self._roots[size] = frontier.root
        return frontier

    def _entries(self, tree: Tree, step: Callable[[int], None]) -> None:
        wanted = {one.checkpoint.size for one in self._signed if one.checkpoint is not None} | {self._log.size}
        size, add, check, take = self._log.size, tree.add, self._entry.check, self._take
        last_ts, following, done, whole = "", self._start, 0, True
        orphans: list[int] = []
        for row in self._source.entries(self._start):
            index = row[0]
            if row[1] is None:
                orphans.append(index)
                continue
            if not following <= index < min(size, following + _GAP_MAX):
                self._find(index, Kind.INSERTED if index >= following else Kind.REORDERED, "leaf")
                continue
            if following < index:
                self._missing(tree, following, index)
                whole = False
            read = check(row, last_ts)
            add(read.leaf)
            take(index, read)
            following = index + 1
            if following in wanted and whole:
                self._roots[following] = tree.frontier.root
            last_ts = max(last_ts, read.ts)
            done += 1
            if done % _STEP == 0:
                step(_STEP)
        step(done % _STEP)
        if following < size:
            whole = False
            self._across.gaps = True
            self._find(following, Kind.REMOVED, "leaf", size - 1)
        # A section without its leaf: the leaf was removed, which its gap says already, or the section was put there.
        for index in (index for index in orphans if index not in self._bad and not following <= index < size):
            self._find(index, Kind.INSERTED, "section")
        self._across.end(self._log.origin, following)
        self._head_holds = not whole or (tree.frontier.pack(), last_ts or self._log.last_ts) == (self._log.frontier, self._log.last_ts)

    def _take(self, index: int, read: Read) -> None:
        for kind, what in read.faults:
            self._find(index, kind, what)
            if what in {"envelope", "id"}:
                self._bad.add(index)
        self._across.note(self._log.origin, index, read)
        unopened = read.subjects in CLOSED
        self._keyless += read.subjects is Subjects.KEYLESS
        self._unopened += unopened
        if read.terms is None:
            self._terms.ignore()
        else:
            self._terms.expect(read.terms, unopened=unopened)

    def _missing(self, tree: Tree, start: int, end: int) -> None:
        self._across.gaps = True
        self._find(start, Kind.REMOVED, "leaf", end - 1)
        for index in range(start, end):
            tree.add(bytes(HASH_BYTES))
            self._bad.add(index)
            self._terms.ignore()

    def _checkpoints(self) -> None:
        """Roots against what was signed; a difference that an entry already explains is not named again."""
        explained = min((finding.index for finding in self.findings if finding.index is not None), default=self._log.size)
        held = self._start if self._since is not None else 0
        checkpoints = [(one.checkpoint, one.source) for one in self._signed if one.checkpoint is not None]
        for one, source in sorted(checkpoints, key=lambda pair: pair[0].size):
            if one.size > self._log.size:
                self._find(self._log.size, Kind.REMOVED, "leaf", one.size - 1)
            elif one.size < self._start:
                continue
            elif self._roots.get(one.size) == one.root:
                held = one.size
            elif explained >= one.size:
                self._find(held, Kind.CHANGED, source, one.size - 1)
        self.signed_size = held

    def _recomputed_terms(self, wanted: Sequence[int]) -> Iterator[tuple[int, frozenset[Term]]]:
        sought = frozenset(wanted)
        for row in self._source.entries(wanted[0]):
            if row[0] in sought and row[1] is not None:
                yield row[0], self._entry.terms(row)
            if row[0] >= wanted[-1]:
                return

    def _row(self, index: int) -> list[EntryRow]:
        """The entry at an index, if it is there."""
        found = next(iter(self._source.entries(index)), None)
        return [found] if found is not None and found[0] == index and found[1] is not None else []

    def _find(self, index: int | None, kind: Kind, what: str, through: int | None = None) -> None:
        self.findings.append(Finding(self._log.origin, index, kind, what, through))
