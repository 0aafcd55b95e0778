"""Erasing a person: the order on the record, the key, what was given and said, and at last the sealed sections of the log.

The steps, whose numbers stand in the code. A crash after any of them leaves what `run` does again from the first one on:

1. the order is kept in the keystore: the subjects, the ground, and who ordered it under a pseudonym;
2. its entry is appended: it names no entry and no person, only fingerprints of keys;
3. the keys are destroyed: from now on nobody reads what the log sealed about these subjects;
4. contributions, local references and the words of signals go from the deposit, and the signals from the registry;
5. together with those of other orders, so that a list of entries is never that of one person: an entry that names the entries
   concerned, and after it their subject sections, salts and index rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from audit.absence import ERASE
from audit.codes import sorted_pairs
from audit.entry import ERASURE, Actor, Core, Draft
from audit.erasure import BATCH, Held, erasures, held_under, remove, unfinished
from audit.log import Log
from audit.scrub import alone, owe, owed, scrub, scrub_log
from broker.cases.state import CaseState
from broker.clock import Clock, Ids, epoch_ms
from broker.erasing_orders import FINGERPRINT, TERM_PASSED, Order, Orders
from broker.erasing_registry import Known, Registry
from broker.outbox import Outbox
from broker.records import SOFTWARE
from broker.retaining_holds import Holds
from broker.subjects import Subjects
from connectors.deposit import Deposit
from connectors.deposit.persons import same_person

#: so many persons make a mixed batch
MIXED = 5
#: so long does an order wait for others at most; AVG art. 12(3) gives a month for the whole of it
WAITS = timedelta(days=14)
#: so long is looked whether another process sealed one more section under a destroyed key; it forgets its keys each minute
LATELY = timedelta(hours=1)


class ErasureRefused(Exception):  # noqa: N818 - what happened
    """This cannot be erased, or not yet; `code` says why: `unknown`, `erased`, `open_case`, `open_signal`, `unsettled`, `held`."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody who is the same person as the subject asked about, in one covenant, and their cases."""

    covenant: str
    subjects: frozenset[str]
    known: Known


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run did: orders carried out as far as step 4, orders of which nothing is left, and those that wait for others.

    `clean` is False where a reader kept an old page of SQLite's: it stays owed, and the next run looks again.
    """

    ordered: int
    finished: int
    waiting: int
    entries: int
    clean: bool


class Erasing:
    """Erases persons, one run at a time."""

    def __init__(
        self,
        *,
        log: Log,
        log_engine: Engine,
        keystore: Engine,
        deposit_engine: Engine,
        deposit: Deposit,
        subjects: Subjects,
        registry: Registry,
        outbox: Outbox,
        holds: Holds,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._log = log
        self._log_engine = log_engine
        self._keystore = keystore
        self._deposit_engine = deposit_engine
        self._deposit = deposit
        self._subjects = subjects
        self._registry = registry
        self._orders = Orders(keystore)
        self._outbox = outbox
        self._holds = holds
        self._clock = clock
        self._ids = ids

    def person(self, case_id: str, number: int) -> Person:
        """Whom a number in a case means, with all subjects of the same person.

        Raises:
            ErasureRefused: there is no such case or number, or something stands in the way.
        """
        case = self._registry.case(case_id)
        if case is None or not 1 <= number <= len(case.subjects):
            raise ErasureRefused("unknown", "expected a case that is kept here and the number of one of its subjects")
        subjects = same_person(self._deposit_engine, {case.subjects[number - 1][0]})
        person = Person(case.covenant, subjects, self._registry.known(subjects))
        self._check(person)
        return person

    def order(self, person: Person, ground: str, by: Actor) -> Order:
        """Step 1. From here on `run` finishes it, whatever happens.

        Raises:
            ErasureRefused: the person was erased before.
        """
        alive = {subject: found for subject in sorted(person.subjects) if (found := self._subjects.fingerprint_if_any(subject))}
        if not alive:
            raise ErasureRefused("erased", "expected a person who has a key, found that it was destroyed before: erase --now finishes that")
        order = Order(self._ids(), person.covenant, ground, by, alive, epoch_ms(self._clock()))
        self._orders.give(order)
        return order

    def order_of_term(self, case: CaseState, by: Actor, retention: str) -> None:
        """Order the erasure of everybody in a case past its time who is in no other case; whoever is in one stays until that has passed.

        Raises:
            ErasureRefused: something is still being settled, or a signal waits to be answered.
        """
        subjects = {subject for subject, _ in case.subjects}
        known = self._registry.known(subjects)
        elsewhere = {subject for other in known.cases if other.id != case.id for subject, _ in other.subjects}
        alive = {subject: found for subject in sorted(subjects - elsewhere) if (found := self._subjects.fingerprint_if_any(subject))}
        if known.obstacles & {"unsettled", "open_signal"}:
            raise ErasureRefused(min(known.obstacles & {"unsettled", "open_signal"}), "expected nothing that still moves")
        if alive:
            self._orders.give(Order(self._ids(), case.covenant, TERM_PASSED, by, alive, epoch_ms(self._clock()), retention))

    def run(self, *, at_once: bool = False, first: Callable[[], frozenset[str]] = frozenset) -> Erased:
        """Steps 2 to 5 of every order there is; step 5 when enough of them wait, one has waited long enough, or `at_once`.

        `first` takes out what goes before them, and gives the ids of cases and texts of which then nothing is left in the files either.

        Raises:
            audit.errors.LogUnavailable: nothing was destroyed that is not on the record.
            ErasureRefused: something was put in the way of an order before its entry was made.
        """
        with alone(*self._rooms):
            # If we die after this line, the next run copies each file anew, whether or not it has anything to remove itself.
            before = {room for room in (self._deposit_engine, self._registry.engine, self._keystore) if owe(room)}
            purged, orders = first(), self._orders.waiting()
            gone = [self._carry_out(order) for order in orders]

            def scrubbed(room: Engine, values: frozenset[str] | None) -> bool:
                return scrub(room, None if room in before else values)

            clean = scrubbed(self._deposit_engine, purged.union(*(content for content, _ in gone)))
            clean = scrubbed(self._registry.engine, purged.union(*(pseudonyms for _, pseudonyms in gone))) and clean
            due = at_once or self._is_due(orders)
            entries, taken = self._take_out(orders if due else ())
            clean = taken and clean
            if due and clean:
                self._orders.done(orders)
            # The keystore is small, so it is copied in any case: nobody can look for a key that is destroyed.
            clean = scrubbed(self._keystore, None if orders else frozenset()) and clean
            return Erased(len(orders), len(orders) if due and clean else 0, 0 if due else len(orders), entries, clean)

    def destroy_again(self) -> int:
        """Destroy the keys that a restored backup of the keystore brought back; returns how many there were."""
        said = self._said()
        if self._subjects.knows(said):
            return 0
        with alone(self._keystore):
            owe(self._keystore)
            back = self._subjects.destroy_again(said, epoch_ms(self._clock()))
            scrub(self._keystore)
        return back

    def knows_all(self) -> bool:
        """Whether the keystore knows of every erasure that is on record: else it is an older one, and may have keys of who was erased."""
        return self._subjects.knows(self._said())

    def owes(self) -> bool:
        """Whether something that was removed may still stand in a file of SQLite's."""
        return any(map(owed, self._rooms))

    def _said(self) -> set[str]:
        """The fingerprints of keys that are destroyed by what the log says."""
        return {code for one in erasures(self._log_engine) if one.core for name, code in one.core.details if name == FINGERPRINT}

    @property
    def _rooms(self) -> tuple[Engine, ...]:
        return self._log_engine, self._registry.engine, self._deposit_engine, self._keystore

    def _is_due(self, orders: Sequence[Order]) -> bool:
        now = epoch_ms(self._clock())
        oldest = min((order.at_ms for order in orders), default=now)
        # An order that is dated so far ahead was given by a clock that was wrong, and nobody knows how long it has been waiting.
        return sum(order.persons for order in orders) >= MIXED or abs(now - oldest) >= WAITS // timedelta(milliseconds=1)

    def _check(self, person: Person) -> None:
        self._outbox.drain()
        obstacles = self._registry.known(person.subjects).obstacles
        for code, sentence in (
            ("open_case", "expected every case of this person to be closed, found an open one: close it first"),
            ("open_signal", "expected every signal about this person to be answered, found one that is not"),
            ("unsettled", "expected nothing that is still being settled, found a change of a minute ago: try again"),
        ):
            if code in obstacles:
                raise ErasureRefused(code, sentence)
        if self._holds.of(person.covenant, person.known.cases):
            raise ErasureRefused("held", "expected no legal hold, found one: `broker audit hold list` shows it")

    def _carry_out(self, order: Order) -> tuple[set[str], set[str]]:
        """Steps 2 to 4; returns what is then to be looked for in the deposit, and in the registry, which owed the log its entries."""
        subjects = tuple(order.fingerprints)
        known = self._registry.known(subjects)
        owed = {self._subjects.pseudonym(subject) for subject in subjects if self._subjects.fingerprint_if_any(subject)}
        if owed:
            # A hold that came between the order and its entry still counts; after the entry it comes too late.
            self._check(Person(order.covenant, frozenset(subjects), known))
        self._log.append(order.draft())  # (2)
        self._subjects.destroy(order.fingerprints, epoch_ms(self._clock()))  # (3)
        for subject in subjects:  # (4)
            self._deposit.erase_subject(subject)
        self._deposit.forget_texts(known.texts)
        self._registry.forget_signals(subjects)
        return {*subjects, *known.texts}, owed

    def _take_out(self, orders: Sequence[Order]) -> tuple[int, bool]:
        """Step 5, and whatever an earlier run left of it."""
        before = owe(self._log_engine)
        removed = [remove(self._log_engine, erasure) for erasure in unfinished(self._log_engine)]
        lately = self._orders.lately(epoch_ms(self._clock() - LATELY))
        waiting = {subject for order in self._orders.waiting() for subject in order.fingerprints}
        keys = {subject for order in orders for subject in order.fingerprints} | (lately - waiting)
        here = held_under(self._log_engine, keys)
        for covenant in sorted({one.covenant for one in here}):
            mine = [one for one in here if one.covenant == covenant]
            for at in range(0, len(mine), BATCH):
                draft = self._draft(covenant, mine[at : at + BATCH], orders)
                # If we die after this line, the entry names what is still there: `unfinished` finds it, and the next run removes it.
                self._log.append(draft)
                removed.append(remove(self._log_engine, draft.id))
        values = frozenset[str]().union(*(one.values for one in removed))
        return sum(one.entries for one in removed), scrub_log(self._log_engine, None if before else values)

    def _draft(self, covenant: str, here: Sequence[Held], orders: Sequence[Order]) -> Draft:
        grounds = tuple(sorted({order.ground for order in orders}))
        details = {("ordered_by", order.by.pseudonym) for order in orders} | {("orders", str(len(orders)))}
        core = Core(
            reasons=grounds, command=ERASE, details=sorted_pairs(details), entries=tuple(one.entry_id for one in here), software=SOFTWARE
        )
        return Draft(ERASURE, self._ids(), covenant, None, core)
