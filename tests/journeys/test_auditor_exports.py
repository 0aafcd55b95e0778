"""Taking entries out of the log: over HTTP, at the command line, and as Logboek Dataverwerkingen reads them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from audit.errors import LogUnavailable
from audit.manifest import Manifest, open_manifest
from broker.api.audit_export import AT_ONCE, Sending
from broker.cli import broker as command
from broker.demo.people import MUNICIPALITY
from tests.audit.test_export import ldv_validator
from tests.journeys.auditors import EXPORT, LDV, Auditor
from tests.journeys.test_storage import away
from tests.stage import COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre
from tests.template import settings_in

ASK = ("complaints.count_12m", "incidents.count_12m")
QUESTION = {"log": COVENANT, "for": "legal_proceedings", "format": "jsonl"}


@dataclass
class Stage:
    """A house with one disclosure, an auditor and a privacy officer."""

    house: Theatre
    case: str
    disclosure: str
    auditor: Auditor
    officer: Auditor

    def manifest(self, note: bytes) -> Manifest:
        return open_manifest(note, (self.house.broker.receipt_signer.verifier,))

    def unpacked(self, answer: httpx.Response) -> tuple[list[dict[str, Any]], Manifest]:
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            name, beside = archive.namelist()
            assert beside == f"{name}.manifest"
            lines = [json.loads(line) for line in archive.read(name).splitlines()]
            return lines, self.manifest(archive.read(beside))

    def trace(self) -> str:
        (release,) = self.auditor.search(disclosure=self.disclosure).json()["entries"]
        return str(release["core"]["traceId"])


@pytest.fixture(scope="module")
def played(shared_house: Theatre) -> Stage:
    house = shared_house
    readers = (Auditor(house, MUNICIPALITY), Auditor(house, MUNICIPALITY, "privacy_officer"))
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return Stage(house, case, house.ask(DIRECTOR, case, "end_nuisance", *ASK)["id"], *readers)


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/v1/problems/")


# over HTTP


@pytest.mark.parametrize("format_", ["", "xml", "JSONL", None])
def test_an_export_in_no_known_format_is_not_begun(played: Stage, format_: object) -> None:
    before = played.house.mark()
    assert slug(played.auditor.send(EXPORT, **QUESTION | {"format": format_})) == "invalid-input"
    assert played.house.since(before) == []


def test_an_export_is_on_the_record_before_its_first_byte_and_again_with_its_hash(played: Stage) -> None:
    before = played.house.mark()
    lines, manifest = played.unpacked(played.auditor.send(EXPORT, **QUESTION))
    began, ended = played.house.entries("audit.export", after=before)
    assert began.core is not None
    assert ended.core is not None
    assert (began.core.command, ended.core.command, ended.envelope.ref) == ("export", "exported", began.position.id)
    assert ("sha256", manifest.written.sha256) in ended.core.details
    assert (manifest.id, manifest.purpose, manifest.reader, manifest.party) == (
        began.position.id,
        "legal_proceedings",
        "auditor",
        "municipality",
    )
    assert lines[-1]["id"] == began.position.id
    assert [line["index"] for line in lines] == [index for tree in manifest.trees for index in range(tree.size)]  # one a year
    assert not any("subject" in line for line in lines)


def test_a_party_takes_out_its_own_entries_alone(played: Stage) -> None:
    lines, manifest = played.unpacked(played.house.send(SOCIAL_MANAGER, "POST", EXPORT, json=QUESTION))
    assert manifest.reader == "party"
    assert len(lines) == manifest.written.entries
    for line in lines:
        assert "corporation" in {line["core"].get("requester"), *line["core"].get("holders", [])}
        assert line["type"] not in {"exchange.decision", "exchange.refused"}


def test_an_export_with_filters_says_them_and_a_person_by_pseudonym_only(played: Stage) -> None:
    lines, manifest = played.unpacked(played.officer.send(EXPORT, **QUESTION | {"case": played.case, "type": "exchange.release"}))
    assert [line["disclosure"] for line in lines] == [played.disclosure]
    said = dict(manifest.filters)
    assert said["type"] == "exchange.release"
    assert said["case"] == lines[0]["subject"]["case"]
    assert played.case not in str(manifest)


def test_an_auditor_takes_nobody_out_by_name(played: Stage) -> None:
    assert slug(played.auditor.send(EXPORT, **QUESTION | {"case": played.case})) == "no-search-by-person"


def test_an_export_whose_end_cannot_be_recorded_is_no_archive(played: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = played.house.broker.auditing.reading
    real, told = type(reading).tell, []

    def tell(self: object, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - as it is called
        told.append(more["command"])
        if more["command"] == "exported":
            raise LogUnavailable("away")
        return real(self, *arguments, **more)  # type: ignore[arg-type]  # its own instance

    monkeypatch.setattr(type(reading), "tell", tell)
    with pytest.raises(LogUnavailable):
        played.auditor.send(EXPORT, **QUESTION)
    assert told == ["export", "exported"]


def test_more_exports_at_a_time_than_leave_room_for_exchanges_are_asked_to_come_back(
    played: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert AT_ONCE == 2
    kept: list[Sending] = []
    real = Sending.close

    def close(self: Sending) -> None:
        kept.append(self)

    monkeypatch.setattr(Sending, "close", close)
    for _ in range(AT_ONCE):
        played.unpacked(played.auditor.send(EXPORT, **QUESTION))
    before = played.house.mark()
    busy = played.auditor.send(EXPORT, **QUESTION)
    assert (busy.status_code, slug(busy), busy.headers["Retry-After"]) == (429, "exports-busy", "1")
    assert played.house.since(before) == []
    monkeypatch.undo()
    for one in (*kept, *kept):
        real(one)
    played.unpacked(played.auditor.send(EXPORT, **QUESTION))


# Logboek Dataverwerkingen


def ask_ldv(who: Auditor, purpose: str = "?for=lawfulness", **body: object) -> httpx.Response:
    return who.send(LDV + purpose, **body)


def test_the_standards_question_is_answered_as_the_standard_describes(played: Stage, shared: Path) -> None:
    answer = ask_ldv(played.officer, traceId=played.trace())
    assert (answer.status_code, answer.headers["API-Version"]) == (200, "1.0.0")
    ldv_validator(shared).validate(answer.json())
    (record,) = answer.json()["processingActivities"]
    assert (record["traceId"], record["status"], record["name"]) == (played.trace(), "Ok", "gegevens verstrekken")
    subject, activity = (record["attributes"][f"dpl.core.{name}"] for name in ("data_subject_id", "processing_activity_id"))
    as_uuid = "-".join(played.trace()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
    questions: tuple[dict[str, object], ...] = (
        {"traceId": as_uuid.upper()},
        {"dpl.core.data_subject_id": subject},
        {"dpl.core.processing_activity_id": activity},
        {"traceId": played.trace(), "startTime": record["endTime"] - 60_000, "endTime": record["endTime"]},
    )
    for question in questions:
        assert record in ask_ldv(played.officer, **question).json()["processingActivities"], question
    for question in (
        {"traceId": played.trace(), "startTime": record["endTime"] + 60_000},
        {"traceId": "0" * 31 + "1"},
        {"dpl.core.processing_activity_id": "https://example.org/other"},
        {"traceId": played.trace(), "dpl.core.data_subject_id_type": "BSN"},
    ):
        assert ask_ldv(played.officer, **question).json() == {"processingActivities": []}, question


def test_a_question_of_the_standard_without_what_it_needs_is_a_400_and_no_reading(played: Stage) -> None:
    before = played.house.mark()
    wrong: tuple[tuple[str, dict[str, object]], ...] = (
        ("?for=lawfulness", {}),
        ("?for=lawfulness", {"startTime": 1764068470669, "endTime": 1764068470670}),
        ("?for=lawfulness", {"traceId": "xyz"}),
        ("?for=lawfulness", {"traceId": "0" * 32, "startTime": 2**52}),
        ("?for=lawfulness", {"dpl.core.data_subject_id": "123456782"}),
        ("?for=curiosity", {"traceId": "0" * 32}),
        ("", {"traceId": "0" * 32}),
    )
    for purpose, body in wrong:
        answer = ask_ldv(played.officer, purpose, **body)
        assert (answer.status_code, slug(answer)) == (400, "invalid-input"), (purpose, body)
    assert played.house.since(before) == []


def test_the_standards_interface_has_the_logs_own_access_rules(played: Stage) -> None:
    person = {"dpl.core.data_subject_id": "0" * 32}
    assert slug(ask_ldv(played.auditor, **person)) == "no-search-by-person"
    assert slug(played.house.send(DIRECTOR, "POST", LDV + "?for=lawfulness", json=person)) == "no-search-by-person"
    trace, stranger = {"traceId": played.trace()}, played.house.http.post(LDV + "?for=lawfulness", json={})
    assert stranger.status_code == 401
    (seen,) = ask_ldv(played.auditor, **trace).json()["processingActivities"]
    assert "dpl.core.data_subject_id" not in seen["attributes"]
    (own,) = played.house.send(DIRECTOR, "POST", LDV + "?for=lawfulness", json=trace).json()["processingActivities"]
    assert "dpl.core.data_subject_id" not in own["attributes"]
    for role in (SOCIAL_MANAGER, OFFICER):
        assert played.house.send(role, "POST", LDV + "?for=lawfulness", json=trace).json() == {"processingActivities": []}


def test_every_reading_by_the_standard_is_on_the_record_first(played: Stage) -> None:
    before = played.house.mark()
    ask_ldv(played.auditor, traceId=played.trace())
    read = played.house.entries("audit.read", after=before)[-1]
    assert read.core is not None
    assert (read.core.command, read.log) == ("read_ldv", COVENANT)


def test_an_answer_of_the_standard_leaves_nothing_out_without_a_word(played: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.auditing.ldv.MOST", 0)
    assert slug(ask_ldv(played.auditor, traceId=played.trace())) == "search-too-wide"


def test_anybody_may_read_the_description_of_the_interface(played: Stage) -> None:
    answer = played.house.http.get("/ldv/v1/openapi.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    document = answer.json()
    assert set(document["paths"]) == {"/processing-activities"}
    assert "/ldv" not in json.dumps(played.house.http.get("/v1/openapi.json").json()["paths"])


# at the command line


def run(folder: Path, *arguments: object) -> Result:
    chosen = settings_in(folder)
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "issuer")
    environment = {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names}
    return CliRunner().invoke(command, ["audit", *(str(argument) for argument in arguments)], env=environment)


def test_the_command_line_takes_out_and_checks_what_was_taken_out(small_house: Theatre, tmp_path: Path) -> None:
    small_house.open_case()
    out = tmp_path / "out.jsonl"
    taken = ("export", "--log", COVENANT, "--for", "legal_proceedings", "--out", out)
    assert run(tmp_path, "export", "--log", COVENANT, "--out", out).exit_code == 2
    assert run(tmp_path, *taken[:-2]).exit_code == 2
    assert not out.exists()
    assert small_house.entries("audit.export") == []
    assert run(tmp_path, "sign").exit_code == 0
    result = run(tmp_path, *taken)
    assert result.exit_code == 0, result.output
    assert "regels uit waterstad-noord" in result.output
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {line["type"] for line in lines} >= {"case.opened", "audit.export"}
    assert out.stat().st_mode & 0o777 == 0o600
    assert run(tmp_path, *taken).exit_code == 2
    keys = json.loads(run(tmp_path, "keys", "--json").output)
    given = ("--receipt-key", keys["receipts"], "--checkpoint-key", keys["checkpoints"])
    check = ("export", "--check", tmp_path / "out.jsonl.manifest")
    assert json.loads(run(tmp_path, *check, *given, "--json").output)["entries"] == len(lines)
    assert "signature hold" in run(tmp_path, *check, "--lang", "en").output
    out.write_text(out.read_text().replace(COVENANT, "waterstad-zuid", 1))
    assert run(tmp_path, *check).exit_code == 1
    assert run(tmp_path, "export", "--check", tmp_path / "nowhere.manifest").exit_code == 1


@pytest.mark.parametrize("form", ["csv", "ldv", "adl"])
def test_every_format_is_checked_by_its_manifest(small_house: Theatre, tmp_path: Path, form: str) -> None:
    small_house.ask(DIRECTOR, small_house.open_case(), "end_nuisance", "complaints.count_12m")
    out = tmp_path / f"out.{form}"
    assert run(tmp_path, "export", "--format", form, "--log", COVENANT, "--for", "lawfulness", "--out", out, "--json").exit_code == 0
    assert run(tmp_path, "export", "--check", f"{out}.manifest").exit_code == 0


def test_with_the_log_gone_the_command_line_leaves_no_file(small_house: Theatre, tmp_path: Path) -> None:
    with away(small_house, "audit", "audit_leaf"):
        result = run(tmp_path, "export", "--log", COVENANT, "--for", "lawfulness", "--out", tmp_path / "out.jsonl")
    assert isinstance(result.exception, LogUnavailable)
    assert sorted(path.name for path in tmp_path.glob("out.*")) == []
