"""The demonstration as a newcomer runs it: from an empty folder to a verified log, once per test session."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Document = dict[str, Any]

#: what no role of the corporation may ever see
NEVER_THE_LANDLORD = ("incidents.", "suspicion.", "care_contact.", "support.", "safety.", "social_support.")


def play(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`broker demo` as a process of its own."""
    command = (sys.executable, "-m", "broker", "demo", "--folder", str(folder), *options)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BROKER_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240, env=environment)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Document:
    """The whole story as JSON; whichever test process comes first plays it, for all of them."""
    base = tmp_path_factory.getbasetemp()
    shared_by_all = base if worker_id == "master" else base.parent
    with (shared_by_all / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = shared_by_all / "demo.json"
        if not kept.exists():
            played = play(shared_by_all / "demo", "--json")
            assert played.returncode == 0, played.stdout[-2000:] + played.stderr[-2000:]
            assert played.stderr == ""
            kept.write_text(played.stdout)
    document: Document = json.loads(kept.read_text())
    return document


def steps(told: Document, *kinds: str) -> Iterator[Document]:
    return (step for scene in told["scenes"] for step in scene["steps"] if step["step"] in kinds)


def views(told: Document, role: str) -> list[Document]:
    return [view for view in steps(told, "view") if view["role"] == role]


def test_nothing_is_claimed_that_was_not_so(told: Document) -> None:
    assert told["failed"] is None
    claims = list(steps(told, "claim"))
    assert len(claims) >= 20
    assert all(claim["says"] and claim["found"] for claim in claims)


def test_the_corporation_never_sees_what_police_or_care_hold(told: Document) -> None:
    seen = {given["field"] for view in views(told, "corporation.social_manager") for given in view["given"]}
    assert seen == {"person.last_name", "measures.order_kind", "measures.order_until", "coordination.lead"}
    assert not any(field.startswith(NEVER_THE_LANDLORD) for field in seen)


def test_the_corporation_is_answered_the_same_with_and_without_record_veto_and_escalation(told: Document) -> None:
    same = [claim["says"] for claim in steps(told, "claim") if "byte for byte" in claim["says"]]
    assert [says.partition("byte for byte")[2].strip(", ") for says in same] == [
        "with a police record and without",
        "with a veto and without",
        "escalated or not",
    ]


def test_the_wrong_person_is_caught_before_anything_but_a_name_flows(told: Document) -> None:
    right, wrong = views(told, "municipality.director")[:2]
    for view in (right, wrong):
        assert {given["article"] for given in view["given"]} == {"7.1"}
        assert {kept["field"]: kept["logged"] for kept in view["kept"]} == {
            "complaints.count_12m": "not_identified",
            "incidents.count_12m": "wrong_phase",
        }
    born = [next(given["value"] for given in view["given"] if given["field"] == "identity.birth_date") for view in (right, wrong)]
    assert born == ["1979-04-17", "1951-11-02"]


def test_a_field_of_the_police_is_nothing_then_a_band_then_nothing_again_and_the_caller_cannot_tell_why(told: Document) -> None:
    seen = [
        next(((g["value"], g["form"], g["article"]) for g in view["given"] if g["field"] == "incidents.count_12m"), None)
        or next((k["told"], k["logged"]) for k in view["kept"] if k["field"] == "incidents.count_12m")
        for view in views(told, "municipality.director")
        if any(one["field"] == "incidents.count_12m" for one in view["given"] + view["kept"])
    ]
    assert seen == [
        ("wrong_phase", "wrong_phase"),
        ("wrong_phase", "wrong_phase"),
        ("not_given", "nothing_there"),
        ("3-9", "bands(0-2,3-9,10+)", "10.1"),
        ("not_given", "vetoed"),
        ("wrong_phase", "wrong_phase"),
    ]


def test_the_ladder_is_climbed_and_left(told: Document) -> None:
    assert [scene["phase"] for scene in told["scenes"] if scene["phase"]] == [
        *("triage", "consultation", "plan", "plan", "escalated", "escalated", "aftercare"),
    ]
    assert [deed["role"] for deed in steps(told, "deed")][-1] == "care.case_manager"


def test_every_refusal_is_the_one_that_the_interface_promises(told: Document) -> None:
    found = [(refusal["status"], refusal["problem"]) for refusal in steps(told, "refusal")]
    assert found == [
        (409, "covenant-refused"),
        (403, "unauthorized-field"),
        (403, "unauthorized-field"),
        (403, "wrong-door"),
        (404, "unknown-case"),
        (404, "unknown-case"),
        (404, "unknown-case"),
        (401, "unauthenticated"),
        (400, "unauthorized_client"),
        (400, "unauthorized_client"),
        (400, "bad-command"),
        (409, "command-refused"),
        (404, "unknown-case"),
    ]


def test_three_forgeries_are_caught_each_at_its_entry(told: Document) -> None:
    (forgeries,) = (rows["rows"] for rows in steps(told, "rows") if rows["title"].startswith("Three forgeries"))
    assert [(code, finding.partition(": ")[2]) for _, code, finding in forgeries] == [
        ("1", "section.core changed"),
        ("1", "leaf removed"),
        ("1", "term.article hidden"),
    ]


def test_the_summary_adds_up_and_ends_in_a_signed_checkpoint(told: Document) -> None:
    summary = told["summary"]
    assert summary["exchanges"] > summary["receipts"] > 120 > summary["refusals"] > 0
    assert summary["entries"] > 2 * summary["receipts"]
    origin, size, *_ = summary["checkpoint"].splitlines()
    assert origin.startswith("broker.waterstad.example/waterstad-noord/")
    assert 0 < int(size) < summary["entries"]
    assert f"\n— {origin} " in summary["checkpoint"]


def test_every_process_is_gone_and_the_folder_stays(told: Document) -> None:
    folder = Path(told["summary"]["folder"])
    assert {path.name for path in folder.iterdir()} >= {"audit.sqlite", "covenant.yaml", "keys", "parties", "token", "broker.log"}
    assert not _still_running(folder)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    played = play(tmp_path, "--json")
    assert played.returncode == 1
    assert "to be empty or a demonstration's, found something else" in json.loads(played.stdout)["failed"]
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.soak
def test_make_serve_prints_commands_that_work_and_stops_when_asked(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "broker", "demo", "--folder", str(tmp_path / "demo"), "--serve")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as serving:
        try:
            assert serving.stdout is not None
            lines = list(iter(_until(serving.stdout.readline, "Ctrl-C"), ""))
            for line in lines:
                if line.startswith("curl "):
                    answer = subprocess.run(line, shell=True, capture_output=True, text=True, check=True, timeout=60)  # noqa: S602 - our own line
                    assert json.loads(answer.stdout).keys() & {"fields", "permissions", "openapi", "text"}, answer.stdout
        finally:
            serving.terminate()
        assert serving.wait(60) == 0
    assert not _still_running(tmp_path / "demo")


def _until(read: Callable[[], str], end: str) -> Callable[[], str]:
    done = False

    def line() -> str:
        nonlocal done
        found = "" if done else read()
        done = done or end in found
        return found

    return line


def _still_running(folder: Path) -> list[str]:
    """Processes that name the folder in their command line or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and process.name != str(os.getpid()):
            found.append(process.name)
    return found
