"""Tokens that are bound to a client certificate (RFC 8705): stolen without it they are worth nothing."""

from __future__ import annotations

import base64
import hashlib
import ipaddress

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from broker.certificates import CertificateHeader
from broker.oauth.private_key_jwt import Fault
from tests.broker.partner import JWT_BEARER, Partner
from tests.broker.workers import Worker, bearer, build_worker, part_of

SELF = "/v1/connectors/corporation/self"
OWN, OTHER = (f":{base64.b64encode(each).decode()}:" for each in (b"own certificate", b"another one"))
THUMBPRINT = base64.urlsafe_b64encode(hashlib.sha256(b"own certificate").digest()).rstrip(b"=").decode()


@pytest.fixture
def worker(small_registry: Engine, signing_key: RSAPrivateKey) -> Worker:
    """Behind a proxy on the loopback address, which is where Werkzeug's client comes from."""
    return build_worker(small_registry, signing_key, certificates=CertificateHeader(proxies=(ipaddress.ip_network("127.0.0.1"),)))


def token(worker: Worker, partner: Partner, certificate: str | None) -> TestResponse:
    return worker.web.post("/oauth2/token", data=partner.form(), headers={"Client-Cert": certificate} if certificate else {})


def status(worker: Worker, access_token: str, certificate: str | None) -> int:
    headers = bearer(access_token) | ({"Client-Cert": certificate} if certificate else {})
    return worker.web.get(SELF, headers=headers).status_code


def test_a_bound_token_counts_with_its_certificate_only(worker: Worker, corporation: Partner) -> None:
    bound = token(worker, corporation, OWN).get_json()["access_token"]
    assert part_of(bound, 1)["cnf"] == {"x5t#S256": THUMBPRINT}
    assert [status(worker, bound, certificate) for certificate in (None, OTHER, OWN)] == [401, 401, 200]
    assert worker.tally.drain() == {"certificate": 2}
    refused = worker.web.get(SELF, headers=bearer(bound))
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="covenant-broker", error="invalid_token"'


def test_a_token_got_without_a_certificate_is_bound_to_none(worker: Worker, corporation: Partner) -> None:
    unbound = token(worker, corporation, None).get_json()["access_token"]
    assert "cnf" not in part_of(unbound, 1)
    assert [status(worker, unbound, certificate) for certificate in (None, OWN)] == [200, 200]


def test_a_client_that_needs_one_gets_no_token_without_and_its_older_tokens_end(worker: Worker, corporation: Partner) -> None:
    unbound, bound = (token(worker, corporation, each).get_json()["access_token"] for each in (None, OWN))
    worker.clients.require_certificate(corporation.client_id, True)
    refused = token(worker, corporation, None)
    assert (refused.status_code, refused.get_json()) == (400, {"error": "invalid_request", "error_description": Fault.CERTIFICATE.value})
    assert token(worker, corporation, OWN).status_code == 200
    assert [status(worker, unbound, each) for each in (None, OWN)] == [401, 401]
    assert status(worker, bound, OWN) == 200
    revoking = {"token": bound, "client_assertion_type": JWT_BEARER, "client_assertion": corporation.assertion()}
    assert worker.web.post("/oauth2/revoke", data=revoking).get_json()["error_description"] == Fault.CERTIFICATE.value


def test_the_header_from_elsewhere_is_refused_on_every_route(worker: Worker, corporation: Partner) -> None:
    unbound = token(worker, corporation, None).get_json()["access_token"]
    for path, method in ((SELF, "GET"), ("/oauth2/token", "POST"), ("/oauth2/jwks", "GET"), ("/v1/nothing", "GET")):
        refused = worker.web.open(
            path, method=method, headers=bearer(unbound) | {"Client-Cert": OWN}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
        )
        assert (refused.status_code, refused.get_json()["type"]) == (400, "/v1/problems/certificate-refused")


def test_a_token_that_is_bound_in_another_way_is_no_bearer_token(worker: Worker, corporation: Partner, signing_key: RSAPrivateKey) -> None:
    from tests.broker.test_authenticate import signed  # noqa: PLC0415 - a token of any shape under our key is made there

    unbound = token(worker, corporation, None).get_json()["access_token"]
    header, claims = part_of(unbound, 0), part_of(unbound, 1)
    for confirmation in ({"jkt": THUMBPRINT}, {}, {"x5t#S256": THUMBPRINT, "jkt": THUMBPRINT}, {"x5t#S256": ""}, None, THUMBPRINT):
        assert status(worker, signed(signing_key, header, claims | {"cnf": confirmation}), OWN) == 401


def test_the_metadata_says_whether_tokens_are_bound(worker: Worker, small_registry: Engine, signing_key: RSAPrivateKey) -> None:
    path = "/.well-known/oauth-authorization-server"
    told = [each.web.get(path).get_json() for each in (worker, build_worker(small_registry, signing_key))]
    assert [each["tls_client_certificate_bound_access_tokens"] for each in told] == [True, False]
