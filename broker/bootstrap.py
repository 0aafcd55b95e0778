"""The composition root: the only place that picks concrete classes. The server, the command line and the tests build the broker here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from sqlalchemy import Engine

from audit.database import open_engine as open_log_engine
from audit.log import Log
from audit.receipt import ReceiptSigner
from broker.access.point import DecisionPoint
from broker.auditing.room import Auditing, open_auditing
from broker.authenticate import Tally
from broker.cases.commands import CaseCommands
from broker.cases.reading import CaseReader
from broker.cases.registry import CaseRegistry
from broker.casework import Casework
from broker.clock import Clock, Ids, Random, new_id, system_clock, system_random
from broker.config import Settings
from broker.contributions import Contributions
from broker.covenants import Covenants
from broker.database import open_engine
from broker.designations import Designations
from broker.enactment import Enactment
from broker.exchange import Exchange
from broker.fetching import Fetching
from broker.gate import places_of
from broker.health_look import Watcher
from broker.health_notes import Notes
from broker.health_open import open_watcher
from broker.keyring import FollowedKeyring
from broker.keys import KeyDirectory
from broker.limits import Limits, rates_of
from broker.logs import Events, event_log, quiet_libraries
from broker.metrics import Meter
from broker.metrics_log import MeteredLog, MeteredTally
from broker.oauth.admissions import Admissions
from broker.oauth.assertions import UsedAssertions
from broker.oauth.clients import ClientRegister
from broker.oauth.fetching_keys import KeyFetcher
from broker.oauth.partner_keys import PartnerKeys
from broker.oauth.signing_keys import FollowedKeys
from broker.oauth.standing import Standing
from broker.oauth.tokens import AccessTokens
from broker.opening import check_listed_sources, open_listed_sources, open_signer, open_store
from broker.opening import migrate as migrate  # noqa: PLC0414 - whoever opens a broker finds it here
from broker.outbox import Outbox
from broker.people.opening import People, open_people
from broker.reader import Reader
from broker.recalls import Recalls
from broker.receipts import Receipts
from broker.received import Received
from broker.records import Records
from broker.repeats import Repeats
from broker.reporting.opening import Reporting, open_reporting
from broker.signals import Signals
from broker.subjects import Subjects
from broker.sweeping import Sweeper
from broker.watching import Watch
from broker.witnessing_policy import Quorum, open_quorum
from connectors.deposit import Deposit


@dataclass(frozen=True, slots=True)
class World:
    """What the broker takes from outside: time, ids, randomness, and where events go."""

    clock: Clock = system_clock
    ids: Ids = new_id
    random: Random = system_random
    events_to: TextIO = field(default_factory=lambda: sys.stderr)


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that has been put together; close it when done."""

    settings: Settings
    events: Events
    meter: Meter
    limits: Limits
    notes: Notes
    watcher: Watcher
    tally: Tally
    log: Log
    log_engine: Engine
    subjects: Subjects
    covenants: Covenants
    enactment: Enactment
    received: Received
    watch: Watch
    designations: Designations
    clients: ClientRegister
    admissions: Admissions
    standing: Standing
    key_fetcher: KeyFetcher
    partner_keys: PartnerKeys
    commands: CaseCommands
    casework: Casework
    contributions: Contributions
    signals: Signals
    outbox: Outbox
    recalls: Recalls
    reporting: Reporting
    auditing: Auditing
    exchange: Exchange
    decision_point: DecisionPoint
    quorum: Quorum
    receipts: Receipts
    repeats: Repeats
    receipt_signer: ReceiptSigner
    checkpoint_public_key: Callable[[], bytes]
    signing_keys: FollowedKeys
    tokens: AccessTokens
    used: UsedAssertions
    people: People
    sweeper: Callable[[], Sweeper]
    world: World
    closing: tuple[Callable[[], None], ...]

    def close(self) -> None:
        """Let go of connections."""
        for close in self.closing:
            close()


def open_broker(settings: Settings, world: World | None = None) -> Broker:
    """Put a broker together from its settings.

    Raises:
        broker.keys.KeyDirectoryError: a key is not there, or open to others.
        connectors.errors.ConnectorConfigError: the sources' configuration is wrong.
        audit.errors.StoreUnfit: the log's database does not promise what the log needs, or clocks are too far apart.
    """
    world = world or World()
    clock, ids, random = world.clock, world.ids, world.random
    quiet_libraries()
    events = event_log(world.events_to, clock)
    keys, meter = KeyDirectory(settings.keys), Meter()
    rooms = (settings.database_url, settings.deposit_url, settings.keystore_url)
    at_once, log_engine = sum(places_of(settings.threads).values()), open_log_engine(settings.audit_url)
    engine, deposit_engine, keystore_engine = (open_engine(url, at_once=at_once, wait_s=settings.request_timeout_s) for url in rooms)
    engines = (engine, deposit_engine, keystore_engine, log_engine)
    limits = Limits(rates_of(settings), random, meter)
    quorum = open_quorum(settings, log_engine, clock)
    store, notes = open_store(settings.audit_url), Notes(settings.health)
    pseudonyms = keys.pseudonyms()
    subjects = Subjects(keystore_engine, pseudonyms, pseudonyms, random)
    reader = Reader(engine)
    cases = CaseReader(reader)
    log = MeteredLog(
        store,
        name=settings.log_name,
        clock=clock,
        random=random,
        fences=cases.fences,
        subject_keys=subjects,
        meter=meter,
        note=notes.append_failed,
    )
    deposit = Deposit(deposit_engine, FollowedKeyring(keys, random, events), clock)
    records, covenants = Records(subjects), Covenants(engine, clock, events)
    sources = open_listed_sources(settings, deposit, covenants.today, events, meter)
    outbox = Outbox(engine, log, clock)
    people = open_people(
        settings=settings,
        keys=keys,
        engine=engine,
        log=log,
        outbox=outbox,
        events=events,
        clock=clock,
        monotonic=time.monotonic,
        ids=ids,
        random=random,
    )
    registry = CaseRegistry(engine=engine, reader=cases, log=log, outbox=outbox, records=records, clock=clock, ids=ids)
    recalls = Recalls(engine=engine, log_engine=log_engine, log=log, records=records, subjects=subjects, clock=clock, ids=ids)
    commands = CaseCommands(
        covenants=covenants, registry=registry, recalls=recalls, deposit=deposit, subjects=subjects, clock=clock, ids=ids
    )
    fetching = Fetching(sources, deposit, settings.source_timeout_s)
    receipt_signer = ReceiptSigner(f"{settings.log_name}/receipts", keys.receipt_signing())
    signals = Signals(
        engine=engine,
        covenants=covenants,
        commands=commands,
        deposit=deposit,
        subjects=subjects,
        log=log,
        reader=cases,
        outbox=outbox,
        clock=clock,
        ids=ids,
    )

    def sweeper() -> Sweeper:
        # The key that signs checkpoints is read here and not above: the web workers never have it.
        signer = open_signer(settings, log_engine, clock)
        return Sweeper(
            engine=engine,
            log_engine=log_engine,
            log=log,
            outbox=outbox,
            registry=registry,
            signals=signals,
            covenants=covenants,
            signer=signer,
            clock=clock,
            ids=ids,
        )

    enactment = Enactment(engine=engine, covenants=covenants, log=log, outbox=outbox, clock=clock, ids=ids)
    watch = Watch(engine, covenants, enactment, events)
    clients, designations = ClientRegister(engine, clock), Designations(engine, covenants, clock)
    admissions = Admissions(clients, designations, log, outbox, ids)
    key_fetcher = KeyFetcher(settings.key_networks)
    signing_keys = FollowedKeys(keys, clock, time.monotonic, events)
    return Broker(
        settings=settings,
        events=events,
        meter=meter,
        limits=limits,
        notes=notes,
        watcher=open_watcher(settings, engine, log_engine, clock, lambda: log.failed_at),
        tally=MeteredTally(meter),
        log=log,
        log_engine=log_engine,
        subjects=subjects,
        covenants=covenants,
        enactment=enactment,
        received=Received(engine, log_engine, subjects),
        watch=watch,
        designations=designations,
        clients=clients,
        admissions=admissions,
        standing=Standing(reader, designations.designated),
        key_fetcher=key_fetcher,
        partner_keys=PartnerKeys(engine, key_fetcher.fetch, admissions.keep_fetched, clock, events),
        commands=commands,
        casework=Casework(covenants, cases, registry),
        contributions=Contributions(
            covenants=covenants, registry=registry, recalls=recalls, deposit=deposit, fetching=fetching, log=log, records=records, ids=ids
        ),
        signals=signals,
        outbox=outbox,
        recalls=recalls,
        reporting=open_reporting(
            log_engine=log_engine, log=log, covenants=covenants, cases=cases, deposit=deposit, subjects=subjects, clock=clock, ids=ids
        ),
        auditing=open_auditing(
            log=log, log_engine=log_engine, subjects=subjects, covenants=covenants, ids=ids, log_name=settings.log_name, keys=keys
        ),
        exchange=Exchange(
            covenants=covenants, cases=cases, fetching=fetching, log=log, records=records, receipts=receipt_signer, ids=ids, quorum=quorum
        ),
        decision_point=DecisionPoint(covenants=covenants, log=log, records=records, ids=ids, quorum=quorum),
        quorum=quorum,
        receipts=Receipts(log_engine, receipt_signer, covenants),
        repeats=Repeats(engine, clock),
        receipt_signer=receipt_signer,
        checkpoint_public_key=lambda: keys.checkpoint_signing().public_key().public_bytes_raw(),
        signing_keys=signing_keys,
        tokens=AccessTokens(settings.issuer, signing_keys, settings.token_lifetime_s, clock, random),
        used=UsedAssertions(engine, clock),
        people=people,
        sweeper=sweeper,
        world=world,
        closing=(
            watch.stop,
            meter.close,
            limits.close,
            people.close,
            sources.close,
            store.close,
            reader.close,
            *(one.dispose for one in engines),
        ),
    )


def check_fit(broker: Broker) -> None:
    """Look before serving: clocks agree, and every field of every covenant in force has exactly one source.

    Raises:
        audit.errors.StoreUnfit, audit.errors.LogUnavailable, connectors.errors.ConnectorConfigError: what is not so.
    """
    broker.log.check_clock()
    check_listed_sources(broker.settings, broker.covenants.in_force().policies)
