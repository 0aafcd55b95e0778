"""Appending to the log: many threads bring drafts, one of them at a time leads and commits for all that queued.

Nobody waits to fill a batch: the leader takes what is there, and what arrives meanwhile is the next batch. A thread that finds
nobody leading leads at once, so a lone append pays no hand-over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from threading import Lock
from typing import TypeAlias

from audit.codes import check_origin_name
from audit.entry import CLOCK_STEP, Core, Draft
from audit.errors import AuditError, IdReused, LogUnavailable, StoreFailed, StoreUnfit
from audit.growth import CLOCKS_APART, NOTHING, Found, Growing, Growth, Position, Sealed
from audit.ids import RANDOM_BYTES, uuid7
from audit.placing import Fence, Placing
from audit.section import NOISE_BYTES, SubjectKeys, digests_of, sections_of
from audit.store import Store, wanted_of
from audit.terms import pack_terms, terms_of

#: reads the present numbers of these names, inside the append lock; a name it does not know is left out
FenceReader: TypeAlias = Callable[[frozenset[str]], Mapping[str, int]]

BATCH_MAX = 256
#: a commit whose fate is unknown is tried again once, with the same ids
ATTEMPTS = 2


class _Order:
    """The drafts of one call and the keys of their subjects, while they wait: they are placed together, or not at all."""

    __slots__ = ("_bell", "drafts", "fence", "keys", "outcome", "promoted", "sealed")

    def __init__(self, drafts: tuple[Draft, ...], keys: tuple[bytes | None, ...], fence: Fence) -> None:
        self.drafts = drafts
        self.keys = keys
        self.fence = fence
        self.sealed: tuple[Sealed, ...] = ()
        self.outcome: tuple[Position, ...] | Exception | None = None
        self.promoted = False
        self._bell = Lock()
        self._bell.acquire()

    def wait(self) -> None:
        """Until the order is settled, or its own thread is to lead."""
        self._bell.acquire()

    def settle(self) -> None:
        """Wake its thread; what nobody has given an outcome was broken off."""
        if self.outcome is None:
            self.outcome = LogUnavailable("the append was broken off")
        self._bell.release()

    def promote(self) -> None:
        self.promoted = True
        self._bell.release()


class Log:
    """The append side of the log, shared by all threads of a process; `name` is the first part of every origin."""

    def __init__(
        self,
        store: Store,
        *,
        name: str,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        fences: FenceReader,
        subject_keys: SubjectKeys,
    ) -> None:
        check_origin_name(name)
        self._store = store
        self._name = name
        self._clock = clock
        self._random = random
        self._fences = fences
        self._subject_keys = subject_keys
        self._queue: deque[_Order] = deque()
        self._led = False
        self._mutex = Lock()

    def append(self, *drafts: Draft, fence: Fence = ()) -> tuple[Position, ...]:
        """Make the drafts durable, all in one commit, and say where they stand; contiguous where they share a log.

        `fence` holds what the caller read before: when one of its numbers has changed at the moment of the append, nothing is written.
        Appending a draft again gives the position it has already.

        Raises:
            LogUnavailable: durability could not be promised; nothing may be released or acknowledged.
            FenceMoved: a number in `fence` has changed.
            DecisionClosed: a terminal entry names a decision that is not open.
            IdReused: an id came back with another content.
            SubjectKeyGone: the key of a subject was destroyed.
        """
        if not drafts:
            raise ValueError("expected at least one draft")
        if len(drafts) > 1:
            of_id = {draft.id: draft for draft in drafts}
            if any(of_id[draft.id] != draft for draft in drafts):
                raise IdReused("expected drafts with ids of their own")
        keys = tuple([None if draft.subject is None else self._subject_keys.key(draft.subject.key_id) for draft in drafts])
        order = _Order(drafts, keys, fence)
        with self._mutex:
            self._queue.append(order)
            leads, self._led = not self._led, True
        if not leads:
            try:
                order.wait()
            except BaseException:
                self._withdraw(order)
                raise
        if order.outcome is None:
            self._lead()
        if order.outcome is None:
            raise LogUnavailable("the append was not settled")
        if isinstance(order.outcome, Exception):
            raise order.outcome
        return order.outcome

    def barrier(self) -> None:
        """Return after having held the append lock once: every append that read its fences before is committed or failed by then.

        Raises:
            LogUnavailable: the lock could not be taken.
        """
        try:
            self._store.barrier()
        except StoreFailed as error:
            raise LogUnavailable("the append lock could not be taken") from error

    def check_clock(self) -> None:
        """Refuse to start where this machine's clock and the database's are too far apart.

        Raises:
            StoreUnfit: they are.
            LogUnavailable: the database could not be asked.
        """
        try:
            apart = abs(self._clock() - self._store.now())
        except StoreFailed as error:
            raise LogUnavailable("the database could not be asked for its time") from error
        if apart > CLOCKS_APART:
            raise StoreUnfit(f"expected a clock within {CLOCKS_APART.seconds} s of the database's, found {int(apart.total_seconds())} s")

    def _lead(self) -> None:
        """Commit one batch for everybody in it, then hand over to whoever came first in the meantime."""
        batch = self._next_batch()
        due: tuple[int, ...] = ()
        try:
            due = self._commit(batch)
        finally:
            # INVARIANT: every order of the batch is settled and the lead is handed over, whatever was raised above.
            # Whoever leads next is woken first: everybody else who is woken wants the processor as well.
            self._hand_over()
            for order in batch:
                order.settle()
        for log_id in due:
            # What was appended is durable and answered; the index is derived, and whatever stays behind is folded the next time.
            with suppress(StoreFailed):
                self._store.fold(log_id)

    def _next_batch(self) -> list[_Order]:
        """The orders at the head of the queue, up to `BATCH_MAX` drafts, and always at least one."""
        batch: list[_Order] = []
        drafts = 0
        with self._mutex:
            while self._queue and (not batch or drafts + len(self._queue[0].drafts) <= BATCH_MAX):
                drafts += len(self._queue[0].drafts)
                batch.append(self._queue.popleft())
        return batch

    def _hand_over(self) -> None:
        with self._mutex:
            self._promote_next()

    def _promote_next(self) -> None:
        if self._queue:
            self._queue[0].promote()
        else:
            self._led = False

    def _withdraw(self, order: _Order) -> None:
        """Its thread was interrupted while it waited: nobody would lead if the lead came to it. What a leader has taken stays taken."""
        with self._mutex:
            if order in self._queue:
                self._queue.remove(order)
                if order.promoted:
                    self._promote_next()

    def _commit(self, batch: list[_Order]) -> tuple[int, ...]:
        """Give every order its outcome; returns the logs that are due to be folded.

        The second attempt finds what the first may have committed by its ids.
        """
        brought = self._sealed(batch)
        wanted = wanted_of([order.sealed for order in brought], fenced=any(order.fence for order in brought))
        outcomes: list[tuple[Position, ...] | AuditError] = []
        growth = NOTHING

        def plan(found: Found) -> Growth:
            nonlocal growth
            growth, outcomes[:] = self._plan(brought, found)
            return growth

        for _ in range(ATTEMPTS if brought else 0):
            try:
                self._store.grow(wanted, plan)
            except StoreFailed:
                outcomes, growth = [LogUnavailable("the log could not promise that the entry is durable") for _ in brought], NOTHING
            else:
                break
        for order, outcome in zip(brought, outcomes, strict=True):
            order.outcome = outcome
        return growth.due

    def _sealed(self, batch: list[_Order]) -> list[_Order]:
        """Make salts, hashes and seals, before the append lock is taken; returns the orders that can be placed.

        One thread does it for all of them, with one draw of randomness: drawing lets go of the interpreter, which everybody wants who
        has just been answered. Many threads that each seal for themselves take twice as long.
        """
        noise = BytesIO(self._random(NOISE_BYTES * sum([len(order.drafts) for order in batch])))
        for order in batch:
            try:
                order.sealed = tuple(
                    [_seal(draft, noise.read(NOISE_BYTES), key) for draft, key in zip(order.drafts, order.keys, strict=True)]
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the order came from, and nowhere else
                order.outcome = error
        return [order for order in batch if order.outcome is None]

    def _plan(self, batch: list[_Order], found: Found) -> tuple[Growth, list[tuple[Position, ...] | AuditError]]:
        """What to write for this batch, given what the append lock shows."""
        now = self._clock()
        growing = Growing(self._name, found, now)

        def step_entry(covenant: str, behind: timedelta) -> Sealed:
            core = Core(details=(("behind_ms", str(int(behind / timedelta(milliseconds=1)))),))
            return _seal(Draft(CLOCK_STEP, uuid7(now, self._random(RANDOM_BYTES)), covenant, None, core), self._random(NOISE_BYTES), None)

        placing = Placing(found, growing, self._numbers(batch), step_entry)
        outcomes = [placing.place(order.sealed, order.fence) for order in batch]
        answers = [placing.place(guest, ()) for guest in found.guests]
        growth = growing.growth(tuple([None if isinstance(answer, AuditError) else answer for answer in answers]))
        return (growth if growth.leaves else NOTHING), outcomes

    def _numbers(self, batch: list[_Order]) -> Mapping[str, int] | None:
        """The present value of every fence in the batch, read under the append lock; None when they could not be read."""
        names = frozenset(name for order in batch for name, _ in order.fence)
        if not names:
            return {}
        try:
            return self._fences(names)
        except Exception:  # noqa: BLE001 - whatever keeps a fence from being read refuses the fenced, and never the others
            return None


def _seal(draft: Draft, noise: bytes, key: bytes | None) -> Sealed:
    terms = pack_terms(terms_of(draft.typ, draft.ref, draft.core, draft.actor, draft.subject))
    sections = sections_of(draft, noise, key)
    return Sealed(draft, sections, digests_of(sections), terms)
