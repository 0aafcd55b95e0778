"""The key that a partner's system proves itself with: a file, or something that signs elsewhere, such as an HSM.

RS256, PS256, ES256 and Ed25519 (NL GOV OAuth profile 1.2 asks for RS256 and lets the others); joserfc makes the assertion in all cases.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from broker.client.errors import Unusable

ALGORITHMS: Mapping[str, tuple[str, ...]] = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("Ed25519",)}
MIN_RSA_BITS = 2048
_KINDS: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class Signer(Protocol):
    """Makes a signed JWT of claims (RFC 7519); `algorithm` is the `alg` that it signs with, `kid` the registered id of its key."""

    @property
    def algorithm(self) -> str:
        """RS256, PS256, ES256 or Ed25519."""

    @property
    def kid(self) -> str:
        """The id under which the key is registered."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The JWT in its compact form."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A private key in memory."""

    key: Key
    algorithm: str

    def __post_init__(self) -> None:
        check_algorithm(self.key, self.algorithm)
        if not self.key.is_private:
            raise Unusable("key: expected a private key, found a public one")
        self.key.ensure_kid()

    @property
    def kid(self) -> str:
        """The key's own id, or its thumbprint (RFC 7638)."""
        return str(self.key.kid)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """See `Signer`."""
        return jwt.encode(_header(self), dict(claims), self.key, algorithms=[self.algorithm])


@dataclass(frozen=True, slots=True)
class SignerElsewhere:
    """A key that never leaves where it is. `public` is its public half, `octets_signed` signs octets with it.

    For ES256 the signature is the two numbers of 32 bytes after each other (RFC 7518 section 3.4), not DER.
    """

    public: Key
    algorithm: str
    octets_signed: Callable[[bytes], bytes]

    def __post_init__(self) -> None:
        check_algorithm(self.public, self.algorithm)
        self.public.ensure_kid()

    @property
    def kid(self) -> str:
        """The key's own id, or its thumbprint (RFC 7638)."""
        return str(self.public.kid)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """See `Signer`."""
        payload = json.dumps(dict(claims), separators=(",", ":"))
        return jws.serialize_compact(_header(self), payload, self.public, registry=_Elsewhere(self.algorithm, self.octets_signed))


class _Elsewhere(jws.JWSRegistry):
    """Gives joserfc one algorithm, whose signature comes from the callable."""

    def __init__(self, algorithm: str, octets_signed: Callable[[bytes], bytes]) -> None:
        super().__init__(algorithms=[algorithm])
        self._octets_signed = octets_signed

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc's own model, or what stands in for it
        """The algorithm of that name, signing elsewhere."""
        return _Delegated(super().get_alg(name), self._octets_signed)


class _Delegated:
    """An algorithm that is signed elsewhere and verified as ever: a signature that its public key does not bear out never leaves."""

    def __init__(self, model: Any, octets_signed: Callable[[bytes], bytes]) -> None:  # noqa: ANN401 - joserfc's own model
        self.name = model.name
        self.check_key = model.check_key
        self._model = model
        self._octets_signed = octets_signed

    def sign(self, octets: bytes, key: Key) -> bytes:
        signature = self._octets_signed(octets)
        if not self._model.verify(octets, signature, key):
            raise Unusable(f"key: expected a signature that its public half bears out under {self.name}")
        return signature


def read_key(path: Path, algorithm: str | None = None) -> KeySigner:
    """The private key in a PEM or JWK file; without `algorithm` the one that a JWK states, or the first that its kind has.

    Raises:
        Unusable: no such file, no private key, or one that the broker would not register.
    """
    try:
        octets = path.read_bytes()
        key, stated = _imported(octets)
    except (OSError, JoseError, ValueError, TypeError, KeyError) as error:
        # never the error's text: it may hold a piece of the key
        raise Unusable(f"{path}: expected a private key as PEM without a passphrase, or as JWK: {type(error).__name__}") from None
    return KeySigner(key, algorithm or stated or ALGORITHMS.get(key.key_type, ("",))[0])


def check_algorithm(key: Key, algorithm: str) -> None:
    """Refuse a key that does not go with its algorithm, or that is too weak.

    Raises:
        Unusable: with what was expected.
    """
    if algorithm not in ALGORITHMS.get(key.key_type, ()):
        raise Unusable(
            f"key: expected RSA with RS256 or PS256, EC with ES256, or OKP with Ed25519, found {key.key_type} with `{algorithm}`"
        )
    if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
        raise Unusable(f"key: expected RSA of at least {MIN_RSA_BITS} bits")
    if isinstance(key, ECKey | OKPKey) and key.curve_name not in {"P-256", "Ed25519"}:
        raise Unusable("key: expected the curve P-256 or Ed25519")


def public_key_set(signer: KeySigner) -> dict[str, object]:
    """What the broker's operator registers: the public half, as a JWK Set (RFC 7517)."""
    return {"keys": [{**signer.key.as_dict(private=False), "use": "sig", "alg": signer.algorithm, "kid": signer.kid}]}


def _imported(octets: bytes) -> tuple[Key, str | None]:
    """The key and the algorithm that it states; joserfc would refuse to sign under the same one's other name (RFC 9864)."""
    if octets.lstrip().startswith(b"{"):
        members = json.loads(octets)
        stated = members.pop("alg", None)
        return _KINDS[members["kty"]].import_key(members), "Ed25519" if stated == "EdDSA" else stated
    for kind in _KINDS.values():
        try:
            return kind.import_key(octets), None
        except (JoseError, ValueError, TypeError, AttributeError):
            continue  # a key of another kind; what is none of the three is refused below
    raise ValueError("no key of a known kind")


def _header(signer: Signer) -> dict[str, Any]:
    return {"alg": signer.algorithm, "kid": signer.kid, "typ": "JWT"}
