"""Mutual TLS in earnest: a proxy that ends it before a running broker, a stolen token, and a client that lies about its certificate."""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from broker.demo.people import POLICE
from broker.demo.processes import held_port
from tests.broker.oauth.serving import certified
from tests.broker.partner import Partner
from tests.broker.served import answers, until
from tests.stage import ISSUER, OFFICER, theatre

#: where the proxy comes from; everybody else on this machine is 127.0.0.1
PROXY = "127.0.0.2"
CASES = "/v1/connectors/police/cases"


class Set(NamedTuple):
    """The broker's own address, the proxy's, the folder with certificates, and the police's system."""

    direct: str
    proxied: str
    folder: Path
    partner: Partner

    def http(self, client: str | None) -> httpx.Client:
        trust = ssl.create_default_context(cafile=str(self.folder / "server.pem"))
        if client is not None:
            trust.load_cert_chain(self.folder / f"{client}.pem")
        return httpx.Client(verify=trust, base_url=self.proxied, timeout=60)

    def told(self, client: str) -> str:
        """The header's value for somebody's certificate, which is no secret."""
        der = x509.load_pem_x509_certificate((self.folder / f"{client}.pem").read_bytes()).public_bytes(Encoding.DER)
        return _bytes(der)

    def status(self, client: str | None, token: str, **headers: str) -> int:
        with self.http(client) as http:
            return http.get(CASES, headers={"Authorization": f"Bearer {token}"} | headers).status_code


def _bytes(der: bytes) -> str:
    return f":{base64.b64encode(der).decode()}:"


@contextmanager
def proxy(folder: Path, port: int, clients: tuple[str, ...]) -> Iterator[str]:
    """Ends mutual TLS and tells the certificate as RFC 9440 says: whatever a client sends under that name, in any spelling, is dropped."""

    class Pass(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = [(name, value) for name, value in self.headers.items() if name.lower().replace("_", "-") != "client-cert"]
            der = self.connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]
            onward = http.client.HTTPConnection("127.0.0.1", port, source_address=(PROXY, 0), timeout=60)
            onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in [*kept, *([("Client-Cert", _bytes(der))] if der else [])]:
                onward.putheader(name, value)
            onward.endheaders(body)
            answer = onward.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            onward.close()

        do_POST = do_GET  # noqa: N815 - the base class has it

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class has it
            pass

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(folder / "server.pem")
    tls.verify_mode = ssl.CERT_OPTIONAL
    for client in clients:
        tls.load_verify_locations(folder / f"{client}.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pass)
    server.daemon_threads = True
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Set]:
    folder = tmp_path_factory.mktemp("behind")
    certificates = tmp_path_factory.mktemp("certificates")
    certified(certificates, "server", "127.0.0.1")
    for client in ("police", "thief"):
        certified(certificates, client)
    with theatre(folder) as house, held_port() as port:
        names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources")
        settings = {f"BROKER_{name.upper()}": str(getattr(house.broker.settings, name)) for name in names}
        settings |= {"BROKER_PORT": str(port), "BROKER_WORKERS": "1", "BROKER_ISSUER": ISSUER, "BROKER_CERTIFICATE_PROXIES": PROXY}
        server = subprocess.Popen(
            [sys.executable, "-m", "broker", "serve", "--without-worker"], env=os.environ | settings, stderr=subprocess.DEVNULL
        )
        try:
            direct = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{direct}/oauth2/jwks"))
            with proxy(certificates, port, ("police", "thief")) as proxied:
                yield Set(direct, proxied, certificates, Partner.with_key(house.stage.parties[POLICE].client, "police-system", OFFICER))
        finally:
            server.terminate()
            server.wait(60)


def token(standing: Set, client: str | None) -> str:
    with standing.http(client) as http:
        return str(http.post("/oauth2/token", data=standing.partner.form()).json()["access_token"])


def test_a_token_is_bound_to_the_certificate_with_which_it_was_got(standing: Set) -> None:
    bound = token(standing, "police")
    assert standing.status("police", bound) == 200
    assert standing.status("thief", bound) == 401
    assert standing.status(None, bound) == 401


@pytest.mark.parametrize("spelling", ["Client-Cert", "client-cert", "Client_Cert", "CLIENT_CERT"])
def test_a_thief_cannot_say_that_it_has_the_owners_certificate(standing: Set, spelling: str) -> None:
    bound = token(standing, "police")
    for thief in ("thief", None):
        assert standing.status(thief, bound, **{spelling: standing.told("police")}) == 401
    with httpx.Client(base_url=standing.direct) as around:
        headers = {"Authorization": f"Bearer {bound}"}
        assert around.get(CASES, headers=headers).status_code == 401
        refused = around.get(CASES, headers=headers | {spelling: standing.told("police")})
        assert (refused.status_code, refused.json()["type"]) == (400, "/v1/problems/certificate-refused")


def test_a_token_that_was_got_without_a_certificate_is_not_bound(standing: Set) -> None:
    unbound = token(standing, None)
    assert [standing.status(client, unbound) for client in ("thief", None)] == [200, 200]
