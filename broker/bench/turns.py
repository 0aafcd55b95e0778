"""One database after the other, and on each the sides of a measurement in turns, so that a busy moment counts for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from broker.bench.load import Sample, load_process
from broker.database import Room

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Here:
    """Where one measurement takes place: a database by its name, the URLs of its rooms, a folder of its own, and who makes the load."""

    database: str
    rooms: Mapping[Room, str]
    folder: Path
    load: ProcessPoolExecutor

    @property
    def events(self) -> Path:
        """The file that brokers write their events to."""
        return self.folder / "events.jsonl"


def on_each(folder: Path, urls: Mapping[str, Mapping[Room, str]], measure: Callable[[Here], F]) -> tuple[F, ...]:
    """What is measured on each database; `urls` has the URL of every room by the database's name."""
    figures = []
    with load_process() as load:
        for database, rooms in urls.items():
            here = Here(database, rooms, folder / database, load)
            here.folder.mkdir()
            figures.append(measure(here))
    return tuple(figures)


def take_turns(
    names: Sequence[str], rounds: int, measure: Callable[[str], Sample], told: Callable[[str], None]
) -> Mapping[str, tuple[Sample, ...]]:
    """The samples of each side by its name, in the order of the rounds; `told` hears of every round."""
    taken: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        told(f"round {number + 1}")
        # Another one begins in every round: what a server leaves behind, such as pages to be written, is not always the same one's burden.
        for turn in range(len(names)):
            name = names[(number + turn) % len(names)]
            taken[name].append(measure(name))
    return {name: tuple(samples) for name, samples in taken.items()}
