"""Fetching a partner's keys from the address that the operator registered for it, and from nowhere else.

The address is the operator's, but the name in it is the partner's to point wherever it likes. So the name is resolved here, an address
that is not public is refused unless a setting names its network, and the connection goes to the address that was looked at: a second
answer of the partner's name server decides nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx

from broker.certificates import Address, Network, unmapped
from broker.oauth.jwks import MAX_BYTES, PublicKeys, UnusableKeys, read_key_set
from connectors.bounded_http import UNTIL, BoundedTransport, trusted

#: how long an answer may take, from connecting to its last byte, in seconds; what a name stands for the system finds out in its own time
DEADLINE_S = 5.0
MAX_URI = 500
#: addresses of one host that are tried, one after the other
MAX_ADDRESSES = 4
_OK = 200
_MEDIA_TYPES = frozenset({"application/json", "application/jwk-set+json"})
#: addresses that stand for an IPv4 address elsewhere, which a gateway would go to: NAT64, 6to4, Teredo
_TRANSLATED = tuple(ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))

#: a host and a port to the addresses that the system knows for it
Resolve = Callable[[str, int], tuple[str, ...]]


class KeysUnreachable(Exception):  # noqa: N818 - what they are
    """A partner's keys could not be fetched; the message says what was expected, and nothing of what was answered."""


def resolve(host: str, port: int) -> tuple[str, ...]:
    """The system's own resolver.

    Raises:
        KeysUnreachable: it knows no address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise KeysUnreachable("expected a host that can be resolved") from None
    return tuple(str(address[0]).partition("%")[0] for *_, address in found)


def check_uri(uri: str) -> SplitResult:
    """Refuse what no partner's key set can be fetched from.

    Raises:
        UnusableKeys: not https (or http on the loopback address), a user name, a fragment, a port that is none.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise UnusableKeys("expected a URI with a host and a port") from None
    plain = uri.isascii() and uri.isprintable() and " " not in uri and len(uri) <= MAX_URI
    if not plain or not parts.hostname or port == 0 or parts.fragment or "@" in parts.netloc:
        raise UnusableKeys(f"expected a URI of at most {MAX_URI} characters such as https://partner.example.nl/jwks")
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname)):
        raise UnusableKeys("expected https, or http on the loopback address only")
    return parts


@dataclass(frozen=True, slots=True)
class KeyFetcher:
    """Fetches a key set: one GET, no redirect, at most 64 KiB, within seconds. `networks` may be gone to although they are not public."""

    networks: tuple[Network, ...]
    trust: Callable[[], ssl.SSLContext] = trusted
    resolve: Resolve = resolve
    deadline_s: float = DEADLINE_S

    def fetch(self, uri: str) -> PublicKeys:
        """The keys at an address, checked like keys that are registered by hand.

        Raises:
            UnusableKeys: the URI cannot be one, or what it gave is no key set that can be registered.
            KeysUnreachable: nothing came, not as agreed, or the address is not one to go to.
        """
        parts = check_uri(uri)
        host = str(parts.hostname)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._addresses(host, port, plain=parts.scheme == "http")
        until = time.monotonic() + self.deadline_s
        headers = {"Host": parts.netloc, "Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
        # Made for this one question: a connection that is kept could be reused for another name at the same address.
        transport = BoundedTransport(self.trust(), httpx.Limits(max_connections=1, max_keepalive_connections=0))
        # An address that nothing comes from leaves time for the others.
        steps = httpx.Timeout(self.deadline_s, connect=self.deadline_s / len(addresses))
        with httpx.Client(transport=transport, trust_env=False, follow_redirects=False, timeout=steps) as client:
            for number, address in enumerate(addresses, 1):
                # The certificate is checked for the name, not for the address.
                target, asked = httpx.URL(uri).copy_with(host=str(address)), {"sni_hostname": host, UNTIL: until}
                question = client.build_request("GET", target, headers=headers, extensions=asked)
                try:
                    return read_key_set(_answer(client, question))
                except httpx.HTTPError as error:
                    # A host may have an address that cannot be reached from here, such as one of IPv6; the next one is asked.
                    if number == len(addresses) or not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                        raise KeysUnreachable(f"expected an answer, found {type(error).__name__}") from None
        raise KeysUnreachable("expected an address")

    def _addresses(self, host: str, port: int, *, plain: bool) -> tuple[Address, ...]:
        """The addresses of a host, once every one of them may be gone to: an attacker picks which of several is used."""
        found = tuple(ipaddress.ip_address(each) for each in self.resolve(host, port))[:MAX_ADDRESSES]
        if not found or not all(self._may(address) and (address.is_loopback or not plain) for address in found):
            raise KeysUnreachable("expected public addresses only, or networks that BROKER_KEY_NETWORKS names")
        return found

    def _may(self, address: Address) -> bool:
        seen = unmapped(address)
        if any(seen in network for network in self.networks):
            return True
        translated = any(seen in network for network in _TRANSLATED)
        return seen.is_global and not seen.is_multicast and not translated


def _answer(client: httpx.Client, question: httpx.Request) -> bytes:
    response = client.send(question, stream=True)
    try:
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        plain = response.headers.get("Content-Encoding", "identity").lower() == "identity"
        if response.status_code != _OK or media_type not in _MEDIA_TYPES or not plain:
            raise KeysUnreachable("expected status 200 and a JSON Web Key Set, not redirected and not compressed")
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > MAX_BYTES:
                raise KeysUnreachable(f"expected at most {MAX_BYTES} bytes")
        return bytes(body)
    finally:
        response.close()


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
