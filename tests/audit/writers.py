"""Many writers of one log, each a process: `python -m tests.audit.writers URL FOLDER (kill ROUNDS WRITERS | work EXCHANGES WRITERS)`.

`kill` forks its writers in rounds and kills each with `kill -9` at a moment of its own. A writer writes down what it was told is
durable, in one write per line, in a file of its own in FOLDER. `work` lets them finish; the lines say how long each append took.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.audit.builders import draft, exchange, log_on, store_at


def write_until_killed(url: str, told: int) -> None:
    log = log_on(store_at(url), clock=lambda: datetime.now(UTC))
    while True:
        decision, release = exchange()
        for one in (*log.append(decision), *log.append(release), *log.append(*exchange()), *log.append(draft())):
            os.write(told, f"{one.id} {one.index}\n".encode())


def drill(url: str, folder: Path, rounds: int, writers: int) -> None:
    chance = random.Random(7)  # noqa: S311 - when to kill, not what to keep secret
    for number in range(rounds):
        children: list[tuple[int, Path]] = []
        for writer in range(writers):
            told = folder / f"{number}-{writer}"
            child = os.fork()
            if not child:
                write_until_killed(url, os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
            children.append((child, told))
        for child, told in children:
            # Not before its first acknowledgement, so that every kill is one in the middle of the work.
            while not told.exists() or not told.stat().st_size:
                time.sleep(0.001)
            time.sleep(chance.random() / 20)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def work(url: str, folder: Path, exchanges: int, writers: int) -> None:
    children: list[int] = []
    begin, ready = os.pipe()
    for writer in range(writers):
        child = os.fork()
        if not child:
            os.close(ready)
            os.read(begin, 1)  # until the last writer has been forked
            taken = _appended(url, exchanges)
            (folder / str(writer)).write_text("\n".join(map(str, taken)), encoding="ascii")
            os._exit(0)
        children.append(child)
    os.close(ready)
    for child in children:
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(f"a writer ended with {os.waitstatus_to_exitcode(status)}")


def _appended(url: str, exchanges: int) -> list[float]:
    log = log_on(store_at(url), clock=lambda: datetime.now(UTC))
    taken: list[float] = []
    for _ in range(exchanges):
        for one in exchange():
            start = time.perf_counter()
            log.append(one)
            taken.append(time.perf_counter() - start)
    return taken


if __name__ == "__main__":
    {"kill": drill, "work": work}[sys.argv[3]](sys.argv[1], Path(sys.argv[2]), int(sys.argv[4]), int(sys.argv[5]))
