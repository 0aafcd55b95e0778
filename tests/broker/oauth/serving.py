"""A partner's web server with its keys, real and on the loopback address; what it answers is the test's."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from broker.oauth.fetching_keys import KeyFetcher


@dataclass
class Site:
    """What is answered, and who asked; with a pause before each line of its head, or each byte of its body."""

    url: str
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    before: Callable[[], None] = lambda: None
    pause_s: float = 0
    drips: str = "body"
    asked: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def site(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Site]:
    """A server for the length of the block."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(dict(self.headers.items()))
            told.before()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            try:
                for number in range(100 if told.pause_s and told.drips == "head" else 0):
                    self.send_header("X-More", str(number))
                    self.flush_headers()
                    time.sleep(told.pause_s)
                self.end_headers()
                for byte in told.body if told.pause_s else ():
                    self.wfile.write(bytes([byte]))
                    time.sleep(told.pause_s)
                self.wfile.write(b"" if told.pause_s else told.body)
            except OSError:
                return  # whoever asked has heard enough

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class has it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    told = Site(f"{'http' if tls is None else 'https'}://{host}:{server.server_address[1]}/jwks")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def certified(folder: Path, name: str, host: str | None = None) -> tuple[Path, x509.Certificate]:
    """A key and a self-signed certificate for a host or for a client, in one PEM file."""
    key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if host is not None:
        is_address = host[0].isdigit()
        known = x509.IPAddress(ipaddress.ip_address(host)) if is_address else x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([known]), critical=False)
    made = builder.sign(key, SHA256())
    file = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file, made


LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
FETCHER = KeyFetcher(LOOPBACK)
