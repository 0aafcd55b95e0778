"""Reading cases: the one query that every exchange makes, and the fence that is read inside the log's append lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from broker.cases.codec import state_of
from broker.cases.state import CaseState
from broker.reader import Reader
from policies.vocabulary import PartyId

#: the fence that moves when what is in force takes something away
STANDING = "standing"
_CASE = "case/"

#: sorts after every id of a case
_AFTER_ALL = "ffffffff-ffff-ffff-ffff-ffffffffffff"

#: cases in one answer of a list
MAX_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A case as it was read: its revision, and at the same moment how often what is in force had narrowed."""

    state: CaseState
    revision: int
    narrowed: int

    @property
    def fence(self) -> tuple[tuple[str, int], ...]:
        """What must still be so when a release is appended: the case has not changed, and what is in force has taken nothing away."""
        return ((_CASE + self.state.id, self.revision), (STANDING, self.narrowed))


class CaseReader:
    """Reads the registry; it never writes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def look(self, case_id: str) -> tuple[int, Snapshot | None]:
        """The epoch of what is in force, and the case if there is one: one query, whose work is the same whether there is or not."""
        sql = "SELECT c.state, c.revision, s.epoch, s.narrowed FROM standing s LEFT JOIN covenant_case c ON c.id = ? WHERE s.id = 1"
        ((text, revision, epoch, narrowed),) = self._reader.rows(sql, case_id)
        return epoch, None if text is None else Snapshot(state_of(text), revision, narrowed)

    def snapshot(self, case_id: str) -> Snapshot | None:
        """The case, or None where there is no such case."""
        return self.look(case_id)[1]

    def fences(self, names: frozenset[str]) -> Mapping[str, int]:
        """The numbers of these fences now; one that does not exist is absent. The log calls this while it holds its append lock."""
        case_ids = [name.removeprefix(_CASE) for name in names if name.startswith(_CASE)]
        # One query, since whoever appends waits while this one reads. INVARIANT: no case's id is `standing`, it is a UUID.
        sql = "SELECT 'standing', narrowed FROM standing WHERE id = 1"
        if case_ids:
            marks = ",".join("?" * len(case_ids))
            sql += f" UNION ALL SELECT id, revision FROM covenant_case WHERE id IN ({marks})"  # noqa: S608 - only marks
        rows = self._reader.rows(sql, *case_ids)
        found = {name if name == STANDING else _CASE + name: number for name, number in rows}
        return {name: number for name, number in found.items() if name in names}

    def of_party(self, party: PartyId) -> tuple[CaseState, ...]:
        """The cases in which a party takes part or to which it has been invited, newest first, closed ones left out; at most 1,000."""
        return tuple(islice(self._open_of(party), MAX_LISTED))

    def _open_of(self, party: PartyId) -> Iterator[CaseState]:
        """Page by page, since any number of newer cases may be closed."""
        sql = (
            "SELECT c.id, c.state FROM case_party p JOIN covenant_case c ON c.id = p.case_id "
            "WHERE p.party = ? AND p.case_id < ? ORDER BY c.id DESC LIMIT ?"
        )
        before = _AFTER_ALL
        while rows := self._reader.rows(sql, party, before, MAX_LISTED):
            yield from (state for _, text in rows if (state := state_of(text)).closed_for is None)
            before = rows[-1][0]
