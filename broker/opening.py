"""What is opened for a broker from its settings alone, and looked at before it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, make_url

from audit.anchor import Anchor
from audit.postgres import PostgresStore
from audit.signer import Signer
from audit.sqlite import SqliteStore
from audit.store import Store
from broker.clock import Clock
from broker.config import Settings
from broker.database import ROOMS, upgrade
from broker.keys import KeyDirectory
from broker.logs import Events
from broker.metrics import CIRCUITS, CIRCUITS_OPEN, SOURCE_SHED, Meter
from connectors.deposit import Deposit
from connectors.registry import CovenantField, Pressure, Sources, check_sources, open_sources, read_sources
from policies.compile import Policy
from policies.vocabulary import CovenantId


def migrate(settings: Settings) -> None:
    """Bring the four databases to the newest version."""
    urls = {"broker": settings.database_url, "deposit": settings.deposit_url}
    urls |= {"audit": settings.audit_url, "keystore": settings.keystore_url}
    for room in ROOMS:
        upgrade(urls[room], room)


def open_store(audit_url: str) -> Store:
    """The append side of the log's database."""
    url = make_url(audit_url)
    if url.get_backend_name() == "sqlite":
        return SqliteStore(Path(url.database or ""))
    return PostgresStore(url.set(drivername="postgresql").render_as_string(hide_password=False))


def open_signer(settings: Settings, log_engine: Engine, clock: Clock) -> Signer:
    """The signer of checkpoints. It reads the key that signs them: only the worker calls this, the web workers never have it.

    Raises:
        broker.keys.KeyDirectoryError: the key is not there, or open to others.
    """
    keys = KeyDirectory(settings.keys)
    return Signer(log_engine, Anchor(settings.anchor), keys.checkpoint_signing(), clock=clock, former_keys=keys.former("checkpoint"))


def open_listed_sources(settings: Settings, deposit: Deposit, today: Callable[[], date], events: Events, meter: Meter) -> Sources:
    """The sources that the settings list. None of them can hold more than half of the places of a process.

    Raises:
        connectors.errors.ConnectorConfigError: the list is wrong.
    """
    config = read_sources(settings.sources)

    def told(source: str, error: str) -> None:
        events.error("source.broke_its_contract", source=source, error=error)

    for reason in (Pressure.FULL, Pressure.RESTING):
        meter.declare(SOURCE_SHED, reason.value)
    for change in (Pressure.OPENED, Pressure.CLOSED):
        meter.declare(CIRCUITS, change.value)

    def pressed(source: str, pressure: Pressure) -> None:
        if pressure in {Pressure.FULL, Pressure.RESTING}:
            meter.add(SOURCE_SHED, pressure.value)
            return
        meter.add(CIRCUITS, pressure.value)
        meter.add(CIRCUITS_OPEN, amount=1 if pressure is Pressure.OPENED else -1)
        if pressure is Pressure.OPENED:
            events.warning("source.rests", source=source)
        else:
            events.info("source.answers_again", source=source)

    return open_sources(
        config,
        deposit=deposit,
        today=today,
        folder=settings.sources.parent,
        on_fault=told,
        on_pressure=pressed,
        most_at_once=max(settings.threads // 2, 1),
    )


def check_listed_sources(settings: Settings, policies: Mapping[CovenantId, Policy]) -> None:
    """Every field of every covenant in force has exactly one source.

    Raises:
        connectors.errors.ConnectorConfigError: one has none, or several.
    """
    fields = {field.name: field for policy in policies.values() for field in policy.covenant.fields.values()}
    wanted = (CovenantField(f.name, f.holder, f.delivery, f.type, frozenset(f.codes)) for f in fields.values())
    check_sources(read_sources(settings.sources), wanted)
