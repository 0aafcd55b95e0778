"""Client assertions by a library that the broker does not use: partners sign with jwcrypto, where broker and client kit have joserfc.

A library that only ever reads what it wrote itself shows nothing about others. So everywhere but in `THE_KIT_SIGNS` a partner has a
`ForeignSigner`, and `refuse_the_kits_signatures` holds that; where the kit does sign, `read_by_another` has jwcrypto read what it made
before the broker does.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from joserfc.jwk import Key
from jwcrypto import jwk, jws, jwt

from broker.bootstrap import Broker
from broker.client import KeySigner, SignerElsewhere

#: where the client kit makes the assertion itself, and why
THE_KIT_SIGNS: Mapping[str, str] = {
    "tests/broker/client/test_signing.py": "what the kit signs is what it is about; jwcrypto reads it",
    "tests/broker/client/test_cli.py": "the kit at a shell, with a key in a file or in a device; jwcrypto reads it before the broker does",
    "tests/docs/test_partner_guide.py": "the guide's own commands, in processes of their own; jwcrypto reads it before the broker does",
    "tests/benchmarks/test_report.py": "the measurement as it is shipped: its own partners are a part of what it sets up",
    "tests/demo/test_play.py": "the demonstration as it is shipped, in processes of its own; its key and algorithm are those of the others",
    "tests/journeys/test_witness_page.py": "the command of a witness, as its page has it; jwcrypto reads it before the broker does",
}
#: those of the profile that jwcrypto knows by the name that the kit gives them
ALGORITHMS = ("RS256", "PS256", "ES256")
ASSERTED = ("/oauth2/token", "/oauth2/revoke")

Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class ForeignSigner:
    """jwcrypto in the place of the kit's own signer (`broker.client.Signer`)."""

    key: jwk.JWK
    algorithm: str = "RS256"

    @property
    def kid(self) -> str:
        """The id under which the key is registered."""
        return str(self.key["kid"])

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The JWT in its compact form."""
        return signed(self.key, {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}, claims)


def signed(key: jwk.JWK, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A JWT by jwcrypto."""
    token = jwt.JWT(header=dict(header), claims=json.dumps(dict(claims)))
    token.make_signed_token(key)
    return str(token.serialize())


def foreign(key: Key) -> ForeignSigner:
    """A signer with the same RSA key; each key is read, and its primes checked, once per test process."""
    key.ensure_kid()
    return _signer(json.dumps(key.as_dict(private=True)))


@cache
def _signer(members: str) -> ForeignSigner:
    return ForeignSigner(jwk.JWK(**json.loads(members)))


def read_by_another(app: Application, broker: Broker) -> Application:
    """The application, for assertions that jwcrypto reads under a registered key of their issuer; any other ends in an exception."""

    def reading(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] in ASSERTED:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
            (assertion,) = parse_qs(body.decode("ascii"))["client_assertion"]
            unverified = jws.JWS()
            unverified.deserialize(assertion)
            issuer = json.loads(unverified.objects["payload"])["iss"]
            keys = jwk.JWKSet.from_json(broker.clients.find(issuer).keys.text)
            jwt.JWT(jwt=assertion, key=keys, algs=list(ALGORITHMS), expected_type="JWS")
        return app(environ, start)

    return reading


def refuse_the_kits_signatures(patch: pytest.MonkeyPatch) -> None:
    """From now on the kit's signers sign nothing but for the modules of `THE_KIT_SIGNS`."""
    for signer in (KeySigner, SignerElsewhere):
        patch.setattr(signer, "sign", _for_named_modules(signer.sign))


def _for_named_modules(sign: Callable[..., str]) -> Callable[..., str]:
    def signing(signer: object, claims: Mapping[str, Any]) -> str:
        module = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
        if module not in THE_KIT_SIGNS:
            raise AssertionError(f"expected an assertion by a foreign library in {module}, found one by the kit")
        return sign(signer, claims)

    return signing
