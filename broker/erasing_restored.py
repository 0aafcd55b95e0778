"""Erasing again what a restored backup of the deposit or the registry brought back. Its orders are on record already.

The log is the newest of all, and says what is gone. A subject without a key was erased where its order is under way, or where the log
holds nothing under that key any more. Where the log does hold something, or something about the subject still moves, it is keystore or
registry that is too old: then nothing of it is touched, and it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from audit.absence import ORDER
from audit.database import heads, snapshot
from audit.erasure import erasures, held_under
from audit.query import Search, search
from audit.scrub import alone, owe, scrub
from broker.clock import Clock, epoch_ms
from broker.erasing_registry import Registry
from broker.subjects import Subjects
from connectors.deposit import Deposit
from connectors.deposit.kept import subjects_by_case, subjects_with_reference, texts_before

#: so long may a text be kept before the row that names it; a request takes a minute at most
UNNAMED = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Back:
    """What came back and was erased again, or would be: subjects, texts, and cases whose time had passed.

    `unknown`: subjects and cases that keystore or registry should know and do not. `clean` as for `broker.erasing.Erased`.
    """

    subjects: frozenset[str]
    texts: frozenset[str]
    cases: frozenset[str]
    unknown: int
    clean: bool = True


class Restored:
    """Compares deposit and registry with keystore and log."""

    def __init__(
        self, *, log_engine: Engine, deposit_engine: Engine, deposit: Deposit, subjects: Subjects, registry: Registry, clock: Clock
    ) -> None:
        self._log_engine = log_engine
        self._deposit_engine = deposit_engine
        self._deposit = deposit
        self._subjects = subjects
        self._registry = registry
        self._clock = clock

    def look(self) -> Back:
        """What came back; nothing is changed."""
        referred, given = subjects_with_reference(self._deposit_engine), subjects_by_case(self._deposit_engine)
        named = self._registry.named()
        gone, older = self._gone(referred | {subject for _, subject in given} | named.signalled)
        # Whoever has a key and a reference stands in the registry, unless that is older than they are.
        strangers = referred - gone - older - named.subjects
        absent = {case for case, subject in given if subject not in gone} - named.cases
        purged = frozenset(case for case in absent if self._is_purged(case))
        unknown = len(older | strangers) + len(absent - purged)
        words = frozenset(self._registry.known(gone).texts)
        if not unknown:
            words |= texts_before(self._deposit_engine, self._last_order_ms(), named.texts)
        return Back(gone, words, purged, unknown)

    def erase_again(self) -> Back:
        """Erase what came back. Doing it again finishes what was broken off."""
        rooms = (self._deposit_engine, self._registry.engine)
        with alone(*rooms):
            for room in rooms:
                owe(room)
            back = self.look()
            # If we die in between, the subjects stay behind till the last, and are found again with all that is left of them.
            self._deposit.forget_texts(sorted(back.texts))
            for case in sorted(back.cases):
                self._deposit.purge_case(case)
            self._registry.forget_signals(back.subjects)
            for subject in sorted(back.subjects):
                self._deposit.erase_subject(subject)
            clean = not [room for room in rooms if not scrub(room)]
        return Back(back.subjects, back.texts, back.cases, back.unknown, clean)

    def _gone(self, subjects: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Who of them was erased, and who has no key although nothing says so."""
        keyless = self._subjects.without_key(subjects)
        sealed = {one.key_id for one in held_under(self._log_engine, keyless)} - self._subjects.under_way()
        older = {subject for subject in keyless if subject in sealed or self._registry.known({subject}).obstacles}
        return keyless - older, frozenset(older)

    def _is_purged(self, case: str) -> bool:
        sought = self._subjects.case_pseudonym(case)
        with snapshot(self._log_engine) as connection:
            covenants = {log.covenant for log in heads(connection)}
        return any(search(self._log_engine, Search(log=each, case=sought, type="case.purged"), limit=1).total for each in sorted(covenants))

    def _last_order_ms(self) -> int:
        """Texts of before the last order can have been erased with it; later ones were not, and may not be named yet."""
        orders = [one.position.ts for one in erasures(self._log_engine) if one.core is not None and one.core.command == ORDER]
        last = max((epoch_ms(datetime.fromisoformat(ts)) for ts in orders), default=0)
        return min(last, epoch_ms(self._clock() - UNNAMED))
