"""Whoever reads the log: which of them sees what, each reading on the record first, and no reading without its record."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest

from broker.auditing.readers import PARTY, Reader
from broker.auditing.views import shown
from broker.demo.partner import Refused
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY
from tests.journeys.auditors import SEARCH, Auditor
from tests.journeys.routes import NOBODYS_ID
from tests.journeys.test_storage import away
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

ASK = ("complaints.count_12m", "incidents.count_12m")
QUESTION = {"log": COVENANT, "for": "lawfulness"}


@dataclass
class Stage:
    """A house in which the municipality got fields of the corporation and the police, and care was refused."""

    house: Theatre
    case: str
    disclosure: str
    auditor: Auditor
    officer: Auditor
    without: Auditor
    stray: Auditor


@pytest.fixture(scope="module")
def played(shared_house: Theatre) -> Stage:
    house = shared_house
    # before the first request: who is registered later is known within a second
    readers = (
        Auditor(house, MUNICIPALITY),
        Auditor(house, MUNICIPALITY, "privacy_officer"),
        Auditor(house, MUNICIPALITY, scopes=("door:audit",)),
        Auditor(house, MUNICIPALITY, scopes=("door:audit", "log:read", "door:cases")),
    )
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    disclosure = house.ask(DIRECTOR, case, "end_nuisance", *ASK)
    house.problem(
        CASE_MANAGER, "/v1/connectors/care/disclosures", {"case": NOBODYS_ID, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    )
    return Stage(house, case, disclosure["id"], *readers)


def slug(answer: Any) -> str:  # noqa: ANN401 - an httpx answer
    return str(answer.json()["type"]).removeprefix("/v1/problems/")


def texts(entries: list[dict[str, Any]]) -> str:
    return json.dumps(entries)


# refusals


@pytest.mark.parametrize("purpose", [None, "", "curiosity", "LAWFULNESS", ["lawfulness"]])
def test_without_one_of_the_four_purposes_nothing_is_read_and_nothing_recorded(played: Stage, purpose: object) -> None:
    before = played.house.mark()
    answer = played.auditor.send("/v1/audit/_search", log=COVENANT, **({} if purpose is None else {"for": purpose}))
    assert (answer.status_code, slug(answer)) == (400, "invalid-input")
    assert answer.json()["errors"][0]["location"] == {"pointer": "#/for"}
    assert played.house.since(before) == []


@pytest.mark.parametrize("log", ["house", "waterstad-zuid", "nobodys"])
def test_a_log_that_is_not_the_callers_and_one_that_is_nobodys_are_one_answer(played: Stage, log: str) -> None:
    before = played.house.mark()
    told = {
        (answer.status_code, answer.content)
        for answer in (
            played.auditor.search(log=log),
            played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"log": log}),
            played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"log": "xyz"}),
        )
    }
    assert len(told) == 1
    assert next(iter(told))[0] == 404
    assert played.house.since(before) == []


def test_an_auditors_system_without_its_scope_reads_nothing(played: Stage) -> None:
    assert slug(played.without.search()) == "wrong-door"


def test_a_kind_of_reader_that_the_covenant_does_not_name_cannot_be_vouched_for(played: Stage) -> None:
    with pytest.raises(Refused):
        Auditor(played.house, MUNICIPALITY, "supervisor").search()


def test_a_readers_token_opens_no_other_door(played: Stage) -> None:
    answer = played.stray.system.send(played.stray.role, "reader-1", "POST", "/v1/cases", {})
    assert slug(answer) == "wrong-door"


@pytest.mark.parametrize("by", ["case", "subject"])
def test_an_auditor_does_not_search_by_person_whether_they_are_there_or_not(played: Stage, by: str) -> None:
    before = played.house.mark()
    there = (
        played.case if by == "case" else played.officer.search(disclosure=played.disclosure).json()["entries"][0]["subject"]["pseudonym"]
    )
    nowhere = NOBODYS_ID if by == "case" else "0" * 32
    answers = [played.auditor.search(**{by: value}) for value in (there, nowhere)]
    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].content == answers[1].content
    assert set(played.house.since(before)) <= {"audit.read"}


def forged(members: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def test_a_cursor_that_was_changed_is_refused_or_shows_no_more_than_the_search_does(played: Stage) -> None:
    first = played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"limit": 1}).json()
    members = json.loads(base64.urlsafe_b64decode(first["cursor"] + "=="))
    digest, sizes, total, capped, year, index = members
    wrong = [
        "x",
        forged([]),
        forged([digest, [[year, -1]], total, capped, year, index]),
        forged([digest, sizes, total, capped, year, -(10**30)]),
        forged([digest, sizes, total, capped, year, 10**30]),
        forged([digest, sizes, total, capped, 1e999, index]),
        forged([digest, [[year, True]], total, capped, year, index]),
        forged(["0" * 16, sizes, total, capped, year, index]),
        first["cursor"] + "!",
    ]
    before = played.house.mark()
    for cursor in wrong:
        answer = played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"cursor": cursor})
        assert (answer.status_code, slug(answer)) == (400, "invalid-cursor"), cursor
    assert played.house.since(before) == []
    everything = forged([digest, [[year, 2**52]], 0, False, year, 2**52])
    shown = played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"cursor": everything, "limit": 500}).json()
    assert {entry["core"].get("requester", "municipality") for entry in shown["entries"]} == {"municipality"}
    another = played.auditor.search(limit=1).json()["cursor"]
    answer = played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"cursor": another})
    assert slug(answer) == "invalid-cursor"


# what each is shown


def test_an_auditor_finds_everybodys_entries_and_no_person(played: Stage) -> None:
    page = played.auditor.search(disclosure=played.disclosure).json()
    (release,) = page["entries"]
    assert release["core"]["requester"] == "municipality"
    assert release["core"]["holders"] == ["corporation", "police"]
    assert dict(release["core"]["caseFacts"])["phase"] == "consultation"
    assert (page["total"], page["capped"], page["cursor"]) == (1, False, None)
    everything = played.auditor.search(limit=500).json()
    assert not any("subject" in entry for entry in everything["entries"])
    assert {"exchange.decision", "exchange.refused"} & {entry["type"] for entry in everything["entries"]}


def test_an_entry_that_was_written_a_moment_ago_is_found_before_it_is_folded(played: Stage) -> None:
    with played.house.broker.log_engine.connect() as connection:
        waiting = connection.exec_driver_sql("SELECT count(*) FROM audit_recent").scalar_one()
    assert waiting
    newest = played.auditor.search(type="audit.read", limit=1).json()["entries"][0]
    assert newest["actor"] == {"pseudonym": "reader-1", "role": "municipality.auditor", "onBehalfOf": "municipality"}


def test_whoever_may_search_by_person_finds_the_case_and_the_search_is_found_with_it(played: Stage) -> None:
    page = played.officer.search(case=played.case, limit=500).json()
    assert {"case.opened", "exchange.decision", "exchange.release"} <= {entry["type"] for entry in page["entries"]}
    pseudonym = page["entries"][-1]["subject"]["pseudonym"]
    again = played.officer.search(subject=pseudonym, type="audit.read").json()
    assert again["total"] >= 1
    assert {entry["subject"]["pseudonym"] for entry in again["entries"]} == {pseudonym}


def test_a_search_for_somebody_who_is_not_there_keeps_nothing_of_what_was_asked(played: Stage) -> None:
    before = played.house.mark()
    sought = "ab" * 16
    assert played.officer.search(subject=sought).json()["total"] == 0
    (read,) = played.house.entries("audit.read", after=before)
    assert read.subject is not None
    assert sought not in repr(read)


def test_a_party_finds_its_own_entries_alone(played: Stage) -> None:
    everything = played.auditor.search(limit=500).json()
    for role in (DIRECTOR, SOCIAL_MANAGER, OFFICER, CASE_MANAGER):
        party = role.partition(".")[0]
        page = played.house.send(role, "POST", SEARCH, json=QUESTION | {"limit": 500}).json()
        assert len(page["entries"]) == page["total"] < everything["total"]
        for entry in page["entries"]:
            assert party in {entry["core"].get("requester"), *entry["core"].get("holders", [])}
            assert entry["type"] not in {"exchange.decision", "exchange.refused", "exchange.failed"}
            assert not {"caseFacts", "reasons", "withheld", "unavailable", "policySha256"} & entry["core"].keys()


def test_an_entry_of_others_is_not_shown_to_a_party_whatever_the_index_says(played: Stage) -> None:
    of_others = [record for record in played.house.entries() if record.core and CARE not in {record.core.requester, *record.core.holders}]
    assert {"exchange.decision", "exchange.release", "case.moved"} <= {record.envelope.typ for record in of_others}
    for record in of_others:
        with pytest.raises(ValueError, match="expected an entry in which the party asked or gave"):
            shown(record, Reader(COVENANT, PARTY, CARE), lambda _: CARE)


def test_whoever_asked_learns_no_more_than_the_disclosure_told(played: Stage) -> None:
    (release,) = played.house.send(DIRECTOR, "POST", SEARCH, json=QUESTION | {"disclosure": played.disclosure}).json()["entries"]
    assert [name for name, _ in release["core"]["released"]] == list(ASK)
    assert release["actor"]["pseudonym"]
    assert "subject" not in release


def test_a_holder_learns_which_of_its_fields_left_and_not_who_asked_or_why(played: Stage) -> None:
    page = played.house.send(SOCIAL_MANAGER, "POST", SEARCH, json=QUESTION | {"type": "exchange.release"}).json()
    (given,) = page["entries"]
    assert given["core"] == {"holders": ["corporation"], "released": [["complaints.count_12m", "given"]]}
    assert given["disclosure"] == played.disclosure
    assert not {"actor", "subject"} & given.keys()
    assert not {"municipality", "police", "incidents", "end_nuisance"} & set(texts(page["entries"]).replace('"', " ").split())


@pytest.mark.parametrize(
    "filters",
    [
        {"party": "municipality"},
        {"purpose": "end_nuisance"},
        {"field": "complaints.count_12m"},
        {"field": "incidents.count_12m"},
        {"article": "5.1"},
        {"outcome": "permit"},
        {"outcome": "partial"},
        {"covenantVersion": "1.0"},
        {"professional": "x"},
        {"trace": "0" * 32},
    ],
)
def test_no_filter_tells_a_holder_what_the_entry_does_not(played: Stage, filters: dict[str, str]) -> None:
    page = played.house.send(SOCIAL_MANAGER, "POST", SEARCH, json=QUESTION | {"type": "exchange.release"} | filters).json()
    assert (page["total"], page["entries"]) == (0, [])


def test_a_party_does_not_learn_from_its_refused_asks_whether_a_case_is_there(played: Stage) -> None:
    ask = {"purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    foreign = played.house.open_case()
    before = [played.house.send(CASE_MANAGER, "POST", SEARCH, json=QUESTION).json()["total"]]
    for case in (foreign, NOBODYS_ID):
        played.house.problem(CASE_MANAGER, "/v1/connectors/care/disclosures", {"case": case, **ask})
        before.append(played.house.send(CASE_MANAGER, "POST", SEARCH, json=QUESTION).json()["total"])
    # each search finds the one before it, and nothing of what was asked between
    assert before[1] - before[0] == before[2] - before[1] == 1


# on the record


def test_a_reading_is_on_the_record_of_the_log_that_is_read_before_it_is_answered(played: Stage) -> None:
    before = played.house.mark()
    answer = played.auditor.search(party="police", limit=1)
    (read,) = played.house.entries("audit.read", after=before)
    assert read.log == COVENANT
    assert read.core is not None
    assert read.core.details == (("filter", "party"), ("for", "lawfulness"), ("log", COVENANT), ("reader", "auditor"))
    assert read.core.requester == MUNICIPALITY
    assert read.core.trace_id is not None
    assert read.core.trace_id in answer.headers["traceparent"]


def test_pages_go_on_where_they_were_though_each_page_is_itself_an_entry(played: Stage) -> None:
    page = played.auditor.search(limit=7).json()
    total, seen = page["total"], [entry["id"] for entry in page["entries"]]
    while page["cursor"]:
        page = played.auditor.search(limit=7, cursor=page["cursor"]).json()
        assert page["total"] == total
        seen += [entry["id"] for entry in page["entries"]]
    assert len(seen) == len(set(seen)) == total


@pytest.mark.parametrize("table", ["audit_head", "audit_leaf", "audit_recent"])
def test_with_the_log_gone_there_is_no_answer(small_house: Theatre, table: str) -> None:
    auditor = Auditor(small_house, CORPORATION)
    assert auditor.search().status_code == 200
    with away(small_house, "audit", table):
        for path, more in ((SEARCH, {}), ("/v1/audit/exports", {"format": "jsonl"})):
            answer = auditor.send(path, **QUESTION, **more)
            assert answer.status_code == 503
            assert "entries" not in answer.json()
    assert auditor.search().status_code == 200
    assert CARE not in auditor.role
