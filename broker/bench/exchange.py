"""What an exchange costs through real HTTP, beside a bare route and beside the floor app, in the same run and on each database.

Absolute figures say something about the machine. What is held to are two ratios: how much of the floor's rate an exchange reaches
(`to_floor`), and how far its slowest requests are from the usual ones (`tail`). The three servers take turns within every round, so that a
busy moment counts for all of them; a figure is the median over the rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from broker.bench import floor
from broker.bench.ground import ASKED, GIVEN, Ground, make_ground
from broker.bench.load import Address, Sample, drive
from broker.bench.servers import running
from broker.bench.turns import Here, on_each, take_turns
from broker.config import MOST_PER_MINUTE, Settings
from broker.database import ROOMS, Room

#: the least that is accepted of the floor's rate, and the longest that one request in a hundred may take beside the median
TO_FLOOR_MIN = 0.4
TAIL_MAX = 6.0

NAMES = ("bare", "floor", "exchange")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; one connection has one case and one token."""

    connections: int = 16
    rounds: int = 7
    warm_s: float = 0.5
    measured_s: float = 2.0
    workers: int = 2


@dataclass(frozen=True, slots=True)
class ExchangeFigures:
    """One database: the samples of every round by server, in the order of the rounds."""

    database: str
    rounds: Mapping[str, tuple[Sample, ...]]

    def median(self, name: str) -> Sample:
        """The median of each figure of one server over its rounds."""
        return median_of(self.rounds[name])

    @property
    def to_floor(self) -> float:
        """The exchange's rate as a part of the floor's, round by round."""
        return self._ratio("floor")

    @property
    def to_bare(self) -> float:
        """The exchange's rate as a part of the bare route's, round by round."""
        return self._ratio("bare")

    @property
    def tail(self) -> float:
        """The exchange's 99th percentile beside its median, round by round."""
        return statistics.median(sample.tail for sample in self.rounds["exchange"])

    @property
    def holds(self) -> bool:
        """Whether both ratios are what they are held to."""
        return self.to_floor >= TO_FLOOR_MIN and self.tail <= TAIL_MAX

    def _ratio(self, beside: str) -> float:
        pairs = zip(self.rounds["exchange"], self.rounds[beside], strict=True)
        return statistics.median(ours.per_second / theirs.per_second for ours, theirs in pairs)


@dataclass(frozen=True, slots=True)
class ExchangeBench:
    """Every database of one run."""

    fields_asked: int
    fields_given: int
    plan: Plan
    figures: tuple[ExchangeFigures, ...]


def measure(folder: Path, urls: Mapping[str, Mapping[Room, str]], plan: Plan, told: Callable[[str], None]) -> ExchangeBench:
    """Measure on each database; `urls` has the URL of every room by the database's name, `told` hears of every round.

    Raises:
        broker.bench.load.NotAnswered: a server does not answer as it should.
    """
    return ExchangeBench(len(ASKED), len(GIVEN), plan, on_each(folder, urls, partial(_on, plan, told)))


def _on(plan: Plan, told: Callable[[str], None], here: Here) -> ExchangeFigures:
    ground = make_ground(settings_in(here.folder, here.rooms, plan), here.folder, plan.connections)
    with running(ground, here.events, floor.bare, floor.floor, floor.exchange) as addresses:
        side = partial(_side, here.load, addresses, ground, plan)
        return ExchangeFigures(here.database, take_turns(NAMES, plan.rounds, side, lambda at: told(f"exchange on {here.database}, {at}")))


def median_of(samples: Sequence[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(*(statistics.median(column) for column in zip(*map(_figures, samples), strict=True)))


def settings_in(folder: Path, urls: Mapping[Room, str], plan: Plan) -> Settings:
    """A broker's settings with everything in one folder."""
    return Settings(
        database_url=urls["broker"],
        deposit_url=urls["deposit"],
        audit_url=urls["audit"],
        keystore_url=urls["keystore"],
        keys=folder / "keys",
        anchor=folder / "anchor.json",
        sources=folder / "sources.yaml",
        workers=plan.workers,
        health=folder,
        # One partner asks as fast as it can; what is measured is how fast that is.
        professional_per_minute=MOST_PER_MINUTE,
        client_per_minute=MOST_PER_MINUTE,
        party_per_minute=MOST_PER_MINUTE,
        tokens_per_minute=MOST_PER_MINUTE,
    )


def sqlite_urls(folder: Path) -> Mapping[Room, str]:
    """A file for every room."""
    return {room: f"sqlite:///{folder / room}.sqlite" for room in ROOMS}


def _side(load: ProcessPoolExecutor, addresses: Mapping[str, Address], ground: Ground, plan: Plan, name: str) -> Sample:
    sample: Sample = load.submit(drive, addresses[name], ground.requests, plan.warm_s, plan.measured_s).result()
    return sample


def _figures(sample: Sample) -> tuple[float, float, float, float]:
    return sample.per_second, sample.p50_ms, sample.p99_ms, sample.longest_ms
