"""When the broker says that its log cannot promise, to machines and to people; each code is brought about, on both databases."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert

from audit.anchor import Anchor
from audit.errors import SignerRefused, StoreFailed
from audit.records import open_decisions
from audit.verdict import Exit
from broker.cli import broker as command
from broker.cli.setup import check_health
from broker.config import ConfigError
from broker.errors import NotReady
from broker.health import RED, Code, LogAge, Look, codes_of
from broker.health_look import FRESH_S, Watcher
from broker.health_notes import LastVerdict, Notes, sign_and_note
from broker.health_open import open_watcher
from broker.health_words import WORDS
from broker.service import create_service
from broker.tables import pending_entry
from policies.wording import LANGUAGES
from tests.audit.builders import draft
from tests.broker.test_health_notes import verdict_of
from tests.stage import DIRECTOR, Theatre, shared_house, shared_small_house, small_house

__all__ = ["shared_house", "shared_small_house", "small_house"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL = Look(NOW, True, timedelta(), (), 0, 0, timedelta(), LastVerdict(NOW, Exit.VERIFIED), None)


def watcher(house: Theatre, *, later: timedelta = timedelta(), notes: Notes | None = None) -> Watcher:
    """Another pair of eyes on the same databases, with a clock that is ahead."""
    own, clock = house.broker, house.broker.world.clock
    return Watcher(
        engine=own.watcher._engine,
        log_engine=own.log_engine,
        audit_url=own.settings.audit_url,
        notes=notes or own.notes,
        anchor=Anchor(own.settings.anchor),
        clock=lambda: clock() + later,
        failed_at=lambda: own.log.failed_at,  # type: ignore[attr-defined]
    )


def seen(house: Theatre, later: timedelta = timedelta()) -> set[Code]:
    return set(codes_of(watcher(house, later=later).look()))


def ready(house: Theatre) -> tuple[int, list[str]]:
    """What a load balancer is told by a worker that has just started."""
    web = create_service(house.broker).test_client()
    house.broker.watcher._seen = None
    answer = web.get("/v1/ready")
    return answer.status_code, answer.get_json()["codes"] if answer.status_code == 503 else []


@contextmanager
def log_down(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def broken(*_: object) -> None:
        raise StoreFailed("away")

    with monkeypatch.context() as patched:
        patched.setattr(house.broker.log._store._store, "grow", broken)  # type: ignore[attr-defined]
        yield


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"appendable": False}, Code.APPEND_IMPOSSIBLE),
        ({"clock_apart": timedelta(minutes=6)}, Code.CLOCK_APART),
        ({"refused_at": NOW}, Code.SIGNER_REFUSED),
        ({"verdict": LastVerdict(NOW, Exit.TAMPERED)}, Code.TAMPERED),
        ({"verdict": LastVerdict(NOW, None)}, Code.VERDICT_UNREADABLE),
        ({"verdict": None}, Code.VERIFY_LATE),
        ({"verdict": LastVerdict(NOW - timedelta(hours=27), Exit.VERIFIED)}, Code.VERIFY_LATE),
        ({"oldest_unsettled": timedelta(minutes=11)}, Code.SETTLING_LATE),
        ({"unguarded": ("audit_leaf_no_delete",)}, Code.UNGUARDED),
        ({"rates_of_nobody": ("polise-system",)}, Code.RATES_OF_NOBODY),
        ({"logs": (LogAge("a/2026", 1, 1, None, timedelta(hours=5)),)}, Code.WITNESSES_LATE),
        ({"logs": (LogAge("a/2026", 1, 1, None, timedelta(hours=5)),), "quorum_required": True}, Code.QUORUM_LATE),
    ],
)
def test_each_thing_that_is_wrong_has_its_code_and_no_other(change: dict[str, object], code: Code) -> None:
    assert codes_of(WELL) == ()
    assert codes_of(replace(WELL, **change)) == (code,)  # type: ignore[arg-type]  # a test's shorthand


def test_every_code_is_told_in_both_languages_and_on_its_pages() -> None:
    assert set(WORDS) == set(Code)
    docs = Path(__file__).resolve().parents[2] / "docs"
    page, problem = (docs / "how-to" / "watch-the-log.md").read_text(), (docs / "problems" / "not-ready.md").read_text()
    assert [code for code in Code if page.count(f"`{code}`") < len(LANGUAGES)] == []
    assert {code for code in Code if f"| `{code}` |" in problem} == RED


def test_a_trigger_that_somebody_dropped_is_told(small_house: Theatre) -> None:
    assert Code.UNGUARDED not in seen(small_house)
    with sqlite3.connect(small_house.stage.folder / "audit.sqlite") as connection:
        connection.execute("DROP TRIGGER audit_leaf_no_delete")
    assert Code.UNGUARDED in seen(small_house)


def test_a_log_that_grows_and_is_not_signed_is_late_after_ten_minutes_and_not_before(shared_house: Theatre) -> None:
    shared_house.open_case()
    shared_house.broker.sweeper().sign()
    assert Code.CHECKPOINT_LATE not in seen(shared_house, timedelta(hours=9))
    shared_house.open_case()
    assert Code.CHECKPOINT_LATE not in seen(shared_house, timedelta(minutes=9))
    assert Code.CHECKPOINT_LATE in seen(shared_house, timedelta(minutes=11))
    shared_house.broker.sweeper().sign()
    assert Code.CHECKPOINT_LATE not in seen(shared_house, timedelta(minutes=11))


def test_a_log_that_was_quiet_for_a_day_is_not_late_at_its_first_entry(small_house: Theatre) -> None:
    small_house.broker.sweeper().sign()
    house = small_house
    clock = house.broker.world.clock
    tomorrow = house.worker(replace(house.broker.world, clock=lambda: clock() + timedelta(hours=20)))
    try:
        tomorrow.log.append(draft("key.rotated", log="house", subject=None))
        assert Code.CHECKPOINT_LATE not in codes_of(tomorrow.watcher.look())
        tomorrow.sweeper().sign()
    finally:
        tomorrow.close()
    # this machine's clock is now twenty hours behind what the log was told
    assert Code.CLOCK_APART in seen(house)
    assert Code.CLOCK_APART not in seen(house, timedelta(hours=20))


def test_a_rate_under_a_name_that_nobody_is_registered_under_is_said_until_somebody_is(shared_house: Theatre) -> None:
    own = shared_house.broker
    rates = (("police-system", 5), (f"polise-{own.settings.port}", 5))
    watching = open_watcher(replace(own.settings, client_rates=rates), own.watcher._engine, own.log_engine, own.world.clock)
    assert watching.look().rates_of_nobody == (rates[1][0],)
    watching.check_ready()  # no reason to take a broker out of service
    own.clients.add(replace(own.clients.find("police-system"), client_id=rates[1][0]))
    assert watching.look().rates_of_nobody == ()


def test_the_database_s_clock_counts_where_it_has_one(shared_house: Theatre) -> None:
    apart = Code.CLOCK_APART in seen(shared_house, timedelta(minutes=6))
    assert apart is (shared_house.broker.log_engine.dialect.name == "postgresql")


def test_looking_writes_nothing_and_keeps_nobody_from_appending(shared_house: Theatre) -> None:
    before = shared_house.mark()
    for _ in range(3):
        assert watcher(shared_house).look().appendable
        shared_house.broker.log.append(draft("key.rotated", log="house", subject=None))
    grown = {log: size - before.get(log, 0) for log, size in shared_house.mark().items() if size != before.get(log, 0)}
    assert list(grown.values()) == [3]


def test_a_database_that_is_being_written_is_not_a_broken_one(shared_small_house: Theatre) -> None:
    with shared_small_house.broker.log_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        assert watcher(shared_small_house).look().appendable
        connection.exec_driver_sql("ROLLBACK")


def test_a_log_without_its_tables_cannot_be_appended_to_and_is_no_error(small_house: Theatre) -> None:
    with small_house.broker.log_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_head RENAME TO elsewhere")
    assert Code.APPEND_IMPOSSIBLE in seen(small_house)
    assert ready(small_house) == (503, ["append_impossible"])


def test_a_volume_without_room_is_red(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    assert Code.APPEND_IMPOSSIBLE in seen(shared_small_house)


def test_a_signer_that_refuses_makes_it_red_until_it_signs_again(small_house: Theatre) -> None:
    small_house.open_case()
    small_house.broker.sweeper().sign()
    anchor = Anchor(small_house.broker.settings.anchor)
    before = small_house.broker.settings.anchor.read_text()
    note = next(iter(anchor.read().values())).note
    small_house.broker.settings.anchor.write_text(json.dumps({**json.loads(before), "lost/log/2020": note}))
    sign, own = small_house.broker.sweeper().sign, small_house.broker
    with pytest.raises(SignerRefused):
        sign_and_note(sign, own.notes, own.world.clock)
    assert ready(small_house) == (503, ["signer_refused"])
    small_house.broker.settings.anchor.write_text(before)
    sign_and_note(sign, own.notes, own.world.clock)
    assert ready(small_house) == (204, [])


def test_what_a_crash_left_is_counted_and_said_when_nobody_settles_it(shared_house: Theatre) -> None:
    case = shared_house.open_case()
    left = draft("exchange.decision", log="waterstad-noord", subject=None)
    shared_house.broker.log.append(left)
    row = {"id": "0" * 36, "draft": "{}", "at_ms": int(datetime.now(UTC).timestamp() * 1000)}
    engine = shared_house.broker.watcher._engine
    with engine.begin() as connection:
        connection.execute(insert(pending_entry).values(row))
    early, late = (watcher(shared_house, later=timedelta(minutes=minutes)).look() for minutes in (1, 11))
    assert (early.open_decisions, early.debts) == (0, 0)
    assert (late.open_decisions, late.debts) == (1, 1)
    assert Code.SETTLING_LATE in codes_of(late)
    assert Code.SETTLING_LATE not in RED
    with engine.begin() as connection:
        connection.execute(pending_entry.delete())
    with shared_house.broker.log_engine.connect() as connection:
        assert len(open_decisions(connection, datetime.now(UTC) + timedelta(hours=1))) == 1
    shared_house.broker.sweeper().sweep(timedelta(seconds=-60))
    assert case


def test_a_stranger_may_ask_and_is_told_codes_alone(small_house: Theatre) -> None:
    small_house.open_case()
    small_house.broker.notes.verified(verdict_of(Exit.TAMPERED), small_house.broker.world.clock())
    before = small_house.mark()
    small_house.broker.watcher._seen = None
    answer = small_house.http.get("/v1/ready")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["codes"] == ["tampered"]
    assert set(answer.json()) == {"type", "title", "status", "detail", "codes"}
    assert answer.headers["Retry-After"]
    assert small_house.mark() == before


def test_any_number_of_probes_cost_one_look(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    eyes, looks = watcher(shared_small_house), 0
    look = eyes.look

    def counted() -> Look:
        nonlocal looks
        looks += 1
        return look()

    monkeypatch.setattr(eyes, "look", counted)
    for _ in range(50):
        eyes.check_ready()
    assert looks == 1
    assert FRESH_S <= 5


def test_a_look_that_hangs_is_a_log_that_does_not_answer(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    eyes = watcher(shared_small_house)
    monkeypatch.setattr("broker.health_look.PATIENCE_S", 0.01)
    with eyes._alone, pytest.raises(NotReady, match="append_impossible"):
        eyes.check_ready()


def environment(house: Theatre) -> dict[str, str]:
    chosen = house.broker.settings
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "health", "issuer", "log_name")
    return {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names}


def test_a_person_is_told_in_their_language_and_a_program_in_codes(small_house: Theatre) -> None:
    small_house.open_case()
    run = CliRunner()
    fine = run.invoke(command, ["health"], env=environment(small_house))
    assert fine.exit_code == 0
    assert fine.output.splitlines()[-1] == "het logboek kan zijn belofte houden"
    assert "oranje  verify_late: " in fine.output
    small_house.broker.sweeper().sign()
    verified = run.invoke(command, ["audit", "verify"], env=environment(small_house))
    assert verified.exit_code == 0, verified.output
    assert run.invoke(command, ["health", "--lang", "en"], env=environment(small_house)).output == "the log can keep its promise\n"
    small_house.broker.notes.refused(NOW)
    red = run.invoke(command, ["health", "--json"], env=environment(small_house))
    assert (red.exit_code, json.loads(red.output)) == (1, {"ready": False, "red": ["signer_refused"], "amber": []})


def test_metrics_without_a_port_are_refused_and_a_folder_that_cannot_be_made_is_named(small_house: Theatre, tmp_path: Path) -> None:
    assert CliRunner().invoke(command, ["metrics"], env=environment(small_house)).exit_code == 2
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="BROKER_HEALTH: expected a folder"):
        check_health(replace(small_house.broker.settings, metrics_port=9464, health=tmp_path / "file" / "folder"))


def test_a_disclosure_goes_on_while_somebody_looks(shared_house: Theatre) -> None:
    case = shared_house.open_case()
    watcher(shared_house).look()
    assert shared_house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")["fields"]
