"""A database that is away: the answer says so and invites to try again, nothing leaves, and nothing stays broken when it is back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from tests.journeys.routes import good_bodies, routes_of
from tests.stage import DIRECTOR, OFFICER, Theatre

ASK = {"purpose": "end_nuisance", "fields": ["complaints.count_12m", "incidents.count_12m"]}
TABLES = {"broker": ("covenant_case", "standing", "signal"), "keystore": ("subject_key",), "audit": ("audit_head",)}


@contextmanager
def away(house: Theatre, room: str, table: str) -> Iterator[None]:
    """One table is not where it was, as in a database that is being restored."""
    path = house.stage.folder / f"{room}.sqlite"
    for statement in (f"ALTER TABLE {table} RENAME TO elsewhere", f"ALTER TABLE elsewhere RENAME TO {table}"):
        connection = sqlite3.connect(path, timeout=10)
        connection.execute("PRAGMA legacy_alter_table=ON")
        connection.execute(statement)
        connection.commit()
        connection.close()
        if "TO elsewhere" in statement:
            yield


@pytest.mark.parametrize(("room", "table"), [(room, table) for room, tables in TABLES.items() for table in tables])
def test_every_route_says_503_or_does_not_need_it(small_house: Theatre, room: str, table: str) -> None:
    case = small_house.open_case("consultation")
    small_house.contribute(OFFICER, case, incidents__count_12m=7)
    with away(small_house, room, table):
        for route in routes_of(small_house.app):
            if route.door is None:
                continue
            path = route.path(party="municipality", case_id=case)
            answer = small_house.send(DIRECTOR, route.method, path, json=good_bodies(case).get(route.endpoint))
            assert answer.status_code != 500, f"{route}: {small_house.events.getvalue()[-600:]}"
            if answer.status_code == 503:
                assert answer.headers["Retry-After"]
    case = small_house.open_case("consultation")
    assert small_house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")["fields"]
    assert small_house.verdict().findings == ()


def test_with_the_deposit_away_its_own_fields_are_not_given_and_the_others_are(small_house: Theatre) -> None:
    case = small_house.open_case("consultation")
    small_house.contribute(OFFICER, case, incidents__count_12m=7)
    with away(small_house, "deposit", "deposit_contribution"):
        answer = small_house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])
    assert set(answer["fields"]) == {"complaints.count_12m"}
    assert answer["unavailable"] == [{"source": "released-by-police", "reason": "unreachable"}]
    assert set(small_house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])["fields"]) == set(ASK["fields"])


@pytest.mark.parametrize("unmade_url", ["postgresql"], indirect=True)
def test_connections_that_were_cut_are_opened_again(house: Theatre) -> None:
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    url = make_url(house.broker.settings.database_url).set(drivername="postgresql")
    for _ in range(3):
        mark = house.mark()
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ask = {"case": case, **ASK}
        answers = [house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=ask).status_code for _ in range(6)]
        house.broker.log_engine.dispose()  # so that this test itself reads the log over a connection that stands
        assert set(answers) <= {200, 503}
        assert answers[-1] == 200, answers
        assert house.since(mark).count("exchange.release") == answers.count(200)
    assert house.verdict().findings == ()


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("handling=strict", 403),
        ("respond-async, handling=strict", 403),
        ("handling = strict", 403),
        ("Handling=Strict", 403),
        ('handling="strict"', 403),
        ("handling=strict; foo=bar", 403),
        ("handling=lenient", 200),
        ("handling=stricter", 200),
        ("xhandling=strict", 200),
        ('foo="handling=strict"', 200),
    ],
)
def test_strictness_is_read_as_rfc_7240_writes_it(shared_small_house: Theatre, prefer: str, status: int) -> None:
    case = shared_small_house.open_case()
    ask = {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m", "support.kind"]}
    answer = shared_small_house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=ask, headers={"Prefer": prefer})
    assert answer.status_code == status
