"""One request over HTTP to somebody who may be slow, verbose or hostile: little is read, redirects are not followed."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from connectors.bounded_http import UNTIL, ProxiedTransport, trusted

#: each step of a request, and a request in all, in seconds
STEP_S = 5.0
WHOLE_S = 15.0
#: a witness answers with a few short lines, a broker with checkpoints, a proof or a tile
ANSWER_MAX_BYTES = 1024 * 1024


class PeerFailed(Exception):  # noqa: N818 - what the peer did
    """No answer came that can be used; the message is a code."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, not believed."""

    status: int
    body: bytes


def open_client() -> httpx.Client:
    """A client for one thread; through a proxy where the environment names one."""
    return httpx.Client(transport=ProxiedTransport(trusted(), httpx.Limits(max_connections=2)), timeout=STEP_S, follow_redirects=False)


def ask(client: httpx.Client, method: str, url: str, body: bytes | None = None, *, headers: dict[str, str] | None = None) -> Answer:
    """Send, and read at most `ANSWER_MAX_BYTES`, with a client of `open_client` here or of `connectors.http_json`.

    Raises:
        PeerFailed: unreachable, too slow, too long.
    """
    until = {UNTIL: time.monotonic() + WHOLE_S}
    sent = {"Accept-Encoding": "identity", **(headers or {})}
    try:
        with client.stream(method, url, content=body, headers=sent, extensions=until) as answer:
            read = bytearray()
            for piece in answer.iter_raw():
                read += piece
                if len(read) > ANSWER_MAX_BYTES:
                    raise PeerFailed("too_long")
            return Answer(answer.status_code, bytes(read))
    except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
        raise PeerFailed("too_slow") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PeerFailed("unreachable") from error
