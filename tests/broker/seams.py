"""Our own seams as a test may hold them: the log, the sources, the steps at which a process can die. Behind each stands the real thing.

The composition root puts the parts together and shows few of them; these builders take them from the broker that it built, so that what is
tested is wired as it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from audit.entry import Draft
from audit.errors import LogUnavailable
from audit.growth import Position
from audit.log import Log
from broker.bootstrap import Broker
from broker.cases.registry import CaseRegistry
from broker.cases.state import CaseState, Condition, ConditionKind
from broker.clock import Clock, epoch_ms, system_clock
from broker.demo.people import CORPORATION, MAIN
from broker.demo.stage import PARTIES
from broker.exchange import Exchange
from broker.fetching import Fetching
from broker.outbox import Outbox
from broker.trace import Trace
from connectors.deposit.source import DepositSource
from connectors.registry import Sources
from connectors.source import Item, Lookup, Source
from policies.vocabulary import CaseTypeId, FieldName, PartyId, Phase, SubjectKind
from tests.stage import COVENANT, DIRECTOR, Theatre, theatre

TRACE = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)

Types = tuple[str, ...]


def nothing(_types: Types) -> None:
    """What happens around an append where a test says nothing else."""


class WatchedLog:
    """The real log. `before` and `after` each append run with the types of its entries: they may change the world, or raise."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.before: Callable[[Types], None] = nothing
        self.after: Callable[[Types], None] = nothing
        self.tried: list[Types] = []

    def append(self, *drafts: Draft, fence: tuple[tuple[str, int], ...] = ()) -> tuple[Position, ...]:
        types = tuple(draft.typ for draft in drafts)
        self.tried.append(types)
        self.before(types)
        positions = self._log.append(*drafts, fence=fence)
        self.after(types)
        return positions

    def barrier(self) -> None:
        self.before(("barrier",))
        self._log.barrier()


def down_for(*unwanted: str) -> Callable[[Types], None]:
    """The log cannot promise durability for entries of these types, or for none where no type is named."""

    def refuse(types: Types) -> None:
        if not unwanted or set(unwanted).intersection(types):
            raise LogUnavailable("the log is down in this test")

    return refuse


def once(wanted: str, act: Callable[[], object]) -> Callable[[Types], None]:
    """Let something happen the first time that an entry of this type is on its way."""
    left = [act]

    def happen(types: Types) -> None:
        if wanted in types and left:
            left.pop()()

    return happen


class Crash(BaseException):
    """The process dies here: nothing below catches it, and nothing more happens."""


class Life:
    """So many steps that a process still takes; every durable write is one step before it and one after."""

    def __init__(self, steps: int | None = None) -> None:
        self._left = steps
        self.taken = 0

    def step(self, _types: Types = ()) -> None:
        if self._left is not None and self.taken >= self._left:
            raise Crash
        self.taken += 1


class MortalEngine:
    """An engine whose transactions are steps of a life. Reading is none: it leaves nothing."""

    def __init__(self, engine: Engine, life: Life) -> None:
        self._engine = engine
        self._life = life

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self._life.step()
        with self._engine.begin() as connection:
            yield connection
        self._life.step()

    def connect(self) -> Connection:
        return self._engine.connect()


def mortal_log(log: Log, life: Life) -> WatchedLog:
    """A log whose appends are steps of a life."""
    watched = WatchedLog(log)
    watched.before = watched.after = life.step
    return watched


def registry_of(broker: Broker, *, log: object = None, engine: object = None, clock: Clock = system_clock) -> CaseRegistry:
    """The registry of a broker, on another log, engine or clock."""
    made = broker.commands._registry
    engine, log = engine or made._engine, log or broker.log
    outbox = Outbox(engine, log, clock)
    return CaseRegistry(
        engine=engine, reader=made._reader, log=log, outbox=outbox, records=made._records, clock=clock, ids=broker.world.ids
    )


def later(by: timedelta) -> Clock:
    """The clock of a process that looks after that time."""
    return lambda: system_clock() + by


class WatchedSource:
    """A real source that writes down what it was asked; `instead` of it a test may answer, wait or break."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.reads: list[Lookup] = []
        self.instead: Callable[[Lookup], Mapping[FieldName, Item]] = source.read

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def holder(self) -> PartyId:
        return self._source.holder

    @property
    def asked(self) -> list[set[str]]:
        """Which fields each read asked for."""
        return [{wanted.field for wanted in lookup.wanted} for lookup in self.reads]

    def read(self, lookup: Lookup) -> Mapping[FieldName, Item]:
        self.reads.append(lookup)
        return self.instead(lookup)


class WatchedDeposit(WatchedSource, DepositSource):
    """The same for what is in the deposit, which is asked without a reference."""


class Bench:
    """An exchange of a broker's own parts, on a log and on sources that can be watched."""

    def __init__(self, broker: Broker, *, deadline_s: float = 60.0) -> None:
        made = broker.exchange
        opened = made._fetching._sources._opened
        self.log = WatchedLog(broker.log)
        self.sources = {one.source.name: self._watched(one.source) for one in opened}
        self.faults: list[tuple[str, str]] = []
        watched = [replace(one, source=self.sources[one.source.name], close=lambda: None) for one in opened]
        self._sources = Sources(watched, lambda source, error: self.faults.append((source, error)))
        self.exchange = Exchange(
            covenants=made._covenants,
            cases=made._cases,
            fetching=Fetching(self._sources, made._fetching._deposit, deadline_s),
            log=self.log,
            records=made._records,
            receipts=made._receipts,
            ids=made._ids,
            quorum=made._quorum,
        )

    @property
    def reads(self) -> list[Lookup]:
        """Every read of every source."""
        return [lookup for source in self.sources.values() for lookup in source.reads]

    def close(self) -> None:
        self._sources.close()

    @staticmethod
    def _watched(source: Source) -> WatchedSource:
        return WatchedDeposit(source) if isinstance(source, DepositSource) else WatchedSource(source)


@pytest.fixture(scope="module")
def playhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """One theatre on SQLite for a whole module; for tests that leave nothing behind but cases of their own."""
    with theatre(tmp_path_factory.mktemp("playhouse")) as built:
        yield built


def resident(house: Theatre) -> str:
    """The main resident's id, known to every party under its own reference."""
    subject = house.broker.commands.subject(COVENANT, CORPORATION, MAIN.references[CORPORATION])
    for party in PARTIES:
        house.broker.commands._deposit.register_reference(COVENANT, party, subject, MAIN.references[party])
    return subject


def staged(
    house: Theatre,
    phase: str = "consultation",
    *,
    case_type: str = "serious_nuisance",
    participants: frozenset[PartyId] = frozenset(PARTIES),
    invited: frozenset[PartyId] = frozenset(),
    conditions: frozenset[Condition] = frozenset(),
    since: datetime | None = None,
) -> CaseState:
    """A case about the main resident as it would be after much work, in one commit; whoever takes part has identified him."""
    subject = resident(house)
    known = {Condition(kind, subject, party) for party in participants for kind in (ConditionKind.IDENTIFIED, ConditionKind.HIT)}
    state = CaseState(
        id=house.broker.world.ids(),
        covenant=COVENANT,
        case_type=CaseTypeId(case_type),
        phase=Phase(phase),
        phase_since_ms=epoch_ms(since or system_clock()),
        subjects=((subject, SubjectKind("tenant")),),
        invited=invited,
        participants=participants,
        conditions=frozenset(known) | conditions,
    )
    registry_of(house.broker).open(state, house.by(DIRECTOR))
    return state


def on_resident(house: Theatre, kind: ConditionKind, key: str) -> frozenset[Condition]:
    """One condition that holds for the main resident."""
    return frozenset({Condition(kind, resident(house), key)})


def at(moment: datetime) -> Clock:
    """A clock that stands still."""
    return lambda: moment


@contextmanager
def swapped(part: object, before: Callable[[Types], None]) -> Iterator[WatchedLog]:
    """Let one part of a broker meet a watched log for a while."""
    real = part._log
    watched = part._log = WatchedLog(real)
    watched.before = before
    try:
        yield watched
    finally:
        part._log = real
