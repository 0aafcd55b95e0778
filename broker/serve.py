"""The production server: granian with several workers, each with a few threads.

Each worker builds its own application after it was forked, so nothing that must not be shared (connections, the log's leader thread)
ever is. A worker that dies is replaced. (Granian gives up when the *same* worker dies twice within 5.5 seconds, with exit status 1: what
supervises the server decides then.) Granian ends no TLS for clients' certificates in WSGI; a proxy before it does.

Stopping goes in steps. (1) At the first SIGTERM `/v1/ready` says so, and every answer asks for its connection to be closed. (2) After
`drain_s` no connection is accepted any more, idle ones are closed, and what is under way is finished. (3) Each worker settles what it
owes. A second SIGTERM, or a worker that is not done in time, ends at once; what that leaves open the sweeper closes.
"""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.util import Finalize
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from broker.config import Settings

#: a WSGI application
Application = Callable[..., Any]

#: how much longer than one request a stopping worker may take
MARGIN_S = 5
#: how often a process looks whether the server that started it is still there
ORPHAN_CHECK_S = 1.0
#: how long the head of a request may take to arrive, and how long a connection may be idle, in milliseconds
HEADER_TIMEOUT_MS = 10_000
#: how long the head of a request may be, in bytes
MAX_HEADER_BYTES = 64 * 1024

#: granian's own words (a worker that died) beside the events; it would write them to standard output
_STDERR = {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}

#: what a worker keeps of its environment; granian shows all of it to every request
KEPT = frozenset({"HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ"})
#: what libpq reads when it connects; a password is not among them, `PGPASSFILE` names a file
KEPT_LIBPQ = frozenset({"PGPASSFILE", "PGSERVICEFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSSLROOTCERT"})


@dataclass(frozen=True, slots=True)
class Served:
    """What a worker serves, and what it does when its last request has been answered."""

    application: Application
    settle: Callable[[], None]


#: what a worker builds; it is given a way to ask whether the server is about to stop
Build = Callable[["Stopping"], Served]


class Stopping:
    """Whether the server is about to stop: one byte that its workers share. Made before they are forked."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def begin(self) -> None:
        """From now on it is."""
        self._byte[0] = 1

    def __call__(self) -> bool:
        """Whether it is."""
        return self._byte[0] == 1


class _Server(MPServer):
    """Granian that tells its workers before it stops them, and stops them hard when it is told twice."""

    def __init__(self, stopping: Stopping, drain_s: float, **arguments: Any) -> None:  # noqa: ANN401 - granian's own
        super().__init__("broker", **arguments)
        self._stopping = stopping
        self._drain_s = drain_s

    def signal_handler_interrupt(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - granian's own
        drain_s = self._drain_s
        if self._stopping():
            drain_s = 0
            for worker in self.wrks:
                worker.kill()  # type: ignore[no-untyped-call]  # granian types only part of itself
        self._stopping.begin()
        # A signal handler must return: the main thread is the one that waits for workers. A first timer keeps nobody who was told twice.
        stop = threading.Timer(drain_s, partial(super().signal_handler_interrupt, *arguments, **named))
        stop.daemon = True
        stop.start()


def serve(build: Build, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let every worker finish its requests.

    `build` is called once in each worker, after it was forked.

    Raises:
        SystemExit: the workers die as fast as they start.
    """
    stopping = Stopping()
    server = _Server(
        stopping,
        settings.drain_s,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        # As many threads as connections, made when they are needed: a request always finds one that takes it or refuses it. How many of
        # them work at a time is the gate's affair.
        blocking_threads=settings.connections,
        backpressure=settings.connections,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=MAX_HEADER_BYTES),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.request_timeout_s + MARGIN_S,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": dict.fromkeys(("console", "access"), _STDERR)},
    )
    server.serve(target_loader=partial(_begin_worker, build, stopping, os.getpid()), wrap_loader=False)


def _begin_worker(build: Build, stopping: Stopping, server: int) -> Application:
    # Granian's own process answers signals by setting a flag; a worker that is still building has nobody who reads it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    _leave_only(os.environ, KEPT | KEPT_LIBPQ)
    # Left alone it would go on answering on the same port, unsupervised.
    end_with(server, partial(os.kill, os.getpid(), signal.SIGTERM))
    served = build(stopping)
    # A process of multiprocessing does this when its work is done, which here is when its last request has been answered.
    Finalize(None, served.settle, exitpriority=1)
    return _closing(served.application, stopping)


def _closing(application: Application, stopping: Stopping) -> Application:
    """Ask for every connection to be closed once the server is about to stop, so that its next request goes elsewhere."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failure: object) -> Any:  # noqa: ANN401 - PEP 3333
            return start_response(status, [*headers, ("Connection", "close")], *failure)

        answered: Iterable[bytes] = application(environ, start if stopping() else start_response)
        return answered

    return answer


def _leave_only(environment: MutableMapping[str, str], kept: frozenset[str]) -> None:
    for name in set(environment) - kept:
        del environment[name]


def end_with(server: int, end: Callable[[], object]) -> None:
    """Call `end` when the server that started this process is gone, however it went.

    The server says its own process id when it starts this one: it may be gone before anybody here can ask for a parent.
    """

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(ORPHAN_CHECK_S)
        end()

    threading.Thread(target=watch, daemon=True, name="orphan-watch").start()
