"""Who asks too often is turned away before there is an ask: nothing is looked at, and only who and how often is on the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.errors import LogUnavailable
from broker.authenticate import Caller
from broker.clock import new_id, system_random
from broker.config import Settings
from broker.demo.stage import professional
from broker.errors import TooManyRequests
from broker.limits import Limit, Limits, rates_of
from broker.metrics import LIMITED, Meter
from broker.tallying import Tallying
from policies.vocabulary import PartyId, RoleId
from tests.broker.seams import WatchedLog, down_for
from tests.broker.workers import environ, limits_of, settings, stopped
from tests.stage import CASE_MANAGER, ISSUER, OFFICER, Theatre, theatre

#: room for the story's opening, and for a few asks after it
TIGHT: dict[str, Any] = {"professional_per_minute": 40, "client_per_minute": 60, "party_per_minute": 60}
ANYBODY = Caller("police-system", PartyId("police"), RoleId("police.community_officer"), "employee-1", frozenset(), "t")


def allowed(limits: Limits, caller: Caller, *, narrowing: bool = False, tries: int = 1000) -> int:
    for number in range(tries):
        try:
            limits.ask(caller, narrowing=narrowing)
        except TooManyRequests:
            return number
    return tries


def test_a_professional_does_not_read_cases_at_the_speed_of_a_machine_and_a_partner_does_its_batch() -> None:
    limits = limits_of()
    assert allowed(limits, ANYBODY) == Settings().professional_per_minute <= 120
    others = sum(allowed(limits, replace(ANYBODY, professional=f"employee-{number}"), tries=50) for number in range(2, 40))
    assert others == 38 * 50


def test_each_share_is_whose_it_is() -> None:
    colleague, sister = replace(ANYBODY, professional="employee-2"), replace(ANYBODY, client_id="police-mobile", professional="employee-3")
    namesake = replace(ANYBODY, party=PartyId("care"), client_id="care-system")
    limits = limits_of(settings(professional_per_minute=5))
    assert [allowed(limits, caller) for caller in (ANYBODY, colleague, namesake)] == [5, 5, 5]
    limits = limits_of(settings(client_per_minute=5))
    assert [allowed(limits, caller) for caller in (ANYBODY, colleague, sister)] == [5, 0, 5]
    limits = limits_of(settings(party_per_minute=5))
    assert [allowed(limits, caller) for caller in (ANYBODY, sister, namesake)] == [5, 0, 5]


def test_a_client_may_have_a_rate_of_its_own() -> None:
    limits = limits_of(settings(client_per_minute=5, client_rates=(("police-system", 8),)))
    assert [allowed(limits, caller) for caller in (ANYBODY, replace(ANYBODY, client_id="police-mobile"))] == [8, 5]


def test_what_narrows_goes_on_when_every_read_is_turned_away_and_has_an_end_too() -> None:
    limits = limits_of(settings(professional_per_minute=3, client_per_minute=7))
    assert allowed(limits, ANYBODY) == 3
    assert allowed(limits, ANYBODY, narrowing=True) == 7
    assert allowed(limits, replace(ANYBODY, professional="employee-2")) == 3


def test_a_client_pays_for_its_tokens_and_for_nobody_elses() -> None:
    limits = limits_of(settings(tokens_per_minute=2))
    limits.token("police-system")
    limits.token("police-system")
    with pytest.raises(TooManyRequests) as refusal:
        limits.token("police-system")
    assert (refusal.value.limit, refusal.value.per_minute, refusal.value.wait_s) == ("tokens", 2, 30)
    limits.token("care-system")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, str]]:
    """A house with tight limits, and a case that was opened while there was room for it."""
    with theatre(tmp_path_factory.mktemp("tight"), **TIGHT) as built:
        case = built.open_case("consultation")
        stopped(built.broker.limits)
        yield built, case


@pytest.fixture(scope="module")
def tight(opened: tuple[Theatre, str]) -> Theatre:
    return opened[0]


@pytest.fixture(scope="module")
def vetoable(opened: tuple[Theatre, str]) -> str:
    return opened[1]


def use_up(house: Theatre, role: RoleId) -> httpx.Response:
    """The first answer that turns a professional away."""
    for _ in range(100):
        answer = house.send(role, "GET", "/v1/connectors/" + role.partition(".")[0] + "/cases")
        if answer.status_code != 200:
            return answer
    raise AssertionError("expected a limit")


def test_who_is_turned_away_is_told_when_to_come_back_and_nothing_is_on_the_record_or_read(tight: Theatre, vetoable: str) -> None:
    answer, before = use_up(tight, OFFICER), tight.mark()
    assert answer.status_code == 429
    assert answer.json() == {
        "type": "/v1/problems/too-many-requests",
        "title": "You ask too often",
        "status": 429,
        "detail": "Nothing was looked at. Try again after the number of seconds in `Retry-After`.",
    }
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    assert answer.headers["RateLimit-Policy"] == '"professional";q=40;w=60'
    assert answer.headers["RateLimit"] == f'"professional";r=0;t={answer.headers["Retry-After"]}'
    ask = {"case": vetoable, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    asked = [
        tight.send(OFFICER, "POST", "/v1/connectors/police/disclosures", json=body)
        for body in (ask, ask | {"case": new_id()}, ask | {"fields": ["no.field"]}, {"nonsense": 1})
    ]
    # a wrong door is on the record; whoever is turned away has not stood at one
    asked.append(tight.send(OFFICER, "GET", "/v1/connectors/care/cases"))
    assert {answer.status_code for answer in asked} == {429}
    assert len({answer.content for answer in asked}) == 1
    assert tight.since(before) == []


def test_a_veto_gets_through_when_the_professional_has_no_reads_left(tight: Theatre, vetoable: str) -> None:
    assert use_up(tight, CASE_MANAGER).status_code == 429
    vetoed = tight.send(CASE_MANAGER, "POST", f"/v1/cases/{vetoable}/vetoes", json={"fields": []})
    assert vetoed.status_code == 200, vetoed.text


def test_who_was_turned_away_how_often_goes_to_the_log_by_client_and_limit(tight: Theatre) -> None:
    tight.broker.limits.drain()
    for _ in range(3):
        use_up(tight, OFFICER)
    before = tight.mark()
    assert Tallying(tight.broker.tally, tight.broker.limits, tight.broker.log, new_id).tell()
    (record,) = tight.entries(after=before)
    assert record.core is not None
    assert (record.envelope.typ, record.log) == ("tally", "house")
    assert ("limited.professional.police-system", "3") in record.core.details
    assert professional(OFFICER) not in str(record.core.details)


def test_what_the_log_could_not_take_is_told_in_the_next_round(tight: Theatre) -> None:
    tight.broker.limits.drain()
    log, before = WatchedLog(tight.broker.log), tight.mark()
    tallying = Tallying(tight.broker.tally, tight.broker.limits, log, new_id)  # type: ignore[arg-type]
    use_up(tight, OFFICER)
    log.before = down_for()
    with pytest.raises(LogUnavailable):
        tallying.tell()
    log.before = lambda _types: None
    use_up(tight, OFFICER)
    assert tallying.tell()
    (record,) = tight.entries(after=before)
    assert record.core is not None
    assert ("limited.professional.police-system", "2") in record.core.details


def test_every_limit_is_counted_for_the_operator() -> None:
    meter = Meter()
    limits = stopped(Limits(rates_of(settings(tokens_per_minute=1, strangers_per_minute=1)), system_random, meter))
    limits.failed(environ("192.0.2.7"))
    with pytest.raises(TooManyRequests):
        limits.knock(environ("192.0.2.7"))
    limits.token("police-system")
    with pytest.raises(TooManyRequests):
        limits.token("police-system")
    counted = {labels[0]: cells[0] for (name, labels), cells in meter.snapshot().items() if name == LIMITED.name}
    assert counted == {limit.value: int(limit in {Limit.STRANGER, Limit.TOKENS}) for limit in Limit}


def test_tokens_asked_too_often_spend_no_assertion_and_anothers_are_given(tmp_path: Path) -> None:
    with theatre(tmp_path, tokens_per_minute=2) as house:
        stopped(house.broker.limits)
        police, care = (house.partners[PartyId(name)] for name in ("police", "care"))
        answers = [police.asks_token(OFFICER, professional(OFFICER)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["type"] == "/v1/problems/too-many-requests"
        assert answers[2].headers["Retry-After"] == "30"
        assert care.asks_token(CASE_MANAGER, professional(CASE_MANAGER)).status_code == 200
        assert house.broker.limits.drain() == {("police-system", "tokens"): 1}


def test_whoever_names_a_client_without_its_key_uses_up_nothing_of_it(tmp_path: Path) -> None:
    with theatre(tmp_path, tokens_per_minute=2, strangers_per_minute=5) as house:
        stopped(house.broker.limits)
        police = house.partners[PartyId("police")]
        forged = police._tokens.assertion(police._acting(OFFICER, professional(OFFICER)), f"{ISSUER}/oauth2/token")
        form = {
            "grant_type": "client_credentials",
            "scope": "door:connector",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": forged[:-8] + "AAAAAAAA",
        }
        refused = [house.http.post("/oauth2/token", data=form).status_code for _ in range(10)]
        assert refused == [401] * 10
        assert police.asks_token(OFFICER, professional(OFFICER)).status_code == 200


def test_a_stranger_is_turned_away_before_a_key_or_a_database_is_asked_whatever_it_sends(tmp_path: Path) -> None:
    with theatre(tmp_path, strangers_per_minute=5) as house:
        stopped(house.broker.limits)
        web = house.app.test_client()
        web.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        bad = {"Authorization": "Bearer nonsense"}
        statuses = [web.get("/v1/connectors/police/cases", headers=bad).status_code for _ in range(2)]
        statuses += [web.get("/v1/session").status_code]
        statuses += [web.post("/oauth2/token", data={"x": "y"}).status_code for _ in range(3)]
        assert statuses == [401, 401, 401, 400, 400, 429]
        asked = house.broker.tally.drain()
        answers = [
            web.get("/v1/connectors/police/cases", headers=house.bearer(OFFICER)),
            web.post("/oauth2/token", data={"x": "y"}),
            web.post("/v1/cases/x/vetoes", headers=bad),
            web.get("/v1/covenants"),
        ]
        assert {answer.status_code for answer in answers} == {429}
        assert all(answer.headers["X-Content-Type-Options"] == "nosniff" for answer in answers)
        assert asked["too_often"] == 1
        assert house.broker.tally.drain() == {"too_often": 4}
        assert web.get("/v1/live").status_code == 204
        assert web.get("/v1/ready").status_code in {204, 503}
        web.environ_base["REMOTE_ADDR"] = "192.0.2.8"
        assert web.get("/v1/connectors/police/cases", headers=house.bearer(OFFICER)).status_code == 200
