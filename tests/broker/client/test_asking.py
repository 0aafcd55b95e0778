"""A partner's system through the kit: ask, give, report, take part; every value typed, every refusal a problem."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from broker.client import Ask, Person, Refused, Released
from broker.demo.people import CORPORATION, MAIN, MUNICIPALITY, POLICE
from tests.broker.client.conftest import Desk
from tests.broker.client.kit import acting, client_at
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


def test_an_ask_is_answered_field_by_field_and_its_receipt_is_kept(desk: Desk) -> None:
    disclosure = desk.director.ask(Ask(desk.case, "end_nuisance", ("complaints.count_12m", "incidents.count_12m", "support.kind")))
    assert disclosure.value("complaints.count_12m") == 17
    assert (disclosure.fields["incidents.count_12m"].form, disclosure.value("incidents.count_12m")) == ("bands(0-2,3-9,10+)", "3-9")
    assert [(one.field, one.reason) for one in disclosure.withheld] == [("support.kind", "not_in_covenant")]
    assert (disclosure.covenant.id, disclosure.case, disclosure.unavailable) == (COVENANT, desk.case, ())
    (kept,) = desk.client.store.receipts()
    assert (kept.disclosure, kept.position, kept.note, kept.case) == (disclosure.id, disclosure.position, disclosure.receipt, desk.case)
    assert dict(kept.fields) == {"complaints.count_12m": "full", "incidents.count_12m": "bands(0-2,3-9,10+)"}
    with pytest.raises(KeyError):
        disclosure.value("support.kind")


def test_a_strict_ask_is_refused_for_one_field(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.director.ask(Ask(desk.case, "end_nuisance", ("complaints.count_12m", "support.kind"), strict=True))
    assert refused.value.problem.slug == "unauthorized-field"


def test_what_may_be_asked_is_told_with_its_form(desk: Desk) -> None:
    permissions = {one.field: one for one in desk.director.permissions(desk.case, "end_nuisance")}
    assert permissions["incidents.count_12m"].form == "bands(0-2,3-9,10+)"
    assert "support.kind" not in permissions


def test_an_ask_for_nothing_or_for_one_field_twice_is_not_made() -> None:
    for fields in ((), ("a.b", "a.b")):
        with pytest.raises(ValueError, match="each once"):
            Ask("case", "purpose", fields)


def test_what_the_broker_finds_wrong_is_told_with_its_place(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.director.ask(Ask(desk.case, "end_nuisance", ("Not A Field",)))
    assert refused.value.problem.slug == "invalid-input"
    assert refused.value.problem.errors == ("#/fields/0: expected a field as category.field",)


def test_every_call_has_a_trace_and_an_ask_one_idempotency_key(desk: Desk) -> None:
    desk.director.ask(Ask(desk.case, "end_nuisance", ("complaints.count_12m",)))
    ask = desk.hands.seen[-1]
    assert ask.headers["traceparent"].startswith("00-")
    assert len(ask.headers["idempotency-key"]) == 32
    assert ask.headers["accept-encoding"] == "identity"


def test_a_name_in_a_path_leads_nowhere_else(desk: Desk) -> None:
    for name in ("../../v1/covenants/waterstad-noord", "..", "a/b?c#d", "."):
        with pytest.raises(Refused):
            desk.director.cases.one(name)
        assert desk.hands.seen[-1].url.raw_path.startswith(b"/v1/cases/")
        assert desk.hands.seen[-1].url.raw_path.count(b"/") == 3


def test_from_a_signal_to_a_case_that_is_closed(small_house: Theatre, tmp_path: Path) -> None:
    house = small_house
    with client_at(house, CORPORATION, tmp_path) as corporation, client_at(house, MUNICIPALITY, tmp_path) as municipality:
        manager, director = acting(corporation, SOCIAL_MANAGER), acting(municipality, DIRECTOR)
        person = Person("tenant", MAIN.references[CORPORATION])
        signal = manager.signals.report(COVENANT, "nuisance", person, "Elke nacht geluid.")
        assert MAIN.references[CORPORATION] not in repr(person)
        assert (signal.state, signal.sender, signal.case) == ("open", CORPORATION, None)
        assert [one.id for one in director.signals.waiting()] == [signal.id]
        assert director.signals.words(signal.id) == "Elke nacht geluid."
        case = director.signals.accept(signal.id)
        found = director.cases.identify(case, "match", MAIN.references[MUNICIPALITY])
        assert (found.id, found.phase, [one.number for one in found.subjects]) == (case, "triage", [1])
        assert director.cases.move(case, "consultation").phase == "consultation"
        director.cases.invite(case, POLICE)
        with client_at(house, POLICE, tmp_path) as police:
            officer = acting(police, OFFICER)
            assert officer.cases.open_ones()[0].invited
            assert not officer.cases.join(case).invited
            officer.cases.identify(case, "match", MAIN.references[POLICE])
            assert officer.contribute(case, {"incidents.count_12m": Released(7, as_of=date(2026, 11, 1))})
            ask = Ask(case, "end_nuisance", ("incidents.count_12m",))
            assert director.ask(ask).value("incidents.count_12m") == "3-9"
            officer.cases.veto(case)
            assert [one.reason for one in director.ask(ask).withheld] == ["not_given"]
            officer.cases.veto(case, lifted=True)
            assert officer.withdraw(case, ["incidents.count_12m"]) == ("incidents.count_12m",)
            assert [one.reason for one in director.ask(ask).withheld] == ["not_given"]
            assert [one.reason for one in director.recalls()] == ["withdrawn"]
            officer.cases.leave(case)
        director.cases.close(case, "resolved")
        with pytest.raises(Refused, match="unknown-case"):
            director.cases.one(case)


def test_a_signal_is_declined_and_a_case_is_opened_by_its_owner(small_house: Theatre, tmp_path: Path) -> None:
    with client_at(small_house, CORPORATION, tmp_path) as corporation, client_at(small_house, MUNICIPALITY, tmp_path) as municipality:
        director = acting(municipality, DIRECTOR)
        signal = acting(corporation, SOCIAL_MANAGER).signals.report(COVENANT, "nuisance", Person("tenant"), "Iets.")
        director.signals.decline(signal.id)
        assert [one.state for one in director.signals.waiting()] == ["declined"]
        opened = director.cases.start(COVENANT, "serious_nuisance", [Person("tenant", MAIN.references[MUNICIPALITY])])
        assert director.cases.one(opened.id) == opened


def test_a_professional_of_another_partys_role_gets_no_token(desk: Desk) -> None:
    with pytest.raises(Exception, match="the role is not one of this party") as refused:
        acting(desk.client, CASE_MANAGER).token()
    assert type(refused.value).__name__ == "TokenRefused"


def test_a_token_with_fewer_scopes_opens_less(desk: Desk) -> None:
    narrow = desk.client.acting_for("municipality-director-01", DIRECTOR, {"door:connector"})
    assert narrow.cases.open_ones()
    with pytest.raises(Refused, match="wrong-door"):
        narrow.cases.one(desk.case)
