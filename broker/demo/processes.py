"""Real processes: the municipality's case system and `broker serve`, started as an operator would and stopped whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from broker.config import PREFIX, Settings

LOOPBACK = "127.0.0.1"
#: how long something may take to start, and to stop before it is killed, in seconds
START_S = 180.0
STOP_S = 90.0
_POLL_S = 0.05


class ProcessFailed(Exception):  # noqa: N818 - what happened
    """A process of the demonstration did not start, or did not come back."""


class Running:
    """A child process, from `with` to the end of it. What it writes to standard error goes to a file of its own.

    It stays in our process group: a closed terminal and Ctrl-C reach it too, so that nothing is left behind.
    """

    def __init__(self, name: str, arguments: tuple[str, ...], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self._command = (sys.executable, "-m", *arguments)
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        with self.log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and wait until it has; ending it twice does nothing more."""
        process = self._started()
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._started().pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._started().poll() is None

    def first_line(self) -> str:
        """The first line that it prints.

        Raises:
            ProcessFailed: it ended without one.
        """
        stream = self._started().stdout
        line = stream.readline().strip() if stream else ""
        if not line:
            raise ProcessFailed(f"{self.name} did not start; see {self.log}")
        return line

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Wait for something that this process brings about.

        Raises:
            ProcessFailed: it ended, or took too long.
        """
        until = time.monotonic() + START_S
        while not ready():
            if self._started().poll() is not None:
                raise ProcessFailed(f"{self.name} ended before {what}; see {self.log}")
            if time.monotonic() > until:
                raise ProcessFailed(f"{self.name}: expected {what} within {START_S:.0f} s; see {self.log}")
            time.sleep(_POLL_S)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise ProcessFailed(f"{self.name} has not been started")
        return self._process


def case_system(folder: Path, persons: Path, token_file: Path) -> Running:
    """The municipality's case system; the first line it prints is its address."""
    module = "broker.demo.sources.municipality"
    arguments = (module, "--persons", str(persons), "--token-file", str(token_file))
    return Running("the municipality's case system", arguments, folder / "case-system.log", environment())


def broker_server(folder: Path, settings: Settings) -> Running:
    """`broker serve`: its web workers, and beside them the worker that settles and signs."""
    return Running("broker serve", ("broker", "serve"), folder / "broker.log", environment(settings))


def environment(settings: Settings | None = None) -> dict[str, str]:
    """Our own environment without anybody's `BROKER_…`, and with these settings; there is no secret among them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    return kept if settings is None else kept | broker_variables(settings)


def broker_variables(settings: Settings) -> dict[str, str]:
    """The settings that are not as they would be without a word, as `BROKER_…`: text, numbers and paths."""
    default = Settings()
    chosen = {each.name: getattr(settings, each.name) for each in fields(Settings)}
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in chosen.items() if value != getattr(default, name)}


@contextmanager
def held_port() -> Iterator[int]:
    """A port on the loopback address for a server that is about to start; while this lasts nobody else is given it.

    What holds it is bound and never listens: Linux gives its port to nobody who asks for any, and lets a server listen that names it and
    sets `SO_REUSEADDR`, as servers do. Other systems would not let it, so there the port is only one that was free a moment ago.
    """
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((LOOPBACK, 0))
        port = int(one.getsockname()[1])
        if sys.platform != "linux":
            one.close()
        yield port


def await_answer(server: Running, url: str) -> None:
    """Wait until the broker at `url` answers.

    Raises:
        ProcessFailed: it ended, or took too long.
    """
    # One client for all attempts: each makes its own trust store, which takes from the server the very processor that it starts on.
    with httpx.Client(base_url=url, timeout=10.0) as http:
        server.wait_until(lambda: _answers(http), "its first answer")


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/v1/live").is_success
    except httpx.TransportError:
        return False


def web_workers(server: Running) -> tuple[int, ...]:
    """The process ids of the web workers: forks of `broker serve`, or where processes cannot be forked, spawned by it."""
    known = _processes()
    own = next(command for pid, _, command in known if pid == server.pid)
    return tuple(sorted(pid for pid, parent, command in known if parent == server.pid and (command == own or "spawn_main" in command)))


def kill(pid: int) -> None:
    """`kill -9`: no chance to finish anything."""
    os.kill(pid, signal.SIGKILL)


def _processes() -> tuple[tuple[int, int, str], ...]:
    """Every process that can be seen: its id, its parent's, its command line. From `/proc`, or where there is none from `ps`."""
    found = tuple(Path("/proc").glob("[0-9]*/stat"))
    if not found:
        listed = subprocess.run(("/bin/ps", "-A", "-o", "pid=,ppid=,args="), capture_output=True, text=True, check=True)
        rows = (line.split(None, 2) for line in listed.stdout.splitlines())
        return tuple((int(pid), int(parent), " ".join(command)) for pid, parent, *command in rows)
    processes: list[tuple[int, int, str]] = []
    for stat in found:
        try:
            # "pid (name) state ppid …": the name may hold anything, so count from its last bracket
            parent = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (OSError, IndexError):
            continue  # it ended while we looked
        processes.append((int(stat.parent.name), parent, command))
    return tuple(processes)
