"""The certificate with which a partner's system came in, as the proxy that ended its TLS tells it in a header (RFC 9440).

The server sees no client certificates, so a proxy of ours has to say which there was. Whoever can send that header is whoever it likes:
it counts from the addresses of our proxies alone, and from anybody else it is an error, never merely overlooked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_CHARACTERS = 16 * 1024
#: a byte sequence of RFC 8941 section 3.3.5, which is how RFC 9440 writes DER
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
#: what nginx makes of it (`$ssl_client_escaped_cert`), once it is unescaped: one certificate in PEM (RFC 7468)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class CertificateRefused(Exception):  # noqa: N818 - named as its problem type
    """A request says which certificate it came with, and is not from a proxy that may, or does not say it as agreed."""


def unmapped(address: Address) -> Address:
    """The address that an IPv4-mapped IPv6 address stands for."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True)
class CertificateHeader:
    """In which header, and from which proxies; without proxies no request may have the header.

    WSGI makes one name of `Client-Cert` and `Client_Cert`. A proxy that overwrites the first and lets the second through needs a `name`
    without a dash, which has one spelling only (docs/operations.md).
    """

    name: str = "Client-Cert"
    proxies: tuple[Network, ...] = ()

    def thumbprint(self, environ: Mapping[str, Any]) -> str | None:
        """The certificate's `x5t#S256` (RFC 8705 section 3.1), or None where the connection had none.

        Raises:
            CertificateRefused: the header is there and the request is from no proxy of ours, or it holds no certificate.
        """
        told = environ.get("HTTP_" + self.name.upper().replace("-", "_"))
        if told is None:
            return None
        if not self._from_proxy(str(environ.get("REMOTE_ADDR", ""))):
            raise CertificateRefused
        return _thumbprint(_der(told)) if told else None  # a proxy may send it empty where there was no certificate

    def _from_proxy(self, peer: str) -> bool:
        try:
            address = unmapped(ipaddress.ip_address(peer))
        except ValueError:
            return False
        return any(address in network for network in self.proxies)


def _der(told: str) -> bytes:
    found = _BYTES.fullmatch(told) or _PEM.fullmatch(unquote(told)) if len(told) <= MAX_CHARACTERS else None
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True) if found else b""
    except (binascii.Error, ValueError):
        der = b""
    if not der:
        raise CertificateRefused
    return der


def _thumbprint(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
