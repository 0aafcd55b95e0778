"""Access tokens: JWTs after RFC 9068 and the NL GOV OAuth profile 1.2, signed with RS256, at most an hour, never stored.

The token names the party's system (`sub`, `client_id`, `azp`), its party, and the professional for whom it vouches (`act`: an opaque
pseudonym and a role, RFC 8693 section 4.1). `cnf` binds it to a certificate (RFC 8705), and `revocations` says how many revocations its
client had had, which is what a later one is compared with.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidKeyIdError, JoseError

from broker.authenticate import AccessToken, Caller, Unauthenticated, Unproven
from broker.clock import Clock, Random
from broker.oauth.signing_keys import ALGORITHM, SigningKeys
from policies.vocabulary import PartyId, RoleId

TYPE = "at+jwt"
MAX_LIFETIME_S = 3600
#: 160 bits; the profile asks for 128
TOKEN_ID_BYTES = 20
#: a longer token is not one of ours
MAX_TOKEN_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class Professional:
    """For whom a system acts: the pseudonym that the employer made, and the role in the covenant."""

    pseudonym: str
    role: RoleId


@dataclass(frozen=True, slots=True)
class Holder:
    """Who gets a token: a system of a party, and how often something of it has been revoked."""

    client_id: str
    party: PartyId
    revocations: int


class AccessTokens:
    """Makes access tokens and reads them back. `issuer` is the broker's origin; the audience is its interface, `<issuer>/v1`.

    `keys` gives the keys of this moment, so that a new one is followed without a restart.
    """

    def __init__(self, issuer: str, keys: Callable[[], SigningKeys], lifetime_s: int, clock: Clock, random: Random) -> None:
        if not 0 < lifetime_s <= MAX_LIFETIME_S:
            raise ValueError(f"expected a lifetime of at most {MAX_LIFETIME_S} seconds, found {lifetime_s}")
        self._keys = keys
        self._registry = jws.JWSRegistry(algorithms=[ALGORITHM])
        self._issuer = issuer
        self._audience = f"{issuer}/v1"
        self.lifetime_s = lifetime_s
        self._clock = clock
        self._random = random
        self._claims = jwt.JWTClaimsRegistry(
            now=self._now,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
        )

    def issue(self, holder: Holder, professional: Professional, scopes: frozenset[str], certificate: str | None) -> str:
        """Make a token for one system acting for one professional, bound to a certificate (`x5t#S256`) where there is one."""
        now = self._now()
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": holder.client_id,
            "client_id": holder.client_id,
            "azp": holder.client_id,
            "party": holder.party,
            "act": {"sub": professional.pseudonym, "role": professional.role},
            "scope": " ".join(sorted(scopes)),
            "jti": base64.urlsafe_b64encode(self._random(TOKEN_ID_BYTES)).rstrip(b"=").decode(),
            "iat": now,
            "exp": now + self.lifetime_s,
            "revocations": holder.revocations,
        }
        if certificate is not None:
            claims["cnf"] = {"x5t#S256": certificate}
        key = self._keys().present
        return jwt.encode({"typ": TYPE, "alg": ALGORITHM, "kid": key.kid}, claims, key, registry=self._registry)

    def read(self, unverified_token: str) -> AccessToken:
        """Return what a token says, in the order of RFC 9068 section 4: type, signature, issuer, audience, expiry.

        Raises:
            Unauthenticated: with the first reason found.
        """
        token = self._verified(unverified_token)
        if token.header.get("typ") != TYPE or "kid" not in token.header:
            raise Unauthenticated(Unproven.MALFORMED)
        try:
            self._claims.validate(token.claims)
        except ExpiredTokenError:
            raise Unauthenticated(Unproven.EXPIRED) from None
        except JoseError:
            raise Unauthenticated(Unproven.NOT_FOR_US) from None
        return _access_token(token.claims)

    def sign_metadata(self, metadata: Mapping[str, object]) -> str:
        """Sign what the decision point says of itself (AuthZEN section 9.1.3); it names nobody, and `read` takes it for no token."""
        key = self._keys().present
        claims = {"iss": self._issuer, "iat": self._now(), **metadata}
        return jwt.encode({"typ": "JWT", "alg": ALGORITHM, "kid": key.kid}, claims, key, registry=self._registry)

    def public_keys(self) -> Mapping[str, object]:
        """The JSON Web Key Set with which a token of ours is checked."""
        return {"keys": [key.as_dict(private=False) for key in self._keys().accepted.keys]}

    def _verified(self, unverified_token: str) -> jwt.Token:
        if len(unverified_token) > MAX_TOKEN_CHARACTERS:
            raise Unauthenticated(Unproven.MALFORMED)
        try:
            return jwt.decode(unverified_token, self._keys().accepted, registry=self._registry)
        except (BadSignatureError, InvalidKeyIdError):
            raise Unauthenticated(Unproven.BAD_SIGNATURE) from None
        except (JoseError, ValueError, TypeError, AttributeError):
            # joserfc lets a header that is JSON but no object end in the last three (fuzzed in tests/broker/oauth)
            raise Unauthenticated(Unproven.MALFORMED) from None

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _access_token(claims: Mapping[str, object]) -> AccessToken:
    """Read the claims that we put there; what was signed by us but not by this version is refused, not guessed."""
    actor, revocations = claims.get("act"), claims.get("revocations")
    if not isinstance(actor, dict) or not isinstance(revocations, int) or isinstance(revocations, bool):
        raise Unauthenticated(Unproven.MALFORMED)
    client_id, party, token_id, scope = (_text(claims.get(name)) for name in ("client_id", "party", "jti", "scope"))
    role, pseudonym = _text(actor.get("role")), _text(actor.get("sub"))
    caller = Caller(
        client_id=client_id,
        party=PartyId(party),
        role=RoleId(role),
        professional=pseudonym,
        scopes=frozenset(scope.split()),
        token_id=token_id,
    )
    return AccessToken(caller, revocations, _certificate(claims["cnf"]) if "cnf" in claims else None)


def _certificate(confirmation: object) -> str:
    """The thumbprint in `cnf`; a token that is bound in a way that we do not know is no bearer token."""
    if not isinstance(confirmation, dict) or confirmation.keys() != {"x5t#S256"}:
        raise Unauthenticated(Unproven.MALFORMED)
    return _text(confirmation["x5t#S256"])


def _text(claim: object) -> str:
    if not isinstance(claim, str) or not claim:
        raise Unauthenticated(Unproven.MALFORMED)
    return claim
