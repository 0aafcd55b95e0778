"""What is written into a request so that a database, a log, a file system or a second reader takes it for something else."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from broker.api.audit_filters import FiltersMessage
from broker.authenticate import READS_LOG
from broker.demo.partner import Refused
from broker.demo.people import MUNICIPALITY, POLICE
from policies.vocabulary import RoleId
from tests.journeys.auditors import EXPORT, LDV, SEARCH, Auditor
from tests.journeys.routes import NOBODYS_ID, good_bodies, routes_of
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre

QUIET = ("request.failed", "exchange.failed")


def refused(answer: httpx.Response, *statuses: int, where: object = "") -> None:
    """A problem of one of these statuses that repeats nothing."""
    assert answer.status_code in statuses, f"{where}: {answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"


def check_quiet(house: Theatre) -> None:
    """Nothing broke inside, and the log holds."""
    assert [word for word in QUIET if f'"{word}"' in house.events.getvalue()] == []
    assert house.verdict().findings == ()


# SQL

SQL = (
    "'",
    '"',
    "' OR '1'='1",
    "x'; DROP TABLE entry;--",
    "1) UNION SELECT * FROM oauth_client--",
    "%",
    "_",
    "\\",
    "$1",
    ":case",
    "%(case)s",
)
FILTERS = (*(str(field.data_key) for field in FiltersMessage().fields.values()), "cursor")


def test_no_sql_in_a_filter_of_the_log_finds_anything(shared_house: Theatre) -> None:
    shared_house.open_case()
    reader = Auditor(shared_house, MUNICIPALITY, "privacy_officer")
    assert reader.search().json()["total"] > 0
    for path in (SEARCH, EXPORT):
        good = {"log": COVENANT, "for": "lawfulness"} | ({"format": "jsonl"} if path == EXPORT else {})
        for name in FILTERS:
            for text in SQL:
                answer = reader.send(path, **(good | {name: text}))
                # a code may hold a few of these characters, and is then the code of nothing
                assert answer.status_code in {400, 404} or answer.json()["total"] == 0, f"{path} {name}={text}: {answer.text}"
    for text in SQL:
        refused(reader.send(f"{LDV}?for=lawfulness", traceId=text), 400, where=text)
    check_quiet(shared_house)


def test_no_sql_in_a_name_a_path_or_a_reference_does_anything(shared_house: Theatre) -> None:
    case = shared_house.open_case()
    ask = {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    disclosures = "/v1/connectors/municipality/disclosures"
    for text in SQL:
        for member, value in (("case", text), ("purpose", text), ("fields", [text]), ("fields", [f"complaints.{text}"])):
            refused(shared_house.send(DIRECTOR, "POST", disclosures, json=ask | {member: value}), 400, where=(member, text))
        assert shared_house.send(DIRECTOR, "POST", disclosures, json=ask, headers={"Idempotency-Key": text}).status_code == 200
        path = quote(text, safe="")
        for where in (f"{disclosures}/{path}/receipt", f"/v1/cases/{path}", f"/v1/audit/entries/{path}/proof", f"/v1/covenants/{path}"):
            refused(shared_house.send(DIRECTOR, "GET", where), 400, 404, where=where)
        answer = {"outcome": "match", "localReference": text}
        refused(shared_house.send(DIRECTOR, "POST", f"/v1/cases/{case}/identifications", json=answer), 400, 404, 409, where=text)
    assert shared_house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")["fields"]
    check_quiet(shared_house)


# another character that looks the same

CYRILLIC = str.maketrans("aceiopsxy", "асеіорѕху")


def lookalikes(name: str) -> Iterator[str]:
    """Other texts that a person, or a normaliser, takes for this one."""
    yield name.translate(CYRILLIC)
    yield "".join(chr(ord(each) + 0xFEE0) if 0x21 <= ord(each) <= 0x7E else each for each in name)  # full width; NFKC makes it ASCII
    yield "".join(chr(ord("٠") + int(each)) if each.isdecimal() else each for each in name)
    yield from (name.upper(), f"{name}\n", f" {name}", f"{name}\u200b", f"\u202e{name}", f"{name}\u0301", f"{name[:1]}\u00ad{name[1:]}")


def test_the_lookalikes_are_lookalikes() -> None:
    folded = [unicodedata.normalize("NFKC", each).casefold().strip() for each in lookalikes("police-7")]
    assert folded.count("police-7") >= 4


def test_a_name_or_an_id_in_other_characters_is_another_one(shared_small_house: Theatre) -> None:
    house = shared_small_house
    case = house.open_case()
    ask = {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    for member, good in (("case", case), ("purpose", "end_nuisance"), ("fields", "complaints.count_12m")):
        for text in set(lookalikes(good)) - {good}:
            body = ask | {member: [text] if member == "fields" else text}
            refused(house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=body), 400, where=text)
    for text in set(lookalikes(case)) - {case}:
        refused(house.send(DIRECTOR, "GET", f"/v1/cases/{quote(text, safe='')}"), 404, where=text)
    for text in set(lookalikes("municipality")) - {"municipality"}:
        refused(house.send(DIRECTOR, "GET", f"/v1/connectors/{quote(text, safe='')}/cases"), 403, where=text)
    check_quiet(house)


def test_nobody_is_vouched_for_by_a_name_that_resembles_theirs(shared_small_house: Theatre) -> None:
    partner = shared_small_house.partners[POLICE]
    for role in set(lookalikes(OFFICER)) - {OFFICER}:
        with pytest.raises(Refused) as refusal:
            partner.token(RoleId(role), "employee-1")
        assert refusal.value.status == 400
    check_quiet(shared_small_house)


# members that nobody asked for

BROUGHT: Mapping[str, Any] = {
    "id": NOBODYS_ID, "party": "police", "holder": "police", "role": OFFICER, "requester": "police", "caller": "police",
    "professional": "employee-1", "at": "2026-01-01T00:00:00Z", "state": "active", "phase": "escalated", "granted": True,
    "scope": READS_LOG, "__proto__": {}, "__class__": {}, "case_id": NOBODYS_ID, "client_id": "police-system",
    "participants": ["police"], "policy": {},
}  # fmt: skip


def enriched(body: Any, name: str, value: object) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The body with one more member, in each of its objects in turn."""
    if isinstance(body, dict):
        if name not in body:
            yield body | {name: value}
        for member, inner in body.items():
            yield from (body | {member: each} for each in enriched(inner, name, value))


def test_no_body_takes_a_member_that_its_route_does_not_know(shared_small_house: Theatre) -> None:
    house = shared_small_house
    case = house.open_case()
    before = house.mark()
    for route in routes_of(house.app):
        if not route.has_body or route.endpoint.startswith(("access.", "oauth.")):
            continue
        path, good = route.path(party="municipality", case_id=case), good_bodies(case)[route.endpoint]
        for name, value in BROUGHT.items():
            known = route.endpoint.startswith(("audit_", "ldv.")) or (route.endpoint, name) == ("cases.invite", "party")
            for body in enriched(dict(good), name, value):
                if known and name in {"party", "professional"}:
                    continue  # a filter of its own
                refused(house.send(DIRECTOR, "POST", path, json=body), 400, where=(str(route), body))
    assert house.since(before) == []


def test_what_a_standard_lets_a_caller_add_decides_nothing(shared_small_house: Theatre) -> None:
    good = good_bodies("")["access.evaluate"]

    def decided(body: object) -> object:
        answer = shared_small_house.send(DIRECTOR, "POST", "/access/v1/evaluation", json=body)
        assert answer.status_code == 200
        return answer.json()["decision"]

    denied = json.loads(json.dumps(good))
    denied["subject"]["id"] = "corporation.rent_collector"
    for body, expected in ((good, decided(good)), (denied, False)):
        for name in ("role", "party", "granted", "decision", "holder", "policy"):
            for each in enriched(body, name, True):
                assert decided(each) in {expected, False}, each


# paths

CLIMBS = (
    "..", "../..", "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cetc%5cpasswd",
    "%252e%252e%252fetc%252fpasswd", "..%c0%af..%c0%afetc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "0/000/../../../checkpoint",
    "0/x001/../000", "0/000%00.p/1", "./0/000", "0//000", "0/000/", "file:///etc/passwd", "C:%5cWindows", "0/000.p/..", "0/%30%30%30%2f..",
)  # fmt: skip


def test_no_path_climbs_out_of_a_log(shared_small_house: Theatre) -> None:
    house = shared_small_house
    house.open_case()
    house.broker.sweeper().sign()
    year = house.entries()[-1].envelope.ts[:4]
    bases = (f"/v1/audit/logs/{COVENANT}/{year}/tile/", "/v1/audit/logs/", "/v1/problems/", "/v1/covenants/", "/sign-in/")
    for base in bases:
        for climb in CLIMBS:
            # httpx would tidy the path up before it is sent
            answer = house.send(DIRECTOR, "GET", "/", extensions={"target": f"{base}{climb}".encode()})
            refused(answer, 400, 404, 405, where=base + climb)
            assert "root:" not in answer.text
    check_quiet(house)


# headers

#: as WSGI has them: an octet each, and none of these is UTF-8
OCTETS = {
    "Cookie": "broker-session=\xff; broker-sign-in=\xff; a=\xe9",
    **dict.fromkeys(("Authorization", "Origin", "Sec-Fetch-Site", "X-CSRF-Token", "traceparent", "Client-Cert"), "\xff"),
    **dict.fromkeys(("Accept-Language", "Content-Type", "Content-Encoding", "Prefer", "Idempotency-Key", "X-Request-ID"), "a;q=\xe9\xff"),
}


def test_no_header_breaks_a_route_with_octets_that_are_no_text(shared_small_house: Theatre) -> None:
    web = shared_small_house.app.test_client(use_cookies=False)  # its own would take the place of ours
    for route in routes_of(shared_small_house.app):
        for name, value in OCTETS.items():
            answer = web.open(route.path(party="municipality"), method=route.method, headers={name: value}, data=b"{}")
            assert answer.status_code < 500, f"{route} {name}: {answer.text}"
    check_quiet(shared_small_house)


# lines of the operator's log

BREAKS = (
    '\n{"event":"forged"}',
    "\r\nforged",
    "\x1b[2J",
    "\x00",
    "\u2028forged",
    '","event":"forged',
    "%0aforged",
    "${jndi:ldap://x}",
    "%n%s",
)


def test_nobody_writes_a_line_or_a_key_of_the_events(shared_small_house: Theatre) -> None:
    house = shared_small_house
    for text in BREAKS:
        house.send(DIRECTOR, "GET", f"/v1/{quote(text, safe='')}?{quote(text, safe='')}=1")
        house.send(DIRECTOR, "POST", "/v1/cases", json={text: text, "covenant": text})
        octets = text.encode("ascii", "ignore").replace(b"\n", b"").replace(b"\r", b"").replace(b"\x00", b"")
        for header in ("traceparent", "tracestate", "User-Agent", "X-Request-ID", "Idempotency-Key", "Prefer", "X-Forwarded-For"):
            house.send(DIRECTOR, "GET", "/v1/nothing", headers={header: octets})
        house.http.get("/v1/cases/x", headers={"Authorization": f"Bearer {octets.decode()}"})
        house.http.post("/oauth2/token", data={"grant_type": text, "client_assertion": text, text: text})
    said = house.events.getvalue()
    assert all(set(json.loads(line)) >= {"event", "at", "level"} for line in said.splitlines())
    assert [text for text in ("forged", "\x1b", "jndi", "\u2028") if text in said] == []


# errors that tell two things apart


def test_every_token_that_does_not_count_is_answered_alike(shared_small_house: Theatre) -> None:
    house = shared_small_house
    good = house.bearer(DIRECTOR)["Authorization"]
    head, claims, signature = good.removeprefix("Bearer ").split(".")
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    bad = ("x", "a.b.c", f"{head}.{claims}.", f"{head}.{claims}.{flipped}", f"eyJhbGciOiJub25lIn0.{claims}.", f"{head}.{head}.{signature}")
    answers = [house.http.get(f"/v1/cases/{NOBODYS_ID}", headers={"Authorization": f"Bearer {token}"}) for token in bad]
    told = {(one.status_code, one.content, one.headers["WWW-Authenticate"]) for one in answers}
    assert len(told) == 1
    assert answers[0].status_code == 401
