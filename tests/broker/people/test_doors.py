"""What a session opens: the door of covenants to privacy officers, the door of the log to auditors, and no other door to anybody."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.broker.people.signing import Browser, Visited
from tests.broker.versioning import all_accept, judged, other_version, taken_as_sound
from tests.journeys.routes import NOBODYS_ID, good_bodies, routes_of
from tests.journeys.test_versions import answer_of
from tests.stage import COVENANT, DIRECTOR, MUNICIPALITY
from tests.template import template

SEARCH = "/v1/audit/_search"
QUESTION = {"log": COVENANT, "for": "lawfulness"}


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/v1/problems/")


@pytest.fixture(scope="module")
def officer(visited: Visited) -> Browser:
    return visited.signed_in("officer-1")


@pytest.fixture(scope="module")
def second(visited: Visited) -> Browser:
    return visited.signed_in("officer-2")


@pytest.fixture(scope="module")
def auditor(visited: Visited) -> Browser:
    return visited.signed_in("auditor-1")


# what it does not open


def test_a_session_opens_no_door_of_systems_and_the_refusal_is_on_the_record(visited: Visited, officer: Browser, auditor: Browser) -> None:
    tried = 0
    for route in routes_of(visited.house.app):
        if route.door is None or route.door.name in {"COVENANTS", "AUDIT"}:
            continue
        path, body = route.path(party="municipality", case_id=NOBODYS_ID), good_bodies(NOBODYS_ID).get(route.endpoint, {})
        for browser in (officer, auditor) if tried < 4 else (officer,):
            before = visited.house.mark()
            answer = browser.get(path) if route.method == "GET" else browser.post(path, body)
            assert (answer.status_code, slug(answer)) == (403, "wrong-door"), route
            assert visited.house.since(before) == ["exchange.decision", "exchange.refused"], route
        tried += 1
    assert tried > 15


def test_neither_opens_the_others_door(visited: Visited, officer: Browser, auditor: Browser) -> None:
    for answer in (officer.get("/v1/audit/checkpoints"), officer.post(SEARCH, QUESTION)):
        assert (answer.status_code, slug(answer)) == (403, "wrong-door")
    history = f"/v1/covenants/{COVENANT}/history"
    for answer in (auditor.get(history), auditor.post("/v1/covenants/activations", {"sha256": visited.house.stage.sha256})):
        assert (answer.status_code, slug(answer)) == (403, "wrong-door")
    refusal = visited.told("exchange.refused")[-1]
    assert (refusal.actor.pseudonym, refusal.actor.role) == (visited.pseudonym("auditor-1"), "municipality.auditor")


def test_a_token_beside_a_session_is_nobody(visited: Visited, officer: Browser) -> None:
    visited.house.broker.tally.drain()
    for path in (f"/v1/covenants/{COVENANT}/history", "/v1/session"):
        answer = officer.get(path, **visited.house.bearer(DIRECTOR))
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated")
    assert visited.house.broker.tally.drain() == {"two_ways": 2}


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "é", "A" * 5000])
def test_a_session_that_is_none_opens_nothing_and_is_counted(visited: Visited, cookie: str) -> None:
    visited.house.broker.tally.drain()
    headers = {"Cookie": f"broker-session={cookie}".encode()}
    answer = httpx.get(f"{visited.origin}/v1/covenants/{COVENANT}/history", headers=headers)
    assert answer.status_code == 401
    assert visited.house.broker.tally.drain() == {"no_session": 1}


def test_two_session_cookies_are_none(visited: Visited, officer: Browser) -> None:
    mine = officer.http.cookies["broker-session"]
    headers = {"Cookie": f"broker-session={mine}; broker-session={'A' * 43}"}
    assert httpx.get(f"{visited.origin}/v1/session", headers=headers).status_code == 401


# what another site makes a browser send


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": "é"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null", "Sec-Fetch-Site": None},
        {"Origin": None, "Sec-Fetch-Site": None},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": None},
    ],
)
def test_what_no_page_of_ours_sent_does_nothing(visited: Visited, officer: Browser, headers: dict[str, str | None]) -> None:
    own = {"Origin": visited.origin, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": officer.session()["csrfToken"]}
    sent = {name: value.encode() for name, value in (own | headers).items() if value is not None}
    visited.house.broker.tally.drain()
    before = visited.house.mark()
    answer = officer.http.post(f"{visited.origin}/v1/covenants/activations", json={"sha256": "0" * 64}, headers=sent)
    assert (answer.status_code, slug(answer)) == (403, "cross-site")
    assert visited.house.since(before) == []
    assert visited.house.broker.tally.drain() == {"cross_site": 1}


@pytest.mark.parametrize("own", [{"Origin": True}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}])
def test_a_browser_that_says_either_and_the_token_is_believed(visited: Visited, officer: Browser, own: dict[str, object]) -> None:
    headers = {name: visited.origin if value is True else str(value) for name, value in own.items()}
    headers["X-CSRF-Token"] = officer.session()["csrfToken"]
    answer = officer.http.post(f"{visited.origin}/v1/covenants/activations", json={"sha256": "0" * 64}, headers=headers)
    assert (answer.status_code, slug(answer)) == (404, "unknown-covenant")


def test_another_site_cannot_even_look_or_make_entries_in_the_log(visited: Visited, auditor: Browser) -> None:
    before = visited.house.mark()
    for path in ("/v1/audit/checkpoints", "/v1/session"):
        answer = auditor.get(path, **{"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, slug(answer)) == (403, "cross-site")
    assert visited.house.since(before) == []


def test_another_site_cannot_sign_anybody_out(visited: Visited, officer: Browser) -> None:
    token = officer.session()["csrfToken"]
    for form, origin in (({"csrf": token}, "https://evil.example"), ({}, visited.origin), ({"csrf": "0" * 64}, visited.origin)):
        answer = officer.http.post(f"{visited.origin}/sign-out", data=form, headers={"Origin": origin})
        assert (answer.status_code, slug(answer)) == (403, "cross-site")
    assert officer.get("/v1/session").status_code == 200


def test_no_other_site_may_read_what_a_session_is_shown(officer: Browser) -> None:
    for path in ("/v1/session", "/sign-in", f"/v1/covenants/{COVENANT}/history"):
        answer = officer.get(path, Origin="https://evil.example")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


# what it opens


def test_two_officers_put_a_version_in_force_and_one_alone_does_not(visited: Visited, officer: Browser, second: Browser) -> None:
    house, text = visited.house, other_version((template().folder / "covenant.yaml").read_bytes(), "2026.3")
    taken_as_sound(house.broker, text)
    made = officer.post("/v1/covenants/versions", {"text": text.decode()})
    assert made.status_code == 201, made.text
    sha256 = made.json()["sha256"]
    judged(house.broker, sha256)
    signed = officer.post("/v1/covenants/acceptances", dict(answer_of(house, MUNICIPALITY, sha256)))
    assert signed.json()["accepted"] == ["municipality"]
    all_accept(house, sha256)
    for _ in range(2):
        assert officer.post("/v1/covenants/activations", {"sha256": sha256}).json()["state"] == "requested"
    again = visited.signed_in("officer-1")
    assert again.post("/v1/covenants/activations", {"sha256": sha256}).json()["state"] == "requested", "another session, the same person"
    assert second.post("/v1/covenants/activations", {"sha256": sha256}).json()["state"] == "active"

    steps = [one for one in officer.get(f"/v1/covenants/{COVENANT}/history").json()["steps"] if one["version"] == "2026.3"]
    by_kind = {one["kind"]: one["professional"] for one in steps if one["role"] == "municipality.privacy_officer"}
    assert by_kind["requested"] == by_kind["proposed"] == visited.pseudonym("officer-1")
    assert by_kind["activated"] == visited.pseudonym("officer-2")
    (entry,) = [one for one in house.entries("covenant.activated") if one.core and one.core.covenant and one.core.covenant.sha256 == sha256]
    assert entry.actor is not None
    assert entry.actor.pseudonym == visited.pseudonym("officer-2")


def test_an_auditor_reads_the_log_for_a_purpose_and_the_reading_is_in_it(visited: Visited, auditor: Browser) -> None:
    house = visited.house
    house.open_case("consultation")
    without = auditor.post(SEARCH, {"log": COVENANT})
    assert (without.status_code, without.json()["errors"][0]["location"]) == (400, {"pointer": "#/for"})
    before = house.mark()
    found = auditor.post(SEARCH, QUESTION)
    assert found.status_code == 200, found.text
    assert {entry["type"] for entry in found.json()["entries"]} >= {"case.opened", "case.joined"}
    assert all("subject" not in entry for entry in found.json()["entries"])
    (reading,) = house.entries("audit.read", after=before)
    assert reading.actor is not None
    assert (reading.actor.pseudonym, reading.actor.role) == (visited.pseudonym("auditor-1"), "municipality.auditor")
    assert reading.core is not None
    assert ("for", "lawfulness") in reading.core.details
    assert auditor.get("/v1/audit/checkpoints").status_code == 200


def test_an_auditor_does_not_search_or_report_by_person(visited: Visited, auditor: Browser) -> None:
    case = visited.house.open_case("consultation")
    for path, body in (
        (SEARCH, QUESTION | {"case": case}),
        ("/v1/audit/subject-reports", {"for": "lawfulness", "case": case, "subject": 1}),
        ("/v1/audit/subject-reports/decisions", {"decisions": [{"entry": NOBODYS_ID, "decision": "give"}]}),
    ):
        answer = auditor.post(path, body)
        assert (answer.status_code, slug(answer)) == (403, "no-search-by-person"), path


def test_somebody_with_two_duties_acts_in_the_first_that_opens_a_door(visited: Visited) -> None:
    browser = visited.signed_in("both-1")
    assert [(one["door"], one["kind"]) for one in browser.session()["duties"]] == [
        ("covenants", "privacy_officer"),
        ("audit", "privacy_officer"),
    ]
    case = visited.house.open_case("consultation")
    assert browser.post(SEARCH, QUESTION | {"case": case}).status_code == 200, "a privacy officer answers a resident"


def test_a_person_of_a_party_that_has_no_part_in_a_covenant_sees_none_of_it(officer: Browser) -> None:
    assert officer.get("/v1/covenants/elsewhere/history").status_code == 404


def test_the_events_of_the_process_name_the_pseudonyms_party_and_no_secret(visited: Visited, officer: Browser) -> None:
    officer.get(f"/v1/covenants/{COVENANT}/history")
    lines = visited.house.events.getvalue()
    event = [json.loads(line) for line in lines.splitlines() if "/history" in line][-1]
    assert (event["client"], event["party"], event["role"]) == ("people:waterstad", "municipality", "municipality.privacy_officer")
    for secret in (officer.http.cookies["broker-session"], officer.session()["csrfToken"], "officer-1", "code="):
        assert secret not in lines
