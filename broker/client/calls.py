"""Calls of the interface: with a token, renewed once where it is not taken; answers read as JSON, refusals raised as problems."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

import httpx

from broker.client.problems import read_answer
from broker.client.reading import Members
from broker.client.tokens import Acting, Tokens
from broker.client.transport import Answer, Request, Transport
from broker.client.tries import Tries
from broker.client.world import Limits, World

UNAUTHENTICATED = 401
NO_CONTENT = 204
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Line:
    """How a client speaks with its broker: one per process, shared by everybody that it acts for."""

    issuer: str
    transport: Transport
    tokens: Tokens
    tries: Tries
    world: World


class Calls:
    """The calls of one professional."""

    def __init__(self, line: Line, acting: Acting) -> None:
        self._line = line
        self.acting = acting

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Members:
        """The answer to a GET.

        Raises:
            Refused: a problem.
            TokenRefused, NoAnswer, AnswerUnusable: as their names say.
        """
        tail = f"?{urlencode(query)}" if query else ""
        return self._read(self.send("GET", path + tail, repeatable=True), path)

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None, *, repeatable: bool = False) -> Members:
        """The answer to a POST. `repeatable` says that doing it twice is harmless: it only reads, or has an Idempotency-Key.

        Raises:
            Refused: a problem.
            TokenRefused, NoAnswer, AnswerUnusable: as their names say.
        """
        return self._read(self.send("POST", path, body, headers, repeatable=repeatable), path)

    def do(self, path: str, body: Mapping[str, object]) -> None:
        """A POST whose answer is that it was done.

        Raises:
            Refused: a problem.
            TokenRefused, NoAnswer, AnswerUnusable: as their names say.
        """
        answer = self.send("POST", path, body)
        if answer.status != NO_CONTENT:
            self._read(answer, path)

    def idempotency(self) -> dict[str, str]:
        """A fresh Idempotency-Key: the tries of one call share it."""
        return {"Idempotency-Key": self._line.world.random(KEY_BYTES).hex()}

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool = False,
    ) -> Answer:
        """The answer as it came, a problem too; with a new token once, where the broker did not take the one that was kept.

        Raises:
            TokenRefused, NoAnswer, AnswerUnusable: as their names say.
        """
        line, until = self._line, self._line.tries.until()
        content = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        sent = {"Accept": "application/json", "traceparent": self._traceparent(), **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        request = Request(method, line.issuer + path, sent, content)

        def attempt() -> Answer:
            token = line.tokens.of(self.acting, until)
            answer = line.transport.send(_with(request, token), until)
            if answer.status == UNAUTHENTICATED:
                # Suspended, a key of the broker that was replaced, a clock that jumped: one new token tells which.
                line.tokens.forget(self.acting, token)
                answer = line.transport.send(_with(request, line.tokens.of(self.acting, until)), until)
            return answer

        line.tokens.of(self.acting, until)  # a token has tries of its own; those of the call begin after it
        return line.tries.answer(attempt, until, repeatable=repeatable)

    def _read(self, answer: Answer, place: str) -> Members:
        return read_answer(answer, place, self._line.world.now())

    def _traceparent(self) -> str:
        """A trace of our own for each call (W3C Trace Context): the broker's operator finds the call by it."""
        return f"00-{self._line.world.random(16).hex()}-{self._line.world.random(8).hex()}-00"


def look_with(http: httpx.Client, issuer: str, token: str) -> Callable[[str, Mapping[str, str] | None], Members]:
    """Reads a broker's doors with one token that somebody has already; it raises what `Calls.get` raises."""
    limits, world = Limits(), World()
    transport, tries = Transport(http, limits, world), Tries(limits, world)

    def look(path: str, query: Mapping[str, str] | None) -> Members:
        until = tries.until()
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        request = Request("GET", issuer + path + (f"?{urlencode(query)}" if query else ""), headers)
        answer = tries.answer(lambda: transport.send(request, until), until, repeatable=True)
        return read_answer(answer, path, world.now())

    return look


def segment(name: str) -> str:
    """A name as one step of a path: whatever is in it, it leads nowhere else."""
    return quote(name, safe="").replace(".", "%2E") if set(name) <= {"."} else quote(name, safe="")


def _with(request: Request, token: str) -> Request:
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})
