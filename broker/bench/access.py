"""What it costs to be known: tokens per second through real HTTP, and the check of a token at every request, beside plain work.

`plain` does with a token request what nobody could leave out: it reads the form, verifies the assertion and signs a token. It looks
nobody up, keeps no id, and vouches for nobody. A check of a token stands beside joserfc verifying the same one and reading one row, which
is the least that says what a client may do *now*. The sides take turns, so that a busy moment counts for both; a figure is the median over
the rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from joserfc import jwt

from broker.authenticate import Authenticator
from broker.bench.access_sides import AccessGround, ask_tokens, bare, broker, make_access_ground, plain, repeat_one
from broker.bench.exchange import Plan, median_of, settings_in
from broker.bench.floor import no_door
from broker.bench.load import Address, Sample
from broker.bench.servers import running
from broker.bench.turns import Here, on_each, take_turns
from broker.bootstrap import World, open_broker
from broker.database import Room, open_engine
from broker.oauth.signing_keys import ALGORITHM
from broker.reader import Reader

NAMES = ("bare", "plain", "broker")
#: the least that is accepted of the plain side's rate, and the most beside verifying and reading a row
TO_PLAIN_MIN = 0.25
TO_LEAST_MAX = 2.0
#: on two cores
TOKENS_PER_S = 300
CHECK_US = 300
#: checks that are timed together
CHECKS = 200
ONE_ROW = "SELECT scopes FROM oauth_client WHERE client_id = ?"


@dataclass(frozen=True, slots=True)
class AccessFigures:
    """One database: samples by server in the order of the rounds, and microseconds of a check, of verifying alone, and of a row as well."""

    database: str
    rounds: Mapping[str, tuple[Sample, ...]]
    check_us: float
    verify_us: float
    least_us: float

    def median(self, name: str) -> Sample:
        """The median of each figure of one server over its rounds."""
        return median_of(self.rounds[name])

    @property
    def to_plain(self) -> float:
        """The broker's rate as a part of the plain side's, round by round."""
        pairs = zip(self.rounds["broker"], self.rounds["plain"], strict=True)
        return statistics.median(ours.per_second / theirs.per_second for ours, theirs in pairs)

    @property
    def to_least(self) -> float:
        """A check beside verifying and reading a row."""
        return self.check_us / self.least_us


@dataclass(frozen=True, slots=True)
class AccessBench:
    """Every database of one run."""

    plan: Plan
    figures: tuple[AccessFigures, ...]


def measure(folder: Path, urls: Mapping[str, Mapping[Room, str]], plan: Plan, told: Callable[[str], None]) -> AccessBench:
    """Measure on each database; `urls` has the URL of every room by the database's name, `told` hears of every round.

    Raises:
        broker.bench.load.NotAnswered: a server does not answer as it should.
    """
    return AccessBench(plan, on_each(folder, urls, partial(_on, plan, told)))


def _on(plan: Plan, told: Callable[[str], None], here: Here) -> AccessFigures:
    ground = make_access_ground(settings_in(here.folder, here.rooms, plan), here.folder)
    told(f"checking tokens on {here.database}")
    checks = _checks(ground, here.events, plan.rounds)
    with running(ground, here.events, bare, plain, broker) as addresses:
        side = partial(_side, here.load, addresses, ground, plan)
        taken = take_turns(NAMES, plan.rounds, side, lambda at: told(f"tokens on {here.database}, {at}"))
    return AccessFigures(here.database, taken, *checks)


def _side(load: ProcessPoolExecutor, addresses: Mapping[str, Address], ground: AccessGround, plan: Plan, name: str) -> Sample:
    ask = ask_tokens if name == "broker" else repeat_one
    sample: Sample = load.submit(ask, addresses[name], ground.asking, plan.connections, plan.warm_s, plan.measured_s).result()
    return sample


def _checks(ground: AccessGround, events: Path, rounds: int) -> tuple[float, float, float]:
    """Microseconds of a check as the door does it, of joserfc verifying the signature, and of that and a row; in one thread."""
    with ExitStack() as stack:
        stream = stack.enter_context(events.open("a", encoding="utf-8"))
        opened = stack.enter_context(closing(open_broker(ground.settings, World(events_to=stream))))
        engine = open_engine(ground.settings.database_url)
        stack.callback(engine.dispose)
        reader = stack.enter_context(closing(Reader(engine)))
        key, algorithms = opened.signing_keys().accepted, [ALGORITHM]
        authenticator = Authenticator(opened.tokens.read, opened.standing.scopes_now, opened.tally, no_door)

        def check() -> object:
            return authenticator.caller(f"Bearer {ground.token}")

        def verify() -> object:
            return jwt.decode(ground.token, key, algorithms=algorithms)

        def least() -> object:
            return verify(), reader.rows(ONE_ROW, ground.asking.client_id)

        timed = [tuple(_timed(side) for side in (check, verify, least)) for _ in range(rounds + 1)]
    # The first round opens connections and is not counted.
    ours, verifying, both = (statistics.median(column) for column in zip(*timed[1:], strict=True))
    return ours, verifying, both


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(CHECKS):
        work()
    return (time.perf_counter() - begun) / CHECKS * 1e6
