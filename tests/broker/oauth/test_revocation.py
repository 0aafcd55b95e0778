"""Taking tokens back: at once means the next request, on every worker and after a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from broker.clock import system_clock
from broker.oauth.clients import Client, ClientRegister, UnknownClient
from broker.oauth.jwks import read_key_set
from broker.oauth.revoking import ALL, of_professional, of_token
from broker.oauth.tables import oauth_revocation
from policies.vocabulary import PartyId
from tests.broker.partner import JWT_BEARER, Partner
from tests.broker.workers import Worker, bearer, part_of

SELF = "/v1/connectors/corporation/self"


def revoke(worker: Worker, partner: Partner, token: str, assertion: str | None = None, **more: str) -> TestResponse:
    form = {"token": token, "client_assertion_type": JWT_BEARER, "client_assertion": assertion or partner.assertion(act=None)}
    return worker.web.post("/oauth2/revoke", data=form | more)


def answers(worker: Worker, token: str) -> int:
    return worker.web.get(SELF, headers=bearer(token)).status_code


def test_a_stranger_revokes_nothing(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    for assertion in ("a.b.c", corporation.assertion(key=Partner("x-y", role="", scope="").key), token):
        refused = revoke(worker, corporation, token, assertion)
        assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")
    assert worker.web.post("/oauth2/revoke", data={"token": token}).status_code == 401
    assert answers(worker, token) == 200


def test_another_client_revokes_nothing_of_this_one(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    other = worker.register(Partner("corporation-app", role="corporation.housing_officer", scope="door:connector"))
    refused = revoke(worker, other, token)
    assert (refused.status_code, refused.get_json()) == (
        400,
        {"error": "invalid_grant", "error_description": "the token was not given to this client"},
    )
    assert answers(worker, token) == 200


@pytest.mark.parametrize(("form", "error"), [({"token": ""}, 200), ({"token_type_hint": "refresh_token"}, 400), ({"token": "x.y.z"}, 200)])
def test_what_is_no_token_is_revoked_already_and_another_kind_is_refused(
    worker: Worker, corporation: Partner, form: dict[str, str], error: int
) -> None:
    given = {"token": corporation.token(worker.web)} | form
    answer = revoke(worker, corporation, given.pop("token"), None, **given)
    assert answer.status_code == error
    if error == 400:
        assert answer.get_json()["error"] == "unsupported_token_type"


def test_a_form_without_a_token_twice_a_token_and_a_query_are_refused(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    form: dict[str, Any] = {"client_assertion_type": JWT_BEARER}
    without = worker.web.post("/oauth2/revoke", data=form | {"client_assertion": corporation.assertion()})
    twice = worker.web.post("/oauth2/revoke", data=form | {"client_assertion": corporation.assertion(), "token": [token, token]})
    query = worker.web.post(f"/oauth2/revoke?token={token}", data=form | {"client_assertion": corporation.assertion()})
    for refused in (without, twice, query):
        assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_request")
    assert answers(worker, token) == 200


def test_a_revoked_token_counts_nowhere_from_then_on_and_no_other_is_touched(
    start_worker: Callable[[], Worker], corporation_system: Partner
) -> None:
    first, second = start_worker(), start_worker()
    partner = first.register(corporation_system)
    token, other = partner.token(first.web), partner.token(second.web)
    assert [answers(each, token) for each in (first, second)] == [200, 200]
    done = revoke(first, partner, token)
    assert (done.status_code, done.get_json(), done.headers["Cache-Control"]) == (200, {}, "no-store")
    for worker in (second, first, start_worker()):
        assert answers(worker, token) == 401
        assert worker.tally.drain() == {"revoked": 1}
        assert answers(worker, other) == 200
    assert revoke(second, partner, token).status_code == 200


def test_an_assertion_that_revoked_something_is_used(worker: Worker, corporation: Partner) -> None:
    assertion, tokens = corporation.assertion(), [corporation.token(worker.web) for _ in range(2)]
    assert revoke(worker, corporation, tokens[0], assertion).status_code == 200
    assert revoke(worker, corporation, tokens[1], assertion).status_code == 401
    assert corporation.ask_token(worker.web, client_assertion=assertion).status_code == 401
    assert answers(worker, tokens[1]) == 200


def test_nobody_gets_a_token_for_nobody(worker: Worker, corporation: Partner) -> None:
    assert corporation.ask_token(worker.web, client_assertion=corporation.assertion(act=None)).status_code == 400


@pytest.mark.parametrize("what", [ALL, of_professional("employee_7f3a9c21")])
def test_all_tokens_of_a_client_or_of_a_professional_end_and_new_ones_count(
    start_worker: Callable[[], Worker], corporation_system: Partner, what: str
) -> None:
    first, second = start_worker(), start_worker()
    partner = first.register(corporation_system)
    before = [partner.token(worker.web) for worker in (first, second)]
    somebody = partner.token(first.web, client_assertion=partner.assertion(act={"sub": "employee_other1", "role": partner.role}))
    # the same professional, by another system of theirs
    other = first.register(Partner("corporation-app", role=partner.role, scope="door:connector")).token(second.web)
    first.clients.revoke(partner.client_id, what)
    assert [answers(worker, token) for worker in (first, second) for token in before] == [401] * 4
    assert answers(second, other) == 200
    assert answers(second, somebody) == (401 if what == ALL else 200)
    # the same second, whatever a clock says
    assert answers(second, partner.token(first.web)) == 200


def test_a_clock_that_is_ahead_keeps_no_token_alive(start_worker: Callable[[], Worker], corporation_system: Partner) -> None:
    first, ahead = start_worker(), start_worker()
    partner = first.register(corporation_system)
    ahead.clock.forward(seconds=200)
    token = partner.token(ahead.web, client_assertion=partner.assertion(exp=part_of(partner.assertion(), 1)["iat"] + 280))
    first.clients.revoke(partner.client_id, ALL)
    assert answers(ahead, token) == 401


def test_a_clock_that_was_ahead_and_is_set_back_brings_no_token_back(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    worker.clients.revoke(corporation.client_id, of_token(str(part_of(token, 1)["jti"])))
    worker.clock.forward(minutes=110)
    worker.clients.revoke(corporation.client_id, of_token("another"))  # which forgets what is too old
    worker.clock.forward(minutes=-110)
    assert answers(worker, token) == 401


def test_a_token_of_a_version_that_counted_no_revocations_is_refused(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    assert part_of(token, 1)["revocations"] == 0
    worker.clients.revoke(corporation.client_id, of_token("another"))
    assert part_of(corporation.token(worker.web), 1)["revocations"] == 1
    assert answers(worker, token) == 200


def test_what_no_token_can_be_as_old_as_is_forgotten(small_registry: Engine, worker: Worker, corporation: Partner) -> None:
    def kept() -> int:
        with small_registry.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(oauth_revocation)).scalar_one())

    for number in range(3):
        worker.clients.revoke(corporation.client_id, of_token(str(number)))
    worker.clients.revoke(corporation.client_id, of_token("1"))
    assert kept() == 3
    worker.clock.forward(hours=2, seconds=1)
    worker.clients.revoke(corporation.client_id, ALL)
    assert kept() == 1


def test_a_client_that_is_not_there_has_nothing_to_revoke(registry: Engine) -> None:
    register = ClientRegister(registry, system_clock)
    with pytest.raises(UnknownClient):
        register.revoke("nobody", ALL)
    with registry.connect() as connection:
        assert connection.execute(select(oauth_revocation)).all() == []
    register.add(
        Client("somebody", PartyId("corporation"), read_key_set(Partner("x-y", role="", scope="").public_keys), frozenset({"door:cases"}))
    )
    assert register.find("somebody").revocations == 0
