"""The token endpoint and its revocation: Authlib's authorization server with one grant and one way to authenticate."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, InvalidScopeError, OAuth2Error, OAuth2Payload
from authlib.oauth2.rfc6749.errors import InvalidGrantError, UnauthorizedClientError, UnsupportedGrantTypeError, UnsupportedTokenTypeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from flask import Request, Response, g, request

from broker.authenticate import AccessToken, Tally, Unauthenticated, Unproven
from broker.oauth.clients import Client, ClientRegister, UnknownClient
from broker.oauth.private_key_jwt import METHOD, ActingClient, AssertionChecks, AssertionRefused, PrivateKeyJwt
from broker.oauth.tokens import AccessTokens
from broker.trace import Trace

PATH = "/oauth2/token"
REVOCATION_PATH = "/oauth2/revoke"

#: what is told beside the code: fixed, because Authlib's own sentences repeat what the caller sent
SENTENCES: Mapping[type[OAuth2Error], str] = {
    InvalidClientError: "the client could not be authenticated with private_key_jwt",
    InvalidRequestError: "expected grant_type, scope, client_assertion_type and client_assertion, each once, in the form",
    InvalidScopeError: "expected one or more of the scopes registered for the client",
    UnauthorizedClientError: "the client may not use this grant",
    UnsupportedGrantTypeError: "expected client_credentials",
    UnsupportedTokenTypeError: "expected access_token as token_type_hint, or none",
    InvalidGrantError: "the token was not given to this client",
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
    """A request as Authlib reads it; its URI is the configured one, since a proxy may have ended TLS.

    `vouches`: its assertion must say for whom. Revoking gives nothing to anybody, so there it may be left out.
    """

    def __init__(self, web: Request, endpoint: str) -> None:
        super().__init__("POST", endpoint, headers=web.headers)
        self.vouches = web.path == PATH
        self.payload = FormPayload(web)
        self._web = web

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters in the body."""
        return self._web.form


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """The only grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)


class OwnToken:
    """A token that is to be revoked, as Authlib asks about it."""

    def __init__(self, token: AccessToken) -> None:
        self.token = token

    def check_client(self, client: ActingClient) -> bool:
        """Whether it was given to this client."""
        return self.token.caller.client_id == client.get_client_id()


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """RFC 7009 for access tokens. A token that is none of ours, or over, is revoked already."""

    SUPPORTED_TOKEN_TYPES = ("access_token",)
    CLIENT_AUTH_METHODS = (METHOD,)

    def query_token(self, token_string: str, token_type_hint: str | None) -> OwnToken | None:  # noqa: ARG002 - Authlib's signature
        """The token, if it is one."""
        try:
            return OwnToken(self.server.tokens.read(token_string))
        except Unauthenticated:
            return None

    def revoke_token(self, token: OwnToken, request: OAuth2Request) -> None:  # noqa: ARG002 - Authlib's signature
        """Take it back: it counts on no worker when this has returned."""
        self.server.revoke(token.token, g.trace)


class TokenEndpoint(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """Answers `POST /oauth2/token` and `POST /oauth2/revoke`; `revoke` takes a token back, on the record."""

    def __init__(
        self,
        checks: AssertionChecks,
        clients: ClientRegister,
        tokens: AccessTokens,
        revoke: Callable[[AccessToken, Trace], None],
        tally: Tally,
    ) -> None:
        super().__init__()
        self._checks = checks
        self._clients = clients
        self.tokens = tokens
        self.revoke = revoke
        self._tally = tally
        self.register_client_auth_method(METHOD, self._authenticate)
        self.register_grant(ClientCredentials)
        self.register_endpoint(Revocation)
        self.register_token_generator("default", BearerTokenGenerator(self._token, expires_generator=tokens.lifetime_s))

    def token(self) -> Response:
        """Answer the present Flask request with a token."""
        return self._respond(self.create_token_response)

    def revocation(self) -> Response:
        """Revoke the token in the present Flask request."""
        return self._respond(lambda web: self.create_endpoint_response(Revocation.ENDPOINT_NAME, web))

    def _respond(self, answer: Callable[[Request], Response]) -> Response:
        try:
            _check_form(request)
            response = answer(request)
        except AssertionRefused as refusal:
            self._tally.count(Unproven.ASSERTION)
            return self._refuse(refusal.error(), refusal.fault.value)
        except InvalidRequestError as error:
            return self._refuse(error)
        return response

    def create_oauth2_request(self, request: Request) -> FormRequest:
        """Authlib's view of the request."""
        return FormRequest(request, self._checks.audience)

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

    def _authenticate(self, query_client: Callable[[str], Client | None], request: FormRequest) -> ActingClient | None:
        check = PrivateKeyJwt(self._checks, g.certificate, vouches=request.vouches)
        acting: ActingClient | None = check(query_client, request)
        return acting

    def _refuse(self, error: OAuth2Error, sentence: str | None = None) -> Response:
        self._checks.limits.failed(request.environ)
        told = sentence or SENTENCES.get(type(error), SENTENCES[InvalidRequestError])
        response = self.handle_response(400, {"error": error.error, "error_description": told}, [("Content-Type", "application/json")])
        if isinstance(error, InvalidClientError):
            response.status_code = 401
            response.headers["WWW-Authenticate"] = 'Bearer realm="covenant-broker", error="invalid_client"'
        return response

    def _token(self, client: ActingClient, grant_type: str, user: object, scope: str) -> str:  # noqa: ARG002 - Authlib's signature
        if client.professional is None:
            raise InvalidClientError  # nobody gets a token for nobody
        return self.tokens.issue(client.client.holder, client.professional, frozenset(scope.split()), client.certificate)


def _check_form(web: Request) -> None:
    """RFC 6749 sections 2.3 and 3.2: parameters in the form, each once, and one way to authenticate."""
    repeated = [name for name, count in Counter(name for name, _ in web.form.items(multi=True)).items() if count > 1]
    second_way = "Authorization" in web.headers or "client_secret" in web.form
    if web.mimetype != "application/x-www-form-urlencoded" or web.query_string or repeated or second_way:
        raise InvalidRequestError
