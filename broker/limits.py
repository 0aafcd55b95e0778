"""How often anybody may ask: a party's systems, a party, a professional, a token endpoint's client, and a stranger's address.

A known caller is counted after it is known and before its door: what is turned away here was never an ask, so it has no decision in the log
and reads nothing. It does not vanish either: who was turned away how often, and by which limit, goes to the log's tally every minute
(ADR 33). Whether there is room never depends on what is asked about, nor on what was answered.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Any

from broker.authenticate import Caller
from broker.certificates import Network
from broker.clock import Random
from broker.config import Settings
from broker.errors import TooManyRequests
from broker.limits_table import SECOND_NS, WINDOW_NS, Share, Table
from broker.metrics import LIMITED, Meter

KNOWN_FILE, STRANGERS_FILE = "limits-known.table", "limits-strangers.table"
#: an IPv6 network of this size is one customer's
_IPV6_PREFIX = 64


class Limit(StrEnum):
    """Which share was used up."""

    PROFESSIONAL = "professional"
    CLIENT = "client"
    PARTY = "party"
    NARROWING = "narrowing"
    TOKENS = "tokens"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Rates:
    """How many a minute each share has, and so how many at once. `clients` has those whose rate is their own."""

    professional: int
    client: int
    party: int
    tokens: int
    strangers: int
    clients: Mapping[str, int]
    proxies: tuple[Network, ...]


def rates_of(settings: Settings) -> Rates:
    """What the settings say."""
    return Rates(
        professional=settings.professional_per_minute,
        client=settings.client_per_minute,
        party=settings.party_per_minute,
        tokens=settings.tokens_per_minute,
        strangers=settings.strangers_per_minute,
        clients=dict(settings.client_rates),
        proxies=settings.proxies,
    )


class Limits:
    """Turns away who asks too often. Shared by the threads of a process, and from `share` on by the processes of a host."""

    def __init__(self, rates: Rates, random: Random, meter: Meter) -> None:
        self._rates = rates
        self._known = Table(random)
        self._strangers = Table(random)
        self._meter = meter
        self._lock = threading.Lock()
        self._turned_away: Counter[tuple[str, str]] = Counter()
        for limit in Limit:
            meter.declare(LIMITED, limit.value)

    def share(self, folder: Path) -> None:
        """Count together with the other processes that use this folder.

        Raises:
            OSError: it cannot be written.
        """
        self._known.share(folder / KNOWN_FILE)
        self._strangers.share(folder / STRANGERS_FILE)

    def close(self) -> None:
        """Let go of the files."""
        self._known.close()
        self._strangers.close()

    def ask(self, caller: Caller, *, narrowing: bool) -> None:
        """Charge one ask of a known caller. What narrows has a share of its own, so that no batch of reads stands in its way.

        Raises:
            TooManyRequests: one of the caller's shares is used up; it has been counted.
        """
        if narrowing:
            self.narrow(caller.client_id)
            return
        self._take(
            caller.client_id,
            (Limit.PROFESSIONAL, Share(f"p:{caller.party}:{caller.professional}", self._rates.professional)),
            (Limit.CLIENT, Share(f"c:{caller.client_id}", self._client(caller.client_id))),
            (Limit.PARTY, Share(f"o:{caller.party}", self._rates.party)),
        )

    def narrow(self, client_id: str) -> None:
        """Charge a client with taking something away.

        Raises:
            TooManyRequests: it does so too often; it has been counted.
        """
        self._take(client_id, (Limit.NARROWING, Share(f"n:{client_id}", self._client(client_id))))

    def token(self, client_id: str) -> None:
        """Charge one token to a client that has proven to be it; a name alone must not use up another's share.

        Raises:
            TooManyRequests: it asks for tokens too often; it has been counted.
        """
        self._take(client_id, (Limit.TOKENS, Share(f"t:{client_id}", self._rates.tokens)))

    def failed(self, environ: Mapping[str, Any]) -> None:
        """Charge the address of a request (PEP 3333) with somebody who could not be known."""
        address = self._address_of(environ)
        if address is not None:
            self._strangers.take((self._stranger(address),))

    def knock(self, environ: Mapping[str, Any]) -> None:
        """Look whether the address of a request may try again: a few microseconds, before anything is read or verified.

        Raises:
            TooManyRequests: it has failed too often of late.
        """
        address = self._address_of(environ)
        if address is None:
            return
        wait_ns = self._strangers.wait_ns(self._stranger(address))
        if wait_ns:
            self._meter.add(LIMITED, Limit.STRANGER.value)
            raise TooManyRequests(Limit.STRANGER.value, self._rates.strangers, _seconds(wait_ns))

    def _address_of(self, environ: Mapping[str, Any]) -> str | None:
        """Whose request this is: the peer's, or the last address that a proxy of ours wrote down; None where nobody can tell.

        A peer on this host that is not listed as a proxy may speak for anybody, so that nobody pays for it.
        """
        address = _address(environ.get("REMOTE_ADDR", ""))
        if address is not None and any(address in network for network in self._rates.proxies):
            # What stands before the last comma the caller may have sent; the last is the proxy's own word.
            address = _address(environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip())
        elif address is not None and address.is_loopback:
            return None
        if address is None:
            return None
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False)) if address.version == 6 else str(address)  # noqa: PLR2004

    def drain(self) -> Mapping[tuple[str, str], int]:
        """How often each client was turned away by which limit since the last time; the caller owes it to the log."""
        with self._lock:
            counts, self._turned_away = self._turned_away, Counter()
        return dict(counts)

    def owe(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Take counts back that did not get to the log."""
        with self._lock:
            self._turned_away.update(counts)

    def _client(self, client_id: str) -> int:
        return self._rates.clients.get(client_id, self._rates.client)

    def _stranger(self, address: str) -> Share:
        return Share(address, self._rates.strangers)

    def _take(self, client_id: str, *shares: tuple[Limit, Share]) -> None:
        spent = self._known.take([share for _, share in shares])
        if spent is None:
            return
        limit, share = shares[spent.place]
        with self._lock:
            self._turned_away[client_id, limit.value] += 1
        self._meter.add(LIMITED, limit.value)
        raise TooManyRequests(limit.value, share.per_minute, _seconds(spent.wait_ns))


def _seconds(wait_ns: int) -> int:
    return max(ceil(min(wait_ns, WINDOW_NS) / SECOND_NS), 1)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
