"""The sides of a measurement take turns, so that a busy moment counts for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from broker.bench.load import Sample


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
