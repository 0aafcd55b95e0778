"""Erasing a person: on the record first, everywhere at last, and whoever is killed in between goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, make_url, select

from audit.entry import ERASURE, Actor
from audit.erasure import held_under
from audit.errors import SubjectKeyGone
from audit.verdict import Exit
from broker.demo.people import CORPORATION, MAIN, POLICE
from broker.erasing import Erasing, ErasureRefused
from broker.erasing_orders import Orders
from broker.subjects import erasure_order, shredded_key, subject_key
from broker.upkeep import Upkeep, upkeep
from connectors.deposit.tables import contribution, reference, text
from tests.stage import DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

OFFICER_OF_PRIVACY = Actor("fg-0427", "privacy_officer", "municipality")


def closed_case(house: Theatre) -> str:
    case = house.open_case("plan")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m", "incidents.count_12m")
    close(house, case)
    return case


def close(house: Theatre, case: str) -> None:
    house.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": "resolved"})


def subject_of(house: Theatre, case: str) -> str:
    with upkeep(house.broker) as kept:
        found = kept.registry.case(case)
    assert found is not None
    return found.subjects[0][0]


def rows(kept: Upkeep) -> dict[str, int]:
    erasing: Erasing = kept.erasing
    with erasing._deposit_engine.connect() as connection:  # the engine of the rooms that are looked into
        deposit = {table.name: len(connection.execute(select(table)).all()) for table in (contribution, reference, text)}
    with erasing._keystore.connect() as connection:
        keys = {table.name: len(connection.execute(select(table)).all()) for table in (subject_key, erasure_order, shredded_key)}
    return deposit | keys


def test_an_unknown_case_or_number_is_refused(small_house: Theatre) -> None:
    case = closed_case(small_house)
    with upkeep(small_house.broker) as kept:
        for case_id, number in ((case, 2), ("01890a5d-ac96-774b-bcce-b302099a8057", 1)):
            with pytest.raises(ErasureRefused) as refused:
                kept.erasing.person(case_id, number)
            assert refused.value.code == "unknown"


def test_who_is_in_an_open_case_or_signal_is_not_erased(small_house: Theatre) -> None:
    case = small_house.open_case("plan")
    with upkeep(small_house.broker) as kept:
        with pytest.raises(ErasureRefused) as refused:
            kept.erasing.person(case, 1)
        assert refused.value.code == "open_case"
        close(small_house, case)
        signal(small_house)
        with pytest.raises(ErasureRefused) as refused:
            kept.erasing.person(case, 1)
        assert refused.value.code == "open_signal"


def signal(house: Theatre) -> str:
    subject = {"kind": "tenant", "localReference": MAIN.references[CORPORATION]}
    body = {"covenant": "waterstad-noord", "kind": "nuisance", "subject": subject, "words": "Weer lawaai."}
    return str(house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", body)["id"])


def test_a_person_is_erased_everywhere_and_the_log_stays_whole(house: Theatre) -> None:
    case = closed_case(house)
    subject = subject_of(house, case)
    house.broker.sweeper().sign()
    with upkeep(house.broker) as kept:
        before = rows(kept)
        assert before["deposit_contribution"] == 1
        assert before["deposit_reference"] > 0
        assert before["deposit_text"] == 1
        sealed = held_under(house.broker.log_engine, {subject})
        person = kept.erasing.person(case, 1)
        kept.erasing.order(person, "avg_17_1_a", OFFICER_OF_PRIVACY)
        done = kept.erasing.run(at_once=True)
        assert (done.ordered, done.finished, done.waiting, done.entries, done.clean) == (1, 1, 0, len(sealed), True)
        after = rows(kept)
        assert (after["deposit_contribution"], after["deposit_reference"], after["deposit_text"]) == (0, 0, 0)
        assert (after["erasure_order"], after["shredded_key"], after["subject_key"]) == (0, 1, before["subject_key"] - 1)
    with pytest.raises(SubjectKeyGone):
        house.broker.subjects.key(subject)
    assert held_under(house.broker.log_engine, {subject}) == ()
    house.broker.sweeper().sign()
    verdict = house.verdict()
    assert verdict.findings == ()
    assert verdict.exit is Exit.VERIFIED
    assert sum(log.erased for log in verdict.logs) == len(sealed)
    order, erased = house.entries(ERASURE)
    assert order.actor == OFFICER_OF_PRIVACY
    assert order.core is not None
    assert erased.core is not None
    assert (order.core.reasons, order.core.entries, order.core.command) == (("avg_17_1_a",), (), "order")
    assert erased.core.entries == tuple(one.entry_id for one in sealed)


def test_asking_about_the_case_of_somebody_erased_is_refused_and_recorded_as_ever(small_house: Theatre) -> None:
    case = closed_case(small_house)
    body = {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    before = small_house.problem(DIRECTOR, "/v1/connectors/municipality/disclosures", body)
    erase(small_house, case)
    mark = small_house.mark()
    assert small_house.problem(DIRECTOR, "/v1/connectors/municipality/disclosures", body) == before
    assert small_house.since(mark) == ["exchange.decision", "exchange.refused"]


def erase(house: Theatre, case: str, *, at_once: bool = True) -> None:
    with upkeep(house.broker) as kept:
        kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)
        kept.erasing.run(at_once=at_once)


def test_an_order_waits_for_others_and_is_unreadable_meanwhile(small_house: Theatre) -> None:
    case = closed_case(small_house)
    subject = subject_of(small_house, case)
    erase(small_house, case, at_once=False)
    here = held_under(small_house.broker.log_engine, {subject})
    assert here
    with pytest.raises(SubjectKeyGone, match="has been destroyed"):
        small_house.broker.subjects.key(subject)
    small_house.broker.sweeper().sign()
    assert small_house.verdict().exit is Exit.VERIFIED
    (order,) = small_house.entries(ERASURE)
    assert order.core is not None
    assert not order.core.entries
    with upkeep(small_house.broker) as kept:
        assert kept.erasing.run().waiting == 1
        assert kept.erasing.run(at_once=True).entries == len(here)
    assert small_house.verdict().findings == ()


def test_an_order_of_a_clock_that_was_a_year_ahead_does_not_wait_for_that_year(small_house: Theatre) -> None:
    case, clock = closed_case(small_house), small_house.broker.world.clock
    ahead = small_house.worker(replace(small_house.broker.world, clock=lambda: clock() + timedelta(days=366)))
    with closing(ahead), upkeep(ahead) as kept:
        kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)
    with upkeep(small_house.broker) as kept:
        done = kept.erasing.run()
        assert (done.ordered, done.finished, done.waiting) == (1, 1, 0)


def test_a_legal_hold_keeps_a_person_until_it_is_lifted(small_house: Theatre) -> None:
    case = closed_case(small_house)
    with upkeep(small_house.broker) as kept:
        state = kept.registry.case(case)
        assert state is not None
        kept.holds.set_case(state, "legal_claim", OFFICER_OF_PRIVACY)
        kept.holds.set_party("waterstad-noord", POLICE, "investigation", OFFICER_OF_PRIVACY)
        for _ in range(2):
            with pytest.raises(ErasureRefused) as refused:
                kept.erasing.person(case, 1)
            assert refused.value.code == "held"
            kept.holds.lift(kept.holds.standing({"waterstad-noord"})[0], OFFICER_OF_PRIVACY)
        assert kept.holds.standing({"waterstad-noord"}) == ()
        kept.erasing.person(case, 1)
    assert [one.envelope.typ for one in small_house.entries("rights.hold_set", "rights.hold_lifted")] == [
        *["rights.hold_set"] * 2,
        *["rights.hold_lifted"] * 2,
    ]


def test_a_hold_that_comes_after_the_order_and_before_its_entry_still_counts(small_house: Theatre) -> None:
    case = closed_case(small_house)
    with upkeep(small_house.broker) as kept:
        kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)
        kept.holds.set_party("waterstad-noord", POLICE, "investigation", OFFICER_OF_PRIVACY)
        with pytest.raises(ErasureRefused):
            kept.erasing.run(at_once=True)
    assert small_house.entries(ERASURE) == []
    assert small_house.broker.subjects.fingerprint(subject_of(small_house, case))


class Killed(BaseException):
    """The process ended here."""


@contextmanager
def killed_at(number: int) -> Iterator[None]:
    """Break off before the n-th statement that changes something in any room but the log's appends, which have tests of their own."""
    left = number

    def step(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal left
        left -= statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "VACUUM", "PRAGMA wal_checkpoint"))
        if left <= 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", step)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", step)


def test_killed_anywhere_the_next_run_goes_on_and_nothing_ever_looks_tampered(small_house: Theatre) -> None:
    case = closed_case(small_house)
    with upkeep(small_house.broker) as kept:
        kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)
        for number in range(1, 100):
            try:
                with killed_at(number):
                    done = kept.erasing.run(at_once=True)
            except Killed:
                assert small_house.verdict().findings == (), number
                continue
            break
        assert number > 10
        assert done.finished == 1
        assert Orders(kept.erasing._keystore).waiting() == ()
        assert kept.erasing.run() == replace(done, ordered=0, finished=0, entries=0)
    assert small_house.verdict().findings == ()
    assert held_under(small_house.broker.log_engine, {subject_of(small_house, case)}) == ()


def test_a_restored_keystore_does_not_bring_a_key_back(house: Theatre) -> None:
    case = closed_case(house)
    subject = subject_of(house, case)
    with upkeep(house.broker) as kept:
        keystore = kept.erasing._keystore
        with keystore.connect() as connection:
            backup = connection.execute(select(subject_key)).all()
        erase(house, case)
        assert kept.erasing.destroy_again() == 0
        with keystore.begin() as connection:
            for table in (subject_key, shredded_key):
                connection.execute(table.delete())
            connection.execute(subject_key.insert(), [row._asdict() for row in backup])
        assert house.broker.subjects.fingerprint(subject)
        assert kept.erasing.destroy_again() == 1
        assert kept.erasing.destroy_again() == 0
        with keystore.connect() as connection:
            assert {row.id for row in connection.execute(select(subject_key))} == {row.id for row in backup} - {subject}


def test_the_key_and_what_was_sealed_under_it_are_in_no_file_any_more(small_house: Theatre) -> None:
    case = closed_case(small_house)
    broker, subject = small_house.broker, subject_of(small_house, case)
    with upkeep(broker) as kept:
        with kept.erasing._keystore.connect() as connection:
            wrapped = bytes(connection.execute(select(subject_key.c.wrapped).where(subject_key.c.id == subject)).scalar_one())
        with kept.erasing._deposit_engine.connect() as connection:
            content = [bytes(row.body) for table in (contribution, reference, text) for row in connection.execute(select(table))]
    pseudonyms = [broker.subjects.pseudonym(subject).encode(), broker.subjects.case_pseudonym(case).encode()]
    # the registry owed the log its entries for a moment each
    marks = {"audit": pseudonyms, "broker": pseudonyms, "deposit": [*content, subject.encode()], "keystore": [wrapped]}
    settings = broker.settings
    urls = {
        "audit": settings.audit_url,
        "broker": settings.database_url,
        "deposit": settings.deposit_url,
        "keystore": settings.keystore_url,
    }
    files = {room: Path(make_url(url).database or "") for room, url in urls.items()}
    assert all(found(files[room], mark) for room, those in marks.items() for mark in those)
    erase(small_house, case, at_once=False)
    assert [(room, found(files[room], mark)) for room in ("broker", "deposit") for mark in marks[room] if found(files[room], mark)] == []
    with upkeep(broker) as kept:
        kept.erasing.run(at_once=True)
    assert [(room, found(files[room], mark)) for room, those in marks.items() for mark in those if found(files[room], mark)] == []


def found(file: Path, mark: bytes) -> int:
    return sum(path.read_bytes().count(mark) for path in file.parent.glob(f"{file.name}*"))


def test_two_subjects_that_a_party_knows_as_one_are_one_person(small_house: Theatre) -> None:
    first, second = closed_case(small_house), closed_case(small_house)
    with upkeep(small_house.broker) as kept:
        person = kept.erasing.person(first, 1)
        assert {case.id for case in person.known.cases} == {first, second}
        assert person.subjects >= {subject_of(small_house, first), subject_of(small_house, second)}
