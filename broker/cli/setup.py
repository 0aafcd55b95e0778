"""Setting up and running: keys, databases, the server and its worker."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import ExitStack, suppress
from functools import partial
from types import FrameType

import click
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from broker.api.openapi import LazyDocument
from broker.bootstrap import Broker, World, check_fit, migrate, open_broker
from broker.certifying import certify_checkpoint_key, certify_receipt_key
from broker.cli.beside import Beside, of_server
from broker.cli.common import opened, settings
from broker.config import ConfigError, Settings
from broker.errors import CovenantUnknown
from broker.health_daily import DailyVerify
from broker.health_notes import refusal_noted, sign_and_note
from broker.serve import Served, Stopping, end_with
from broker.serve import serve as serve_application
from broker.service import create_service
from broker.sweeping import Sweeper
from broker.tallying import Tallying
from broker.upkeep import upkeep
from broker.witnessing import Witnessing

#: how often the worker settles, and how often it signs what has grown, in seconds
SWEEP_S = 10.0
SIGN_S = 60.0


@click.group()
def db() -> None:
    """The four databases: broker, deposit, audit and keystore."""


@db.command()
def upgrade() -> None:
    """Bring all four to the newest version; run it before each new version of the software serves."""
    migrate(settings())
    click.echo("the databases are at the newest version")


@click.command()
@click.option("--with-worker/--without-worker", default=True, show_default=True, help="Also run `broker worker` beside the web workers.")
def serve(*, with_worker: bool) -> None:
    """Serve the interface until SIGTERM or Ctrl-C, with several worker processes; a worker that dies is replaced."""
    chosen = settings()
    with opened() as broker:
        check_fit(broker)
        check_health(chosen)
        broker.watcher.check_continues()  # before anything is appended to a restored log, beside which no longer copy fits any more
        certify_receipt_key(broker.log_engine, broker.log, broker.receipt_signer, broker.world.ids)
        destroy_again(broker)
        # A warning and no more: a partner's rate may be set before the partner is registered.
        for name in broker.watcher.look().rates_of_nobody:
            broker.events.warning("limits.rate_of_nobody", client=name)
    click.echo(f"serving {chosen.issuer} on {chosen.host}:{chosen.port} with {chosen.workers} workers", err=True)
    with ExitStack() as beside:
        if with_worker:
            beside.enter_context(Beside())
        if chosen.metrics_port is not None:
            beside.enter_context(Beside("metrics"))
        serve_application(partial(_service, chosen), chosen)


def _service(chosen: Settings, stopping: Stopping) -> Served:
    """What each web worker builds for itself after it was forked; its environment is empty by then, so it is given the settings."""
    broker = open_broker(chosen)
    broker.covenants.in_force()  # compiled now, so that no partner's first request waits for it
    broker.watch.start()
    tallying = Tallying(broker.tally, broker.limits, broker.log, broker.world.ids)
    tallying.start()
    app = create_service(broker, stopping)
    share_meter(broker, "web")
    broker.limits.share(chosen.health)
    return Served(app, partial(_settle, broker, tallying))


def _settle(broker: Broker, tallying: Tallying) -> None:
    """What a worker owes when its last request has been answered. Where the log is away, `broker worker` pays, and the counts are lost."""
    with suppress(AuditError, SQLAlchemyError):
        tallying.tell()
        broker.outbox.drain()
    broker.close()


def share_meter(broker: Broker, kind: str) -> None:
    """Count where the listener reads, if there is one.

    Raises:
        ConfigError: the folder cannot be written.
    """
    if broker.settings.metrics_port is not None:
        check_health(broker.settings)
        broker.meter.share(broker.settings.health, kind)


def check_health(chosen: Settings) -> None:
    """Look whether there is a folder that processes can count in together.

    Raises:
        ConfigError: it cannot be made or written.
    """
    with suppress(OSError):
        chosen.health.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(chosen.health, os.W_OK):
        raise ConfigError(("BROKER_HEALTH: expected a folder that can be written",))


@click.command()
@click.option("--once", is_flag=True, help="Do one round and stop; for a scheduler.")
@of_server
def worker(server: int | None, *, once: bool) -> None:
    """Settle what a crash left open, move overdue cases back, and sign checkpoints; one per broker is enough."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    if server is not None:
        end_with(server, stop.set)
    broker = open_broker(settings(), World())
    if not once:
        share_meter(broker, "worker")
    try:
        with suppress(AuditError):  # the worker says itself, each round, that the log cannot be written or is a restored one
            broker.watcher.check_continues()
            certify_checkpoint_key(broker.log_engine, broker.log, broker.checkpoint_public_key(), broker.world.ids)
        destroy_again(broker)
        run_worker(broker, stop, once=once)
    finally:
        broker.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def destroy_again(broker: Broker) -> None:
    """A restored backup of the keystore has keys of people who were erased since: nothing is served before they are gone again."""
    with upkeep(broker) as kept:
        back = kept.erasing.destroy_again()
    if back:
        broker.events.info("keystore.destroyed_again", count=back)


def run_worker(broker: Broker, stop: threading.Event, *, once: bool) -> None:
    """Rounds until stopped. A log that cannot be written or signed is an event and the next round's business, never an end."""
    sweeper = broker.sweeper()
    daily = DailyVerify(broker.notes, broker.world.clock)
    witnessing = Witnessing(broker.log_engine, broker.quorum, clock=broker.world.clock, events=broker.events)
    if not once:
        witnessing.start(stop)
    sign_at = 0.0
    while not stop.is_set():
        try:
            with refusal_noted(broker.notes, broker.world.clock):
                broker.watcher.check_continues()  # what is owed is not appended to a restored log either
            swept = sweeper.sweep()
            if swept.total:
                broker.events.info("worker.settled", count=swept.total)
            broker.reporting.tallies.tell()
            if time.monotonic() >= sign_at:
                _sign(broker, sweeper)
                sign_at = time.monotonic() + SIGN_S
        except (AuditError, CovenantUnknown, SQLAlchemyError) as error:
            # An audit error's text has no value in it; a database's may have a statement with its parameters.
            why = {} if isinstance(error, SQLAlchemyError) else {"reason": str(error)[:200]}
            broker.events.error("worker.refused", error=type(error).__name__, **why)
            if once:
                raise
        if once:
            witnessing.once()
            return
        daily.look()
        stop.wait(SWEEP_S)
    daily.stop()


def _sign(broker: Broker, sweeper: Sweeper) -> None:
    for signed in sign_and_note(sweeper.sign, broker.notes, broker.world.clock):
        if signed.fresh:
            broker.events.info("checkpoint.signed", origin=signed.checkpoint.origin, index=signed.checkpoint.size)


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the interface."""
    with opened() as broker:
        app = create_service(broker)
        click.echo(LazyDocument(app, broker.settings.issuer, broker.settings.contact).text)
