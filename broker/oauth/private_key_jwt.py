"""Client authentication: a signed assertion (RFC 7523) that also vouches for the professional behind the request.

The profile is stricter than Authlib's defaults, which here are replaced one by one: the algorithms, a cap on the lifetime, a required
`iat`, one audience, an id of at least 128 bits that is used once, and the `act` claim, which Authlib drops.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, InvalidRequestError, OAuth2Error, UnauthorizedClientError
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwk, jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError, UnsupportedAlgorithmError
from joserfc.util import urlsafe_b64decode

from broker import wire
from broker.clock import Clock
from broker.limits import Limits
from broker.oauth.assertions import UsedAssertions
from broker.oauth.clients import Client
from broker.oauth.jwks import SIGNING_ALGORITHMS, PublicKeys
from broker.oauth.tokens import Professional
from policies.vocabulary import PartyId, RoleId

METHOD = "private_key_jwt"
MAX_ASSERTION_CHARACTERS = 8192
MAX_LIFETIME_S = 300
#: what two clocks may differ
LEEWAY_S = 10

_PAYLOAD = wire.WireLimits(max_bytes=MAX_ASSERTION_CHARACTERS, max_depth=4)
_HEADERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
#: 22 characters of base64url are 128 bits
_JTI = re.compile(r"[A-Za-z0-9._~:-]{22,128}")
#: opaque: no address, no name with a dot or a space, and not a row of digits, which could be a citizen service number
_PSEUDONYM = re.compile(r"(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{8,128}")


def is_opaque(pseudonym: str) -> bool:
    """Whether this can be the pseudonym of a professional: 8 to 128 letters, digits, dashes and underscores, not digits alone."""
    return _PSEUDONYM.fullmatch(pseudonym) is not None


class Fault(StrEnum):
    """What is wrong with an assertion whose signature is right; told to its sender, since only they could make it."""

    EXPIRED = "the assertion has expired"
    TIMES = "expected iat and exp at most 300 seconds apart, and iat not in the future"
    AUDIENCE = "expected this token endpoint as the only audience"
    ISSUER = "expected iss and sub to be the client id"
    JTI = "expected a jti of 22 to 128 characters"
    USED = "the assertion has been used before"
    ACTOR = "expected act with an opaque sub and a role, and nothing else"
    ROLE = "the role is not one of this party in the covenant"
    NOT_DESIGNATED = "the professional is not registered for this role"
    CERTIFICATE = "this client authenticates over a connection with its client certificate only"


class AssertionRefused(Exception):  # noqa: N818 - what happened
    """An assertion with a right signature is refused. `error` is the OAuth error that the sender is given."""

    def __init__(self, fault: Fault, error: type[OAuth2Error] = InvalidClientError) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.error = error


class AssertionAlgorithms(jws.JWSRegistry):
    """The algorithms of the profile. `EdDSA` is read as Ed25519, its name since RFC 9864; joserfc warns about it instead."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc's own model
        """The algorithm of that name, if the profile has it."""
        if name not in SIGNING_ALGORITHMS:
            raise UnsupportedAlgorithmError("expected an algorithm of the profile")
        return self.algorithms["Ed25519" if name == "EdDSA" else name]


#: the client's keys, among them the one with this key id if it has one by now
KeysOf = Callable[[Client, str | None], PublicKeys]


@dataclass(frozen=True, slots=True)
class Vouching:
    """What decides whether a client may act for a professional.

    `roles_of` gives the roles of a party in the covenants in force. `may_hold` says whether a professional (party, pseudonym) may have
    a role: always where the covenant does not designate, else only after registration.
    """

    roles_of: Callable[[PartyId], frozenset[RoleId]]
    may_hold: Callable[[PartyId, str, RoleId], bool]


@dataclass(frozen=True, slots=True)
class AssertionChecks:
    """What assertions are checked with; the `audience` is the token endpoint, for whichever endpoint of ours they are used."""

    audience: str
    clock: Clock
    used: UsedAssertions
    vouching: Vouching
    keys_of: KeysOf
    limits: Limits


class ActingClient(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """A client that has proven itself, for whom it acts, and the certificate it came with: what Authlib carries through the grant.

    Only a client that revokes a token of its own may act for nobody.
    """

    def __init__(self, client: Client, professional: Professional | None, certificate: str | None) -> None:
        self.client = client
        self.professional = professional
        self.certificate = certificate

    def get_client_id(self) -> str:
        """Its id."""
        return self.client.client_id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scope asked, all of it or None: a token with less than was asked would fail later and elsewhere."""
        asked = frozenset((scope or "").split())
        return " ".join(sorted(asked)) if asked and asked <= self.client.scopes else None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether it may authenticate like this: with its private key only."""
        return method == METHOD and endpoint in {"token", "revocation"}

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may use this grant: client credentials only."""
        return grant_type == "client_credentials"


class PrivateKeyJwt(JWTBearerClientAssertion):  # type: ignore[misc]  # Authlib ships no types
    """Checks one assertion, over a connection with this certificate; one object per request, because Authlib does not hand on what the
    assertion says. `vouches`: it must say for whom.
    """

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, checks: AssertionChecks, certificate: str | None, *, vouches: bool) -> None:
        super().__init__(leeway=LEEWAY_S)
        self._checks = checks
        self._certificate = certificate
        self._vouches = vouches
        self._registry = AssertionAlgorithms()
        self._key_id: str | None = None
        self._professional: Professional | None = None
        self._client: Client | None = None

    def __call__(self, query_client: Callable[[str], Client | None], request: OAuth2Request) -> ActingClient | None:
        """The acting client, or None where the request has no assertion."""

        def known(client_id: str) -> Client | None:
            # A client_id beside the assertion is not needed, and must be the assertion's own (RFC 7521 section 4.2).
            self._client = query_client(client_id) if request.form.get("client_id") in {None, client_id} else None
            return self._client

        proven = super().__call__(known, request)
        if proven is None or self._client is None or (self._vouches and self._professional is None):
            return None
        return ActingClient(self._client, self._professional, self._certificate)

    def authenticate_client(self, client: Client) -> Client:
        """Authlib asks the client for its method here; ours has one, and `ActingClient` answers for it."""
        return client

    def extract_assertion(self, assertion: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Header and claims, unverified, read strictly: Authlib's own reader recurses into a thousand brackets."""
        if len(assertion) > MAX_ASSERTION_CHARACTERS:
            raise InvalidClientError
        try:
            parsed = jws.extract_compact(assertion.encode(), registry=self._registry)
            # Read again, strictly: of a member that is there twice joserfc takes the last, and another reader the first.
            header = wire.loads(urlsafe_b64decode(assertion.partition(".")[0].encode()), _PAYLOAD)
            claims = wire.loads(parsed.payload, _PAYLOAD)
        except (JoseError, ValueError, TypeError, AttributeError, wire.WireError):
            # joserfc lets a header that is JSON but no object pass, or end in an AttributeError (fuzzed in tests/broker/oauth)
            raise InvalidClientError from None
        if not isinstance(claims, dict) or not isinstance(header, dict) or not header.keys() <= _HEADERS:
            raise InvalidClientError  # a header with b64, crit, jwk or jku changes what is verified, or by whose key
        kid = header.get("kid")
        self._key_id = kid if isinstance(kid, str) else None
        return header, claims

    def resolve_client_public_key(self, client: Client) -> jwk.KeySet:
        """The registered keys; never one that the assertion brings along."""
        return self._checks.keys_of(client, self._key_id).key_set()

    def process_assertion_claims(self, assertion: str, resolve_key: jwk.KeySet) -> Mapping[str, object]:
        """Verify the signature, then everything that the claims must say."""
        try:
            claims: Mapping[str, Any] = jwt.decode(assertion, resolve_key, registry=self._registry).claims
        except (JoseError, ValueError, TypeError):
            # a key of another kind than the algorithm's ends in one of the last two; the sender is told no more than a stranger
            raise InvalidClientError from None
        self.verify_claims(claims)
        return claims

    def verify_claims(self, claims: Mapping[str, Any]) -> None:
        """Check the claims in the order in which they matter; the id is spent last, so that only a good assertion uses it up.

        Raises:
            AssertionRefused: with the first fault.
            TooManyRequests: the client asks for tokens too often.
        """
        if self._client is None:
            raise InvalidClientError
        if self._client.certificate_required and self._certificate is None:
            raise AssertionRefused(Fault.CERTIFICATE, InvalidRequestError)
        self._check_times(claims)
        # (1) who: the issuer is the client itself
        if claims.get("iss") != self._client.client_id or claims.get("sub") != self._client.client_id:
            raise AssertionRefused(Fault.ISSUER)
        # (2) for whom: us alone; a second audience could replay it here, or take it from here
        if claims.get("aud") not in (self._checks.audience, [self._checks.audience]):
            raise AssertionRefused(Fault.AUDIENCE)
        # (3) vouching for whom
        if self._vouches or "act" in claims:
            self._professional = self._vouched(claims.get("act"), self._client.party)
        # (4) once, which is looked at last
        jti = claims.get("jti")
        if not isinstance(jti, str) or not _JTI.fullmatch(jti):
            raise AssertionRefused(Fault.JTI)
        # (5) not too often: charged to who has proven to be the client, before the write that every id costs
        charge = self._checks.limits.token if self._vouches else self._checks.limits.narrow
        charge(self._client.client_id)
        if not self._checks.used.spend(self._client.client_id, jti, claims["exp"]):
            raise AssertionRefused(Fault.USED)

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = int(self._checks.clock().timestamp())
        required = jwt.JWTClaimsRegistry(now=now, leeway=LEEWAY_S, exp={"essential": True}, iat={"essential": True})
        times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
        try:
            required.validate(times)
        except ExpiredTokenError:
            raise AssertionRefused(Fault.EXPIRED) from None
        except JoseError:
            raise AssertionRefused(Fault.TIMES) from None
        if not 0 < claims["exp"] - claims["iat"] <= MAX_LIFETIME_S:
            raise AssertionRefused(Fault.TIMES)

    def _vouched(self, actor: object, party: PartyId) -> Professional:
        if not isinstance(actor, dict) or actor.keys() != {"sub", "role"}:
            raise AssertionRefused(Fault.ACTOR, InvalidRequestError)
        pseudonym, role = actor["sub"], actor["role"]
        if not isinstance(pseudonym, str) or not isinstance(role, str) or not is_opaque(pseudonym):
            raise AssertionRefused(Fault.ACTOR, InvalidRequestError)
        if role not in self._checks.vouching.roles_of(party):
            raise AssertionRefused(Fault.ROLE, UnauthorizedClientError)
        if not self._checks.vouching.may_hold(party, pseudonym, RoleId(role)):
            raise AssertionRefused(Fault.NOT_DESIGNATED, UnauthorizedClientError)
        return Professional(pseudonym, RoleId(role))
