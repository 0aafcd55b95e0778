"""A party's acceptance of a covenant: a detached JWS (RFC 7515 appendix F) over which text, which party and which step.

The payload is canonical JSON (RFC 8785) that whoever verifies makes again; it is base64url-encoded for signing, as every JOSE library does
unless told otherwise, so `b64` (RFC 7797) is not used. The protected header has `alg` and `iat`, the moment of signing, as in JAdES
(ETSI TS 119 182-1 V1.2.1). The thumbprint of the party's signing key (RFC 7638) stands in the covenant itself, so that the operator cannot
sign for a party.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, OKPKey, import_key
from joserfc.registry import HeaderParameter

from audit.note import VerifierKey
from broker.clock import epoch_ms
from broker.errors import CovenantRefused
from policies.vocabulary import PartyId

#: RFC 9864 names the algorithm after the curve; the older name is accepted because libraries still write it
SIGNING_ALGORITHMS = ("Ed25519", "EdDSA", "ES256")
ACCEPT, REVOKE = "accept", "revoke"

MAX_JWS_CHARS = 16_384
#: the year 3000: whatever is later is no moment of signing
_MAX_IAT = 32_503_680_000

_PUBLIC_MEMBERS = ("kty", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a verified answer tells beside what it was checked against: by which key, and when its party says that it signed."""

    thumbprint: str
    signed_ms: int


class _Registry(jws.JWSRegistry):
    """The two algorithms, and `iat` beside `alg` and `kid`. Whatever else stands in the header, or is demanded with `crit`, is refused."""

    def __init__(self) -> None:
        super().__init__({"iat": HeaderParameter("claimed signing time", _moment, required=True)})
        self.header_registry = {name: self.header_registry[name] for name in ("alg", "kid", "iat")}

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc's own model
        """The algorithm of that name; `EdDSA` is read as Ed25519, about which joserfc warns instead."""
        if name not in SIGNING_ALGORITHMS:
            raise UnsupportedAlgorithmError("expected Ed25519 or ES256")
        return self.algorithms["Ed25519" if name == "EdDSA" else name]


def _moment(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MAX_IAT:
        raise ValueError("expected the seconds since 1970")


def acceptance_payload(sha256: str, party: PartyId, kind: str) -> bytes:
    """What a party signs, as canonical JSON (RFC 8785): `kind` is `accept` or `revoke`.

    Raises:
        CovenantRefused: another kind.
    """
    if kind not in {ACCEPT, REVOKE}:
        raise CovenantRefused("expected accept or revoke", "unknown_step")
    return json.dumps({"covenant_sha256": sha256, "party": party, "type": kind}, sort_keys=True, separators=(",", ":")).encode()


def sign_acceptance(sha256: str, party: PartyId, kind: str, key: Key, signed_at: datetime) -> str:
    """Make a party's detached JWS. This runs at the party, with its private key; the broker only ever verifies."""
    header = {"alg": "ES256" if isinstance(key, ECKey) else "Ed25519", "iat": epoch_ms(signed_at) / 1000}
    return jws.detach_content(jws.serialize_compact(header, acceptance_payload(sha256, party, kind), key, registry=_Registry()))


def verify_acceptance(
    named: Collection[str], sha256: str, party: PartyId, kind: str, detached: str, public_key: Mapping[str, object]
) -> Signed:
    """Check that a party's own key signed this step; `named` has the thumbprints of its keys (see `broker.versions.signing`).

    Raises:
        CovenantRefused: another key, or a signature that does not hold.
    """
    if len(detached) > MAX_JWS_CHARS:
        raise CovenantRefused(f"expected a signature of at most {MAX_JWS_CHARS} characters")
    payload = acceptance_payload(sha256, party, kind)
    try:
        key = _public_key(public_key)
        if key.thumbprint() not in named:
            raise CovenantRefused(
                "expected the key whose thumbprint stands in the covenant for this party; a new key is introduced with the old one",
                "wrong_key",
            )
        header = jws.deserialize_compact(detached, key, registry=_Registry(), payload=payload).headers()
        return Signed(key.thumbprint(), round(header["iat"] * 1000))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        # joserfc lets a header that is JSON but no object end in an AttributeError
        raise CovenantRefused("the signature does not hold for this covenant, party and step") from error


def _public_key(given: Mapping[str, object]) -> Key:
    """The public half of an Ed25519 or a P-256 key.

    Raises:
        CovenantRefused: a private key, or another kind of key.
        ValueError: no key at all, or one of small order, under which anybody's signature holds.
    """
    if "d" in given:
        raise CovenantRefused("expected the public half of the key; the private half is for the party alone, make a new one", "wrong_key")
    key = import_key({name: value for name in _PUBLIC_MEMBERS if isinstance(value := given.get(name), str)})
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        VerifierKey("acceptance", key.public_key.public_bytes_raw())
        return key
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return key
    raise CovenantRefused("expected an Ed25519 or a P-256 key", "wrong_key")
