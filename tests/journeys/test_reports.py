"""Somebody asks who received data about them: all of it is found, each controller decides about its own, and the rest is not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from broker.demo.people import CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.subject_report import subject_report
from broker.documents.subject_report_json import report_json
from broker.reporting.decisions import Choice, Considered, Ground
from broker.reporting.subject_reports import DraftReport, Reading
from policies.vocabulary import CovenantId, PartyId, RoleId
from tests.journeys.routes import NOBODYS_ID
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

READING = Reading("lawfulness", "draft", "command_line")
REPORTS = "/v1/audit/subject-reports"
DECISIONS = f"{REPORTS}/decisions"
CORPORATION_AND_POLICE = ("complaints.kind", "complaints.count_12m", "incidents.count_12m")


def exchanged(house: Theatre) -> str:
    """A case in which the municipality received fields of the corporation and of the police in one disclosure."""
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    house.ask(DIRECTOR, case, "end_nuisance", *CORPORATION_AND_POLICE)
    return case


def draft(house: Theatre, case: str, reading: Reading = READING) -> DraftReport:
    return house.broker.reporting.subject_reports.of_case(case, None, reading)


def own(house: Theatre, role: RoleId, case: str) -> list[Mapping[str, Any]]:
    """What a party is shown at its own door."""
    return list(house.post(role, REPORTS, {"for": "lawfulness", "case": case})["sharings"])


def of_case(draft: DraftReport, house: Theatre, case: str) -> list[Considered]:
    """The entries of this case alone: the resident of the theatre has others."""
    name = house.broker.subjects.case_pseudonym(case)
    here = {one.position.id for one in house.entries("exchange.release") if one.subject is not None and one.subject.case_pseudonym == name}
    return [one for one in draft.considered if one.sharing.entry in here]


def give(house: Theatre, role: RoleId, *entries: str) -> None:
    house.post(role, DECISIONS, {"decisions": [{"entry": entry, "decision": "give"} for entry in entries]})


def test_a_case_of_others_and_one_that_is_not_there_are_one_answer_and_leave_no_entry(shared_house: Theatre) -> None:
    case, before = shared_house.open_case(), shared_house.mark()
    answers = set()
    for one in (case, NOBODYS_ID):
        answer = shared_house.send(OFFICER, "POST", REPORTS, json={"for": "lawfulness", "case": one})
        answers.add((answer.status_code, answer.content))
    assert [status for status, _ in answers] == [404]
    assert shared_house.since(before) == []


def test_a_reference_that_nobody_registered_is_answered_as_one_of_whom_nothing_left(shared_house: Theatre) -> None:
    shared_house.post(
        DIRECTOR,
        "/v1/cases",
        {"covenant": COVENANT, "caseType": "serious_nuisance", "subjects": [{"kind": "tenant", "localReference": "P-known"}]},
    )
    answers, types = set(), []
    for reference in ("P-known", "P-of-nobody"):
        before = shared_house.mark()
        body = {"for": "lawfulness", "covenant": COVENANT, "localReference": reference}
        answer = shared_house.send(DIRECTOR, "POST", REPORTS, json=body)
        answers.add((answer.status_code, answer.content))
        types.append(shared_house.since(before))
    assert answers == {(200, b'{"sharings":[]}')}
    assert types == [["rights.report"], ["rights.report"]]


def test_a_party_cannot_decide_for_others_and_cannot_tell_their_entries_from_none(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    (entry, *_) = {one["entry"] for one in own(shared_house, DIRECTOR, case)}
    before, answers = shared_house.mark(), set()
    for one in (entry, NOBODYS_ID, shared_house.entries("case.opened")[-1].position.id):
        answer = shared_house.send(CASE_MANAGER, "POST", DECISIONS, json={"decisions": [{"entry": one, "decision": "give"}]})
        answers.add((answer.status_code, answer.content))
    # The corporation gave something in this entry, and still cannot speak for what the police gave.
    foreign = {"entry": entry, "from": "police", "decision": "give"}
    answer = shared_house.send(SOCIAL_MANAGER, "POST", DECISIONS, json={"decisions": [foreign]})
    answers.add((answer.status_code, answer.content))
    assert [status for status, _ in answers] == [404]
    assert shared_house.since(before) == []


def test_of_several_decisions_all_are_recorded_or_none(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    entry = own(shared_house, DIRECTOR, case)[0]["entry"]
    before = shared_house.mark()
    decisions = [{"entry": entry, "decision": "give"}, {"entry": NOBODYS_ID, "decision": "give"}]
    assert shared_house.problem(DIRECTOR, DECISIONS, {"decisions": decisions}) == (404, "unknown-disclosure")
    assert shared_house.since(before) == []


@pytest.mark.parametrize(
    "decision", [{"decision": "withhold"}, {"decision": "give", "ground": "wpg_27"}, {"decision": "withhold", "ground": "because"}]
)
def test_withholding_needs_a_ground_of_the_law_and_giving_none(shared_small_house: Theatre, decision: Mapping[str, str]) -> None:
    body = {"decisions": [{"entry": NOBODYS_ID, **decision}]}
    assert shared_small_house.problem(DIRECTOR, DECISIONS, body) == (400, "invalid-input")


def test_the_ground_of_the_police_is_for_what_they_gave_or_received(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    corporation = next(one for one in own(shared_house, DIRECTOR, case) if one["from"] == "corporation")
    choice = {"entry": corporation["entry"], "from": "corporation", "decision": "withhold", "ground": "wpg_27"}
    assert shared_house.problem(DIRECTOR, DECISIONS, {"decisions": [choice]}) == (400, "bad-command")
    police = choice | {"from": "police"}
    assert shared_house.post(DIRECTOR, DECISIONS, {"decisions": [police]}) == {"recorded": 1}


def test_a_party_sees_its_own_entries_and_its_own_decisions_alone(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    entry = own(shared_house, DIRECTOR, case)[-1]["entry"]
    give(shared_house, DIRECTOR, entry)
    mine = [one for one in own(shared_house, OFFICER, case) if one["entry"] == entry]
    assert [(one["from"], [field["name"] for field in one["fields"]], one["decisions"]) for one in mine] == [
        ("police", ["incidents.count_12m"], [])
    ]
    both = [one for one in own(shared_house, DIRECTOR, case) if one["entry"] == entry]
    assert [(one["from"], [decided["party"] for decided in one["decisions"]]) for one in both] == [
        ("corporation", ["municipality"]),
        ("police", ["municipality"]),
    ]
    assert own(shared_house, CASE_MANAGER, case) == []


def test_reading_is_on_the_record_before_the_answer_and_about_the_person(shared_house: Theatre) -> None:
    case, before = exchanged(shared_house), shared_house.mark()
    own(shared_house, OFFICER, case)
    (record,) = shared_house.entries("rights.report", after=before)
    assert record.core is not None
    assert record.subject is not None
    assert (record.core.requester, dict(record.core.details)) == ("police", {"for": "lawfulness", "stage": "draft", "via": "http"})
    assert record.subject.pseudonym == _subject(shared_house, case)


def test_nothing_is_told_until_both_controllers_give_it(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    entry = of_case(draft(shared_house, case), shared_house, case)[0].sharing.entry

    def told() -> list[PartyId]:
        return [one.giver for one in draft(shared_house, case).given if one.entry == entry]

    assert told() == []
    give(shared_house, DIRECTOR, entry)
    assert told() == []
    give(shared_house, SOCIAL_MANAGER, entry)
    assert told() == [CORPORATION]
    give(shared_house, OFFICER, entry)
    assert told() == [CORPORATION, POLICE]
    withheld = {"entry": entry, "decision": "withhold", "ground": "wpg_27"}
    shared_house.post(OFFICER, DECISIONS, {"decisions": [withheld]})
    assert told() == [CORPORATION]


def test_what_is_withheld_leaves_no_trace_on_any_paper(shared_house: Theatre) -> None:
    """The report of one who has more, all of it withheld, beside the report that never had it."""
    case = exchanged(shared_house)
    reports, now = shared_house.broker.reporting.subject_reports, shared_house.broker.world.clock()
    mine = of_case(draft(shared_house, case), shared_house, case)
    for one in mine:
        for party in one.sharing.controllers:
            reports.decide(party, [Choice(one.sharing.entry, one.sharing.giver, None)], None, "command_line")
    before = tuple(one.sharing for one in of_case(draft(shared_house, case), shared_house, case) if one.given)
    assert len(before) == len(mine) == 2
    shared_house.ask(DIRECTOR, case, "end_nuisance", *CORPORATION_AND_POLICE)
    found = draft(shared_house, case)
    more = of_case(found, shared_house, case)
    assert len(more) == 4
    newest = max(one.sharing.at for one in more)
    for one in more:
        if one.sharing.at == newest:
            reports.decide(one.sharing.giver, [Choice(one.sharing.entry, one.sharing.giver, Ground.UAVG_41)], None, "command_line")
    more = of_case(draft(shared_house, case), shared_house, case)
    after = tuple(one.sharing for one in more if one.given)
    for language in ("nl", "en"):
        for printer in (markdown, html):
            pages = {printer(subject_report(found.covenant, told, now), language) for told in (before, after)}
            assert len(pages) == 1
    assert report_json(found.covenant, before, now) == report_json(found.covenant, after, now)


def test_every_subject_of_one_person_is_found_and_only_by_whom_it_concerns(shared_house: Theatre) -> None:
    """The corporation and the police report the same person apart; the municipality knows both as one (docs/adr/0015)."""
    house = shared_house
    case = exchanged(house)
    second = house.post(
        OFFICER,
        "/v1/connectors/police/signals",
        {
            "covenant": COVENANT,
            "kind": "nuisance",
            "subject": {"kind": "tenant", "localReference": "POL-2"},
            "words": "Meldingen aan de meldkamer.",
        },
    )
    other = house.post(DIRECTOR, f"/v1/connectors/municipality/signals/{second['id']}/answers", {"answer": "accept"})["case"]
    house.get(DIRECTOR, f"/v1/connectors/municipality/signals/{second['id']}/words")
    house.identify(DIRECTOR, other)
    assert _subject(house, case) != _subject(house, other)
    found = {(one.subject, one.sharing.giver, one.sharing.receiver, one.sharing.signal) for one in draft(house, case).considered}
    linked = house.broker.reporting.subject_reports._persons.case(other).subjects[0][0]
    assert (linked, POLICE, MUNICIPALITY, "nuisance") in found
    # The corporation does not know the second case; it is told nothing of it.
    assert {one["entry"] for one in own(house, SOCIAL_MANAGER, case)}.isdisjoint(
        {one.sharing.entry for one in draft(house, case).considered if one.subject == linked}
    )
    by_reference = house.broker.reporting.subject_reports.of_reference(
        CovenantId(COVENANT), MUNICIPALITY, MAIN.references[MUNICIPALITY], READING
    )
    assert {one.sharing.place for one in by_reference.considered} >= {one.sharing.place for one in draft(house, case).considered}


def test_what_was_recalled_is_said(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    shared_house.post(OFFICER, f"/v1/connectors/police/cases/{case}/withdrawals", {"fields": ["incidents.count_12m"]})
    found = of_case(draft(shared_house, case), shared_house, case)
    recalled = {one.sharing.giver: [(each.reason, each.fields) for each in one.sharing.recalled] for one in found}
    assert recalled == {CORPORATION: [], POLICE: [("withdrawn", ("incidents.count_12m",))]}
    now = shared_house.broker.world.clock()
    paper = markdown(subject_report(draft(shared_house, case).covenant, [one.sharing for one in found], now), "nl")
    assert "Teruggeroepen" in paper


def test_a_decision_is_the_controllers_and_says_through_which_door(shared_house: Theatre) -> None:
    case = exchanged(shared_house)
    entry = of_case(draft(shared_house, case), shared_house, case)[0].sharing.entry
    give(shared_house, OFFICER, entry)
    record = shared_house.entries("rights.decided")[-1]
    assert record.core is not None
    assert record.actor is not None
    assert (record.envelope.ref, record.core.requester, record.actor.on_behalf_of) == (entry, "police", "police")
    assert dict(record.core.details) == {"decision": "give", "giver": "police", "via": "http"}
    reports = shared_house.broker.reporting.subject_reports
    reports.decide(POLICE, [Choice(entry, None, Ground.WPG_27)], None, "command_line")
    record = shared_house.entries("rights.decided")[-1]
    assert record.core is not None
    assert (record.actor, dict(record.core.details)["via"], dict(record.core.details)["ground"]) == (None, "command_line", "wpg_27")


def test_the_log_still_holds(shared_house: Theatre) -> None:
    assert shared_house.verdict().findings == ()


def _subject(house: Theatre, case: str) -> str:
    return house.broker.subjects.pseudonym(house.broker.reporting.subject_reports._persons.case(case).subjects[0][0])


def test_a_person_that_was_erased_is_said_to_be_and_the_reading_is_still_on_the_record(small_house: Theatre) -> None:
    case = exchanged(small_house)
    with sqlite3.connect(small_house.stage.folder / "keystore.sqlite") as keystore:
        keystore.execute("DELETE FROM subject_key")
    with closing(small_house.worker()) as worker:
        before = small_house.mark()
        found = worker.reporting.subject_reports.of_case(case, None, READING)
        assert (found.considered, found.erased) == ((), 1)
        assert small_house.since(before) == ["rights.report"]
