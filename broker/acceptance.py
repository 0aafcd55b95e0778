"""A party's acceptance of a covenant: a detached JWS (RFC 7515 appendix F) over which text, which party and which step.

The thumbprint of the party's signing key (RFC 7638) stands in the covenant itself, so the operator cannot sign for a party.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from broker.errors import CovenantRefused
from policies.covenant import Covenant
from policies.vocabulary import PartyId

#: RFC 9864 names the algorithm after the curve; the older name is accepted because libraries still write it
SIGNING_ALGORITHMS = ("Ed25519", "EdDSA", "ES256", "PS256", "RS256")

MAX_JWS_CHARS = 16_384


def acceptance_payload(sha256: str, party: PartyId, kind: str) -> bytes:
    """What a party signs, as canonical JSON (RFC 8785): `kind` is `accept` or `revoke`.

    Raises:
        CovenantRefused: another kind.
    """
    if kind not in {"accept", "revoke"}:
        raise CovenantRefused("expected accept or revoke")
    return json.dumps({"covenant_sha256": sha256, "party": party, "type": kind}, sort_keys=True, separators=(",", ":")).encode()


def sign_acceptance(sha256: str, party: PartyId, kind: str, key: Key, algorithm: str = "Ed25519") -> str:
    """Make a party's detached JWS. This runs at the party, with its private key; the broker only ever verifies."""
    payload = acceptance_payload(sha256, party, kind)
    return jws.detach_content(jws.serialize_compact({"alg": algorithm}, payload, key, algorithms=list(SIGNING_ALGORITHMS)))


def verify_acceptance(covenant: Covenant, sha256: str, party: PartyId, kind: str, detached: str, public_key: Mapping[str, object]) -> None:
    """Check that a party's own key signed this step.

    Raises:
        CovenantRefused: another key than the covenant names, or a signature that does not hold.
    """
    if len(detached) > MAX_JWS_CHARS:
        raise CovenantRefused(f"expected a signature of at most {MAX_JWS_CHARS} characters")
    payload = acceptance_payload(sha256, party, kind)
    try:
        key = import_key({name: value for name, value in public_key.items() if isinstance(value, str)})
        named = covenant.parties[party].signing_key
        if named is None or key.thumbprint() != named:
            raise CovenantRefused("expected the key whose thumbprint stands in the covenant for this party")
        jws.deserialize_compact(detached, key, algorithms=list(SIGNING_ALGORITHMS), payload=payload)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise CovenantRefused("the signature does not hold for this covenant, party and step") from error
