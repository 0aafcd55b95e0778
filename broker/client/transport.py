"""One request and its answer over HTTP: to the registered origin and nowhere else, and never more of it than it may be.

No redirect is followed, no cookie kept, no compressed answer unfolded. TLS is verified against the system's authorities or the one that was
given; a client certificate goes along where there is one (RFC 8705).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import MappingProxyType

import httpx

from broker.client.errors import AnswerUnusable, NoAnswer, Unusable
from broker.client.world import Limits, World
from connectors.bounded_http import UNTIL, ProxiedTransport

REDIRECTS = range(300, 400)
#: as httpx has it by itself
AT_ONCE = httpx.Limits(max_connections=100, max_keepalive_connections=20)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `headers` may hold a token: it is not shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    content: bytes | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """The request without its query, for messages."""
        return f"{self.method} {httpx.URL(self.url).path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class NotSent(NoAnswer):
    """The broker could not be reached, so that it has done nothing."""


class Transport:
    """Sends requests through an `httpx.Client` that `open_http` made, or one of a test's."""

    def __init__(self, http: httpx.Client, limits: Limits, world: World) -> None:
        self._http = http
        self._limits = limits
        self._world = world

    def send(self, request: Request, until: float) -> Answer:
        """The answer, whole, before `until` on the monotonic clock.

        Raises:
            NotSent: nobody was reached.
            NoAnswer: no whole answer came in time.
            AnswerUnusable: a redirect, a compressed answer, or more than `Limits.max_bytes`.
        """
        left_s = max(until - self._world.monotonic(), 0.001)
        headers = {"Accept-Encoding": "identity", **request.headers}
        try:
            with self._http.stream(
                request.method,
                request.url,
                headers=headers,
                content=request.content,
                timeout=min(self._limits.wait_s, left_s),
                follow_redirects=False,
                extensions={UNTIL: time.monotonic() + left_s},
            ) as response:
                self._check_head(request, response)
                return Answer(response.status_code, dict(response.headers), self._body(request, response))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(f"{request.place}: {type(error).__name__}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Only the kind of it is told: an httpx error holds the request, and the request holds a token.
            raise NoAnswer(f"{request.place}: {type(error).__name__}") from None

    def _check_head(self, request: Request, response: httpx.Response) -> None:
        if response.status_code in REDIRECTS:
            raise AnswerUnusable(f"{request.place}: expected an answer, found a redirect; it is not followed")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise AnswerUnusable(f"{request.place}: expected an answer that is not compressed")
        with suppress(ValueError):
            if int(response.headers.get("content-length", "0")) > self._limits.max_bytes:
                raise AnswerUnusable(f"{request.place}: expected at most {self._limits.max_bytes} bytes")

    def _body(self, request: Request, response: httpx.Response) -> bytes:
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > self._limits.max_bytes:
                raise AnswerUnusable(f"{request.place}: expected at most {self._limits.max_bytes} bytes")
        return bytes(body)


def open_http(ca_file: Path | None = None, certificate: tuple[Path, Path] | None = None) -> httpx.Client:
    """An HTTP client; `ca_file` holds the authorities to trust instead of the system's, `certificate` the client's own and its key.

    A proxy is taken from the environment, as partners' networks ask; with HTTPS it sees names, and nothing inside.

    Raises:
        Unusable: a file cannot be read, or is not what it should be.
    """
    try:
        trust = ssl.create_default_context(cafile=ca_file)
        if certificate is not None:
            trust.load_cert_chain(*certificate)
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"expected certificates in PEM: {type(error).__name__}") from None
    cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(transport=ProxiedTransport(trust, AT_ONCE), cookies=cookies, follow_redirects=False)
