"""What is kept no longer than the covenant says: closed cases and whoever they concern (`purge_after`), and old years of the log.

Each has a class: a case that was closed for a reason is `case_type/reason`, a year of the log is `log`. Whatever a legal hold is on
stays. Of a covenant that has ended, the version that was in force last still says how long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Engine

from audit.entry import Actor, Core, Draft, Subject
from audit.erasure import remove
from audit.log import Log
from audit.scrub import alone, owe, scrub_log
from audit.shards import Shard, sealing, shards
from broker.cases.state import CaseState
from broker.clock import Clock, Ids
from broker.covenants import COVENANT_ZONE, Covenants
from broker.erasing import Erased, Erasing, ErasureRefused
from broker.erasing_registry import Registry
from broker.records import LOG, SOFTWARE
from broker.retaining_holds import Holds
from broker.subjects import Subjects
from connectors.deposit import Deposit
from policies.covenant import Covenant


@dataclass(frozen=True, slots=True)
class Due:
    """What is past its time: cases and years of the log; `held` are those that a legal hold keeps, by the class that they are of."""

    cases: tuple[CaseState, ...]
    years: tuple[Shard, ...]
    held: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retained:
    """What one run did. `kept` are cases of whom somebody could not be erased yet, as codes.

    `clean` is False where a reader kept an old page of SQLite's: it stays owed, and the next run looks again.
    """

    cases: int
    years: int
    dropped: int
    erased: Erased
    kept: tuple[str, ...]
    clean: bool


class Retaining:
    """Finds what is past its time and lets it go."""

    def __init__(
        self,
        *,
        log: Log,
        log_engine: Engine,
        covenants: Covenants,
        deposit: Deposit,
        erasing: Erasing,
        registry: Registry,
        holds: Holds,
        subjects: Subjects,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._log = log
        self._log_engine = log_engine
        self._covenants = covenants
        self._deposit = deposit
        self._erasing = erasing
        self._registry = registry
        self._holds = holds
        self._subjects = subjects
        self._clock = clock
        self._ids = ids

    def due(self) -> Due:
        """What is past its time now."""
        cases, held = self._due_cases()
        years, more = self._due_years()
        return Due(cases, years, tuple(sorted((*held, *more))))

    def _due_cases(self) -> tuple[tuple[CaseState, ...], list[str]]:
        past = [(case, bool(self._holds.of(case.covenant, [case]))) for case in self._past()]
        return tuple(case for case, held in past if not held), [class_of(case) for case, held in past if held]

    def _due_years(self) -> tuple[tuple[Shard, ...], list[str]]:
        old = [(shard, bool(self._holds.of(shard.head.covenant, None))) for shard in self._old_years()]
        return tuple(shard for shard, held in old if not held), [LOG for _, held in old if held]

    def run(self, by: Actor, *, at_once: bool = False) -> Retained:
        """Let everything go that is past its time. Broken off anywhere, the next run goes on.

        Raises:
            audit.errors.LogUnavailable: nothing was destroyed that is not on the record.
            audit.errors.NotAnErasure: a year is not signed up to its last entry yet.
        """
        kept, gone = dict[str, str](), dict[str, frozenset[str]]()

        def let_go() -> frozenset[str]:
            # Asked now that nobody else removes anything: whoever waited for another run would let go again what that one did.
            for case in self._due_cases()[0]:
                words = self._registry.words(case.id)
                if code := self._let_go(case, by, words):
                    kept[case.id] = code
                else:
                    gone[case.id] = words
            return frozenset(gone).union(*gone.values())

        # Persons first: nobody waits for a year that cannot be sealed yet.
        erased = self._erasing.run(at_once=at_once, first=let_go)
        years, dropped, clean = self._drop_years(by)
        return Retained(len(gone), years, dropped, erased, tuple(sorted(kept.values())), clean and erased.clean)

    def _let_go(self, case: CaseState, by: Actor, words: frozenset[str]) -> str:
        """Order the erasure of whoever is in no case that is still kept, and take the case out; returns why not, or nothing."""
        try:
            self._erasing.order_of_term(case, by, class_of(case))
        except ErasureRefused as refused:
            return refused.code
        self._log.append(self._purged(case, by))
        self._deposit.purge_case(case.id)
        self._deposit.forget_texts(words)
        # If we die before this line, the case is found again and everything above is done once more, to the same end.
        self._registry.forget_case(case.id)
        return ""

    def _purged(self, case: CaseState, by: Actor) -> Draft:
        """That a case is let go, sealed as its subject is; somebody who was erased before is nobody."""
        core = Core(reasons=("term_passed",), retention=class_of(case), command="purged", software=SOFTWARE)
        first = case.subjects[0][0]
        subject = first if self._subjects.fingerprint_if_any(first) else self._subjects.nobody()
        about = Subject(self._subjects.pseudonym(subject), self._subjects.case_pseudonym(case.id), subject)
        return Draft("case.purged", self._ids(), case.covenant, None, core, by, about)

    def _drop_years(self, by: Actor) -> tuple[int, int, bool]:
        with alone(self._log_engine):
            years, _ = self._due_years()
            dropped = sum(self._drop(shard, by) for shard in years)
            return len(years), dropped, not years or scrub_log(self._log_engine)

    def _drop(self, shard: Shard, by: Actor) -> int:
        draft = sealing(shard, self._clock().astimezone(UTC).year, self._ids, retention=LOG, by=by, software=SOFTWARE)
        self._log.append(draft)
        owe(self._log_engine)
        return remove(self._log_engine, draft.id).entries

    def _past(self) -> Iterator[CaseState]:
        """Closed cases that the covenant wants to be kept no longer."""
        covenants, today = self._last_in_force(), self._covenants.today()
        for case in self._registry.closed():
            covenant = covenants.get(case.covenant)
            kind = covenant.case_types.get(case.case_type) if covenant else None
            step = kind.ladder.get(case.phase) if kind else None
            term = step.purge_for(case.closed_for or "") if step else None
            if term is not None and term.after(_day(case.phase_since_ms)) <= today:
                yield case

    def _old_years(self) -> Iterator[Shard]:
        covenants, today = self._last_in_force(), self._covenants.today()
        waits: set[str] = set()
        for shard in shards(self._log_engine):
            log = shard.head
            covenant = covenants.get(log.covenant)
            # INVARIANT: years go in their order. An erasure accounts for entries before it, and would otherwise be dropped first.
            if covenant is None or covenant.log is None or shard.sealed or log.covenant in waits:
                continue
            if covenant.log.retention.after(date(log.year, 12, 31)) < today:
                yield shard
            else:
                waits.add(log.covenant)

    def _last_in_force(self) -> Mapping[str, Covenant]:
        """Every covenant as it is in force, or was last: of two versions the one that began later."""
        found: dict[str, Covenant] = {}
        for version in self._covenants.versions():
            if version.state in {"active", "superseded", "ended"}:
                found[version.covenant] = self._covenants.policy(version.sha256).covenant
        return found | {name: policy.covenant for name, policy in self._covenants.in_force().policies.items()}


def class_of(case: CaseState) -> str:
    """The retention class of a closed case."""
    return f"{case.case_type}/{case.closed_for}"


def _day(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(COVENANT_ZONE).date()
