"""One partner's system in the demonstration and in tests: the client kit gets its tokens, and answers are shown as they came.

A partner uses the kit's typed calls (`broker.client`, docs/partner-guide.md). The story shows what is on the wire, refusals too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from broker.client import Limits, NoAnswer, Signer, TokenRefused, World
from broker.client import Refused as RefusedByProblem
from broker.client.tokens import Acting, Tokens
from broker.client.transport import Transport
from broker.client.tries import Tries
from policies.vocabulary import PartyId, RoleId

#: the story shows what happened, not what happened at the second try
ONCE = Limits(tries=1)


class Refused(Exception):  # noqa: N818 - what happened
    """The broker answered with a problem (RFC 9457)."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.problem: Mapping[str, Any] = response.json() if "json" in response.headers.get("content-type", "") else {}
        super().__init__(f"{self.status} {self.problem.get('type', '')} {self.problem.get('detail', '')}")


class Partner:
    """A party's system at the broker, acting for one professional at a time."""

    def __init__(self, http: httpx.Client, issuer: str, party: PartyId, client_id: str, signer: Signer, scopes: tuple[str, ...]) -> None:
        world = World()
        self.party = party
        self.issuer = issuer
        self._http = http
        self._scopes = frozenset(scopes)
        self._tries = Tries(ONCE, world)
        self._tokens = Tokens(issuer, client_id, signer, Transport(http, ONCE, world), self._tries, world)

    def token(self, role: RoleId, professional: str) -> str:
        """An access token for a professional in a role.

        Raises:
            Refused: the broker gives none.
            httpx.TransportError: it does not answer.
        """
        try:
            return self._tokens.of(self._acting(role, professional), self._tries.until())
        except TokenRefused as refusal:
            told = {"error": refusal.error, "error_description": refusal.description}
            raise Refused(httpx.Response(refusal.status, json=told)) from None
        except RefusedByProblem as refusal:
            problem = refusal.problem
            told = {"type": f"/v1/problems/{problem.slug}", "detail": problem.detail}
            raise Refused(httpx.Response(problem.status, json=told)) from None
        except NoAnswer as failure:
            raise httpx.TransportError(str(failure)) from None

    def asks_token(self, role: RoleId, professional: str) -> httpx.Response:
        """The answer of the token endpoint to a fresh assertion."""
        answer = self._tokens.ask(self._acting(role, professional), self._tries.until())
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def forget_tokens(self) -> None:
        """Ask for new tokens from now on."""
        self._tokens.forget_all()

    def get(self, role: RoleId, professional: str, path: str) -> Any:  # noqa: ANN401 - any JSON
        """The answer to a GET.

        Raises:
            Refused: a problem.
        """
        return _answer(self.send(role, professional, "GET", path))

    def post(self, role: RoleId, professional: str, path: str, body: Mapping[str, Any], **headers: str) -> Any:  # noqa: ANN401 - any JSON
        """The answer to a POST; underscores in the names of `headers` are dashes.

        Raises:
            Refused: a problem.
        """
        return _answer(self.send(role, professional, "POST", path, body, **headers))

    def send(
        self, role: RoleId, professional: str, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        """The answer as it came, a problem too.

        Raises:
            Refused: the broker gives no token.
        """
        bearer = {"Authorization": f"Bearer {self.token(role, professional)}"}
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(method, path, json=body, headers=bearer | extra)

    def _acting(self, role: RoleId, professional: str) -> Acting:
        return Acting(professional, role, self._scopes)


def _answer(response: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    if response.is_error:
        raise Refused(response)
    return response.json() if response.content else None
