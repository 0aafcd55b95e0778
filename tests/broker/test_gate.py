"""The gate: a place for each request, a quick refusal where there is none in time, and lanes that do not stand in each other's way."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Blueprint

from broker.api.common import MAX_FIELDS
from broker.api.spec import documented
from broker.app import create_app
from broker.authenticate import Door, Tally, Unauthenticated
from broker.clock import new_id
from broker.deadline import DEADLINE, Deadline
from broker.gate import LIVE, LOOK_PLACES, MAX_SEGMENTS, NARROW_PLACES, READY, Gate, narrowing_segments, places_of
from broker.metrics import SHED, Meter
from broker.oauth.tokens import MAX_TOKEN_CHARACTERS
from broker.service import create_service
from tests.broker.test_app import parts
from tests.broker.workers import limits_of
from tests.stage import DIRECTOR, Theatre, shared_small_house

__all__ = ["shared_small_house"]

BODY = b'{"subject": 1}'


class House:
    """An application that holds its requests until it is told to let them go, behind a gate."""

    def __init__(
        self, places: int = 2, timeout_s: float = 8, max_body_bytes: int = 100, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.let_go = threading.Event()
        self.inside: list[str] = []
        self.seen: list[dict[str, Any]] = []
        self.meter, self.tally = Meter(), Tally()
        self.gate = Gate(
            self._application,
            narrowing=frozenset({"vetoes"}),
            limits=limits_of(),
            tally=self.tally,
            meter=self.meter,
            places=places_of(places),
            max_body_bytes=max_body_bytes,
            timeout_s=timeout_s,
            monotonic=monotonic,
        )
        # Every answer took this long until now: two may wait for two places, and the third would wait longer than half of the time.
        for lane in self.gate._lanes.values():
            lane._mean_s = 2 * lane._places
        self._threads = ThreadPoolExecutor(64)

    def _application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.inside.append(environ["PATH_INFO"])
        self.seen.append(environ)
        if environ["PATH_INFO"].endswith("/breaks"):
            raise RuntimeError
        if environ["PATH_INFO"].startswith("/slow"):
            assert self.let_go.wait(60)
        start_response("200 OK", [])
        return [b"answered"]

    def ask(self, path: str, method: str = "GET", body: Any = None, **environ: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401
        told: list[tuple[str, list[tuple[str, str]]]] = []
        request = {
            "PATH_INFO": path,
            "REQUEST_METHOD": method,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": body or io.BytesIO(),
            **environ,
        }
        answer = self.gate(request, lambda status, headers: told.append((status, headers)))
        content = b"".join(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        ((status, headers),) = told
        return int(status.split()[0]), dict(headers), content

    def begin(self, *paths: str, method: str = "GET") -> list[Any]:
        """Requests that are under way, and inside as far as there are places."""
        return [self._threads.submit(self.ask, path, method) for path in paths]

    def until_inside(self, number: int) -> None:
        until = time.monotonic() + 60
        while len(self.inside) < number:
            assert time.monotonic() < until
            time.sleep(0.002)

    def end(self) -> None:
        self.let_go.set()
        self._threads.shutdown()


@pytest.fixture
def house() -> Any:  # noqa: ANN401 - a generator
    built = House()
    yield built
    built.end()


def shed(house: House) -> dict[str, int]:
    return {labels[0]: cells[0] for (name, labels), cells in house.meter.snapshot().items() if name == SHED.name and cells[0]}


def until_waiting(house: House, number: int, lane: str = "work") -> None:
    until = time.monotonic() + 60
    while len(house.gate._lanes[lane]._row) < number:
        assert time.monotonic() < until
        time.sleep(0.002)


def test_who_finds_places_and_queue_full_is_told_at_once_to_come_back_and_the_others_are_answered(house: House) -> None:
    asked = house.begin(*["/slow"] * 4)
    house.until_inside(2)
    until_waiting(house, 2)
    status, headers, content = house.ask("/slow")
    assert (status, headers["Retry-After"], headers["Content-Type"]) == (503, "6", "application/problem+json")
    assert json.loads(content)["type"] == "/v1/problems/overloaded"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Length"] == str(len(content))
    assert len(house.inside) == 2
    house.let_go.set()
    assert [one.result()[0] for one in asked] == [200] * 4
    assert len(house.inside) == 4
    assert shed(house) == {"work": 1}


def test_a_veto_never_waits_behind_reads_and_a_token_does_not_either(house: House) -> None:
    house.begin(*["/slow"] * 4)
    house.until_inside(2)
    until_waiting(house, 2)
    assert house.ask("/v1/cases/x/vetoes", "POST")[0] == 200
    assert house.ask("/oauth2/token", "POST")[0] == 200
    assert house.ask(LIVE)[0] == 200
    assert house.ask(READY)[0] == 200
    assert house.ask("/v1/cases/x/vetoes", "GET")[0] == 503


def test_the_lanes_of_those_who_need_no_reading_are_full_too_at_some_time(house: House) -> None:
    house.gate._narrowing = frozenset({"vetoes", "slow"})
    house.begin(*["/slow"] * (NARROW_PLACES + 2), method="POST")
    house.until_inside(NARROW_PLACES)
    until_waiting(house, 2, "narrow")
    assert house.ask("/slow", "POST")[0] == 503
    assert house.ask("/quick")[0] == 200


def test_a_place_is_given_back_whatever_happens(house: House) -> None:
    for _ in range(5):
        with pytest.raises(RuntimeError):
            house.ask("/v1/breaks")
    for _ in range(5):
        assert house.ask("/v1/quick")[0] == 200
    assert house.gate._lanes["work"]._taken == 0


def test_what_is_made_while_it_is_sent_takes_up_no_place(house: House) -> None:
    def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        assert house.gate._lanes["work"]._taken == 1
        start_response("200 OK", [])
        return (b"%d" % house.gate._lanes["work"]._taken for _ in range(3))

    house.gate._application = application
    assert house.ask("/v1/x")[2] == b"000"


# what a request brings


class Body:
    """A body that tells how much of it was read."""

    def __init__(self, content: bytes) -> None:
        self.content, self.asked = content, list[int]()

    def read(self, size: int) -> bytes:
        self.asked.append(size)
        return self.content[:size]


@pytest.mark.parametrize(
    ("headers", "path", "read"),
    [
        ({"CONTENT_LENGTH": "14", "HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", [14]),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", [101]),
        ({"CONTENT_LENGTH": "14", "HTTP_COOKIE": "__Host-broker-session=x"}, "/v1/x", [14]),
        ({"CONTENT_LENGTH": "14"}, "/oauth2/token", [14]),
        ({"CONTENT_LENGTH": "102", "HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", []),
        ({"CONTENT_LENGTH": "9" * 5000, "HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", []),
        ({"CONTENT_LENGTH": "-1", "HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", []),
        ({"CONTENT_LENGTH": "٣", "HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", []),
        ({"CONTENT_LENGTH": "14"}, "/v1/x", []),
        ({"HTTP_AUTHORIZATION": "Bearer x"}, "/v1/x", []),
    ],
)
def test_a_body_is_read_before_there_is_a_place_unless_it_will_be_refused_unread(
    house: House, headers: dict[str, str], path: str, read: list[int]
) -> None:
    body = Body(BODY)
    house.ask(path, "POST", body, **headers)
    assert body.asked == read
    if read:
        assert house.seen[0]["wsgi.input"].read() == BODY


def test_a_path_of_more_segments_than_any_route_has_is_not_looked_for(house: House) -> None:
    status, _, content = house.ask("/v1" * (MAX_SEGMENTS + 1))
    assert (status, json.loads(content)["type"]) == (404, "/v1/problems/not-found")
    assert house.inside == []
    assert house.ask("/v1" * MAX_SEGMENTS)[0] == 200


def test_an_ask_for_more_fields_than_a_list_may_have_is_refused(shared_small_house: Theatre) -> None:
    body = {"case": new_id(), "purpose": "end_nuisance", "fields": [f"a.f{number}" for number in range(MAX_FIELDS + 1)]}
    answer = shared_small_house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/v1/problems/invalid-input")
    assert "length" in answer.text.lower()


def test_a_token_that_is_longer_than_ours_is_not_verified(shared_small_house: Theatre) -> None:
    token = "x" * (MAX_TOKEN_CHARACTERS + 1)
    answer = shared_small_house.http.get("/v1/connectors/police/cases", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    with pytest.raises(Unauthenticated, match="malformed"):
        shared_small_house.broker.tokens.read(token)


def test_a_body_that_does_not_come_takes_up_no_place() -> None:
    house, sent = House(places=1), threading.Event()

    class Slow(Body):
        def read(self, size: int) -> bytes:
            assert sent.wait(60)
            return super().read(size)

    with ThreadPoolExecutor(8) as threads:
        headers = {"CONTENT_LENGTH": "14", "HTTP_AUTHORIZATION": "Bearer x"}
        slow = [threads.submit(lambda: house.ask("/v1/x", "POST", Slow(BODY), **headers)) for _ in range(8)]
        for _ in range(5):
            assert house.ask("/v1/x")[0] == 200
        sent.set()
        assert {one.result()[0] for one in slow} <= {200, 503}
    house.end()


def test_a_request_has_its_deadline_from_when_it_was_whole() -> None:
    now = [100.0]

    class Late(Body):
        def read(self, size: int) -> bytes:
            now[0] += 5
            return super().read(size)

    house = House(timeout_s=8, monotonic=lambda: now[0])
    assert house.ask("/v1/x", "POST", Late(BODY), CONTENT_LENGTH="14", HTTP_AUTHORIZATION="Bearer x")[0] == 200
    deadline = house.seen[0][DEADLINE]
    assert isinstance(deadline, Deadline)
    assert (now[0], deadline.left_s()) == (105, 8)
    house.end()


# which commands narrow


def test_what_takes_something_away_has_a_lane_of_its_own(shared_small_house: Theatre) -> None:
    app = create_service(shared_small_house.broker)
    assert narrowing_segments(app) == {
        "acceptances",
        "closures",
        "conditions",
        "departures",
        "identifications",
        "restrictions",
        "vetoes",
        "withdrawals",
    }


def test_a_path_that_ends_like_a_veto_and_is_none_keeps_the_application_from_starting() -> None:
    routes = Blueprint("two", __name__)
    for path, narrows in (("/v1/a/vetoes", True), ("/v1/b/vetoes", False)):
        view = documented(summary="x", tag="x", door=Door.CASES, narrows=narrows)(lambda: None)
        routes.add_url_rule(path, path[4:5], view, methods=["POST"])
    with pytest.raises(ValueError, match="expected paths that end alike to narrow alike, found vetoes"):
        narrowing_segments(create_app(parts(routes)))


def test_places_are_for_each_lane_and_never_none() -> None:
    assert places_of(16) == {"work": 16, "door": 4, "people": 4, "narrow": NARROW_PLACES, "look": LOOK_PLACES}
    assert min(places_of(1).values()) == 1
