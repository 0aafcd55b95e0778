"""The listener for the operator's Prometheus: one page, on the loopback address only.

It is a process of its own. The public port has no such page, since how a log grows at night tells something; and no web worker could speak
for the others. What the processes counted comes from their cells, what is so now from the databases.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from audit.verdict import Exit
from broker.health import RED, Code, Look, codes_of
from broker.metrics_folder import add_up
from broker.metrics_text import CONTENT_TYPE, Gauge, exposition

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
#: whoever connects and says nothing is let go, in seconds
TIMEOUT_S = 10


class Page:
    """What is answered to each scrape; one at a time, since it folds the cells of processes that ended."""

    def __init__(self, folder: Path, look: Callable[[], Look]) -> None:
        self._folder = folder
        self._look = look
        self._alone = threading.Lock()

    def text(self) -> str:
        """The whole exposition.

        Raises:
            OSError: the folder of cells cannot be read or written.
        """
        with self._alone:
            sums, living = add_up(self._folder)
        processes = Gauge("processes", "Processes that count at this moment, by kind.", ("kind",), _labelled(living))
        return exposition(sums, (processes, *gauges_of(self._look())))


def gauges_of(look: Look) -> tuple[Gauge, ...]:
    """What was seen, in seconds and counts; logs are named by covenant and year, and nobody else is."""
    unsigned = {log.name: _seconds(log.unsigned) for log in look.logs}
    uncosigned = {log.name: log.uncosigned.total_seconds() for log in look.logs if log.uncosigned is not None}
    found = codes_of(look)
    verdict = look.verdict
    verified = () if verdict is None else (((), (look.at - verdict.at).total_seconds()),)
    outcomes = () if verdict is None else tuple(((each.name.lower(),), float(each is verdict.exit)) for each in Exit)
    return (
        Gauge("log_entries", "Entries of each log.", ("log",), _labelled({log.name: log.size for log in look.logs})),
        Gauge(
            "log_checkpoint_age_seconds",
            "How long the oldest unsigned entry has been waiting; 0 where all are signed.",
            ("log",),
            _labelled(unsigned),
        ),
        Gauge(
            "log_quorum_age_seconds",
            "How long the oldest entry without enough witnesses has been waiting.",
            ("log",),
            _labelled(uncosigned),
        ),
        Gauge("log_verify_age_seconds", "Since the live log was last verified.", (), verified),
        Gauge("log_verify_verdict", "1 for the verdict of that time.", ("verdict",), outcomes),
        Gauge(
            "log_clock_apart_seconds",
            "How far the clocks of this machine and of the log are apart.",
            (),
            (((), look.clock_apart.total_seconds()),),
        ),
        Gauge("open_decisions", "Decisions without an end for more than two minutes.", (), (((), float(look.open_decisions)),)),
        Gauge("outbox_debts", "Entries owed to the log for more than two minutes.", (), (((), float(look.debts)),)),
        Gauge("health", "1 for each code that holds; red ones make the broker not ready.", ("code", "colour"), _codes(found)),
    )


def _labelled(values: Mapping[str, float]) -> tuple[tuple[tuple[str, ...], float], ...]:
    return tuple(((name,), float(value)) for name, value in sorted(values.items()))


def _seconds(waiting: timedelta | None) -> float:
    return 0.0 if waiting is None else waiting.total_seconds()


def _codes(found: Collection[Code]) -> tuple[tuple[tuple[str, ...], float], ...]:
    return tuple(((code.value, "red" if code in RED else "amber"), float(code in found)) for code in Code)


def serve_metrics(page: Page, port: int) -> ThreadingHTTPServer:
    """A server that is bound and not running yet; port 0 takes any.

    Raises:
        OSError: the port is taken.
    """

    class Answering(_Answering):
        shown = page

    server = ThreadingHTTPServer((LOOPBACK, port), Answering)
    server.daemon_threads = True
    return server


class _Answering(BaseHTTPRequestHandler):
    shown: ClassVar[Page]
    timeout = TIMEOUT_S
    server_version = "covenant-broker"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self._answer(HTTPStatus.NOT_FOUND, b"")
            return
        try:
            octets = self.shown.text().encode()
        except OSError:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"")
            return
        self._answer(HTTPStatus.OK, octets)

    def _answer(self, status: HTTPStatus, octets: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(octets)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        """Nothing: a scrape every few seconds is no event."""
