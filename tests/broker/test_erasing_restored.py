"""A restored backup of deposit or registry brings people back: they are erased again, and nobody else for want of a newer keystore."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from audit.entry import ERASURE
from broker import erasing_restored
from broker.cli import broker as command
from broker.database import open_engine
from broker.erasing_restored import Back
from broker.upkeep import upkeep
from connectors.deposit import TextKind
from connectors.deposit.tables import contribution, reference, text
from tests.broker.test_erasing import OFFICER_OF_PRIVACY, closed_case, found, subject_of
from tests.broker.test_retaining import TIMER, close, later
from tests.broker.test_scrubbing import killed_before_scrubbing
from tests.stage import DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

NOTHING = Back(frozenset(), frozenset(), frozenset(), 0)


@contextmanager
def put_back(house: Theatre, *rooms: str) -> Iterator[None]:
    """Back up before the block and restore after it."""
    files = {room: house.stage.folder / f"{room}.sqlite" for room in rooms}
    for file in files.values():
        copied(file, file.with_suffix(".backup"))
    yield
    for file in files.values():
        copied(file.with_suffix(".backup"), file)
        file.with_suffix(".backup").unlink()


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def erase(house: Theatre, case: str, *, at_once: bool = True) -> None:
    with upkeep(house.broker) as kept:
        kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)
        assert kept.erasing.run(at_once=at_once).clean


def somebody_else(house: Theatre) -> None:
    subject = {"kind": "tenant", "localReference": "H-somebody-else"}
    body = {"covenant": "waterstad-noord", "kind": "nuisance", "subject": subject, "words": "Een ander."}
    house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", body)


def left(house: Theatre) -> dict[str, set[str]]:
    engine = open_engine(house.broker.settings.deposit_url)
    columns = {"given": contribution.c.subject, "referred": reference.c.subject, "texts": text.c.id}
    with engine.connect() as connection:
        found = {name: set(connection.execute(select(column)).scalars()) for name, column in columns.items()}
    engine.dispose()
    return found


@pytest.mark.parametrize("rooms", [("deposit",), ("broker",), ("deposit", "broker")])
@pytest.mark.parametrize("at_once", [True, False], ids=["removed", "waiting"])
def test_who_came_back_is_erased_again_from_rows_and_files_and_whoever_else_is_there_stays(
    small_house: Theatre,
    monkeypatch: pytest.MonkeyPatch,
    rooms: tuple[str, ...],
    at_once: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(erasing_restored, "UNNAMED", timedelta(0))
    house = small_house
    erased = closed_case(house)
    subject = subject_of(house, erased)
    somebody_else(house)
    with put_back(house, *rooms):
        erase(house, erased, at_once=at_once)
        stays = left(house)
    entries, there = len(house.entries(ERASURE)), left(house)
    with upkeep(house.broker) as kept:
        look = kept.restored.look()
        assert (look.subjects, look.cases, look.unknown) == ({subject}, frozenset(), 0)
        assert left(house) == there
        assert kept.restored.erase_again() == look
        assert kept.restored.erase_again() == NOTHING
    assert left(house) == stays
    assert (len(stays["referred"]), len(stays["texts"])) == (1, 1)
    assert not found(house.stage.folder / "deposit.sqlite", subject.encode())
    assert len(house.entries(ERASURE)) == entries
    assert house.verdict().findings == ()


def test_a_text_that_a_request_may_be_about_to_name_stays(small_house: Theatre) -> None:
    erase(small_house, closed_case(small_house))
    with upkeep(small_house.broker) as kept:
        kept.deposit.keep_text(TextKind.SIGNAL, "01890a5d-ac96-774b-bcce-b302099a8057", "Nog geen melding.")
        assert kept.restored.erase_again() == NOTHING
        assert kept.deposit.text_of(TextKind.SIGNAL, "01890a5d-ac96-774b-bcce-b302099a8057")


def test_who_is_younger_than_the_keystore_has_no_key_and_is_not_taken_for_erased(small_house: Theatre) -> None:
    house = small_house
    erase(house, closed_case(house))
    with put_back(house, "keystore"):
        closed_case(house)
        somebody_else(house)
    before = left(house)
    assert len(before["given"]) == 1
    with upkeep(house.broker) as kept:
        assert kept.restored.erase_again() == replace(NOTHING, unknown=2)
    assert left(house) == before


def test_what_is_younger_than_the_registry_stays_and_no_text_is_taken_for_unnamed(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing_restored, "UNNAMED", timedelta(0))
    house = small_house
    erased = closed_case(house)
    with put_back(house, "broker"):
        somebody_else(house)
        before = left(house)
        erase(house, erased)
        stays = left(house)
    assert len(before["texts"] - stays["texts"]) == 1
    with upkeep(house.broker) as kept:
        assert kept.restored.erase_again().unknown == 1
    assert left(house) == stays


def test_what_was_given_for_a_case_younger_than_the_registry_stays(small_house: Theatre) -> None:
    house = small_house
    house.open_case("triage")
    with put_back(house, "broker"):
        house.contribute(OFFICER, house.open_case("plan"), incidents__count_12m=7)
    before = left(house)
    with upkeep(house.broker) as kept:
        assert kept.restored.erase_again() == replace(NOTHING, unknown=1)
    assert left(house) == before


def test_who_is_in_a_case_that_a_restored_registry_opened_again_waits_until_it_is_closed(small_house: Theatre) -> None:
    house = small_house
    case = house.open_case("plan")
    with put_back(house, "deposit", "broker"):
        close(house, case)
        erase(house, case)
    with upkeep(house.broker) as kept:
        assert kept.restored.erase_again() == replace(NOTHING, unknown=1)
        close(house, case)
        assert (len(kept.restored.erase_again().subjects), kept.restored.look()) == (1, NOTHING)
    assert left(house) == {"given": set(), "referred": set(), "texts": set()}


def test_broken_off_it_is_owed_and_goes_on(small_house: Theatre) -> None:
    erased = closed_case(small_house)
    with put_back(small_house, "deposit"):
        erase(small_house, erased)
    with upkeep(small_house.broker) as kept:
        with killed_before_scrubbing(1):
            kept.restored.erase_again()
        assert kept.erasing.owes()
        assert kept.restored.erase_again().clean
        assert not kept.erasing.owes()


def test_what_was_given_for_a_case_past_its_time_goes_again_also_where_the_person_stays(small_house: Theatre) -> None:
    house = small_house
    old = house.open_case("plan")
    house.contribute(OFFICER, old, incidents__count_12m=7)
    close(house, old, "unfounded")
    house.open_case("triage")
    with put_back(house, "deposit"):
        worker = house.worker(later(house, timedelta(days=31)))
        with closing(worker), upkeep(worker) as kept:
            assert kept.retaining.run(TIMER, at_once=True).cases == 1
    with upkeep(house.broker) as kept:
        back = kept.restored.erase_again()
        assert (back.subjects, back.cases, back.unknown) == (frozenset(), {old}, 0)
        assert kept.restored.erase_again() == NOTHING
    assert left(house)["given"] == set()
    assert not found(house.stage.folder / "deposit.sqlite", old.encode())


def environment(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(house.broker.settings, name)))


def test_the_command_counts_says_what_is_unknown_and_exits_with_1(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    house = small_house
    environment(house, monkeypatch)
    erased = closed_case(house)
    with put_back(house, "deposit"):
        erase(house, erased)
    for words, said in ((["--dry-run"], "er is niets gewist"), ([], "weer gewist"), (["--lang", "en"], "0 persons, 0 texts, 0 cases")):
        told = CliRunner().invoke(command, ["audit", "erase", "--check-deposit", *words])
        assert (told.exit_code, said in told.output) == (0, True), told.output
    with put_back(house, "keystore"):
        somebody_else(house)
    told = CliRunner().invoke(command, ["audit", "erase", "--check-deposit", "--json"])
    assert (told.exit_code, json.loads(told.output)) == (1, {"subjects": 0, "texts": 0, "cases": 0, "unknown": 1, "clean": True})
    assert "onbekend" in CliRunner().invoke(command, ["audit", "erase", "--check-deposit"]).output


def test_a_keystore_of_the_same_backup_is_told_first_since_whoever_has_a_key_again_looks_alive(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing_restored, "UNNAMED", timedelta(0))
    house = small_house
    environment(house, monkeypatch)
    erased = closed_case(house)
    with put_back(house, "deposit", "keystore"):
        erase(house, erased)
        stays = left(house)
    for words in ([], ["--dry-run"]):
        told = CliRunner().invoke(command, ["audit", "erase", "--check-deposit", *words])
        assert (told.exit_code, "--check-keystore" in told.output) == (1, True)
    assert CliRunner().invoke(command, ["audit", "erase", "--check-keystore"]).exit_code == 0
    assert "1 personen" in CliRunner().invoke(command, ["audit", "erase", "--check-deposit"]).output
    assert left(house) == stays


@pytest.mark.parametrize("words", [["--dry-run"], ["--check-keystore", "--dry-run"], ["--check-keystore", "--check-deposit"]])
def test_a_command_that_would_do_something_else_than_it_was_asked_does_nothing(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    house = small_house
    environment(house, monkeypatch)
    case = closed_case(house)
    with upkeep(house.broker) as kept:
        kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)
    before = left(house)
    assert CliRunner().invoke(command, ["audit", "erase", *words]).exit_code == 2
    assert left(house) == before
    assert house.entries(ERASURE) == []


def test_the_words_of_moves_go_with_their_case(small_house: Theatre) -> None:
    house = small_house
    case = house.open_case("triage")
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation", "reason": "Er is meer aan de hand."})
    close(house, case, "unfounded")
    assert len(left(house)["texts"]) == 2
    worker = house.worker(later(house, timedelta(days=2 * 366)))
    with closing(worker), upkeep(worker) as kept:
        assert kept.retaining.run(TIMER, at_once=True).clean
    assert left(house)["texts"] == set()
