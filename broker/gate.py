"""Before the application: a place for each request, and a quick refusal where there is none in time.

Each lane has places of its own, so that nobody waits behind what must not hold them up: `narrow` for what takes something away (a
veto, a restriction, a withdrawal), `door` for tokens and their revocation, `look` for `/v1/ready`, which waits for a database, and `work`
for everything else. `/v1/live` needs no place. A place is held while an answer is made. A slow body is read before there is one, and what
is made while it is sent (an export, which has a limit of its own) is sent after, so that neither takes up anything but its own connection.

Who finds every place taken waits in a row, where those before it will be done in half of the time that a request may take; otherwise it
is told to come back, at once. While anybody waits, no party has more than half of the places: who floods turns itself away.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import Any

from flask import Flask
from werkzeug.exceptions import NotFound

from broker.api.spec import BASE, operation_of
from broker.app import HEADERS
from broker.authenticate import Tally, Unproven
from broker.deadline import DEADLINE, PLACE, Deadline
from broker.errors import Overloaded, TooManyRequests
from broker.limits import Limits
from broker.metrics import SHED, Meter
from broker.oauth.server import PATH as TOKEN_PATH
from broker.oauth.server import REVOCATION_PATH
from broker.problems import MEDIA_TYPE, problem_of

LIVE, READY = f"{BASE}/live", f"{BASE}/ready"
#: what a browser signs in and out with (`broker.people`)
PEOPLE = ("/sign-in", "/sign-out")
#: places that reads can never take
NARROW_PLACES, LOOK_PLACES = 4, 2
#: no route has more
MAX_SEGMENTS = 16
#: how much one answer weighs in the mean of how long they take
_WEIGHT = 1 / 16

_LENGTH = re.compile("[0-9]{1,19}")
#: whoever brings neither is a stranger: a token, or the cookie of a session
KNOWN_BY = frozenset({"HTTP_AUTHORIZATION", "HTTP_COOKIE"})

#: a WSGI application and what it is called with
Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]


class Place:
    """A place in a lane, from when it is taken until it is left."""

    __slots__ = ("_lane", "_since", "party")

    def __init__(self, lane: Lane, since: float) -> None:
        self._lane = lane
        self._since = since
        self.party: str | None = None

    def claim(self, party: str) -> None:
        """Say whose request this is, once that is known.

        Raises:
            Overloaded: others wait, and the party has half of the places already.
        """
        self._lane.claim(self, party)

    def leave(self) -> None:
        """The answer is there: give the place to whoever waits first."""
        self._lane.leave(self, self._since)


class Lane:
    """Places, and a row in front of them that is no longer than they can serve in time."""

    def __init__(self, places: int, monotonic: Callable[[], float] = time.monotonic, on_shed: Callable[[], None] = lambda: None) -> None:
        self._places = places
        self._monotonic = monotonic
        self._on_shed = on_shed
        self._lock = Lock()
        self._taken = 0
        self._row: deque[Any] = deque()
        self._parties: Counter[str] = Counter()
        self._mean_s = 0.0

    def enter(self, patience_s: float) -> Place:
        """Take a place.

        Raises:
            Overloaded: there is none, and there will be none within `patience_s`.
        """
        with self._lock:
            free = self._taken < self._places
            if free:
                self._taken += 1
            else:
                expected_s = self._mean_s * (len(self._row) + 1) / self._places
                if expected_s > patience_s:
                    raise self._shed(round(expected_s))
                turn = Lock()
                turn.acquire()
                self._row.append(turn)
        if not free and not turn.acquire(timeout=patience_s):
            self._give_up(turn)
        return Place(self, self._monotonic())

    def claim(self, place: Place, party: str) -> None:
        """See `Place.claim`."""
        with self._lock:
            if self._row and self._parties[party] >= max(self._places // 2, 1):
                raise self._shed()
            self._parties[party] += 1
            place.party = party

    def leave(self, place: Place, since: float) -> None:
        """See `Place.leave`."""
        with self._lock:
            self._mean_s += (self._monotonic() - since - self._mean_s) * _WEIGHT
            if place.party is not None:
                self._parties[place.party] -= 1
            # INVARIANT: nobody waits while a place is free, so a place goes from hand to hand and no newcomer is before who waits.
            if self._row:
                self._row.popleft().release()
            else:
                self._taken -= 1

    def _give_up(self, turn: Any) -> None:  # noqa: ANN401 - a lock; its class has no name
        with self._lock:
            if turn in self._row:
                self._row.remove(turn)
                raise self._shed()
        # It was given the place in this very moment.

    def _shed(self, wait_s: int = 1) -> Overloaded:
        self._on_shed()
        return Overloaded(wait_s)


def places_of(threads: int) -> Mapping[str, int]:
    """How many places each lane has, where `threads` are for work."""
    return {"work": threads, "door": max(threads // 4, 2), "people": max(threads // 4, 2), "narrow": NARROW_PLACES, "look": LOOK_PLACES}


def narrowing_segments(app: Flask) -> frozenset[str]:
    """The last segments of the paths of commands that take something away.

    Raises:
        ValueError: a path that ends in one of them does something else: a mistake in the code, found at start.
    """
    of_segment: dict[str, set[bool]] = {}
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            operation = operation_of(app.view_functions[rule.endpoint], "POST")
            of_segment.setdefault(last_segment(rule.rule), set()).add(operation is not None and operation.narrows)
    mixed = sorted(segment for segment, narrows in of_segment.items() if len(narrows) > 1)
    if mixed:
        raise ValueError(f"expected paths that end alike to narrow alike, found {', '.join(mixed)}")
    return frozenset(segment for segment, narrows in of_segment.items() if narrows == {True})


def last_segment(path: str) -> str:
    """What stands after the last slash."""
    return path.rpartition("/")[2]


class Gate:
    """A WSGI application in front of another one."""

    def __init__(
        self,
        application: Application,
        *,
        narrowing: frozenset[str],
        limits: Limits,
        tally: Tally,
        meter: Meter,
        places: Mapping[str, int],
        max_body_bytes: int,
        timeout_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._narrowing = narrowing
        self._limits = limits
        self._tally = tally
        self._max_body_bytes = max_body_bytes
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._lanes = {name: Lane(size, monotonic, partial(meter.add, SHED, name)) for name, size in places.items()}
        for name in places:
            meter.declare(SHED, name)

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer one request, or let it through with its deadline."""
        path = environ["PATH_INFO"]
        if path == LIVE:
            return self._application(environ, start_response)
        # Werkzeug takes any number of slashes at the beginning for one; then a proxy and the lanes here would have read another path.
        if path.startswith("//") or path.count("/") > MAX_SEGMENTS:
            return _refuse(NotFound(), start_response)
        name = self._lane_of(path, environ["REQUEST_METHOD"])
        lane = self._lanes[name]
        try:
            if name != "look":
                self._limits.knock(environ)
            self._read_body(environ, name)
            # The deadline begins when there is a request: how long its sender took to send it is the sender's affair.
            environ[DEADLINE] = Deadline(self._monotonic() + self._timeout_s, self._monotonic)
            place = environ[PLACE] = lane.enter(self._timeout_s / 2)
        except TooManyRequests as refusal:
            self._tally.count(Unproven.TOO_OFTEN)
            return _refuse(refusal, start_response)
        except Overloaded as refusal:
            return _refuse(refusal, start_response)
        try:
            return self._application(environ, start_response)
        finally:
            place.leave()

    def _lane_of(self, path: str, method: str) -> str:
        if path == READY:
            return "look"
        if path in {TOKEN_PATH, REVOCATION_PATH}:
            return "door"
        if path.startswith(PEOPLE):
            return "people"  # they wait for their provider; a slow one keeps no exchange and no token waiting
        return "narrow" if method == "POST" and last_segment(path) in self._narrowing else "work"

    def _read_body(self, environ: Environ, name: str) -> None:
        """Read what the application will read. What it will refuse unread is left: a body that is said to be too large, or a stranger's."""
        if name not in {"door", "people"} and KNOWN_BY.isdisjoint(environ):
            return
        # One byte more than a body may have tells one that is too large from one that is not.
        most, length = self._max_body_bytes + 1, environ.get("CONTENT_LENGTH") or ""
        size = int(length) if _LENGTH.fullmatch(length) else most if "HTTP_TRANSFER_ENCODING" in environ else 0
        if 0 < size <= most:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(size))


def _refuse(refusal: Exception, start_response: Start) -> Iterable[bytes]:
    """The answer to a request that went no further: the same problem that the application would answer."""
    problem = problem_of(type(refusal))
    body = json.dumps(problem.document(refusal), separators=(",", ":")).encode()
    headers = {**HEADERS, **problem.headers(refusal), "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    start_response(f"{problem.status} {HTTPStatus(problem.status).phrase}", list(headers.items()))
    return [body]
