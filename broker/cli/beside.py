"""`broker worker` and `broker metrics` beside `broker serve`: started with it, started again when they die, stopped with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

import click

#: how long after its end a worker is started again, so that one that cannot run does not run in circles, in seconds
PAUSE_S = 5.0
STOP_S = 30.0

#: of a command that `broker serve` starts: whose server it stands beside, and ends with; one that somebody starts has a life of its own
of_server = click.option("--beside", "server", type=int, hidden=True)


class Beside:
    """A process for as long as the block lasts. Without a worker nothing is signed and nothing that a crash left is settled."""

    def __init__(self, command: str = "worker") -> None:
        self._command = command
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._keep_running, name="beside", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stop.set()
        self._watch.join(STOP_S)

    def _keep_running(self) -> None:
        while not self._stop.is_set():
            command = [sys.executable, "-m", "broker", self._command, "--beside", str(os.getpid())]
            worker = subprocess.Popen(command)  # noqa: S603 - our own command
            while worker.poll() is None and not self._stop.wait(0.2):
                pass
            if worker.poll() is None:
                worker.terminate()
                worker.wait(STOP_S)
            self._stop.wait(PAUSE_S)
