"""The switch: each worker learns within a second that something else is in force, and makes it ready before a request needs it.

Nothing depends on it: every exchange reads the epoch in its own query. It spares a request the compiling of a new version, and it writes
down what the calendar started and ended. PostgreSQL tells of a new epoch at the moment of its commit (LISTEN); besides, and on SQLite
alone, it is looked at twice a second, which costs one row.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from broker.covenants import Covenants
from broker.enactment import Enactment
from broker.logs import Events
from broker.versions.rows import CHANNEL

#: how often it looks where nobody tells
POLL_S = 0.5
#: how often it looks whether what is stored is still what was signed
RECHECK_S = 60.0
#: how long it waits after a database that did not answer
PAUSE_S = 1.0


class Watch:
    """Follows what is in force in one process, in a thread that ends with it."""

    def __init__(self, engine: Engine, covenants: Covenants, enactment: Enactment, events: Events) -> None:
        self._engine = engine
        self._covenants = covenants
        self._enactment = enactment
        self._events = events
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="covenant-watch")
        self._rounds = 0
        self._epoch = -1
        self._ear: Any = None

    def start(self) -> None:
        """Follow on."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def look(self) -> bool:
        """One round; returns whether something else is in force, or may soon be.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, audit.errors.AuditError: a database did not answer; the next round looks again.
        """
        self._rounds += 1
        if self._rounds % int(RECHECK_S / POLL_S) == 0:
            self._covenants.read_again()
        # A day on which a covenant starts or ends moves no epoch by itself; `in_force` looks at the calendar too.
        in_force = self._covenants.in_force()
        if in_force.unwritten:
            self._enactment.keep_dates()
            in_force = self._covenants.in_force()
        if in_force.epoch == self._epoch:
            return False
        ready = self._covenants.prepare()
        self._epoch = in_force.epoch
        self._events.info("covenant.followed", epoch=in_force.epoch, count=ready)
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
                self._wait()
            except (SQLAlchemyError, psycopg.Error, AuditError) as error:
                # Exchanges look for themselves; whoever operates the database hears of it from them. No text: it may hold a statement.
                self._events.warning("covenant.not_followed", error=type(error).__name__)
                self._deafen()
                self._stop.wait(PAUSE_S)
        self._deafen()

    def _wait(self) -> None:
        """Until something is told, or for one round at most."""
        if self._engine.dialect.name != "postgresql":
            self._stop.wait(POLL_S)
            return
        if self._ear is None:
            url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._ear = psycopg.connect(url, autocommit=True)
            self._ear.execute(f"LISTEN {CHANNEL}")
            return  # what was told before this is found by looking again
        for _ in self._ear.notifies(timeout=POLL_S, stop_after=1):
            return

    def _deafen(self) -> None:
        if self._ear is not None:
            with suppress(psycopg.Error):  # it may be broken, which is why it ends
                self._ear.close()
            self._ear = None
