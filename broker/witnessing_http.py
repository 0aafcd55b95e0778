"""One request over HTTP to somebody who may be slow, verbose or hostile: little is read, redirects are not followed."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from connectors.bounded_http import UNTIL

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
    """A client for one thread."""
    return httpx.Client(timeout=STEP_S, follow_redirects=False, limits=httpx.Limits(max_connections=2))


def ask(client: httpx.Client, method: str, url: str, body: bytes | None = None, *, headers: dict[str, str] | None = None) -> Answer:
    """Send, and read at most `ANSWER_MAX_BYTES`. A client of `connectors.http_json.open_client` is not held up by a head that drips either.

    Raises:
        PeerFailed: unreachable, too slow, too long.
    """
    until = time.monotonic() + WHOLE_S
    sent = {"Accept-Encoding": "identity", **(headers or {})}
    try:
        with client.stream(method, url, content=body, headers=sent, extensions={UNTIL: until}) as answer:
            read = bytearray()
            for piece in answer.iter_raw():
                read += piece
                if len(read) > ANSWER_MAX_BYTES:
                    raise PeerFailed("too_long")
                if time.monotonic() > until:
                    raise PeerFailed("too_slow")
            return Answer(answer.status_code, bytes(read))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PeerFailed("unreachable") from error
