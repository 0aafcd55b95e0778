"""The cells that say how much each asked of late: exact across processes, no larger for any number of names, and whole after a kill."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from broker.clock import system_random
from broker.limits_table import SECOND_NS, SETS, SIZE, WAYS, WINDOW_NS, Share, Spent, Table

CTX = multiprocessing.get_context("fork")


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ns = 7 * WINDOW_NS

    def __call__(self) -> int:
        return self.ns

    def forward(self, seconds: float) -> None:
        self.ns += int(seconds * SECOND_NS)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def table(hands: Hands) -> Table:
    return Table(system_random, hands)


def through(table: Table, *shares: Share, tries: int = 10_000) -> int:
    """How many asks in a row are let through."""
    return next((number for number in range(tries) if table.take(shares) is not None), tries)


def test_a_rate_lets_so_many_through_at_once_and_says_when_the_next_one_may_come(table: Table, hands: Hands) -> None:
    share = Share("corporation", 60)
    assert through(table, share) == 60
    spent = table.take([share])
    assert spent == Spent(0, SECOND_NS)
    hands.forward(0.999)
    assert table.take([share]) is not None
    hands.forward(0.001)
    assert table.take([share]) is None
    assert table.take([share]) is not None


def test_after_a_minute_of_silence_the_whole_share_is_there_and_never_more(table: Table, hands: Hands) -> None:
    share = Share("corporation", 30)
    assert through(table, share) == 30
    hands.forward(3600)
    assert through(table, share) == 30


def test_an_ask_that_one_share_has_no_room_for_is_charged_to_none(table: Table) -> None:
    small, large = Share("professional", 2), Share("client", 100)
    assert through(table, large, small) == 2
    for _ in range(1000):
        assert table.take([large, small]) == Spent(1, 30 * SECOND_NS)
    assert through(table, large) == 98


def test_the_shares_of_one_ask_that_fall_in_one_row_take_a_cell_each(table: Table) -> None:
    row, _ = table._home("client")
    beside = next(name for number in range(10 * SETS) if table._home(name := f"professional {number}")[0] == row)
    small, large = Share(beside, 2), Share("client", 100)
    assert through(table, large, small) == 2
    assert through(table, large) == 98


def test_one_name_pays_for_no_other(table: Table) -> None:
    assert through(table, Share("a", 5)) == 5
    assert through(table, Share("b", 5)) == 5


def test_looking_charges_nothing_and_says_what_taking_would(table: Table, hands: Hands) -> None:
    share = Share("192.0.2.1", 10)
    assert [table.wait_ns(share) for _ in range(50)] == [0] * 50
    assert through(table, share) == 10
    assert table.wait_ns(share) == 6 * SECOND_NS
    hands.forward(6)
    assert table.wait_ns(share) == 0


def test_any_number_of_names_takes_the_memory_of_none() -> None:
    table = Table(system_random, Hands())
    table.take([Share("warm", 60)])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(20_000):
        table.take([Share(f"stranger {number}", 60)])
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000
    assert SIZE < 600_000


def test_a_flood_of_names_does_not_free_one_that_is_used_up_while_there_are_cells_that_say_nothing(table: Table, hands: Hands) -> None:
    held = Share("flooder", 60)
    assert through(table, held) == 60
    for number in range(SETS):  # a cell of these passes after a second, the held one's after a minute
        table.take([Share(f"{number}", 60)])
        hands.forward(0.000_001)
    assert table.take([held]) is not None


def test_who_used_up_a_share_is_not_forgotten_for_newcomers_of_the_same_row(table: Table) -> None:
    """In a full row whoever comes takes the cell that is paid off first, which costs the one that asked least."""
    names: dict[int, list[str]] = {}
    for number in range(WAYS * SETS * 2):
        row = names.setdefault(table._home(f"name-{number}")[0], [])
        row.append(f"name-{number}")
        if len(row) == WAYS + 3:
            break
    flooder, *others = row
    assert through(table, Share(flooder, 3)) == 3
    for name in others:
        assert table.take([Share(name, 1000)]) is None
        assert table.take([Share(flooder, 3)]) is not None


def test_names_fall_differently_under_another_key_so_that_nobody_can_aim() -> None:
    def rows(key: int) -> list[int]:
        table = Table(lambda size: bytes([key]) * size, Hands())
        return [table._home(f"name {number}")[0] for number in range(500)]

    one, other = rows(1), rows(2)
    assert one == rows(1)
    assert sum(mine == theirs for mine, theirs in zip(one, other, strict=True)) < 10
    assert len(set(one)) > 400
    assert max(one) < SETS * WAYS * 2


def test_a_moment_that_cannot_be_true_counts_as_nothing(table: Table, hands: Hands) -> None:
    share = Share("corporation", 60)
    hands.forward(1_000_000)
    assert through(table, share) == 60
    hands.ns = 5 * SECOND_NS  # the machine was started again
    assert through(table, share) == 60


# together with other processes


class Slow(Table):
    """Takes its time between the reading of a cell and its writing, so that others would come in between if they could."""

    def _find(self, row: int, tag: int, now: int, beside: Sequence[int] = ()) -> tuple[int, int]:
        found = super()._find(row, tag, now, beside)
        time.sleep(0.0001)
        return found


def take_all(file: Path, found: Path, name: str, per_minute: int) -> None:
    table = Slow(system_random, lambda: 7 * WINDOW_NS)
    table.share(file)
    found.write_text(str(sum(table.take([Share(name, per_minute)]) is None for _ in range(per_minute))))
    table.close()


def test_processes_that_ask_at_once_get_one_share_together_and_not_one_more(tmp_path: Path) -> None:
    per_minute, hands = 300, [tmp_path / str(number) for number in range(3)]
    processes = [CTX.Process(target=take_all, args=(tmp_path / "table", hand, "corporation", per_minute)) for hand in hands]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert sum(int(hand.read_text()) for hand in hands) == per_minute


def take_until_killed(file: Path, ready: Path) -> None:
    table = Table(system_random)
    table.share(file)
    ready.touch()
    while True:
        table.take([Share("corporation", 1_000_000), Share("police", 1_000_000)])


def test_a_process_that_is_killed_while_it_counts_leaves_the_table_whole_and_open(tmp_path: Path) -> None:
    file = tmp_path / "table"
    table = Table(system_random)
    table.share(file)
    assert through(table, Share("held", 5), tries=6) == 5
    for round_ in range(8):
        ready = tmp_path / f"ready-{round_}"
        process = CTX.Process(target=take_until_killed, args=(file, ready))
        process.start()
        until = time.monotonic() + 60
        while not ready.exists():
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(0.003 * round_)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join(60)
        assert table.take([Share("held", 5)]) is not None
        assert table.take([Share(f"after {round_}", 5)]) is None
    table.close()


def test_a_file_that_was_left_half_made_is_begun_again(tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_bytes(b"covli")
    table = Table(system_random)
    table.share(file)
    assert through(table, Share("corporation", 3), tries=4) == 3
    table.close()
    again = Table(system_random)
    again.share(file)
    assert again.take([Share("corporation", 3)]) is not None
    again.close()
    assert file.stat().st_size == SIZE


def test_threads_of_one_process_get_one_share_together(tmp_path: Path) -> None:
    table, let_through = Table(system_random, Hands()), list[int]()
    table.share(tmp_path / "table")
    started = threading.Barrier(8)

    def ask() -> None:
        started.wait(60)
        let_through.append(sum(table.take([Share("corporation", 500)]) is None for _ in range(200)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_through) == 500
    table.close()


def test_a_table_that_was_closed_counts_on_for_itself(tmp_path: Path) -> None:
    table = Table(system_random)
    table.share(tmp_path / "table")
    table.close()
    table.close()
    assert table.take([Share("corporation", 3)]) is None
    assert (tmp_path / "table").stat().st_mode & 0o777 == 0o600
