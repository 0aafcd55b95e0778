"""A case that does not exist, one of others and one that is closed are one answer, on every route that names a case."""

from __future__ import annotations

import pytest

from policies.vocabulary import RoleId
from tests.journeys.absence import absent_cases, requests_about
from tests.journeys.routes import NOBODYS_ID
from tests.stage import CASE_MANAGER, OFFICER, Theatre


@pytest.mark.parametrize("role", [OFFICER, CASE_MANAGER])
def test_the_answers_are_the_same_bytes(shared_house: Theatre, role: RoleId) -> None:
    cases = absent_cases(shared_house, role)
    requests = requests_about(shared_house, role)
    assert len(requests) >= 15
    for route, request in requests.items():
        answers = {}
        for which, case in cases.items():
            answer = request(case)
            headers = {name: value for name, value in answer.headers.items() if name != "traceparent"}
            answers[which] = (answer.status_code, answer.content, headers)
        assert answers["unknown"][0] == 404, route
        assert [which for which, answer in answers.items() if answer != answers["unknown"]] == [], route


def test_they_are_not_listed_either(shared_house: Theatre) -> None:
    cases = absent_cases(shared_house, OFFICER)
    listed = {case["id"] for case in shared_house.get(OFFICER, "/v1/connectors/police/cases")["cases"]}
    assert listed.isdisjoint(cases.values())


def test_each_is_recorded_with_its_own_reason_and_once(shared_house: Theatre) -> None:
    cases = absent_cases(shared_house, OFFICER)
    ask = requests_about(shared_house, OFFICER)["POST /v1/connectors/<party>/disclosures"]
    reasons = {}
    for which, case in cases.items():
        mark = shared_house.mark()
        ask(case)
        decision, refusal = shared_house.entries(after=mark)
        assert (decision.envelope.typ, refusal.envelope.typ) == ("exchange.decision", "exchange.refused")
        assert refusal.core is not None
        (reasons[which],) = refusal.core.reasons
    assert reasons == {
        "unknown": "unknown_case",
        "foreign": "foreign_case",
        "closed": "closed_case",
        "closed after an invitation": "closed_case",
        "closed and foreign": "closed_case",
    }


def test_whoever_tries_ids_one_after_the_other_shows_in_the_log(shared_house: Theatre) -> None:
    ask = requests_about(shared_house, OFFICER)["POST /v1/connectors/<party>/disclosures"]
    mark = shared_house.mark()
    for unknown in (NOBODYS_ID, NOBODYS_ID, NOBODYS_ID.replace("8057", "8058")):
        ask(unknown)
    subjects = [record.subject for record in shared_house.entries("exchange.refused", after=mark)]
    first, again, another = (subject.case_pseudonym for subject in subjects if subject is not None)
    assert first == again != another
    assert {subject.key_id for subject in subjects if subject is not None} == {"nobody"}
