"""The token endpoint: Authlib's authorization server with one grant and one way to authenticate."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, InvalidScopeError, OAuth2Error, OAuth2Payload
from authlib.oauth2.rfc6749.errors import UnauthorizedClientError, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import Request, Response, request

from broker.authenticate import Tally, Unproven
from broker.oauth.clients import Client, ClientRegister, UnknownClient
from broker.oauth.private_key_jwt import METHOD, ActingClient, AssertionRefused, PrivateKeyJwt
from broker.oauth.tokens import AccessTokens

PATH = "/oauth2/token"

#: what is told beside the code: fixed, because Authlib's own sentences repeat what the caller sent
SENTENCES: Mapping[type[OAuth2Error], str] = {
    InvalidClientError: "the client could not be authenticated with private_key_jwt",
    InvalidRequestError: "expected grant_type, scope, client_assertion_type and client_assertion, each once, in the form",
    InvalidScopeError: "expected one or more of the scopes registered for the client",
    UnauthorizedClientError: "the client may not use this grant",
    UnsupportedGrantTypeError: "expected client_credentials",
}


class FormPayload(OAuth2Payload):  # type: ignore[misc]  # Authlib ships no types
    """The form of a token request; Authlib's own payload also reads the query string, where no token request may be."""

    def __init__(self, web: Request) -> None:
        self._web = web

    @property
    def data(self) -> Mapping[str, str]:
        """The first value of each parameter."""
        return self._web.form

    @cached_property
    def datalist(self) -> defaultdict[str, list[str]]:
        """All values of each parameter."""
        return defaultdict(list, self._web.form.to_dict(flat=False))


class FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib ships no types
    """A token request as Authlib reads it; its URI is the configured one, since a proxy may have ended TLS."""

    def __init__(self, web: Request, endpoint: str) -> None:
        super().__init__("POST", endpoint, headers=web.headers)
        self.payload = FormPayload(web)
        self._web = web

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters in the body."""
        return self._web.form


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """The only grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)


class TokenEndpoint(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """Answers `POST /oauth2/token`; `assertion` makes the check of one request's assertion."""

    def __init__(
        self,
        endpoint: str,
        clients: ClientRegister,
        tokens: AccessTokens,
        assertion: Callable[[], PrivateKeyJwt],
        tally: Tally,
    ) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._clients = clients
        self._tokens = tokens
        self._tally = tally
        self._assertion = assertion
        self.register_client_auth_method(METHOD, self._authenticate)
        self.register_grant(ClientCredentials)
        self.register_token_generator("default", BearerTokenGenerator(self._token, expires_generator=tokens.lifetime_s))

    def respond(self) -> Response:
        """Answer the present Flask request."""
        try:
            _check_form(request)
            response: Response = self.create_token_response(request)
        except AssertionRefused as refusal:
            self._tally.count(Unproven.ASSERTION)
            return self._refuse(refusal.error(), refusal.fault.value)
        except InvalidRequestError as error:
            return self._refuse(error)
        return response

    def create_oauth2_request(self, request: Request) -> FormRequest:
        """Authlib's view of the request."""
        return FormRequest(request, self._endpoint)

    def query_client(self, client_id: str) -> Client | None:
        """A client that stands; a suspended one is as unknown as any."""
        try:
            client = self._clients.find(client_id)
        except UnknownClient:
            return None
        return None if client.suspended else client

    def save_token(self, token: Mapping[str, object], request: OAuth2Request) -> None:
        """Tokens are not kept: they expire by themselves, and a suspended client is refused without them."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:  # noqa: ANN401 - Authlib's
        """A Flask response."""
        return Response(json.dumps(body), status=status, headers=headers)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:  # noqa: ARG002 - Authlib's signature
        """An OAuth error (RFC 6749 section 5.2)."""
        if isinstance(error, InvalidClientError):
            self._tally.count(Unproven.ASSERTION)
        return self._refuse(error)

    def _authenticate(self, query_client: Callable[[str], Client | None], request: OAuth2Request) -> ActingClient | None:
        return self._assertion()(query_client, request)

    def _refuse(self, error: OAuth2Error, sentence: str | None = None) -> Response:
        told = sentence or SENTENCES.get(type(error), SENTENCES[InvalidRequestError])
        response = self.handle_response(400, {"error": error.error, "error_description": told}, [("Content-Type", "application/json")])
        if isinstance(error, InvalidClientError):
            response.status_code = 401
            response.headers["WWW-Authenticate"] = 'Bearer realm="covenant-broker", error="invalid_client"'
        return response

    def _token(self, client: ActingClient, grant_type: str, user: object, scope: str) -> str:  # noqa: ARG002 - Authlib's signature
        known = client.client
        return self._tokens.issue(known.client_id, known.party, client.professional, frozenset(scope.split()))


def _check_form(web: Request) -> None:
    """RFC 6749 sections 2.3 and 3.2: parameters in the form, each once, and one way to authenticate."""
    repeated = [name for name, count in Counter(name for name, _ in web.form.items(multi=True)).items() if count > 1]
    second_way = "Authorization" in web.headers or "client_secret" in web.form
    if web.mimetype != "application/x-www-form-urlencoded" or web.query_string or repeated or second_way:
        raise InvalidRequestError
