"""A party that seeks among its own entries finds by what they show it, and learns nothing by seeking that they do not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from click.testing import CliRunner

from audit.query import Search
from broker.auditing.ldv import Sought
from broker.auditing.readers import Reader
from broker.cli import broker
from tests.docs.test_answering import environment
from tests.journeys.auditors import LDV, SEARCH
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

QUESTION = {"log": COVENANT, "for": "lawfulness"}
ACTIVITY = "dpl.core.processing_activity_id"


@pytest.fixture(scope="module")
def played(shared_house: Theatre) -> Theatre:
    """A house in which the police gave a field to the municipality, and took it back."""
    house = shared_house
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m", "incidents.count_12m")
    house.post(OFFICER, f"/v1/connectors/police/cases/{case}/withdrawals", {"fields": ["incidents.count_12m"]})
    return house


def found(house: Theatre, role: str, **filters: str) -> list[Mapping[str, Any]]:
    """All that a party finds among its own, but for its readings, which grow with each of these."""
    entries = house.post(role, SEARCH, QUESTION | filters | {"limit": 500})["entries"]  # type: ignore[arg-type]  # a role by its name
    return [one for one in entries if one["type"] != "audit.read"]


def shown(entry: Mapping[str, Any]) -> Mapping[str, set[str]]:
    """What an entry shows, by the filter that would seek it."""
    core, actor = entry.get("core", {}), entry.get("actor", {})
    parties = {core.get("requester"), *core.get("holders", ()), actor.get("onBehalfOf")}
    fields = {*core.get("requested", ()), *(name for pairs in ("released", "withheld") for name, _ in core.get(pairs, ()))}
    single = {
        "professional": actor.get("pseudonym"),
        "purpose": core.get("purpose"),
        "covenantVersion": core.get("covenant", {}).get("version"),
        "outcome": core.get("outcome"),
        "type": entry["type"],
        "disclosure": entry.get("disclosure"),
        "trace": core.get("traceId"),
    }
    many = {"party": parties, "field": fields, "article": set(core.get("articles", ()))}
    return {name: values - {None} for name, values in (many | {name: {value} for name, value in single.items()}).items()}


@pytest.mark.parametrize("role", [DIRECTOR, OFFICER, SOCIAL_MANAGER, CASE_MANAGER])
def test_every_filter_finds_what_the_partys_own_entries_show_and_nothing_else(played: Theatre, role: str) -> None:
    """The whole log's codes are tried; what is given of its fields a party finds by type and time alone."""
    party = role.partition(".")[0]
    codes: dict[str, set[str]] = {}
    for each in (DIRECTOR, OFFICER, SOCIAL_MANAGER):
        for entry in found(played, each):
            for name, values in shown(entry).items():
                codes.setdefault(name, set()).update(values)
    everything = found(played, role)
    asked = [one for one in everything if one["core"].get("requester") == party]
    for name, values in codes.items():
        base = everything if name == "type" else asked
        for value in sorted(values - {"audit.read"}):
            expected = [one["id"] for one in base if value in shown(one)[name]]
            assert [one["id"] for one in found(played, role, **{name: value})] == expected, (name, value)


def test_a_holder_does_not_learn_from_its_recalls_who_had_received(played: Theatre) -> None:
    (recall,) = found(played, OFFICER, type="rights.recalled")
    assert "holders" not in recall["core"]
    for sought in ({}, {"type": "rights.recalled"}):
        assert found(played, OFFICER, party="municipality", **sought) == found(played, OFFICER, party="care", **sought) == []
    # Who was given what it asked is shown that, and finds it.
    assert [one["type"] for one in found(played, DIRECTOR, party="police")] == ["exchange.release"]


def test_a_holder_that_reads_by_the_standard_runs_over_its_own_asks_alone(played: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given of its fields makes no record for it; were it looked through, the time would tell for which activity."""
    activity = found(played, DIRECTOR, type="exchange.release")[0]["core"]["activity"]
    sought: list[tuple[str, ...]] = []
    searches = played.broker.auditing.ldv._searches

    def seen(reader: Reader, base: Search, asked: Sought) -> Iterator[Search]:
        sought.append(base.own)
        return searches(reader, base, asked)

    monkeypatch.setattr(played.broker.auditing.ldv, "_searches", seen)
    before = played.mark()
    answer = played.send(OFFICER, "POST", f"{LDV}?for=lawfulness", json={ACTIVITY: activity})
    assert (answer.status_code, answer.json()) == (200, {"processingActivities": []})
    assert sought == [("requester/police",)]
    (reading,) = played.entries("audit.read", after=before)
    assert reading.core is not None
    assert ("filter", "activity") in reading.core.details


@pytest.mark.parametrize("command", [("search",), ("export", "--out", "x.jsonl")])
def test_a_misspelt_log_is_not_a_covenant_under_which_nothing_happened(played: Theatre, command: tuple[str, ...]) -> None:
    before = played.mark()
    arguments = ["audit", *command, "--log", "waterstad-zuid", "--for", "lawfulness"]
    result = CliRunner().invoke(broker, arguments, env=environment(played.broker.settings))
    assert (result.exit_code, "expected one of house, waterstad-noord, found `waterstad-zuid`" in result.output) == (2, True)
    assert played.since(before) == []


def test_a_list_is_never_cut_where_its_words_are_longer_than_the_terminal_is_wide(played: Theatre) -> None:
    arguments = ["audit", "search", "--log", COVENANT, "--type", "exchange.release", "--for", "lawfulness"]
    result = CliRunner().invoke(broker, arguments, env=environment(played.broker.settings) | {"COLUMNS": "40"})
    assert "incidents.count_12m=bands(0-2,3-9,10+)" in result.output, result.output
