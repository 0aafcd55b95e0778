"""The production server: granian with several workers, each with a few threads.

Each worker builds its own application after it was forked, so nothing that must not be shared (connections, the log's leader thread)
ever is. A worker that dies is replaced. (Granian gives up when the *same* worker dies twice within 5.5 seconds, with exit status 1: what
supervises the server decides then.) Granian ends no TLS for clients' certificates in WSGI; a proxy before it does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from broker.config import Settings

#: a WSGI application
Application = Callable[..., Any]

#: how long a stopping worker may finish what it is doing
STOP_S = 10
#: how often a worker looks whether the server that started it is still there
ORPHAN_CHECK_S = 1.0

#: granian's own words (a worker that died) beside the events; it would write them to standard output
_STDERR = {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}

#: what a worker keeps of its environment; granian shows all of it to every request
KEPT = frozenset({"HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ"})
#: what libpq reads when it connects; a password is not among them, `PGPASSFILE` names a file
KEPT_LIBPQ = frozenset({"PGPASSFILE", "PGSERVICEFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSSLROOTCERT"})


def serve(build: Callable[[], Application], settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let every worker finish its requests.

    `build` is called once in each worker; where processes are spawned instead of forked (not on Linux) it must be picklable, such as a
    partial of a function of a module.

    Raises:
        SystemExit: the workers die as fast as they start.
    """
    server = Granian(
        "broker",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        http=HTTPModes.http1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_S,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": dict.fromkeys(("console", "access"), _STDERR)},
    )
    server.serve(target_loader=partial(_begin_worker, build), wrap_loader=False)


def _begin_worker(build: Callable[[], Application]) -> Application:
    # Granian's own process answers signals by setting a flag; a worker that is still building has nobody who reads it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    _leave_only(os.environ, KEPT | KEPT_LIBPQ)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True, name="orphan-watch").start()
    return build()


def _leave_only(environment: MutableMapping[str, str], kept: frozenset[str]) -> None:
    for name in set(environment) - kept:
        del environment[name]


def _end_with_parent(parent: int) -> None:
    """End this worker when the server that started it was killed: it would go on answering on the same port, unsupervised."""
    while os.getppid() == parent:
        time.sleep(ORPHAN_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)
