"""Races and kills with real processes: what the short forms in tests/journeys and the long ones in tests/soak share."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from io import StringIO
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx

from audit.entry import DECISION, FAILED, RELEASE
from audit.receipt import verify_receipt
from audit.records import Record
from broker.authenticate import Caller
from broker.bootstrap import World, open_broker
from broker.cases.errors import CaseChanged
from broker.config import Settings
from broker.demo.partner import Partner, Refused
from broker.demo.processes import Running, await_answer, broker_server, held_port, kill, web_workers
from broker.demo.stage import professional, scopes_of
from broker.disclosure import CaseAsk
from broker.trace import Trace
from policies.vocabulary import FieldName, PurposeId
from tests.foreign import foreign
from tests.stage import DIRECTOR, OFFICER, Theatre

POLICE_FIELD = FieldName("incidents.count_12m")
CORPORATION_FIELD = FieldName("complaints.count_12m")
END_NUISANCE = PurposeId("end_nuisance")
TRACE = Trace("0" * 31 + "1", "0" * 15 + "1", sampled=False)

#: the server gives up when the same worker dies twice within 5.5 seconds; whoever kills goes round, and slower than that
BETWEEN_KILLS_S = 4.0
#: how long a partner waits between two asks of one connection, so that the exchanges last as long as the kills
PAUSE_S = 0.2
#: only there to end a wait in vain: on a starved machine a worker takes its time to come back
PATIENCE_S = 120
#: a veto lasts up to three times as long before it is lifted: where commits cost nothing, no ask would fall under it
UNDER_A_VETO_S = 0.005


def fresh_processes() -> ForkServerContext:
    """Processes that share nothing with this one. They are forked from one that has our imports and nothing else: each takes a second."""
    # pytest imports this package without its folder being on the path, where a new process looks for it.
    root = str(Path(__file__).resolve().parent.parent)
    sys.path += [] if root in sys.path else [root]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.racing", "tests.switching"])
    return context


def ask_until(settings: Settings, caller: Caller, case: str, stop: Event, ready: Event) -> None:
    """One worker process that asks for the police's field again and again."""
    broker = open_broker(settings, World(events_to=StringIO()))
    ask = CaseAsk(case, END_NUISANCE, (POLICE_FIELD, CORPORATION_FIELD))
    ready.set()
    try:
        while not stop.is_set():
            try:
                broker.exchange.disclose(caller, ask, TRACE)
            except CaseChanged:
                continue  # it kept changing under five decisions in a row: failed, recorded, asked again
    finally:
        broker.close()


@contextmanager
def asking(house: Theatre, case: str, workers: int = 2) -> Iterator[None]:
    """Worker processes that ask for as long as the block lasts."""
    fresh = fresh_processes()
    stop, ready = fresh.Event(), [fresh.Event() for _ in range(workers)]
    arguments = (house.broker.settings, house.caller(DIRECTOR), case, stop)
    processes = [fresh.Process(target=ask_until, args=(*arguments, begun)) for begun in ready]
    for process in processes:
        process.start()
    try:
        for begun in ready:
            assert begun.wait(PATIENCE_S)
        yield
    finally:
        stop.set()
        for process in processes:
            process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * workers


def race_vetoes(house: Theatre, rounds: int) -> tuple[int, int]:
    """Veto and lift the police's fields while two workers ask for them. Returns how many releases there were with and without them.

    There is at least one of each: the last veto stands until something was released under it, however busy the machine.
    """
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    by = house.by(OFFICER)
    with asking(house, case):
        for turn in range(rounds):
            house.broker.commands.veto(case, by, None, (), lifted=False)
            time.sleep(turn % 4 * UNDER_A_VETO_S)
            house.broker.commands.veto(case, by, None, (), lifted=True)
        for lifted in (False, True):
            house.broker.commands.veto(case, by, None, (), lifted=lifted)
            until_released(house, with_field=lifted)
    return after_a_veto_nothing(house.entries())


def until_released(house: Theatre, *, with_field: bool) -> None:
    """Wait until the log has one more release, with the police's field or without it."""
    mark, give_up = house.mark(), time.monotonic() + PATIENCE_S
    while not any((POLICE_FIELD in dict(one.core.released)) is with_field for one in house.entries(RELEASE, after=mark) if one.core):
        assert time.monotonic() < give_up, "nobody asked, or nothing was released"
        time.sleep(0.01)


def after_a_veto_nothing(records: Iterable[Record]) -> tuple[int, int]:
    """Walk the log in its order: between a veto's entry and the entry of its lifting, no release holds the police's field."""
    vetoed = False
    given = withheld = 0
    for record in sorted(records, key=lambda record: (record.log, record.position.index)):
        core = record.core
        assert core is not None
        veto = any(name == "party_veto" for name, _ in core.details)
        if veto and record.envelope.typ in {"case.set", "case.lifted"}:
            vetoed = record.envelope.typ == "case.set"
        if record.envelope.typ == RELEASE:
            released = POLICE_FIELD in dict(core.released)
            assert not (vetoed and released), f"entry {record.position.index} was released after an acknowledged veto"
            given, withheld = given + released, withheld + (not released)
    return given, withheld


@dataclass(frozen=True)
class Answered:
    """What a partner has in hand after a broken connection or two: a disclosure's id and its receipt."""

    disclosure: str
    receipt: str


def serve_and_kill(house: Theatre, folder: Path, exchanges: int, kills: int) -> list[Answered]:
    """At least so many exchanges over HTTP, for as long as workers are killed in turn; returns every answer that arrived."""
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    found: list[Answered] = []
    killed = threading.Event()
    with ExitStack() as stack:
        port = stack.enter_context(held_port())
        settings = replace(house.broker.settings, port=port, issuer=f"http://127.0.0.1:{port}", workers=2)
        server = stack.enter_context(broker_server(folder, settings))
        await_answer(server, settings.issuer)
        with httpx.Client(base_url=settings.issuer, timeout=60) as http, ThreadPoolExecutor(8) as threads:
            keys = house.stage.parties[house.by(DIRECTOR).party]
            partner = Partner(
                http, settings.issuer, house.by(DIRECTOR).party, "municipality-system", foreign(keys.client), scopes_of(house.broker)
            )
            body = {"case": case, "purpose": END_NUISANCE, "fields": [POLICE_FIELD, CORPORATION_FIELD]}
            partner.token(DIRECTOR, professional(DIRECTOR))

            def go_on() -> None:
                while not killed.is_set() or len(found) < exchanges:
                    found.append(insist(partner, body, server))
                    time.sleep(PAUSE_S)

            asking = [threads.submit(go_on) for _ in range(8)]
            try:
                for turn in range(kills):
                    time.sleep(BETWEEN_KILLS_S if turn else 0.3)
                    kill(min(web_workers(server)))  # the one that has lived longest, so that they go round
            finally:
                killed.set()
            for one in asking:
                one.result()
        server.stop()
    return found


def insist(partner: Partner, body: Mapping[str, Any], server: Running) -> Answered:
    """Ask until there is an answer, as a partner's system does."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            answer = partner.post(DIRECTOR, professional(DIRECTOR), "/v1/connectors/municipality/disclosures", body)
            return Answered(answer["id"], answer["receipt"])
        except (httpx.TransportError, Refused):
            assert server.alive, "the server gave up"
            assert time.monotonic() < give_up, "the broker did not come back"
            time.sleep(0.2)


def check_nothing_is_lost(house: Theatre, found: list[Answered]) -> None:
    """Every answer has its release where its receipt says; what was cut off is closed; the log verifies, without a false alarm."""
    sweeper = house.broker.sweeper()
    sweeper.sweep(interrupted_after=timedelta(0))
    sweeper.sign()
    records = {record.position.id: record for record in house.entries()}
    releases = {record.envelope.ref: record for record in records.values() if record.envelope.typ == RELEASE}
    for answer in found:
        promised = verify_receipt(answer.receipt.encode(), [house.broker.receipt_signer.verifier])
        assert releases[answer.disclosure].position == promised
    decided = {record.position.id for record in records.values() if record.envelope.typ == DECISION}
    ended = [record.envelope.ref for record in records.values() if record.envelope.typ in {RELEASE, FAILED, "exchange.refused"}]
    assert sorted(decided) == sorted(str(ref) for ref in ended)
    verdict = house.verdict()
    assert verdict.findings == ()
    assert verdict.exit == 0
