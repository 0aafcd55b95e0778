"""What is counted for the operator: it adds up over processes, dead ones too, and no label comes from a caller."""

from __future__ import annotations

import os
import signal
import threading
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from audit.errors import LogUnavailable, StoreFailed
from broker.authenticate import Unproven
from broker.metrics import (
    APPENDS,
    BATCH_ENTRIES,
    CIRCUITS,
    CIRCUITS_OPEN,
    EXCHANGES,
    FAMILIES,
    PREFIX,
    REQUEST_SECONDS,
    RESPONSES,
    UNLISTED,
    Meter,
)
from broker.metrics_folder import ENDED, add_up
from broker.metrics_serve import PATH, Page, gauges_of, serve_metrics
from broker.metrics_text import CONTENT_TYPE, Gauge, exposition
from policies.vocabulary import PartyId
from tests.broker.reading_metrics import samples_of
from tests.stage import DIRECTOR, Theatre, shared_small_house

__all__ = ["shared_small_house"]

ROUTE = "/v1/cases/<case_id>"


def meter_with(requests: int = 0) -> Meter:
    meter = Meter()
    meter.declare(REQUEST_SECONDS, "GET", ROUTE)
    meter.declare(RESPONSES, "2xx")
    for _ in range(requests):
        meter.observe(REQUEST_SECONDS, "GET", ROUTE, value=3_000)
        meter.add(RESPONSES, "2xx")
    return meter


@contextmanager
def shared(meter: Meter, folder: Path) -> Iterator[None]:
    meter.share(folder, "web")
    try:
        yield
    finally:
        meter.close()


def in_child(work: object) -> int:
    """Run in a process of its own, which then lives until it is killed; returns its pid once the work is done."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            kept = work()  # type: ignore[operator]
            os.write(writing, b"." if kept else b"!")
            signal.pause()
        finally:
            os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"."
    os.close(reading)
    return child


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def counting(folder: Path, kind: str, requests: int) -> int:
    def work() -> Meter:
        meter = meter_with()
        meter.share(folder, kind)
        for _ in range(requests):
            meter.add(RESPONSES, "2xx")
        return meter

    return in_child(work)


def test_a_label_that_nobody_declared_makes_no_series_and_is_counted_as_a_mistake() -> None:
    meter = meter_with()
    meter.add(RESPONSES, "Jan Jansen")
    meter.observe(REQUEST_SECONDS, "GET", "/v1/cases/019a", value=1)
    assert "Jansen" not in exposition(meter.snapshot(), ())
    assert meter.snapshot()[UNLISTED.name, ()] == (2,)


def test_no_series_is_declared_with_other_labels_or_after_it_is_shared(tmp_path: Path) -> None:
    meter = meter_with()
    with pytest.raises(ValueError, match="expected 1 labels"):
        meter.declare(RESPONSES)
    with shared(meter, tmp_path), pytest.raises(ValueError, match="before its cells are shared"):
        meter.declare(RESPONSES, "9xx")


def test_several_processes_add_up_and_what_was_counted_before_sharing_is_not_lost(tmp_path: Path) -> None:
    here = meter_with(5)
    children = [counting(tmp_path, "web", 7), counting(tmp_path, "worker", 11)]
    with shared(here, tmp_path):
        here.add(RESPONSES, "2xx")
        sums, living = add_up(tmp_path)
    for child in children:
        kill(child)
    assert sums[RESPONSES.name, ("2xx",)] == [6 + 7 + 11]
    assert living == {"web": 2, "worker": 1}


def test_a_process_that_was_killed_keeps_its_counts_and_its_file_is_folded_once(tmp_path: Path) -> None:
    kill(counting(tmp_path, "web", 7))
    for _ in range(3):
        sums, living = add_up(tmp_path)
        assert (sums[RESPONSES.name, ("2xx",)], living) == ([7], {})
    assert [path.name for path in tmp_path.iterdir()] == [ENDED]


def test_a_listener_that_dies_between_folding_and_removing_counts_nothing_twice(tmp_path: Path) -> None:
    kill(counting(tmp_path, "web", 7))
    (cells,) = tmp_path.glob("*.cells")
    octets = cells.read_bytes()
    add_up(tmp_path)
    cells.write_bytes(octets)
    assert add_up(tmp_path)[0][RESPONSES.name, ("2xx",)] == [7]
    assert not cells.exists()


def test_files_that_are_none_of_ours_or_of_another_version_count_nothing(tmp_path: Path) -> None:
    (tmp_path / "web-1-x.cells").write_bytes(b"no cells at all")
    (tmp_path / "web-2-x.cells").write_bytes(b'[["responses_total",["2xx"],9],["gone_total",[],1]]' + b" " * 4 + b"\n" + bytes(80))
    (tmp_path / "web-3-x.cells").write_bytes(b'{"a":1}\n' + bytes(8))
    (tmp_path / ENDED).write_bytes(b"{")
    assert add_up(tmp_path)[0] == {}


def test_threads_lose_no_count(tmp_path: Path) -> None:
    meter = meter_with()
    threads = [threading.Thread(target=lambda: [meter.add(RESPONSES, "2xx") for _ in range(2_000)]) for _ in range(4)]
    with shared(meter, tmp_path):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert meter.snapshot()[RESPONSES.name, ("2xx",)] == (8_000,)


def test_counting_a_request_costs_microseconds(tmp_path: Path) -> None:
    meter = meter_with()
    with shared(meter, tmp_path):
        best = min(timeit.repeat(lambda: meter.observe(REQUEST_SECONDS, "GET", ROUTE, value=3_000), number=1_000, repeat=5)) / 1_000
    assert best < 50e-6  # about one on the machine of docs/performance.md; this bound only finds a mistake


def test_every_sample_is_read_back_by_another_reader() -> None:
    meter = meter_with(3)
    meter.observe(REQUEST_SECONDS, "GET", ROUTE, value=99_000_000)
    told = exposition(meter.snapshot(), (Gauge("log_entries", 'a "quote", a \\ and\na line', ("log",), ((('x"y\\z\n',), 12.5),)),))
    samples = samples_of(told)
    labels = {"method": "GET", "route": ROUTE}
    assert samples["request_seconds_count", frozenset(labels.items())] == 4
    assert samples["request_seconds_sum", frozenset(labels.items())] == pytest.approx(99.009)
    assert samples["request_seconds_bucket", frozenset({**labels, "le": "0.005"}.items())] == 3
    assert samples["request_seconds_bucket", frozenset({**labels, "le": "10"}.items())] == 3
    assert samples["request_seconds_bucket", frozenset({**labels, "le": "+Inf"}.items())] == 4
    assert samples["log_entries", frozenset({("log", 'x"y\\z\n')})] == 12.5


@pytest.fixture(scope="module")
def listener(shared_small_house: Theatre, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The listener over the broker's own look, with this process's cells in its folder."""
    folder = tmp_path_factory.mktemp("health")
    shared_small_house.broker.meter.share(folder, "web")
    with serve_metrics(Page(folder, shared_small_house.broker.watcher.look), 0) as server:
        running = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        running.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        running.join()


def scraped(listener: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = httpx.get(listener + PATH)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, CONTENT_TYPE)
    return samples_of(answer.text)


def of(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def test_nothing_else_is_served(listener: str) -> None:
    assert listener.startswith("http://127.0.0.1:")
    assert httpx.get(listener + "/").status_code == 404
    assert httpx.post(listener + PATH).status_code == 501


def test_the_public_port_has_no_metrics(shared_small_house: Theatre) -> None:
    for path in (PATH, "/v1/metrics"):
        assert shared_small_house.http.get(path).status_code == 404


def test_an_exchange_a_stranger_and_a_refusal_are_counted(shared_small_house: Theatre, listener: str) -> None:
    case = shared_small_house.open_case()
    before = scraped(listener)
    shared_small_house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")
    shared_small_house.problem(
        DIRECTOR, "/v1/connectors/municipality/disclosures", {"case": "x", "purpose": "end_nuisance", "fields": ["a.b"]}
    )
    shared_small_house.http.get(f"/v1/cases/{case}")
    after = scraped(listener)

    def grew(name: str, **labels: str) -> float:
        return after[name, of(**labels)] - before[name, of(**labels)]

    assert grew("exchanges_total", end="exchange.release", outcome="permit") == 1
    assert grew("unauthenticated_total", reason=Unproven.NO_TOKEN.value) == 1
    assert grew("log_appends_total", outcome="durable") >= 2
    assert grew("log_append_seconds_count") == sum(
        grew("log_appends_total", outcome=each) for each in ("durable", "refused", "unavailable")
    )
    assert grew("log_batch_entries_sum") == sum(value - before.get(key, 0) for key, value in after.items() if key[0] == "log_entries")
    assert grew("request_seconds_count", method="POST", route="/v1/connectors/<party>/disclosures") == 2
    assert grew("responses_total", status="4xx") == 2
    assert after["metrics_unlisted_total", of()] == 0


def test_an_append_that_could_not_be_promised_is_counted_as_such(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    log, meter = shared_small_house.broker.log, shared_small_house.broker.meter
    before = meter.snapshot()

    def broken(*_: object) -> None:
        raise StoreFailed("away")

    monkeypatch.setattr(log._store._store, "grow", broken)  # type: ignore[attr-defined]
    case = shared_small_house.open_case
    with pytest.raises((AssertionError, LogUnavailable, Exception)):
        case()
    after = meter.snapshot()
    key = (APPENDS.name, ("unavailable",))
    assert after[key][0] > before[key][0]
    assert after[BATCH_ENTRIES.name, ()] == before[BATCH_ENTRIES.name, ()]


def test_no_label_tells_of_a_case_a_person_a_field_or_a_party(shared_small_house: Theatre, listener: str) -> None:
    case = shared_small_house.open_case("consultation")
    shared_small_house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")
    values = {value for _, labels in scraped(listener) for _, value in labels}
    covenant = next(iter(shared_small_house.broker.covenants.in_force().policies.values())).covenant
    hidden = {case, *covenant.parties, *covenant.fields, *covenant.purposes, DIRECTOR}
    assert not [value for value in values for word in hidden if str(word) in value.replace("waterstad-noord", "")]
    names = {label for family in FAMILIES for label in family.labels} | {
        label for gauge in gauges_of(shared_small_house.broker.watcher.look()) for label in gauge.labels
    }
    assert names == {"outcome", "end", "method", "route", "status", "reason", "log", "verdict", "code", "colour", "limit", "lane", "change"}


def test_every_name_is_one_that_prometheus_takes() -> None:
    assert PREFIX.isidentifier()
    assert all(family.name.isidentifier() and family.name.islower() and family.help for family in FAMILIES)
    assert {family.name for family in FAMILIES if not family.bounds and not family.gauge} == {
        family.name for family in FAMILIES if family.name.endswith("_total")
    }
    assert EXCHANGES.labels == ("end", "outcome")
    assert PartyId("police") not in {label for family in FAMILIES for label in family.labels}


def test_what_goes_up_and_down_ends_with_its_process_and_what_only_rises_does_not(tmp_path: Path) -> None:
    living, over = Meter(), Meter()
    for meter in (living, over):
        meter.declare(CIRCUITS, "opened")
        meter.add(CIRCUITS, "opened")
        meter.add(CIRCUITS_OPEN)
        meter.share(tmp_path, "web")
    assert add_up(tmp_path)[0][CIRCUITS_OPEN.name, ()] == [2]
    over.close()
    for _ in range(2):
        sums = add_up(tmp_path)[0]
        assert (sums[CIRCUITS.name, ("opened",)], sums[CIRCUITS_OPEN.name, ()]) == ([2], [1])
    living.add(CIRCUITS_OPEN, amount=-1)
    assert add_up(tmp_path)[0][CIRCUITS_OPEN.name, ()] == [0]
    assert f"# TYPE {PREFIX}source_circuits_open gauge\n" in exposition(add_up(tmp_path)[0], ())
    living.close()
