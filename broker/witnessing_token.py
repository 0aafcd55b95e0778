"""A partner's witness at the broker's door: an access token for its key (RFC 7523), and requests with it. It runs at the partner."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from broker.client import Signer
from broker.clock import Ids
from broker.witnessing_http import Answer, PeerFailed, ask

#: how long an assertion is good for, and how long before its end a token is renewed, in seconds
ASSERTION_S = 60
SPARE_S = 30

#: what a token may be made of (RFC 6750 section 2.1)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")

#: why a token was refused (RFC 6749 section 5.2)
_REFUSALS = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)

_SENTENCE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{1,300}")

OK = 200
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Account:
    """As whom a witness comes: the party's registered system, what signs for it, and the professional it vouches for, in a role."""

    issuer: str
    client_id: str
    signer: Signer
    role: str
    professional: str


class Reach:
    """Requests to one broker; the token is asked for when it is needed."""

    def __init__(self, http: httpx.Client, account: Account, ids: Ids, clock_s: Callable[[], float] = time.time) -> None:
        self._http = http
        self._account = account
        self._ids = ids
        self._clock_s = clock_s
        self._token = ("", 0.0)

    def get(self, path: str) -> Answer:
        """The answer to a GET, whatever its status.

        Raises:
            PeerFailed: the broker cannot be reached, or gives no token.
        """
        return ask(self._http, "GET", self._account.issuer + path, headers=self._headers())

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """The answer to a POST of JSON, whatever its status.

        Raises:
            PeerFailed: the broker cannot be reached, or gives no token.
        """
        headers = {**self._headers(), "Content-Type": JSON_TYPE}
        return ask(self._http, "POST", self._account.issuer + path, json.dumps(body).encode(), headers=headers)

    def _headers(self) -> dict[str, str]:
        token, until_s = self._token
        if until_s <= self._clock_s():
            token, lifetime_s = self._fresh()
            self._token = (token, self._clock_s() + lifetime_s - SPARE_S)
        return {"Authorization": f"Bearer {token}"}

    def _fresh(self) -> tuple[str, int]:
        form = {
            "grant_type": "client_credentials",
            "scope": "door:audit",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._assertion(),
        }
        url = f"{self._account.issuer}/oauth2/token"
        answer = ask(self._http, "POST", url, urlencode(form).encode(), headers={"Content-Type": FORM_TYPE})
        try:
            given = json.loads(answer.body)
            # a token of other characters could not be sent back in a header
            if answer.status != OK and given["error"] in _REFUSALS:
                raise PeerFailed(f"no_token, {given['error']}{_described(given)}")
            if answer.status == OK and _TOKEN.fullmatch(given["access_token"]):
                return str(given["access_token"]), int(given["expires_in"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise PeerFailed("no_token") from error
        raise PeerFailed("no_token")

    def _assertion(self) -> str:
        account, now = self._account, int(self._clock_s())
        claims = {
            "iss": account.client_id,
            "sub": account.client_id,
            "aud": f"{account.issuer}/oauth2/token",
            "iat": now,
            "exp": now + ASSERTION_S,
            "jti": self._ids() + self._ids(),
            "act": {"sub": account.professional, "role": account.role},
        }
        return account.signer.sign(claims)


def _described(given: Mapping[str, object]) -> str:
    """What a broker says beside it (RFC 6749 section 5.2), as far as that are the characters and the length of a sentence."""
    said = given.get("error_description", "")
    return f": {said}" if isinstance(said, str) and _SENTENCE.fullmatch(said) else ""
