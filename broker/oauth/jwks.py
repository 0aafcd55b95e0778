"""A client's public keys: what is private, weak or unusual is refused when it is registered, not when it is used."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwk
from joserfc.errors import JoseError

from audit.note import VerifierKey
from broker import wire

#: what a client may sign with, by kind of key: RS256 must, the others may (NL GOV OAuth 1.2); `EdDSA` is Ed25519's older name (RFC 9864)
ALGORITHMS: Mapping[str, tuple[str, ...]] = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("Ed25519", "EdDSA")}
SIGNING_ALGORITHMS = tuple(name for names in ALGORITHMS.values() for name in names)

MIN_RSA_BITS = 2048
MAX_RSA_BITS = 8192
MAX_KEYS = 10
MAX_KID = 128
_PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
MAX_BYTES = 64 * 1024
_LIMITS = wire.WireLimits(max_bytes=MAX_BYTES, max_depth=4)
#: a provider's set holds old and new keys of several kinds, some with their certificates
_FOREIGN = wire.WireLimits(max_bytes=256 * 1024, max_depth=6)


class UnusableKeys(Exception):  # noqa: N818 - what they are
    """A key set cannot be registered; the message says which key, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """A checked JSON Web Key Set (RFC 7517): only public members, every key with a `kid` of its own."""

    text: str

    def key_set(self) -> jwk.KeySet:
        """The keys, ready to verify with; made once per text, which says everything about them."""
        return _imported(self.text)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The `kid` of each key, in order."""
        return tuple(key["kid"] for key in json.loads(self.text)["keys"])

    @property
    def thumbprints(self) -> tuple[str, ...]:
        """The SHA-256 thumbprint (RFC 7638) of each key, in order and in hexadecimal."""
        made = (jwk.import_key(key).thumbprint() for key in json.loads(self.text)["keys"])
        return tuple(base64.urlsafe_b64decode(each + "=").hex() for each in made)


@lru_cache(maxsize=256)
def _imported(text: str) -> jwk.KeySet:
    return jwk.KeySet.import_key_set(json.loads(text))


def read_key_set(document: bytes) -> PublicKeys:
    """Check a key set, or one key, and copy its public members; a key without a `kid` gets its RFC 7638 thumbprint.

    Raises:
        UnusableKeys: not a key set, a private key, a kind or a size that is not accepted, a point of low order, a `kid` twice.
    """
    try:
        parsed = wire.loads(document, _LIMITS)
    except wire.WireError as error:
        raise UnusableKeys(f"expected a JSON Web Key Set: {error}") from None
    candidates = parsed["keys"] if isinstance(parsed, dict) and "keys" in parsed else [parsed]
    if not isinstance(candidates, list) or not 1 <= len(candidates) <= MAX_KEYS:
        raise UnusableKeys(f"expected from 1 to {MAX_KEYS} keys")
    keys = [_public_key(index, candidate) for index, candidate in enumerate(candidates, 1)]
    if len({key["kid"] for key in keys}) < len(keys):
        raise UnusableKeys("expected every key to have a kid of its own")
    return PublicKeys(json.dumps({"keys": keys}, separators=(",", ":"), sort_keys=True))


def read_usable_keys(document: bytes) -> PublicKeys:
    """The keys of somebody else's set with which we verify: of kinds and sizes that are accepted; others are passed over.

    Raises:
        UnusableKeys: not a key set, or none of its keys is of use.
    """
    try:
        parsed = wire.loads(document, _FOREIGN)
    except wire.WireError as error:
        raise UnusableKeys(f"expected a JSON Web Key Set: {error}") from None
    candidates = parsed.get("keys") if isinstance(parsed, dict) else None
    usable: dict[str, dict[str, str]] = {}
    for index, candidate in enumerate(candidates if isinstance(candidates, list) else [], 1):
        try:
            key = _public_key(index, candidate)
        except UnusableKeys:
            continue  # a key for encryption, or of a kind that no token of ours is verified with
        usable.setdefault(key["kid"], key)
    if not usable:
        raise UnusableKeys("expected at least one key that can be used")
    return PublicKeys(json.dumps({"keys": [*usable.values()]}, separators=(",", ":"), sort_keys=True))


def _public_key(index: int, candidate: object) -> dict[str, str]:
    if not isinstance(candidate, dict):
        raise UnusableKeys(f"key {index}: expected an object")
    if _PRIVATE & candidate.keys():
        raise UnusableKeys(f"key {index}: expected a public key, found a private one; replace it, it must count as lost")
    members = _PUBLIC.get(str(candidate.get("kty")))
    if members is None:
        raise UnusableKeys(f"key {index}: expected kty RSA, EC or OKP")
    public = {name: candidate.get(name) for name in members}
    if not all(isinstance(value, str) for value in public.values()) or candidate.get("use", "sig") != "sig":
        raise UnusableKeys(f"key {index}: expected the members {', '.join(members)} of a signing key")
    checked = {name: str(value) for name, value in public.items()}
    try:
        key = jwk.import_key({**checked})
        raw = key.public_key if isinstance(key, jwk.RSAKey | jwk.ECKey | jwk.OKPKey) else None
    except (JoseError, ValueError, TypeError, KeyError):
        # the library lets cryptography's own errors through; whichever it is, this is not a key
        raise UnusableKeys(f"key {index}: expected a valid {checked['kty']} key") from None
    _check_strength(index, key, raw)
    kid = candidate.get("kid", key.thumbprint())
    if not isinstance(kid, str) or not 1 <= len(kid) <= MAX_KID:
        raise UnusableKeys(f"key {index}: expected a kid of at most {MAX_KID} characters")
    return checked | {"kid": kid}


def _check_strength(index: int, key: jwk.Key, raw: object) -> None:
    if isinstance(key, jwk.RSAKey):
        bits, exponent = key.public_key.key_size, key.public_key.public_numbers().e
        if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS or exponent != 65537:  # noqa: PLR2004 - F4, what every generator makes
            raise UnusableKeys(f"key {index}: expected RSA of {MIN_RSA_BITS} to {MAX_RSA_BITS} bits and exponent 65537, found {bits} bits")
    elif isinstance(key, jwk.ECKey):
        if key.curve_name != "P-256":
            raise UnusableKeys(f"key {index}: expected curve P-256")
    elif isinstance(raw, Ed25519PublicKey):
        try:
            VerifierKey("client", raw.public_bytes_raw())
        except ValueError as error:
            # under a key of small order one signature fits many messages (facts: cryptography accepts such keys)
            raise UnusableKeys(f"key {index}: {error}") from None
    else:
        raise UnusableKeys(f"key {index}: expected curve Ed25519")
