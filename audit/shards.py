"""A covenant's log begins anew each year, by the UTC time of its entries. A year that is over can be sealed: it is whole, and stays so.

New year is midnight in UTC, an hour after it was midnight in Amsterdam: an entry of 00:30 on 1 January there still stands in the old
year. Nothing but the place of an entry depends on it; days of a covenant are days in Amsterdam (docs/adr/0026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from audit.absence import SEAL
from audit.codes import sorted_pairs
from audit.database import heads, snapshot
from audit.entry import ERASURE, Actor, Core, Draft
from audit.errors import NotAnErasure
from audit.growth import Head, moment_of
from audit.tables import checkpoint, head, sealed


@dataclass(frozen=True, slots=True)
class Shard:
    """One year of a log; `signed_size` is the size of its newest checkpoint, `sealed` whether it grows no more."""

    head: Head
    signed_size: int
    sealed: bool


def shards(engine: Engine) -> tuple[Shard, ...]:
    """Every log, by covenant and year."""
    with snapshot(engine) as connection:
        newest = select(checkpoint.c.log_id, func.max(checkpoint.c.size)).group_by(checkpoint.c.log_id)
        signed: dict[int, int] = {log_id: int(size) for log_id, size in connection.execute(newest)}
        closed = frozenset(connection.execute(select(sealed.c.log_id)).scalars())
        return tuple(Shard(log, signed.get(log.log_id, 0), log.log_id in closed) for log in heads(connection))


def clocks(connection: Connection) -> Mapping[str, datetime]:
    """What the clock said last, by covenant. An earlier year takes no entries, and so never hears that a clock was mended.

    Raises:
        ValueError: somebody has written into a head what is no time.
    """
    told = connection.execute(select(head.c.covenant, head.c.clock).order_by(head.c.covenant, head.c.year)).all()
    return {covenant: moment_of(clock) for covenant, clock in dict(map(tuple, told)).items()}


def sealing(shard: Shard, year: int, ids: Callable[[], str], *, retention: str, by: Actor | None, software: str) -> Draft:
    """The entry that seals a year: its origin, its final size and root, and why. `year` is the present one, in UTC.

    Raises:
        NotAnErasure: the year is not over, or its last checkpoint does not cover all of it: sign first.
    """
    log = shard.head
    if log.year >= year:
        raise NotAnErasure("expected a year that is over")
    if not log.frontier.size or shard.signed_size != log.frontier.size:
        raise NotAnErasure("expected a log that is signed up to its last entry")
    details = sorted_pairs({("origin", log.origin), ("size", str(log.frontier.size)), ("root", log.frontier.root.hex())})
    core = Core(reasons=("term_passed",), retention=retention, command=SEAL, details=details, software=software)
    return Draft(ERASURE, ids(), log.covenant, None, core, by)
