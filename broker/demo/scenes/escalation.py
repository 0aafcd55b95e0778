"""Scenes 6 and 7: up the ladder with a reason and an agreement; and a worker that is killed while it answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from audit.entry import DECISION, FAILED, RELEASE
from audit.receipt import verify_receipt
from broker.clock import new_id
from broker.demo.cast import DIRECTOR, END_NUISANCE, OFFICER, ON_CALL, RESIDENT_SAFETY
from broker.demo.house import House, answer_of, disclosures
from broker.demo.partner import Refused
from broker.demo.processes import Running, kill, web_workers
from broker.demo.scenes.consultation import DIRECTOR_ASKS, Corporation
from broker.demo.steps import NotSo

#: exchanges in the burst, of how many at once, and after how many answers the worker is killed
BURST: Final = 120
AT_ONCE: Final = 8
KILLED_AFTER: Final = 40
#: how often a partner tries the same request again, and how long it waits in between
TRIES: Final = 100
PAUSE_S: Final = 0.05


def escalation(house: House, case: str, corporation: Corporation) -> None:
    """One rung up, which needs words and the police; those on duty see what they need tonight."""
    house.scene(
        "One night it gets worse",
        "To escalate takes a reason in words and the agreement of the police; nobody does it alone. Whoever is on call then learns "
        "how to approach the house, and nothing else.",
        "escalated",
    )
    moves = f"/v1/cases/{case}/moves"
    house.refused(DIRECTOR, "escalates without a reason", moves, {"to": "escalated"}, (400, "bad-command"))
    words = "Vannacht met een mes op de galerij gezien; de buren slapen elders."
    proposed = house.do(DIRECTOR, "proposes to escalate, with a reason", moves, {"to": "escalated", "reason": words})
    house.check(
        "the case waits for the police",
        so=proposed["phase"] == "plan" and proposed["awaiting"] == [{"party": "police", "reaction": "agreement"}],
        found="still in plan; awaited: agreement of police",
    )
    agreed = house.do(OFFICER, "agrees", f"/v1/cases/{case}/agreements", {})
    house.check("now it is escalated", so=agreed["phase"] == "escalated", found="phase escalated, as the police may see it")
    tonight = ("tenancy.dwelling_type", "tenancy.complex", "incidents.visit_advice", "incidents.count_3m", "incidents.kind")
    seen = house.look(ON_CALL, case, RESIDENT_SAFETY, *tonight)
    house.check(
        "whoever goes there knows to go with two, and not why",
        so=seen.value("incidents.visit_advice") == "met_twee" and "incidents.kind" in seen.withheld,
        found="met_twee: with two",
    )
    corporation.asks_again("escalated or not")


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of many exchanges at once: their receipts, and how often a partner had to ask again."""

    receipts: tuple[str, ...]
    repeats: int


def killed_worker(house: House, case: str, server: Running) -> None:
    """`kill -9` in the middle of a burst."""
    house.scene(
        "A worker dies",
        f"{BURST} exchanges, {AT_ONCE} at a time; in the middle one of the two web workers is killed with -9. What was answered must be "
        "in the log, and what was not must not have left.",
        "escalated",
    )
    before = {typ: house.auditor.count(typ) for typ in (DECISION, RELEASE, FAILED)}
    workers = web_workers(server)
    if len(workers) != house.stage.settings.workers:
        raise NotSo(f"{house.stage.settings.workers} web workers run", f"{len(workers)}")
    burst = _burst(house, case, workers[0])
    server.wait_until(lambda: len(set(web_workers(server)) - {workers[0]}) == len(workers), "another worker in its place")
    house.receipts.extend(burst.receipts)
    house.check(
        "every exchange was answered, some at the second try",
        so=len(burst.receipts) == BURST,
        found=f"worker {workers[0]} killed after {KILLED_AFTER} answers; {burst.repeats} repeated under the same Idempotency-Key",
    )
    trusted = (house.receipt_key,)
    promised = [verify_receipt(receipt.encode(), trusted) for receipt in burst.receipts]
    house.check(
        "every answer has its entry, where its receipt says",
        so=all(house.auditor.leaf_hash(place.id) == place.leaf_hash for place in promised),
        found=f"{len({place.index for place in promised})} receipts, each for a place of its own in the log",
    )
    decided, released, failed = (house.auditor.count(typ) - before[typ] for typ in (DECISION, RELEASE, FAILED))
    open_now = house.auditor.open_decisions()
    house.check(
        "the log can say too much for a moment, never too little",
        so=decided == released + failed + open_now and released >= BURST,
        found=f"{decided} decisions, {released} releases; what was decided and cut off: {open_now}",
    )
    house.check("another worker took its place", so=workers[0] not in web_workers(server), found=f"{len(workers)} web workers again")


def _burst(house: House, case: str, victim: int) -> Burst:
    answered = threading.Semaphore(0)

    def one(_: int) -> tuple[str, int]:
        try:
            return _insist(house, case)
        finally:
            answered.release()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        asked = [threads.submit(one, number) for number in range(BURST)]
        for _ in range(KILLED_AFTER):
            answered.acquire()
        kill(victim)
        results: Sequence[tuple[str, int]] = [future.result() for future in asked]
    return Burst(tuple(receipt for receipt, _ in results), sum(repeats for _, repeats in results))


def _insist(house: House, case: str) -> tuple[str, int]:
    """Ask until there is an answer, as a partner's system does; returns its receipt and how often it had to ask again."""
    body = {"case": case, "purpose": END_NUISANCE, "fields": list(DIRECTOR_ASKS)}
    key = new_id()
    for attempt in range(TRIES):
        try:
            return answer_of(house.send(DIRECTOR, disclosures(DIRECTOR), body, Idempotency_Key=key)).receipt, attempt
        except httpx.TransportError:
            time.sleep(PAUSE_S)
        except Refused as refused:
            if refused.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            time.sleep(PAUSE_S)
    raise NotSo("an exchange is answered after a worker died", f"no answer in {TRIES} tries")
