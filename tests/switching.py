"""Workers of their own process while versions change: what tests/journeys/test_versions.py and its long form in tests/soak share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event

from audit.entry import RELEASE
from audit.records import Record
from broker.authenticate import Caller
from broker.bootstrap import World, open_broker
from broker.cases.errors import CaseChanged
from broker.config import Settings
from broker.demo.people import POLICE
from broker.disclosure import CaseAsk
from broker.errors import RefusedAsk
from policies.vocabulary import PurposeId
from tests.broker.versioning import answer
from tests.racing import CORPORATION_FIELD, PATIENCE_S, POLICE_FIELD, TRACE, fresh_processes, until_released
from tests.stage import DIRECTOR, OFFICER, Theatre

#: (process, version)
Sighting = tuple[int, str]


def follow_and_ask(number: int, settings: Settings, callers: tuple[Caller, ...], case: str, seen: Queue[Sighting], stop: Event) -> None:
    """One worker: it follows what is in force, as `broker serve` starts it, and asks for both parties in turn."""
    broker = open_broker(settings, World(events_to=StringIO()))
    broker.watch.start()
    ask = CaseAsk(case, PurposeId("end_nuisance"), (POLICE_FIELD, CORPORATION_FIELD))
    last = ""
    try:
        while not stop.is_set():
            (policy,) = broker.covenants.last_read().policies.values() or (None,)
            if policy is not None and policy.covenant.version != last:
                last = policy.covenant.version
                seen.put((number, last))
            for caller in callers:
                try:
                    broker.exchange.disclose(caller, ask, TRACE)
                except (CaseChanged, RefusedAsk):
                    continue
    finally:
        broker.close()


@dataclass(frozen=True)
class Following:
    """Workers that follow; `seen` tells what each found in force."""

    seen: Queue[Sighting]
    count: int

    def until_all_see(self, version: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until every worker found this version in force."""
        found: set[int] = set()
        while len(found) < self.count:
            number, name = self.seen.get(timeout=timeout_s)
            if name == version:
                found.add(number)


@contextmanager
def following(house: Theatre, case: str, workers: int = 2) -> Iterator[Following]:
    """Worker processes that ask and follow for as long as the block lasts."""
    fresh = fresh_processes()
    seen, stop = fresh.Queue(), fresh.Event()
    callers = (house.caller(DIRECTOR), house.caller(OFFICER))
    arguments = [(number, house.broker.settings, callers, case, seen, stop) for number in range(workers)]
    processes = [fresh.Process(target=follow_and_ask, args=each) for each in arguments]
    for process in processes:
        process.start()
    try:
        made = Following(seen, workers)
        made.until_all_see("2026.2")
        yield made
    finally:
        stop.set()
        for process in processes:
            process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * workers


def race_revocations(house: Theatre, sha256: str, rounds: int) -> None:
    """The police take back and come back, again and again; the last time until something was released, however busy the machine."""
    for _ in range(rounds):
        answer(house, POLICE, "revoke", sha256=sha256)
        answer(house, POLICE, "accept", sha256=sha256)
    answer(house, POLICE, "revoke", sha256=sha256)
    until_released(house, with_field=False)
    answer(house, POLICE, "accept", sha256=sha256)
    until_released(house, with_field=True)


def after_a_revocation_nothing(records: Iterable[Record]) -> tuple[int, int]:
    """Walk the log in its order: while the police are out, no release holds their field and none is theirs. Counts the others."""
    out = False
    given = withheld = 0
    for record in sorted(records, key=lambda record: (record.log, record.position.index)):
        core = record.core
        assert core is not None
        if record.envelope.typ in {"covenant.revoked", "covenant.accepted"} and dict(core.details).get("party") == POLICE:
            out = record.envelope.typ == "covenant.revoked"
        if record.envelope.typ == RELEASE:
            released = POLICE_FIELD in dict(core.released) or core.requester == POLICE
            assert not (out and released), f"entry {record.position.index} was released after an acknowledged revocation"
            given, withheld = given + released, withheld + (not released)
    return given, withheld
