"""Signing in and out at a real, certified provider over real HTTP: what opens a session, what ends it, and what is on the record of it."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from flask import Response

from audit.entry import Actor
from broker.bootstrap import World
from broker.visits import cookie_name, set_cookie
from tests.broker.people.signing import Visited, parameters, visiting
from tests.broker.workers import Adjustable
from tests.journeys.test_storage import away
from tests.stage import COVENANT

PEOPLE = ("person.signed_in", "person.refused", "person.signed_out")


# what comes to nothing


def test_an_answer_counts_once(visited: Visited) -> None:
    browser = visited.browser()
    back = browser.answer_of("officer-1")
    assert browser.go(back).status_code == 200
    browser.http.cookies.delete("broker-session")
    again = browser.go(back)
    assert (again.status_code, "broker-session" in browser.http.cookies) == (400, False)


def test_a_code_counts_once_even_with_a_state_of_its_own(visited: Visited) -> None:
    first, second = visited.browser(), visited.browser()
    back, own = first.answer_of("officer-1"), second.answer_of("officer-2")
    assert first.go(back).status_code == 200
    stolen = own.replace(f"code={parameters(own)['code']}", f"code={parameters(back)['code']}")
    page = second.go(stolen)
    assert (page.status_code, "broker-session" in second.http.cookies) == (400, False)


def test_a_code_that_was_caught_is_worth_nothing_in_another_browser(visited: Visited) -> None:
    caught = visited.browser().answer_of("officer-1")
    thief = visited.browser()
    assert thief.go(caught).status_code == 400
    thief.answer_of("officer-2")  # it has begun to sign in itself
    assert thief.go(caught).status_code == 400
    own = thief.answer_of("officer-2")
    with_code = own.replace(f"code={parameters(own)['code']}", f"code={parameters(caught)['code']}")
    assert thief.go(with_code).status_code == 400, "the code goes with the verifier of the browser that began"
    assert "broker-session" not in thief.http.cookies


def test_with_one_factor_nobody_is_signed_in_and_it_is_on_the_record(visited: Visited) -> None:
    before, browser = visited.house.mark(), visited.browser()
    page = browser.sign_in("officer-1", factors="1")
    assert (page.status_code, "two factors" in page.text) == (403, True)
    (refusal,) = visited.told(*PEOPLE, after=before)
    assert (refusal.envelope.typ, refusal.core.reasons, refusal.log) == ("person.refused", ("second_factor",), "house")


def test_somebody_who_is_not_on_the_roll_is_told_nothing_and_counted_and_on_the_record_under_a_pseudonym(visited: Visited) -> None:
    before, browser = visited.house.mark(), visited.browser()
    visited.house.broker.tally.drain()
    page = browser.sign_in("stranger-1")
    assert (page.status_code, "You have no access here" in page.text) == (403, True)
    assert "municipality" not in page.text
    assert "broker-session" not in browser.http.cookies
    assert visited.house.broker.tally.drain() == {"unknown_person": 1}
    (refusal,) = visited.told(*PEOPLE, after=before)
    assert refusal.core.reasons == ("unknown_person",)
    assert dict(refusal.core.details) == {"provider": "waterstad", "person": visited.pseudonym("stranger-1")}
    assert "stranger-1" not in visited.house.events.getvalue()


def test_breaking_off_at_the_provider_signs_nobody_in(visited: Visited) -> None:
    page = visited.browser().sign_in("")
    assert (page.status_code, "broken off or refused" in page.text) == (400, True)


def test_without_a_log_nobody_is_signed_in(visited: Visited) -> None:
    browser = visited.browser()
    back = browser.answer_of("officer-1")
    with away(visited.house, "audit", "audit_leaf"):
        page = browser.go(back)
    assert (page.status_code, "broker-session" in browser.http.cookies) == (503, False)
    assert "must be in the log first" in page.text


def test_an_answer_that_took_too_long_is_refused(tmp_path: Path) -> None:
    clock = Adjustable()
    with visiting(tmp_path, world=World(clock=clock)) as visited:
        browser = visited.browser()
        back = browser.answer_of("officer-1")
        clock.forward(minutes=11)
        assert browser.go(back).status_code == 400
        assert "broker-session" not in browser.http.cookies


def test_a_provider_that_is_away_keeps_nobody_from_reading_on_or_signing_out(tmp_path: Path) -> None:
    with visiting(tmp_path) as visited:
        browser = visited.signed_in("officer-1")
        late = visited.browser()
        back = late.answer_of("officer-2")
        visited.provider.kill()
        visited.provider.wait(60)
        page = late.go(back)
        assert (page.status_code, "not possible now" in page.text) == (503, True)
        assert browser.get(f"/v1/covenants/{COVENANT}/versions").status_code == 200
        assert browser.sign_out().status_code == 303
        assert browser.get("/v1/session").status_code == 401


# what opens a session, and what it is


def test_signing_in_is_on_the_record_before_it_counts_under_a_pseudonym_and_without_a_name(visited: Visited) -> None:
    before = visited.house.mark()
    browser = visited.signed_in("officer-1")
    (entry,) = visited.told(*PEOPLE, after=before)
    assert (entry.envelope.typ, entry.log) == ("person.signed_in", "house")
    assert entry.actor == Actor(visited.pseudonym("officer-1"), "municipality.privacy_officer", "municipality")
    roll = hashlib.sha256(visited.roll.read_bytes()).hexdigest()
    assert dict(entry.core.details) == {
        "opens": "covenants/municipality.privacy_officer",
        "provider": "waterstad",
        "roll": f"sha256:{roll}",
    }
    assert browser.session()["professional"] == visited.pseudonym("officer-1")
    assert "officer-1" not in visited.house.events.getvalue()


def test_nothing_in_the_database_opens_a_session_or_names_anybody(visited: Visited) -> None:
    browser = visited.signed_in("officer-1")
    secret = browser.http.cookies["broker-session"]
    assert len(secret) == 43
    database = sqlite3.connect(visited.house.stage.folder / "broker.sqlite")
    kept = " ".join(str(row) for table in ("person_session", "sign_in") for row in database.execute(f"SELECT * FROM {table}"))  # noqa: S608
    database.close()
    assert hashlib.sha256(secret.encode()).hexdigest() in kept
    for word in (secret, browser.session()["csrfToken"], "officer-1", "canteen"):
        assert word not in kept


def test_a_cookie_is_for_this_host_alone_and_no_script_reads_it(visited: Visited) -> None:
    browser = visited.browser()
    answer = browser.http.get(browser.answer_of("officer-1"))
    (cookie,) = [line for line in answer.headers.get_list("Set-Cookie") if line.startswith("broker-session=")]
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "Path=/", "SameSite=Lax"}
    assert cookie_name("broker-session", "https://broker.example.nl") == "__Host-broker-session"
    response = Response()
    set_cookie(response, "https://broker.example.nl", "broker-session", "x")
    assert response.headers["Set-Cookie"] == "__Host-broker-session=x; Secure; HttpOnly; Path=/; SameSite=Lax"


def test_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(visited: Visited) -> None:
    planted = "A" * 43
    browser = visited.browser()
    back = browser.answer_of("officer-1")
    answer = browser.http.get(
        back, headers={"Cookie": f"broker-session={planted}; broker-sign-in={browser.http.cookies['broker-sign-in']}"}
    )
    assert answer.status_code == 303
    assert planted not in answer.headers["Set-Cookie"]
    assert httpx.get(f"{visited.origin}/v1/session", headers={"Cookie": f"broker-session={planted}"}).status_code == 401


def test_who_signs_in_again_has_one_session_and_the_former_one_has_ended(visited: Visited) -> None:
    browser = visited.signed_in("officer-1")
    former = browser.http.cookies["broker-session"]
    before = visited.house.mark()
    assert browser.go("/sign-in?provider=waterstad").status_code == 200
    assert browser.http.cookies["broker-session"] != former
    old = visited.browser()
    old.http.cookies.set("broker-session", former)
    assert old.get("/v1/session").status_code == 401
    assert visited.house.since(before) == ["person.signed_out", "person.signed_in"]
    assert visited.told("person.signed_out", after=before)[0].core.reasons == ("replaced",)


def test_two_tabs_that_sign_in_do_not_undo_each_other(visited: Visited) -> None:
    browser = visited.browser()
    first = browser.answer_of("officer-1")
    second = browser.answer_of("officer-1")
    assert [browser.go(first).status_code, browser.go(second).status_code] == [200, 200]


def test_keys_that_a_provider_has_since_this_minute_are_fetched(visited: Visited, monkeypatch: pytest.MonkeyPatch) -> None:
    visited.signed_in("officer-1")
    monkeypatch.setattr("broker.people.discovery.REFETCH_S", 0.0)
    httpx.post(f"{visited.issuer}/control/rotate")
    visited.signed_in("officer-2")


# where one goes on to


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/v1//evil", "/v1/../x", "javascript:alert(1)", "/v1/a?b"]
)
def test_one_goes_on_to_paths_of_ours_and_nowhere_else(visited: Visited, elsewhere: str) -> None:
    browser = visited.browser()
    page = browser.sign_in("officer-1", start="/sign-in?" + str(httpx.QueryParams({"return": elsewhere, "lang": "en"})))
    assert (page.status_code, "Go on to" in page.text, "evil" in page.text) == (200, False, False)
    assert all(url.startswith((visited.origin, visited.issuer)) for url in browser.seen)


def test_the_path_one_came_for_is_a_link_and_is_not_followed_by_itself(visited: Visited) -> None:
    page = visited.browser().sign_in("officer-1", start="/sign-in?lang=en&return=/v1/covenants/waterstad-noord/history")
    assert '<a class="button" href="/v1/covenants/waterstad-noord/history">Go on to' in page.text


# what ends a session


def test_signing_out_ends_it_here_and_then_at_the_provider(visited: Visited) -> None:
    browser, before = visited.signed_in("officer-1"), visited.house.mark()
    answer = browser.sign_out()
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{visited.issuer}/session/end?")
    assert parameters(answer.headers["Location"]) == {
        "client_id": "covenant-broker",
        "post_logout_redirect_uri": f"{visited.origin}/sign-in/ended",
    }
    assert browser.get("/v1/session").status_code == 401
    (entry,) = visited.told(*PEOPLE, after=before)
    signed_in = [one for one in visited.told("person.signed_in") if one.envelope.id == entry.envelope.ref]
    assert (entry.core.reasons, len(signed_in)) == (("signed_out",), 1)
    assert "You are signed out" in browser.go("/sign-in/ended").text


def test_who_signs_out_at_the_provider_is_signed_out_here(visited: Visited) -> None:
    browser, other = visited.signed_in("officer-1"), visited.signed_in("officer-1")
    before = visited.house.mark()
    page = browser.http.get(f"{visited.issuer}/session/end", params={"client_id": "covenant-broker"})
    token = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    assert token, page.text
    browser.http.post(f"{visited.issuer}/session/end/confirm", data={"xsrf": token[1], "logout": "yes"})
    assert browser.get("/v1/session").status_code == 401
    assert other.get("/v1/session").status_code == 200, "another session at the provider goes on"
    assert [one.core.reasons for one in visited.told("person.signed_out", after=before)] == [("provider_logout",)]


def test_signing_out_with_the_log_away_ends_the_session_all_the_same_and_the_entry_is_owed(visited: Visited) -> None:
    browser, before = visited.signed_in("officer-1"), visited.house.mark()
    with away(visited.house, "audit", "audit_leaf"):
        page = browser.go("/sign-in")
        assert browser.sign_out().status_code == 503, page.text
        assert browser.get("/v1/session").status_code == 401
    visited.house.broker.people.signing_in._sessions._outbox.drain()
    assert visited.house.since(before).count("person.signed_out") == 1


def test_whoever_is_taken_off_the_roll_is_out_at_the_next_request(tmp_path: Path) -> None:
    with visiting(tmp_path) as visited:
        gone, stays = visited.signed_in("officer-1"), visited.signed_in("officer-2")
        before = visited.house.mark()
        visited.rewrite(lambda text: "".join(line for line in text.splitlines(keepends=True) if "first-officer" not in line))
        assert gone.get("/v1/session").status_code == 401
        assert stays.get("/v1/session").status_code == 200
        assert visited.told("person.signed_out", after=before)[0].core.reasons == ("not_listed",)

        visited.rewrite(lambda text: text.replace("[two]", "[two, three]"))
        assert stays.get("/v1/session").status_code == 401, "it was begun on other terms"


def test_while_the_roll_has_a_mistake_nobody_is_let_in_and_sessions_wait(tmp_path: Path) -> None:
    with visiting(tmp_path) as visited:
        browser, right = visited.signed_in("officer-1"), visited.roll.read_text()
        visited.rewrite(lambda _: "version: 2\n")
        assert browser.get("/v1/session").status_code == 401
        assert visited.browser().answer_at_the_end().status_code == 503
        events = [json.loads(line) for line in visited.house.events.getvalue().splitlines()]
        assert [one["count"] for one in events if one["event"] == "people.unreadable"] == [3]
        visited.rewrite(lambda _: right)
        assert browser.get("/v1/session").status_code == 200


def test_a_session_ends_unused_and_ends_used_too(tmp_path: Path) -> None:
    clock = Adjustable()
    with visiting(tmp_path, world=World(clock=clock)) as visited:
        idle, used = visited.signed_in("officer-1"), visited.signed_in("officer-2")
        for _ in range(6):
            clock.forward(minutes=9)
            assert used.get("/v1/session").status_code == 200
        assert idle.get("/v1/session").status_code == 401
        clock.forward(minutes=7)
        assert used.get("/v1/session").status_code == 401
        reasons = [one.core.reasons for one in visited.told("person.signed_out")]
        assert reasons == [("over",), ("over",)]
