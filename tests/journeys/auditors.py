"""Readers of the log at the theatre: a system of a party's auditors, and what each of them asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from broker.authenticate import READS_LOG, Door
from broker.clock import new_id
from broker.demo.partner import Partner
from broker.demo.stage import public_keys
from broker.oauth.clients import Client
from policies.vocabulary import PartyId, RoleId
from tests.foreign import foreign
from tests.stage import COVENANT, ISSUER, Theatre

SCOPES = (Door.AUDIT.value, READS_LOG)
SEARCH = "/v1/audit/_search"
EXPORT = "/v1/audit/exports"
LDV = "/ldv/v1/processing-activities"


@dataclass
class Auditor:
    """A professional of a party in a reader's role, at a system that the operator registered for it."""

    house: Theatre
    party: PartyId
    kind: str = "auditor"
    scopes: tuple[str, ...] = SCOPES
    system: Partner = field(init=False)

    def __post_init__(self) -> None:
        key, client_id = self.house.stage.parties[self.party].client, f"{self.party}-{new_id()[-12:]}"
        self.house.broker.clients.add(Client(client_id, self.party, public_keys(key), frozenset({*self.scopes, "door:cases"})))
        self.system = Partner(self.house.http, ISSUER, self.party, client_id, foreign(key), self.scopes)

    @property
    def role(self) -> RoleId:
        return RoleId(f"{self.party}.{self.kind}")

    def send(self, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
        return self.system.send(self.role, "reader-1", "POST", path, body)

    def search(self, **body: Any) -> httpx.Response:  # noqa: ANN401 - any JSON
        return self.send(SEARCH, **({"log": COVENANT, "for": "lawfulness"} | body))
