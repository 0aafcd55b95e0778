"""The header that tells a client certificate: from our proxy it counts, from anybody else it is an error, and it holds one certificate."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from broker.certificates import CertificateHeader, CertificateRefused

PROXY = "10.0.0.5"
HEADER = CertificateHeader("Client-Cert", (ipaddress.ip_network(PROXY), ipaddress.ip_network("fd00::/8")))


def _made() -> x509.Certificate:
    key, name = generate_private_key(SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    return made.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, SHA256())


CERTIFICATE = _made()
DER = CERTIFICATE.public_bytes(Encoding.DER)
PEM = CERTIFICATE.public_bytes(Encoding.PEM).decode()
TOLD = f":{base64.b64encode(DER).decode()}:"


def thumbprint(told: str, peer: str = PROXY, header: CertificateHeader = HEADER) -> str | None:
    return header.thumbprint({"HTTP_CLIENT_CERT": told, "REMOTE_ADDR": peer})


@pytest.mark.parametrize("peer", ["10.0.0.6", "127.0.0.1", "", "unix:", "10.0.0.5, 127.0.0.1", "::ffff:10.0.0.6", "2001:db8::1"])
@pytest.mark.parametrize("told", [TOLD, "", "nothing"])
def test_from_anybody_but_a_proxy_the_header_is_refused_whatever_it_holds(peer: str, told: str) -> None:
    with pytest.raises(CertificateRefused):
        thumbprint(told, peer)


def test_without_a_list_of_proxies_nobody_may_send_it() -> None:
    with pytest.raises(CertificateRefused):
        thumbprint(TOLD, PROXY, CertificateHeader())
    with pytest.raises(CertificateRefused):
        CertificateHeader(proxies=HEADER.proxies).thumbprint({"HTTP_CLIENT_CERT": TOLD})


@pytest.mark.parametrize(
    "told",
    [
        "::",
        TOLD[1:-1],
        f"{TOLD},{TOLD}",
        f"{TOLD}, {TOLD}",
        TOLD + " ",
        ":AAA:",
        ":####:",
        quote(PEM) + "," + quote(PEM),
        quote(PEM + PEM),
        quote(PEM[:30]),
        "(null)",
        "x" * 20_000,
        f":{'AAAA' * 5000}:",
    ],
)
def test_what_is_not_one_certificate_is_refused_from_the_proxy_too(told: str) -> None:
    with pytest.raises(CertificateRefused):
        thumbprint(told)


@pytest.mark.parametrize("peer", [PROXY, "::ffff:10.0.0.5", "fd00::7"])
@pytest.mark.parametrize("told", [TOLD, quote(PEM), quote(PEM, safe="")])
def test_both_forms_of_the_same_certificate_have_its_thumbprint(peer: str, told: str) -> None:
    expected = base64.urlsafe_b64encode(hashlib.sha256(DER).digest()).rstrip(b"=").decode()
    assert thumbprint(told, peer) == expected
    assert bytes.fromhex(CERTIFICATE.fingerprint(SHA256()).hex()) == hashlib.sha256(DER).digest()


def test_no_header_and_an_empty_one_are_no_certificate() -> None:
    assert HEADER.thumbprint({"REMOTE_ADDR": "192.0.2.1"}) is None
    assert thumbprint("") is None


def test_a_name_without_a_dash_is_read_under_its_own_spelling() -> None:
    header = CertificateHeader("ClientCert", HEADER.proxies)
    assert header.thumbprint({"HTTP_CLIENT_CERT": "x", "REMOTE_ADDR": "192.0.2.1"}) is None
    assert header.thumbprint({"HTTP_CLIENTCERT": TOLD, "REMOTE_ADDR": PROXY}) == thumbprint(TOLD)


@given(st.text(max_size=200) | st.from_regex(r":[A-Za-z0-9+/=]{0,60}:", fullmatch=True) | st.text().map(quote))
def test_no_text_whatever_fails_otherwise(told: str) -> None:
    try:
        assert thumbprint(told) is None or len(thumbprint(told) or "") == 43
    except CertificateRefused:
        return
