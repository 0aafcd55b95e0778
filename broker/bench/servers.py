"""The servers of one measurement: each application under granian in processes of its own, as `broker serve` runs it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol, TypeVar

from flask import Flask

from broker.bench.fresh import fresh_processes
from broker.bench.load import Address, NotAnswered, drive
from broker.config import Settings
from broker.demo.processes import LOOPBACK, held_port
from broker.serve import Served, Stopping, serve


class Grounded(Protocol):
    """What a server stands on: its settings, and a request that it answers with 200 once it is there."""

    @property
    def settings(self) -> Settings:
        """The settings that it would be served with, but for its address."""

    @property
    def knock(self) -> bytes:
        """The request, which can be sent again and again."""


G = TypeVar("G", bound=Grounded)

#: how long a server may take until it answers, and until it has stopped, in seconds
START_S = 60.0
STOP_S = 15.0


@contextmanager
def running(ground: G, events: Path, *builds: Callable[[G, Path], Flask]) -> Iterator[dict[str, Address]]:
    """Start a server for each application; where each listens, by the name of what builds it.

    Raises:
        NotAnswered: one of them does not answer.
    """
    with ExitStack() as stack:
        started = {build.__name__: stack.enter_context(_server(ground, events, build)) for build in builds}
        for process, address in started.values():
            _await(process, address, ground.knock)
        yield {name: address for name, (_, address) in started.items()}


@contextmanager
def _server(ground: G, events: Path, build: Callable[[G, Path], Flask]) -> Iterator[tuple[ForkServerProcess, Address]]:
    with held_port() as port:
        address = (LOOPBACK, port)
        process = fresh_processes().Process(target=_serve, args=(ground, events, build, address))
        process.start()
        try:
            yield process, address
        finally:
            process.terminate()
            process.join(STOP_S)
            if process.is_alive():
                process.kill()
                process.join()


def _serve(ground: G, events: Path, build: Callable[[G, Path], Flask], address: Address) -> None:
    # In a process of this kind granian would spawn its workers; `broker serve` forks them.
    multiprocessing.set_start_method("fork", force=True)
    serve(partial(_served, build, ground, events), replace(ground.settings, host=address[0], port=address[1]))


def _served(build: Callable[[G, Path], Flask], ground: G, events: Path, _stopping: Stopping) -> Served:
    return Served(build(ground, events), lambda: None)


def _await(process: ForkServerProcess, address: Address, request: bytes) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            drive(address, [request], 0.0, 0.05)
        except (OSError, NotAnswered):
            if time.monotonic() > until or not process.is_alive():
                raise
            time.sleep(0.1)
        else:
            return
