"""Legal holds: what is needed for a claim or an investigation is not destroyed (AVG art. 17(3)(e), 18(1)(c)).

A hold is an entry of the log and nothing else: `rights.hold_set`, until a `rights.hold_lifted` refers to it. One on a case is about the
subjects of that case and sealed as they are; one on a party concerns everything under the covenant in which the party takes part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from audit.entry import Actor, Core, Draft, Subject
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from broker.cases.state import CaseState
from broker.clock import Ids
from broker.records import SOFTWARE
from broker.subjects import Subjects

SET = "rights.hold_set"
LIFTED = "rights.hold_lifted"

#: why something is held, as codes
REASONS = ("legal_claim", "investigation", "supervision", "restriction")


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that was not lifted; `case` is the case's pseudonym, `party` whose cases are held. One of them is None."""

    id: str
    covenant: str
    case: str | None
    party: str | None
    reason: str
    ordered_by: str
    ts: str


class Holds:
    """Setting, lifting and finding holds."""

    def __init__(self, log: Log, log_engine: Engine, subjects: Subjects, ids: Ids) -> None:
        self._log = log
        self._log_engine = log_engine
        self._subjects = subjects
        self._ids = ids

    def set_case(self, case: CaseState, reason: str, by: Actor) -> str:
        """Hold a case; returns the hold's id.

        Raises:
            audit.errors.SubjectKeyGone: whom the case concerns was erased.
            audit.errors.LogUnavailable: nothing is held.
        """
        subject = case.subjects[0][0]
        about = Subject(self._subjects.pseudonym(subject), self._subjects.case_pseudonym(case.id), subject)
        return self._append(SET, case.covenant, None, Core(reasons=(reason,), command="hold_set", software=SOFTWARE), by, about)

    def set_party(self, covenant: str, party: str, reason: str, by: Actor) -> str:
        """Hold everything of a party under a covenant; returns the hold's id.

        Raises:
            audit.errors.LogUnavailable: nothing is held.
        """
        core = Core(reasons=(reason,), holders=(party,), command="hold_set", software=SOFTWARE)
        return self._append(SET, covenant, None, core, by, None)

    def lift(self, hold: Hold, by: Actor) -> None:
        """Lift a hold.

        Raises:
            audit.errors.LogUnavailable: it still holds.
        """
        self._append(LIFTED, hold.covenant, hold.id, Core(command="hold_lifted", software=SOFTWARE), by, None)

    def standing(self, covenants: Collection[str]) -> tuple[Hold, ...]:
        """Every hold under these covenants that was not lifted, oldest first."""
        found: list[Hold] = []
        for covenant in sorted(covenants):
            lifted = {one.envelope.ref for one in self._entries(covenant, LIFTED)}
            found.extend(_hold(one) for one in self._entries(covenant, SET) if one.position.id not in lifted)
        return tuple(sorted(found, key=lambda hold: hold.id))

    def of(self, covenant: str, cases: Collection[CaseState] | None) -> tuple[Hold, ...]:
        """The holds that keep these cases from being destroyed; None means everything under the covenant."""
        standing = self.standing({covenant})
        if cases is None:
            return standing
        pseudonyms = {self._subjects.case_pseudonym(case.id) for case in cases}
        parties = frozenset[str]().union(*(case.participants | case.invited for case in cases))
        return tuple(hold for hold in standing if hold.case in pseudonyms or hold.party in parties)

    def _entries(self, covenant: str, typ: str) -> Iterator[Record]:
        cursor: str | None = None
        while True:
            page = search(self._log_engine, Search(log=covenant, type=typ), limit=PAGE_MAX, cursor=cursor, subject_keys=self._subjects)
            yield from page.hits
            cursor = page.cursor
            if cursor is None:
                return

    def _append(self, typ: str, covenant: str, ref: str | None, core: Core, by: Actor, subject: Subject | None) -> str:
        draft = Draft(typ, self._ids(), covenant, ref, core, by, subject)
        self._log.append(draft)
        return draft.id


def _hold(record: Record) -> Hold:
    core, actor, subject = record.core, record.actor, record.subject
    return Hold(
        id=record.position.id,
        covenant=record.log,
        case=None if subject is None else subject.case_pseudonym,
        party=core.holders[0] if core is not None and core.holders else None,
        reason=core.reasons[0] if core is not None and core.reasons else "",
        ordered_by=actor.pseudonym if actor is not None else "",
        ts=record.position.ts,
    )
