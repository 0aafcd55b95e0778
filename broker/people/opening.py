"""Everything that signs people in, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from audit.log import Log
from broker.clock import Clock, Ids, Random
from broker.config import Settings
from broker.keys import KeyDirectory
from broker.logs import Events
from broker.outbox import Outbox
from broker.people.discovery import Discovery
from broker.people.pending import PendingSignIns
from broker.people.relying import RelyingParty
from broker.people.roll import Pseudonyms
from broker.people.roll_file import RollFile
from broker.people.sessions import Sessions
from broker.people.signing_in import SigningIn
from broker.people.visitors import Visitors
from connectors.http_json import open_client

#: requests to providers that one process has under way
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class People:
    """What signs people in, and what reads their sessions; one for all threads of a process."""

    signing_in: SigningIn
    visitors: Visitors
    close: Callable[[], None]


def open_people(
    *,
    settings: Settings,
    keys: KeyDirectory,
    engine: Engine,
    log: Log,
    outbox: Outbox,
    events: Events,
    clock: Clock,
    monotonic: Callable[[], float],
    ids: Ids,
    random: Random,
) -> People:
    """Put it together; nothing is fetched yet.

    Raises:
        broker.people.errors.RollMistakes: the list of people has mistakes.
    """
    pseudonyms = Pseudonyms(keys.pseudonyms())
    roll = RollFile(settings.people, pseudonyms, events)
    roll.read()  # the first mistake is found at the start; a later one shuts everybody out until it is mended
    http = open_client(at_once=AT_ONCE)
    relying = RelyingParty(discovery=Discovery(http, monotonic), http=http, origin=settings.issuer, clock=clock, ids=ids)
    sessions = Sessions(engine=engine, log=log, outbox=outbox, clock=clock, ids=ids, random=random)
    pending = PendingSignIns(engine, clock, random)
    return People(
        signing_in=SigningIn(roll=roll, pending=pending, relying=relying, sessions=sessions, pseudonyms=pseudonyms),
        visitors=Visitors(roll=roll, sessions=sessions, clock=clock, origin=settings.issuer),
        close=http.close,
    )
