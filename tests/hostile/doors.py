"""The doors that read what somebody wrote, over WSGI, and bent requests for each: every answer is below 500, and no token is had."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from broker.clock import new_id
from broker.demo.people import POLICE
from broker.demo.stage import professional
from tests.hostile.fuzzing import bent, bent_json
from tests.journeys.auditors import LDV, SEARCH
from tests.journeys.routes import NOBODYS_ID, good_bodies
from tests.stage import COVENANT, DIRECTOR, ISSUER, OFFICER, Theatre

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Knocking:
    """One door: what is bent, and how it is sent."""

    bend: Callable[[Random], bytes]
    knock: Callable[[bytes], None]


def _posting(house: Theatre, path: str, *bodies: object) -> Knocking:
    def knock(octets: bytes) -> None:
        answer = house.send(DIRECTOR, "POST", path, content=octets, headers=JSON)
        assert answer.status_code < 500, (path, octets, answer.text)

    seeds = tuple(json.dumps(body).encode() for body in bodies)
    return Knocking(lambda random: bent(random, seeds) if random.randrange(2) else bent_json(random, random.choice(bodies)), knock)


def _part(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _tokens(house: Theatre) -> Knocking:
    """Access tokens; whatever is bent opens nothing, unless it is the very same token."""
    good = house.bearer(OFFICER)["Authorization"].removeprefix("Bearer ").encode()

    def knock(octets: bytes) -> None:
        token = "".join(chr(octet) for octet in octets if 0x21 <= octet < 0x7F)
        answer = house.http.get(f"/v1/cases/{NOBODYS_ID}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == (404 if token == good.decode() else 401), token

    return Knocking(lambda random: bent(random, (good,)), knock)


def _assertions(house: Theatre) -> Knocking:
    """Assertions with a right signature over a bent header and bent claims; whatever comes of them is for who sent them."""
    key = house.stage.parties[POLICE].client
    private: Any = key.private_key
    header = {"alg": "RS256", "kid": key.kid, "typ": "JWT"}

    def claims() -> dict[str, object]:
        now = int(time.time())
        actor = {"sub": professional(OFFICER), "role": OFFICER}
        client = {"iss": "police-system", "sub": "police-system", "aud": f"{ISSUER}/oauth2/token"}
        return {**client, "iat": now, "exp": now + 60, "jti": new_id() * 2, "act": actor}

    def knock(octets: bytes) -> None:
        first, _, second = octets.partition(b"\x1e")
        signed = f"{_part(first)}.{_part(second)}"
        assertion = f"{signed}.{_part(private.sign(signed.encode(), PKCS1v15(), SHA256()))}"
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form = {"grant_type": "client_credentials", "scope": "door:cases", "client_assertion_type": kind, "client_assertion": assertion}
        answer = house.http.post("/oauth2/token", data=form)
        assert answer.status_code in {200, 400, 401}, assertion
        if answer.status_code == 200:
            read = house.broker.tokens.read(answer.json()["access_token"]).caller
            assert (read.client_id, read.party, read.role) == ("police-system", POLICE, OFFICER)

    def bend(random: Random) -> bytes:
        said = claims()
        if random.randrange(2):
            return bent_json(random, header) + b"\x1e" + bent_json(random, said)
        return bent(random, (json.dumps(header).encode() + b"\x1e" + json.dumps(said).encode(),))

    return Knocking(bend, knock)


def _headers(house: Theatre) -> Knocking:
    def knock(octets: bytes) -> None:
        text = "".join(chr(octet) for octet in octets if 0x20 <= octet < 0x7F)
        names = ("traceparent", "Idempotency-Key", "Prefer", "Accept", "Cookie", "Origin", "Client-Cert", "X-Request-ID", "If-None-Match")
        for name in names:
            answer = house.send(DIRECTOR, "GET", f"/v1/cases/{NOBODYS_ID}", headers={name: text})
            assert answer.status_code in {400, 401, 403, 404}, (name, text)

    seeds = (b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", b"handling=strict, wait=1", b":MIIB:", b"a=b; c=d")
    return Knocking(lambda random: bent(random, seeds), knock)


def _paths(house: Theatre) -> Knocking:
    house.broker.sweeper().sign()
    year = house.entries()[-1].envelope.ts[:4]

    def knock(octets: bytes) -> None:
        target = b"/v1/" + bytes(octet for octet in octets if 0x21 <= octet < 0x7F)
        answer = house.send(DIRECTOR, "GET", "/", extensions={"target": target})
        assert answer.status_code < 500, target

    log = f"audit/logs/{COVENANT}/{year}"
    paths = (f"{log}/tile/0/000", f"{log}/consistency?old=3", f"cases/{NOBODYS_ID}", "connectors/police/cases?cursor=AA")
    return Knocking(lambda random: bent(random, [path.encode() for path in paths]), knock)


def _evaluations() -> object:
    good = dict(good_bodies("")["access.evaluate"])
    return {
        **good,
        "evaluations": [{"resource": good["resource"]}, {"subject": good["subject"]}],
        "options": {"evaluations_semantic": "execute_all"},
    }


FILTERS = {
    "log": COVENANT, "for": "lawfulness", "party": "police", "purpose": "end_nuisance", "field": "incidents.count_12m", "article": "3.1",
    "outcome": "permit", "type": "exchange.release", "disclosure": NOBODYS_ID, "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "limit": 10,
    "since": "2026-01-01T00:00:00Z", "until": "2199-12-31T23:59:59.999999+14:00",
}  # fmt: skip

DOORS: Mapping[str, Callable[[Theatre], Knocking]] = {
    "tokens": _tokens,
    "assertions": _assertions,
    "headers": _headers,
    "paths": _paths,
    "the log's filters": lambda house: _posting(house, SEARCH, FILTERS, {"log": COVENANT, "for": "lawfulness", "cursor": "WyJ4IiwwXQ"}),
    "processing activities": lambda house: _posting(
        house, f"{LDV}?for=lawfulness", {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "startTime": 1, "endTime": 2}
    ),
    "decisions": lambda house: _posting(house, "/access/v1/evaluation", good_bodies("")["access.evaluate"]),
    "many decisions": lambda house: _posting(house, "/access/v1/evaluations", _evaluations()),
    "searches of decisions": lambda house: _posting(house, "/access/v1/search/resource", good_bodies("")["access.search_resource"]),
    "asks": lambda house: _posting(house, "/v1/connectors/municipality/disclosures", good_bodies(NOBODYS_ID)["connectors.ask_for_fields"]),
    "cosignatures": lambda house: _posting(
        house, f"/v1/audit/logs/{COVENANT}/2026/cosignatures", good_bodies("")["audit_witness.give_cosignatures"]
    ),
}
