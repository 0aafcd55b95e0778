"""The exchanges in the interface's description: a case is played from its first signal to its end, and what went over the wire is kept.

    python -m tests.interface.recording

writes `broker/api/examples.json`. `test_examples.py` plays it again and compares everything but ids, times, hashes and signatures.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from audit.checkpoint import unverified_checkpoint
from audit.note import VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder
from audit.witness_request import AddCheckpoint
from broker.api.examples import FILE
from broker.api.spec import Operation, camel, operation_of
from broker.authenticate import PUBLIC
from broker.clock import new_id, system_clock
from broker.demo.people import CORPORATION, MAIN
from broker.keys import KeyDirectory
from tests.broker.versioning import judged, other_version
from tests.journeys.test_versions import answer_of
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre, theatre
from tests.template import settings_in, template

KEPT = Path(__file__).resolve().parents[2] / "broker" / "api" / FILE
#: characters of a text that are shown; a covenant has a hundred thousand
MOST = 600
#: members of a list that are shown
MOST_MEMBERS = 5
#: headers that say something of the exchange
TOLD = ("Idempotency-Key", "Prefer")
#: what needs more than a token to succeed: a person who signed in (`tests/broker/people` has them)
WITHOUT_EXCHANGE = {"getSession"}
#: answers that are no text, and the descriptions themselves
WITHOUT_ANSWER = {"getDocs", "getOpenapi", "exportLog", "getTile"}


@dataclass
class Recorder:
    """The first success of every operation, and the first refusal of every kind."""

    house: Theatre
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: dict[str, Any] = field(default_factory=dict)

    def hear(self, answer: httpx.Response) -> None:
        """Keep an exchange if it is the first of its kind."""
        request = answer.request
        if answer.is_error:
            if answer.headers["Content-Type"] == "application/problem+json":
                problem = answer.json()
                self.problems.setdefault(problem["type"].rpartition("/")[2], problem)
            return
        matched = self.house.app.url_map.bind("broker").match(request.url.path, request.method)
        operation = operation_of(self.house.app.view_functions[matched[0]], request.method)
        if operation is None or operation.name in self.operations:
            return
        self.operations[operation.name] = {
            "path": {camel(name): str(value) for name, value in matched[1].items()},
            "query": dict(request.url.params),
            "headers": {name: request.headers[name] for name in TOLD if name in request.headers},
            "body": shortened(json.loads(request.content)) if request.content else None,
            "answer": self._answer(operation, answer),
        }

    def _answer(self, operation: Operation, answer: httpx.Response) -> object:
        if operation.name in WITHOUT_ANSWER or not answer.content:
            return None
        return shortened(answer.json() if "json" in answer.headers["Content-Type"] else answer.text)

    def document(self) -> Mapping[str, Any]:
        """What the file holds."""
        return {"operations": dict(sorted(self.operations.items())), "problems": dict(sorted(self.problems.items()))}


class Heard(httpx.BaseTransport):
    """A transport beside which somebody listens; what passed may be read as a stream still."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        passed = self._inner.handle_request(request)
        content = passed.read()
        self._recorder.hear(httpx.Response(passed.status_code, headers=passed.headers, content=content, request=request))
        return httpx.Response(passed.status_code, headers=passed.headers, stream=httpx.ByteStream(content))


def record() -> Mapping[str, Any]:
    """Play everything once."""
    with tempfile.TemporaryDirectory() as folder, witnessed(Path(folder)) as (house, witness):
        recorder = Recorder(house)
        house.http._transport = Heard(house.http._transport, recorder)
        case = share(house)
        look_back(house, case)
        refuse(house, case)
        prove(house, witness)
        end(house, case)
        enact(house)
        publish(house)
        return recorder.document()


def shortened(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with long texts and lists cut off."""
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value[:MOST_MEMBERS]]
    return f"{value[:MOST]}…" if isinstance(value, str) and len(value) > MOST else value


YEAR_2001_MS = 10**12
#: what differs from one recording to the next, in its order: the longer first
DIFFERS: tuple[tuple[str, str], ...] = (
    (r"(?s)\S+\n\d+\n.*\n\n\u2014 .*", "<note>"),
    (r"(?s)c2sp\.org/tlog-proof.*", "<proof>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"20\d\d-\d\d-\d\dT[\d:.]+Z", "<time>"),
    (r"20\d\d-\d\d(-\d\d)?", "<date>"),
    (r"[0-9a-f]{16,}", "<hash>"),
    (r"[A-Za-z0-9+/_=.-]{40,}", "<octets>"),
    (r"\b20\d\d\b", "<year>"),
)


def alike(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same without what differs by chance: ids, times, hashes, signatures, a year's size, and the order of what is sorted by them."""
    if isinstance(value, dict):
        return {name: "<size>" if name == "size" else alike(one) for name, one in value.items()}
    if isinstance(value, list):
        return [alike(one) for one in value]
    if isinstance(value, int) and value > YEAR_2001_MS:
        return "<time>"
    if isinstance(value, str):
        for pattern, stands in DIFFERS:
            value = re.sub(pattern, stands, value)
    return value


@contextmanager
def witnessed(folder: Path) -> Iterator[tuple[Theatre, Witness]]:
    """A house whose checkpoints the police cosign."""
    checkpoints = KeyDirectory(template().folder / "keys").checkpoint_signing().public_key().public_bytes_raw()
    home = WitnessFolder(folder / "witness")
    key = home.init("police.example.nl/witness", TrustedLogs(brokers=(VerifierKey(settings_in(Path()).log_name, checkpoints),)))
    (folder / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(folder / "house", witness_policy=folder / "policy") as house:
        yield house, home.witness(system_clock)


def share(house: Theatre) -> str:
    """From a signal to fields, in a case with everybody in it."""
    subject = {"kind": "tenant", "localReference": MAIN.references[CORPORATION]}
    report = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Elke nacht geluid uit de woning."}
    signal = house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", report, Idempotency_Key=new_id())["id"]
    house.get(DIRECTOR, "/v1/connectors/municipality/signals")
    house.get(DIRECTOR, f"/v1/connectors/municipality/signals/{signal}/words")
    case = str(house.post(DIRECTOR, f"/v1/connectors/municipality/signals/{signal}/answers", {"answer": "accept"})["case"])
    house.identify(DIRECTOR, case)
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
    for role in (OFFICER, CASE_MANAGER):
        house.invite(role, case)
        house.identify(role, case)
    house.contribute(OFFICER, case, incidents__count_12m=7)
    house.post(CASE_MANAGER, f"/v1/cases/{case}/conditions", {"kind": "consent", "article": "11.1", "given": True})
    house.post(DIRECTOR, "/v1/connectors/municipality/permissions", {"case": case, "purpose": "end_nuisance"})
    fields = ("complaints.count_12m", "incidents.count_12m", "support.kind")
    asked = house.ask(DIRECTOR, case, "end_nuisance", *fields, Idempotency_Key=new_id(), Prefer="handling=lenient")
    house.get(DIRECTOR, f"/v1/connectors/municipality/disclosures/{asked['id']}/receipt")
    house.get(DIRECTOR, f"/v1/cases/{case}")
    house.get(DIRECTOR, "/v1/connectors/municipality/cases")
    return case


def look_back(house: Theatre, case: str) -> None:
    """What left, what must be destroyed, and what is told to a person who asks."""
    house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/receipts/_search", {"covenant": COVENANT})
    house.post(OFFICER, f"/v1/connectors/police/cases/{case}/withdrawals", {"fields": ["incidents.count_12m"]})
    house.get(DIRECTOR, "/v1/connectors/municipality/recalls")
    report = house.post(DIRECTOR, "/v1/audit/subject-reports", {"for": "lawfulness", "case": case, "subject": 1})
    decisions = [{"entry": report["sharings"][0]["entry"], "decision": "give"}]
    house.post(DIRECTOR, "/v1/audit/subject-reports/decisions", {"decisions": decisions})


def refuse(house: Theatre, case: str) -> None:
    """Refusals that say more than their fixed words."""
    moves = f"/v1/cases/{case}/moves"
    house.problem(DIRECTOR, moves, {"to": "escalated"})
    house.problem(DIRECTOR, moves, {"to": "Nowhere!", "why": 1})
    house.problem(DIRECTOR, f"/v1/cases/{case}/departures", {})
    house.problem(DIRECTOR, "/v1/covenants/versions", {"text": "covenant: 1"})
    house.problem(DIRECTOR, "/v1/covenants/activations", {"sha256": house.stage.sha256})
    house.send(DIRECTOR, "POST", moves, content=b'{"to": "plan", "to": "closed"}', headers={"Content-Type": "application/json"})


def prove(house: Theatre, witness: Witness) -> None:
    """The log: read, exported, proven and cosigned."""
    house.broker.reporting.tallies.tell(timedelta(0))
    house.broker.sweeper().sign()
    log = f"/v1/audit/logs/{COVENANT}/{house.entries()[-1].position.origin[-4:]}"
    asked = house.entries("exchange.release")[0]
    house.post(DIRECTOR, "/v1/audit/_search", {"log": COVENANT, "for": "lawfulness", "type": "exchange.release", "limit": 10})
    house.send(DIRECTOR, "POST", "/v1/audit/exports", json={"log": COVENANT, "for": "legal_proceedings", "format": "jsonl"}).read()
    trace = asked.core.trace_id if asked.core is not None else None
    house.post(DIRECTOR, "/ldv/v1/processing-activities?for=lawfulness", {"traceId": trace})
    for path in ("checkpoints", "keys", f"entries/{asked.envelope.id}/proof", f"tallies?covenant={COVENANT}"):
        house.send(DIRECTOR, "GET", f"/v1/audit/{path}")
    house.send(DIRECTOR, "GET", f"{log}/consistency?old=1")
    house.send(DIRECTOR, "GET", f"{log}/tile/0/000.p/1")
    note = house.send(OFFICER, "GET", f"{log}/checkpoint").content
    cosigned = {"size": unverified_checkpoint(note).size, "cosignatures": witness.add(AddCheckpoint(0, (), note))}
    house.post(OFFICER, f"{log}/cosignatures", cosigned)


def end(house: Theatre, case: str) -> None:
    """The rest of the ladder, and how a case ends."""
    house.post(CASE_MANAGER, f"/v1/cases/{case}/vetoes", {"fields": []})
    house.post(CASE_MANAGER, f"/v1/cases/{case}/restrictions", {"subject": 1})
    house.post(DIRECTOR, f"/v1/cases/{case}/restrictions", {"subject": 1, "lifted": True})
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "plan"})
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "escalated", "reason": "Vannacht met een mes op de galerij gezien."})
    house.post(OFFICER, f"/v1/cases/{case}/agreements", {})
    house.post(CASE_MANAGER, f"/v1/cases/{case}/departures", {})
    subjects = [{"kind": "tenant", "localReference": "Z-2026-0042"}]
    opened = {"covenant": COVENANT, "caseType": "serious_nuisance", "subjects": subjects}
    other = house.post(DIRECTOR, "/v1/cases", opened, Idempotency_Key=new_id())["id"]
    house.post(DIRECTOR, f"/v1/cases/{other}/closures", {"reason": "unfounded"})


def enact(house: Theatre) -> None:
    """A version: proposed, accepted, asked for; and the texts."""
    text = other_version((house.stage.folder / "covenant.yaml").read_bytes())
    sha256 = house.post(DIRECTOR, "/v1/covenants/versions", {"text": text.decode()})["sha256"]
    judged(house.broker, sha256)
    for party in house.partners:
        role = {"municipality": DIRECTOR, "corporation": SOCIAL_MANAGER, "police": OFFICER, "care": CASE_MANAGER}[party]
        house.post(role, "/v1/covenants/acceptances", answer_of(house, party, sha256))
    house.post(DIRECTOR, "/v1/covenants/activations", {"sha256": sha256})
    for path in (f"{COVENANT}/versions", f"{COVENANT}/versions/2026.2", f"{COVENANT}/history", f"{COVENANT}/received"):
        house.get(DIRECTOR, f"/v1/covenants/{path}")


def publish(house: Theatre) -> None:
    """What anybody may read."""
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC and operation_of(house.app.view_functions[rule.endpoint], "GET") is not None:
            path = re.sub(r"<(\w+:)?covenant>", COVENANT, rule.rule).replace("<slug>", "unknown-case")
            house.http.get(path)


if __name__ == "__main__":
    KEPT.write_text(json.dumps(record(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
