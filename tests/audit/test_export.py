from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator

from audit.entry import DECISION, FAILED, Core, Draft, Outcome
from audit.errors import NoteMalformed, NoteUnverified, ProofWrong
from audit.export import COLUMNS, CSV, JSONL, Format, Writing, csv_line
from audit.export_adl import ADL
from audit.export_ldv import ldv_format
from audit.export_source import lookup_in, trees_of
from audit.manifest import HEADER, Manifest, ManifestSigner, Tree, Written, check_file, open_manifest
from audit.note import NoteSigner, VerifierKey
from audit.query import Search, chunks
from audit.receipt import ReceiptSigner
from tests.audit.builders import draft, exchange, new_id, refusal
from tests.audit.conftest import Room

LOG = "waterstad-noord"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = ManifestSigner("log.example/receipts", KEY)
TRUSTED = (VerifierKey("log.example/receipts", KEY.public_key().public_bytes_raw()),)
LDV = ldv_format(lambda party: f"urn:oin:{party}")


def export(room: Room, form: Format, sought: Search | None = None, chunk: int = 3, *, subjects: bool = True) -> tuple[str, Written]:
    keys = room.keys if subjects else None
    sizes = {year: tree.size for year, tree in trees_of(room.engine, LOG).items()}
    writing = Writing(form, lookup_in(room.engine, keys))
    pieces = list(writing.pieces(chunks(room.engine, sought or Search(LOG), sizes, chunk, subject_keys=keys)))
    return b"".join(pieces).decode(), writing.written


def fill(room: Room) -> None:
    for number in range(4):
        room.log.append(*exchange(subject=f"s{number}", case=f"c{number}"))
    room.log.append(*refusal(subject="s9", case="c9", reasons=("unauthorized_field",)))
    broken = draft(DECISION, subject="s8")
    room.log.append(broken)
    room.log.append(Draft(FAILED, new_id(), LOG, broken.id, Core(outcome=Outcome.DENY, reasons=("interrupted",))))
    room.log.append(draft("case.opened", outcome=None, purpose=None, activity=None, trace_id=None, span_id=None))


@pytest.mark.parametrize("chunk", [1, 3, 500])
def test_every_entry_is_exported_once_in_the_order_of_the_log_in_chunks_of_any_size(room: Room, chunk: int) -> None:
    fill(room)
    text, written = export(room, JSONL, chunk=chunk)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["index"] for line in lines] == list(range(13))
    assert (written.entries, written.records, written.octets) == (13, 13, len(text))
    filtered, _ = export(room, JSONL, Search(LOG, subject="s2"), chunk=chunk)
    assert [json.loads(line)["type"] for line in filtered.splitlines()] == ["exchange.decision", "exchange.release"]


def test_what_is_appended_while_an_export_runs_is_not_in_it_and_folding_loses_nothing(room: Room) -> None:
    fill(room)
    sizes = {year: tree.size for year, tree in trees_of(room.engine, LOG).items()}
    seen: list[int] = []
    for chunk in chunks(room.engine, Search(LOG, party="police"), sizes, 2):
        seen += [record.position.index for record in chunk]
        room.log.append(*exchange())
        room.store.fold(room_log_id(room))
    assert seen == [index for index in range(13) if index != 11]


def room_log_id(room: Room) -> int:
    with room.engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT log_id FROM audit_head").scalar_one())


def test_without_the_keys_no_export_names_a_person(room: Room) -> None:
    fill(room)
    for form in (JSONL, CSV, LDV, ADL):
        text, _ = export(room, form, subjects=False)
        assert text
        assert not any(f'"s{number}"' in text or f'"c{number}"' in text for number in range(10)), form.name


def test_a_csv_has_a_cell_for_every_column_and_none_is_a_formula(room: Room) -> None:
    fill(room)
    text, written = export(room, CSV)
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == list(COLUMNS)
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert written.records == len(rows) == 13
    first = dict(zip(header, rows[1], strict=True))
    assert (first["type"], first["requester"], first["holders"]) == ("exchange.release", "municipality", "corporation police")
    assert "complaints.count_12m=bands(0-2,3-9,10+)" in first["released"].split()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|x", "%x"])
def test_what_a_spreadsheet_would_calculate_is_text(cell: str) -> None:
    ((found,),) = csv.reader(io.StringIO(csv_line([cell]), newline=""))
    assert found == f"'{cell}"


def test_a_quote_in_a_cell_ends_no_cell() -> None:
    assert list(csv.reader(io.StringIO(csv_line(['a","=1', "b"]), newline=""))) == [['a","=1', "b"]]


def repaired(shared: Path) -> dict[str, object]:
    """The standard's document as published lacks one comma."""
    text = (shared / "oracles/ldv/openapi.json").read_text()
    at = text.index('"$ref": "./attributes.schema.json"')
    text = text[:at].rstrip() + "," + text[at:]
    document: dict[str, object] = json.loads(text)
    attributes = json.loads((shared / "oracles/ldv/attributes.schema.json").read_text())
    document["components"]["schemas"]["Attributes"] = attributes  # type: ignore[index]  # the standard's own shape
    return document


def ldv_validator(shared: Path) -> Draft202012Validator:
    return Draft202012Validator({"$ref": "#/components/schemas/ListProcessingActivities", **repaired(shared)})


def test_the_validator_of_the_standard_refuses_what_is_no_record(shared: Path) -> None:
    wrong = {"processingActivities": [{"traceId": "x", "spanId": "not hex", "status": "Fine"}]}
    assert list(ldv_validator(shared).iter_errors(wrong))
    assert list(ldv_validator(shared).iter_errors({}))


def test_records_of_logboek_dataverwerkingen_are_as_the_standard_has_them(room: Room, shared: Path) -> None:
    fill(room)
    text, written = export(room, LDV)
    document = json.loads(text)
    ldv_validator(shared).validate(document)
    records = document["processingActivities"]
    # one per ask, whatever became of it; the change of a case stands under no activity of a register
    assert [record["status"] for record in records] == ["Ok"] * 5 + ["Error"]
    assert (written.entries, written.records) == (13, 6)
    for record in records:
        assert record["attributes"]["dpl.core.processing_activity_id"].startswith("https://")
        assert record["attributes"]["dpl.core.foreign_operation.processor"] == "urn:oin:municipality"
        assert 0 < record["startTime"] <= record["endTime"]
        assert len(record["traceId"]) == 32
        assert not {"p1", "municipality.director"} & set(json.dumps(record).replace('"', " ").split())
    assert records[0]["attributes"]["dpl.core.data_subject_id"] == "s0"
    assert records[5]["attributes"]["dpl.core.data_subject_id"] == "s8"


def test_an_empty_document_of_the_standard_is_one_too(room: Room, shared: Path) -> None:
    room.log.append(draft("key.made", subject=None))
    text, written = export(room, LDV)
    ldv_validator(shared).validate(json.loads(text))
    assert written.records == 0


def test_each_decision_is_one_record_of_authorization_decision_log(room: Room) -> None:
    fill(room)
    text, written = export(room, ADL)
    records = [json.loads(line) for line in text.splitlines()]
    assert written.records == len(records) == 6
    for record in records:
        assert record["event_name"] in {"adl.access_evaluation", "adl.access_evaluations"}
        assert record["status"] == "Ok"
        assert isinstance(record["timestamp"], int)
        assert (len(record["trace_id"]), len(record["span_id"])) == (32, 16)
        for name in ("request", "response", "policies", "configuration"):
            assert (f"adl.core.{name}" in record["body"]) != (f"adl.core.{name}" in record["attributes"])
        evaluations = record["body"]["adl.core.response"]["evaluations"]
        assert len(evaluations) == len(record["body"]["adl.core.request"]["evaluations"])
    given = [evaluation["decision"] for evaluation in records[0]["body"]["adl.core.response"]["evaluations"]]
    assert given == [True] * 4 + [False] * 2
    refused = [evaluation["decision"] for evaluation in records[4]["body"]["adl.core.response"]["evaluations"]]
    assert refused == [False] * 6


def manifest(room: Room) -> Manifest:
    _, written = export(room, JSONL)
    trees = tuple(trees_of(room.engine, LOG).values())
    return Manifest(new_id(), trees and "2026-03-01T12:00:00.000000Z", LOG, "jsonl", "lawfulness", "auditor", "care", (), trees, written)


def test_a_manifest_says_the_state_of_the_log_and_is_read_back_as_it_was_written(sqlite_room: Room) -> None:
    fill(sqlite_room)
    sqlite_room.signer.sign_all()
    stated = manifest(sqlite_room)
    opened = open_manifest(SIGNER.sign(stated).encode(), TRUSTED)
    assert opened == stated
    (tree,) = opened.trees
    assert (tree.origin, tree.size) == ("log.example/waterstad-noord/2026", 13)
    assert tree.checkpoint is not None
    assert tree.checkpoint.startswith(f"{tree.origin}\n13\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"entries":13', '"entries":12'),
        lambda line: line.replace('"for":"lawfulness"', '"for":"internal_control"'),
        lambda line: line.replace('"party":"care"', '"party":"police"'),
    ],
)
def test_a_manifest_that_was_changed_is_not_signed(sqlite_room: Room, change: Callable[[str], str]) -> None:
    fill(sqlite_room)
    note = SIGNER.sign(manifest(sqlite_room))
    assert change(note) != note
    with pytest.raises(NoteUnverified):
        open_manifest(change(note).encode(), TRUSTED)
    with pytest.raises(NoteUnverified):
        open_manifest(note.encode(), (replace(TRUSTED[0], name="log.example/others"),))


def test_whatever_else_the_same_key_signs_is_no_manifest(sqlite_room: Room) -> None:
    (position,) = sqlite_room.log.append(draft())
    receipt = ReceiptSigner("log.example/receipts", KEY).sign(position)
    stated = manifest(sqlite_room)
    signer = NoteSigner("log.example/receipts", KEY)
    spaced = str(stated).replace('{"at"', '{ "at"')
    members = json.loads(str(stated).split("\n")[1])
    for text in (
        spaced,
        f"{HEADER}\n[]\n",
        f"{HEADER}\n{{}}\n",
        f"{HEADER}\n{'[' * 5000}\n",
        str(stated) + "more\n",
        str(stated).replace("/v1", "/v2"),
        f"{HEADER}\n{json.dumps(members | {'extra': 1}, sort_keys=True, separators=(',', ':'))}\n",
        f"{HEADER}\n{json.dumps(members | {'entries': -1}, sort_keys=True, separators=(',', ':'))}\n",
    ):
        with pytest.raises(NoteMalformed):
            open_manifest(signer.sign(text).encode(), TRUSTED)
    with pytest.raises(NoteMalformed):
        open_manifest(receipt.encode(), TRUSTED)


def test_another_file_is_not_the_one_of_the_manifest(sqlite_room: Room, tmp_path: Path) -> None:
    fill(sqlite_room)
    stated = manifest(sqlite_room)
    text, _ = export(sqlite_room, JSONL)
    file = tmp_path / "log.jsonl"
    file.write_text(text)
    check_file(stated, file)
    for other in (text + "\n", text.replace("police", "polizi"), text[:-1], ""):
        file.write_text(other)
        with pytest.raises(ProofWrong):
            check_file(stated, file)


def test_a_tree_without_a_root_is_none() -> None:
    with pytest.raises(ValueError, match="root"):
        Tree("log.example/x/2026", 1, b"", None)
