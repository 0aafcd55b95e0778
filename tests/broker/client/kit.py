"""The client kit at a theatre: a partner's system with its own store, over WSGI; and hands that answers pass through on their way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from broker.client import Client, Connection, Limits, Professional, ReceiptStore, World
from broker.demo.stage import professional, scopes_of
from policies.vocabulary import PartyId, RoleId
from tests.foreign import foreign
from tests.stage import ISSUER, OverWsgi, Theatre

#: no test waits: a pause is noted and not slept
QUICK = Limits(deadline_s=120.0)

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


class Hands(httpx.BaseTransport):
    """Everything passes through here; `change` may make another answer of it. `seen` are the requests, in order."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.seen: list[httpx.Request] = []
        self.change: Change = lambda _, answer: answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self._inner.handle_request(request)
        whole = httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())
        told = self.change(request, whole)
        return httpx.Response(told.status_code, headers=told.headers, stream=httpx.ByteStream(told.content))

    def paths(self) -> list[str]:
        return [f"{one.method} {one.url.path}" for one in self.seen]


def connection_of(house: Theatre, party: PartyId, issuer: str = ISSUER) -> Connection:
    return Connection(
        issuer,
        party,
        f"{party}-system",
        frozenset(scopes_of(house.broker)),
        house.broker.receipt_signer.verifier,
        house.broker.checkpoint_public_key(),
    )


def hands_at(house: Theatre) -> Hands:
    return Hands(OverWsgi(house.app))


def client_at(
    house: Theatre, party: PartyId, folder: Path, hands: Hands | None = None, *, world: World | None = None, limits: Limits = QUICK
) -> Client:
    signer = foreign(house.stage.parties[party].client)
    http = httpx.Client(transport=hands or hands_at(house))
    store = ReceiptStore(folder / f"{party}.receipts.sqlite")
    return Client(connection_of(house, party), signer, store, http, limits=limits, world=world or World(sleep=lambda _: None))


def acting(client: Client, role: RoleId) -> Professional:
    return client.acting_for(professional(role), role)


def changed(path_end: str, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Change:
    """Answers to requests whose path ends so, with other members."""

    def of(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(path_end) or answer.status_code != 200:
            return answer
        body = json.dumps(change(answer.json()), ensure_ascii=False).encode()
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=body)

    return of
