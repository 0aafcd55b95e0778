"""Marked values go in wherever anything can go in; none of them may come to lie anywhere but in the deposit, where they are encrypted."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import make_url

from audit.query import Search, search
from broker.clock import new_id
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.demo.stage import professional
from policies.vocabulary import Delivery, RoleId, ValueType
from tests.foreign import foreign
from tests.journeys.routes import Route, good_bodies, routes_of
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

#: what belongs to the partners themselves: the sources that the broker reads, and their keys
THEIRS = ("corporation-rental.sqlite", "municipality-persons.json", "keys")
#: what every marked text begins with
WORD = "kanarie"
GIVERS = {POLICE: OFFICER, CARE: CASE_MANAGER}


@dataclass
class Marks:
    """Values that nothing else makes, and the error bodies that were met on the way."""

    made: list[str] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    given: int = 0

    def text(self) -> str:
        self.made.append(f"{WORD}{len(self.made):04d}qzvx")
        return self.made[-1]

    def number(self) -> int:
        self.made.append(f"{918_273_000 + len(self.made)}")
        return int(self.made[-1])

    def keep(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            self.errors.append(answer.content + repr(sorted(answer.headers.items())).encode())
        return answer

    def found_in(self, haystack: bytes) -> list[str]:
        """The marks that stand there: as they are, in hexadecimal, in UTF-16, or in base64 at any of its three alignments."""
        suspect = any(form in haystack for form in _forms(WORD))
        return [mark for mark in self.made if (suspect or mark.isdigit()) and any(form in haystack for form in _forms(mark))]


def _forms(mark: str) -> Iterator[bytes]:
    raw = mark.encode()
    yield from (raw, raw.upper(), raw.hex().encode(), mark.encode("utf-16-le"))
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[4 if shift else 0 : -4]


def _mark_the_sources(house: Theatre, marks: Marks) -> None:
    tenant = int(MAIN.references[CORPORATION])
    with sqlite3.connect(house.stage.folder / "corporation-rental.sqlite") as rental:
        for column in ("achternaam", "voornamen", "telefoon", "email", "bankrekening"):
            rental.execute(f"UPDATE huurders SET {column} = ? WHERE huurder_id = ?", (marks.text(), tenant))  # noqa: S608 - our own names
        rental.execute("UPDATE huurachterstand SET maanden = ?, bedrag = ? WHERE huurder_id = ?", (marks.number(), marks.number(), tenant))
        where = "WHERE adres_id = (SELECT adres_id FROM overeenkomsten WHERE huurder_id = ?)"
        rental.execute(f"UPDATE adressen SET straat = ?, complex = ? {where}", (marks.text(), marks.text(), tenant))  # noqa: S608 - as above
    rental.close()
    person: dict[str, Any] = house.system.persons[MAIN.references[MUNICIPALITY]]  # type: ignore[assignment]
    for name, value in person.items():
        if isinstance(value, str) and not value[:4].isdigit() and not name.endswith(("Soort", "Stand", "Huishouden")):
            person[name] = marks.text()
        elif isinstance(value, int) and not isinstance(value, bool):
            person[name] = marks.number()


def _give_marked_fields(house: Theatre, marks: Marks, case: str) -> None:
    (policy,) = house.broker.covenants.in_force().policies.values()
    for known in policy.covenant.fields.values():
        if known.delivery is not Delivery.RELEASED_BY_HOLDER or known.holder not in GIVERS:
            continue
        value: object = marks.text() if known.type in {ValueType.STRING, ValueType.TEXT} else marks.number()
        body = {"fields": {known.name: {"value": value}}}
        path = f"/v1/connectors/{known.holder}/cases/{case}/contributions"
        answer = marks.keep(house.send(GIVERS[known.holder], "POST", path, json=body))
        marks.given += answer.is_success


def _say_marked_words(house: Theatre, marks: Marks) -> str:
    """Signals in words, a case opened and moved with words, references of every party."""
    for kind, role in (("nuisance", OFFICER), ("concern", SOCIAL_MANAGER), ("unsafe", OFFICER)):
        subject = {"kind": "tenant", "localReference": marks.text()}
        signal = {"covenant": COVENANT, "kind": kind, "subject": subject, "words": f"Melding {marks.text()} <b>{marks.text()}</b>"}
        house.post(role, f"/v1/connectors/{role.partition('.')[0]}/signals", signal, Idempotency_Key=marks.text())
    for signal in house.get(DIRECTOR, "/v1/connectors/municipality/signals")["signals"]:
        words = house.get(DIRECTOR, f"/v1/connectors/municipality/signals/{signal['id']}/words")["words"]
        assert words.startswith("Elke nacht") or marks.found_in(words.encode())
    references = [{"kind": "tenant", "localReference": marks.text()}, {"kind": "household_adult", "localReference": marks.text()}]
    opened = house.post(DIRECTOR, "/v1/cases", {"covenant": COVENANT, "caseType": "serious_nuisance", "subjects": references})
    case = str(opened["id"])
    for phase in ("consultation", "plan", "escalated"):
        house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": phase, "reason": f"Omdat {marks.text()}."})
    house.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": "police"})
    house.post(OFFICER, f"/v1/cases/{case}/participations", {})
    reference = {"outcome": "registered", "subject": 1, "localReference": marks.text()}
    house.post(OFFICER, f"/v1/cases/{case}/identifications", reference)
    return case


def _ask_for_everything(house: Theatre, marks: Marks, case: str) -> None:
    (policy,) = house.broker.covenants.in_force().policies.values()
    seen: set[str] = set()
    for role in (
        DIRECTOR,
        SOCIAL_MANAGER,
        OFFICER,
        CASE_MANAGER,
        RoleId("municipality.debt_adviser"),
        RoleId("municipality.nuisance_adviser"),
    ):
        for purpose in policy.covenant.purposes:
            headers = {
                "Idempotency-Key": marks.text(),
                "Prefer": f"wait=1, x={marks.text()}",
                "User-Agent": marks.text(),
                "X-Mark": marks.text(),
            }
            ask = {"case": case, "purpose": purpose, "fields": list(policy.covenant.fields)}
            path = f"/v1/connectors/{role.partition('.')[0]}/disclosures"
            marks.keep(house.send(role, "POST", f"{path}?{marks.text()}={marks.text()}", json=ask))
            answer = marks.keep(house.send(role, "POST", path, json=ask, headers=headers))
            seen |= set(marks.found_in(answer.content)) if answer.is_success else set()
    assert len(seen) > 5, "expected the partners at least to be given marked values"


def _send_marked_nonsense(house: Theatre, marks: Marks, case: str) -> None:
    """Into every member, key, path and header of every route."""

    def send(route: Route, path: str, body: object) -> None:
        headers = {"traceparent": marks.text(), "Content-Type": "application/json", "Accept": marks.text()}
        content = json.dumps(body).encode() if route.has_body else None
        for whole in (path, f"{path}?q={marks.text()}"):
            marks.keep(house.send(DIRECTOR, route.method, whole, content=content, headers=headers))

    for route in routes_of(house.app):
        good = dict(good_bodies(case).get(route.endpoint, {}))
        path = route.path(party="municipality", case_id=case)
        if route.endpoint == "oauth.token":
            continue
        for member in good:
            send(route, path, {**good, member: marks.text()})
        if route.has_body:
            send(route, path, {**good, marks.text(): marks.text()})
            marks.keep(house.send(DIRECTOR, "POST", path, content=marks.text(), headers={"Content-Type": f"text/{marks.text()}"}))
        for name in ("party", "case_id", "signal_id", "disclosure_id", "entry_id", "covenant", "slug"):
            if f"<{name}>" in route.rule:
                send(route, route.path(**({"party": "municipality", "case_id": case} | {name: marks.text()})), good)


def _knock_with_marked_tokens(house: Theatre, marks: Marks) -> None:
    for authorization in (
        f"Bearer {marks.text()}",
        f"Basic {marks.text()}",
        marks.text(),
        f"Bearer {marks.text()}.{marks.text()}.{marks.text()}",
    ):
        marks.keep(house.http.get("/v1/connectors/police/cases", headers={"Authorization": authorization}))
    police = foreign(house.stage.parties[POLICE].client)
    now = int(time.time())
    good = {
        "iss": "police-system",
        "sub": "police-system",
        "aud": "http://127.0.0.1:8000/oauth2/token",
        "iat": now,
        "exp": now + 60,
        "act": {"sub": professional(OFFICER), "role": OFFICER},
    }
    for claims in (
        good | {"jti": marks.text(), marks.text(): marks.text()},
        good | {"jti": new_id() * 2, "iss": marks.text()},
        good | {"jti": new_id() * 2, "aud": marks.text()},
        good | {"jti": new_id() * 2, "act": {"sub": professional(OFFICER), "role": marks.text()}},
        good | {"jti": new_id() * 2, "act": {"sub": f"{marks.text()} met spatie", "role": OFFICER}},
        good | {"jti": new_id() * 2, "act": {"sub": professional(OFFICER), "role": OFFICER, "name": marks.text()}},
    ):
        for scope in ("door:connector", f"door:connector {marks.text()}"):
            form = {
                "grant_type": "client_credentials",
                "scope": scope,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": police.sign(claims),
                "state": marks.text(),
            }
            answer = marks.keep(house.http.post(f"/oauth2/token?{marks.text()}", data=form))
            if answer.is_success:
                headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
                marks.keep(house.http.get("/v1/connectors/police/cases", headers=headers))
    marks.keep(house.http.post("/oauth2/token", data={"grant_type": marks.text(), "client_assertion": marks.text()}))


def _stored(house: Theatre) -> Iterator[tuple[str, bytes]]:
    """Every byte that the broker keeps: files as they lie there, journals and locks included, and every row of PostgreSQL."""
    for path in sorted(Path(house.stage.folder).rglob("*")):
        if path.is_file() and path.relative_to(house.stage.folder).parts[0] not in THEIRS:
            yield path.name, path.read_bytes()
    url = make_url(house.broker.settings.database_url)
    if url.get_backend_name() == "postgresql":
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
            tables = connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            for (table,) in tables:
                rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - PostgreSQL's own list
                yield table, b"\n".join(bytes(cell) if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)


def _exports(house: Theatre) -> Mapping[str, bytes]:
    pages = [search(house.broker.log_engine, Search(log=log), limit=500, subject_keys=house.broker.subjects) for log in (COVENANT, "house")]
    return {"search": repr(pages).encode(), "verdict": house.verdict().as_json().encode()}


def test_no_marked_value_lies_anywhere_but_in_the_deposit_and_there_it_is_encrypted(house: Theatre) -> None:
    marks = Marks()
    _mark_the_sources(house, marks)
    case = house.open_case("consultation")
    _give_marked_fields(house, marks, case)
    house.post(CASE_MANAGER, f"/v1/cases/{case}/conditions", {"kind": "consent", "article": "11.1", "given": True})
    _say_marked_words(house, marks)
    _ask_for_everything(house, marks, case)
    _send_marked_nonsense(house, marks, case)
    _knock_with_marked_tokens(house, marks)
    house.broker.sweeper().sweep()
    house.broker.sweeper().sign()

    assert marks.given >= 3
    assert len(marks.made) >= 200
    for name, stored in _stored(house):
        assert marks.found_in(stored) == [], f"{name} holds them"
    for name, text in _exports(house).items():
        assert marks.found_in(text) == [], f"{name} shows them"
    assert marks.found_in(house.events.getvalue().encode()) == []
    assert len(marks.errors) >= 100
    assert marks.found_in(b"\n".join(marks.errors)) == []
    assert "request.failed" not in house.events.getvalue()


def test_the_canary_sees_a_mark_wherever_it_would_lie(tmp_path: Path) -> None:
    marks = Marks()
    mark = marks.text()
    for hidden in (
        mark,
        mark.upper(),
        mark.encode().hex(),
        *(base64.b64encode(b"x" * n + mark.encode() + b"yy").decode() for n in range(3)),
    ):
        assert marks.found_in(f"before {hidden} after".encode()) == [mark]
    database = sqlite3.connect(tmp_path / "one.sqlite")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (c TEXT)")
    database.execute("INSERT INTO t VALUES (?)", (mark,))
    database.commit()
    assert marks.found_in(b"".join(path.read_bytes() for path in tmp_path.iterdir())) == [mark]
    database.close()
