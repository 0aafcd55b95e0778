"""What the operator does to the log and around it: erasing, retaining, holding. Put together here, apart from what serves requests.

Only these commands remove anything, so they can run as an account of their own: on PostgreSQL the broker's may not delete from the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from broker.bootstrap import Broker
from broker.covenants import Covenants
from broker.database import open_engine
from broker.erasing import Erasing
from broker.erasing_registry import Registry
from broker.erasing_restored import Restored
from broker.keyring import FollowedKeyring
from broker.keys import KeyDirectory
from broker.outbox import Outbox
from broker.retaining import Retaining
from broker.retaining_holds import Holds
from connectors.deposit import Deposit


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What removes, and what keeps something from being removed."""

    erasing: Erasing
    restored: Restored
    retaining: Retaining
    holds: Holds
    registry: Registry
    covenants: Covenants
    deposit: Deposit


@contextmanager
def upkeep(broker: Broker) -> Iterator[Upkeep]:
    """Put it together for the length of one command.

    Raises:
        broker.keys.KeyDirectoryError: a key is not there, or open to others.
    """
    settings, world, keys = broker.settings, broker.world, KeyDirectory(broker.settings.keys)
    engine, deposit_engine, keystore = map(open_engine, (settings.database_url, settings.deposit_url, settings.keystore_url))
    deposit = Deposit(deposit_engine, FollowedKeyring(keys, world.random, broker.events), world.clock)
    registry = Registry(engine)
    holds = Holds(broker.log, broker.log_engine, broker.subjects, world.ids)
    erasing = Erasing(
        log=broker.log,
        log_engine=broker.log_engine,
        keystore=keystore,
        deposit_engine=deposit_engine,
        deposit=deposit,
        subjects=broker.subjects,
        registry=registry,
        outbox=Outbox(engine, broker.log, world.clock),
        holds=holds,
        clock=world.clock,
        ids=world.ids,
    )
    restored = _restored(broker, registry, deposit_engine, deposit)
    retaining = Retaining(
        log=broker.log,
        log_engine=broker.log_engine,
        covenants=broker.covenants,
        deposit=deposit,
        erasing=erasing,
        registry=registry,
        holds=holds,
        subjects=broker.subjects,
        clock=world.clock,
        ids=world.ids,
    )
    try:
        yield Upkeep(erasing, restored, retaining, holds, registry, broker.covenants, deposit)
    finally:
        for each in (engine, deposit_engine, keystore):
            each.dispose()


def _restored(broker: Broker, registry: Registry, deposit_engine: Engine, deposit: Deposit) -> Restored:
    return Restored(
        log_engine=broker.log_engine,
        deposit_engine=deposit_engine,
        deposit=deposit,
        subjects=broker.subjects,
        registry=registry,
        clock=broker.world.clock,
    )
