"""What is read of the entry of a call: judged again, exported, and by its own party alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from audit.export_adl import adl_record
from broker.access.replaying import agrees
from broker.auditing.readers import PARTY, Reader
from broker.auditing.views import shown
from broker.demo.people import MUNICIPALITY
from broker.replaying import ReplayError, Replaying
from tests.broker.access.called import CALLS, EVENTS, called
from tests.broker.access.calling import ENDPOINTS, EVALUATION, EVALUATIONS, good_body, question
from tests.stage import COVENANT, DIRECTOR, SOCIAL_MANAGER, Theatre


@pytest.fixture(scope="module")
def replaying(shared_small_house: Theatre) -> Replaying:
    """Compiles what it reads once for the whole module."""
    return Replaying(shared_small_house.broker.covenants.text)


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_every_call_is_judged_again_from_its_entry(shared_small_house: Theatre, replaying: Replaying, number: int) -> None:
    record, _ = called(shared_small_house, *CALLS[number])
    assert agrees(record, replaying)


def test_an_entry_that_says_something_else_is_found_out(shared_small_house: Theatre, replaying: Replaying) -> None:
    for path in ENDPOINTS:
        record, _ = called(shared_small_house, path, good_body(path))
        core = record.core
        assert core is not None
        (one, *rest) = core.evaluations
        wider = replace(one, given=tuple((name, "year", article) for name, _, article in one.given))
        for evaluations in ((wider, *rest), (replace(one, given=(), withheld=(("complaints.count_12m", "vetoed"),)), *rest)):
            assert not agrees(replace(record, core=replace(core, evaluations=evaluations)), replaying), path
        if path.startswith("/access/v1/search"):
            assert not agrees(replace(record, core=replace(core, evaluations=tuple(rest))), replaying), path
        with pytest.raises(ReplayError):
            agrees(replace(record, core=replace(core, situations=(), evaluations=())), replaying)


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_every_call_is_one_record_of_authorization_decision_log(shared_small_house: Theatre, number: int) -> None:
    path, body = CALLS[number]
    record, answered = called(shared_small_house, path, body)
    told = adl_record(record)
    assert told is not None
    single = path == EVALUATIONS and not body.get("evaluations")
    assert told["event_name"] == ("adl.access_evaluation" if single else EVENTS[path])
    assert told["status"] == "Ok"
    assert isinstance(told["timestamp"], int)
    attributes, held = told["attributes"], told["body"]
    assert isinstance(attributes, Mapping)
    assert isinstance(held, Mapping)
    for name in ("request", "response", "policies", "configuration"):
        assert (f"adl.core.{name}" in held) != (f"adl.core.{name}" in attributes)
    policies = attributes["adl.core.policies"]
    assert (list(policies), shared_small_house.stage.sha256 in policies[COVENANT]) == ([COVENANT], True)
    response = held["adl.core.response"]
    if "decision" in answered:
        assert response["decision"] is answered["decision"]
        assert held["adl.core.request"]["subject"]["id"] == body["subject"]["id"]
    elif "evaluations" in answered:
        assert [one["decision"] for one in response["evaluations"]] == [one["decision"] for one in answered["evaluations"]]
    else:
        names = [{name: one[name] for name in ("type", "id", "name") if name in one} for one in answered["results"]]
        assert response["results"] == names
    json.dumps(told)


def test_a_party_reads_its_own_calls_as_it_made_them_and_no_one_elses(shared_small_house: Theatre) -> None:
    record, _ = called(shared_small_house, EVALUATION, question())
    mine = Reader(COVENANT, PARTY, MUNICIPALITY, record.actor)
    assert shown(record, mine, lambda _: None) == replace(record, subject=None)
    search = {"log": COVENANT, "for": "internal_control", "type": "access.evaluation"}
    found = shared_small_house.post(DIRECTOR, "/v1/audit/_search", search)
    assert found["entries"][0]["id"] == record.position.id
    assert found["entries"][0]["core"]["evaluations"][0]["given"] == [["complaints.count_12m", "full", "8.1"]]
    theirs = shared_small_house.post(SOCIAL_MANAGER, "/v1/audit/_search", search)
    assert record.position.id not in {one["id"] for one in theirs["entries"]}


def test_calls_are_found_by_field_article_and_every_purpose(shared_small_house: Theatre) -> None:
    _, body = CALLS[10]
    record, _ = called(shared_small_house, EVALUATIONS, body)
    for filters in ({"field": "complaints.count_12m"}, {"article": "8.1"}, {"purpose": "end_nuisance"}, {"purpose": "resident_safety"}):
        search = {"log": COVENANT, "for": "internal_control", "type": "access.evaluations", **filters}
        found = shared_small_house.post(DIRECTOR, "/v1/audit/_search", search)
        assert record.position.id in {one["id"] for one in found["entries"]}, filters
