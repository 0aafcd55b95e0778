"""HTTP that ends: a request names the moment by which all of its answer must be there, and no step of it waits longer.

httpx limits each wait for the network and not their sum. A peer that sends the lines of a head one by one, each in time, would hold the
thread that asked it for as long as it likes. The client kit, which installs no other part of `connectors`, asks through this module too.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

#: a request's extension: a moment of the monotonic clock
UNTIL = "until"


@cache
def trusted(ca_file: str | None = None) -> ssl.SSLContext:
    """Whom to trust: the authorities in a file, or the system's. Read once in a process: there are hundreds, and it takes their time."""
    return ssl.create_default_context(cafile=ca_file)


class BoundedTransport(httpx.HTTPTransport):
    """httpx's own transport, over connections that keep to the `UNTIL` of the request that they are used for.

    What is late ends in `httpx.TimeoutException`. An answer is read by the thread that asked, before it asks again.
    """

    def __init__(self, trust: ssl.SSLContext, limits: httpx.Limits, proxy: str | None = None) -> None:
        super().__init__(verify=trust, trust_env=False, limits=limits, proxy=proxy)
        self._end = _End()
        # httpx lets nobody choose it, for any of its kinds of pool; a test with a peer that drips would see it ignored
        self._pool._network_backend = _Backend(self._end)  # noqa: SLF001 - as above

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, from now on until the request's moment."""
        self._end.until = request.extensions.get(UNTIL)
        return super().handle_request(request)


class ProxiedTransport(httpx.BaseTransport):
    """Bounded transports: through the proxy that the process environment names for a host, if any (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""

    def __init__(self, trust: ssl.SSLContext, limits: httpx.Limits) -> None:
        named = getproxies()
        self._direct = BoundedTransport(trust, limits)
        self._through = {
            scheme: BoundedTransport(trust, limits, proxy if "://" in proxy else f"http://{proxy}")
            for scheme in ("http", "https")
            if (proxy := named.get(scheme) or named.get("all"))
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, from now on until the request's moment."""
        through = self._through.get(request.url.scheme)
        chosen = self._direct if through is None or proxy_bypass(request.url.host) else through
        return chosen.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in (self._direct, *self._through.values()):
            transport.close()


class _End(threading.local):
    """When the present request of each thread ends; None where it did not say."""

    until: float | None = None

    def left_s(self, timeout_s: float | None) -> float | None:
        """How long one step may wait.

        Raises:
            httpcore.ReadTimeout: no longer at all.
        """
        if self.until is None:
            return timeout_s
        left_s = self.until - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout("the answer is late")
        return left_s if timeout_s is None else min(left_s, timeout_s)


class _Backend(httpcore.NetworkBackend):
    """Connects as httpcore does, in time."""

    def __init__(self, end: _End) -> None:
        self._inner = httpcore.SyncBackend()
        self._end = end

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, self._end.left_s(timeout), local_address, socket_options)
        return _Stream(stream, self._end)


class _Stream(httpcore.NetworkStream):
    """A connection of httpcore's, in time."""

    def __init__(self, inner: httpcore.NetworkStream, end: _End) -> None:
        self._inner = inner
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._end.left_s(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._end.left_s(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._end.left_s(timeout)), self._end)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        return self._inner.get_extra_info(info)
