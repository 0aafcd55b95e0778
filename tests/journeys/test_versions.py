"""Versions through the parties' own doors, with real tokens; and two real workers while one version follows another.

The long form of the race, on each kind of database, is in tests/soak/test_versions.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.acceptance import sign_acceptance
from broker.clock import system_clock
from broker.demo.people import CARE, POLICE
from broker.watching import POLL_S
from policies.vocabulary import PartyId, RoleId
from tests.broker.versioning import ANNA, BERT, judged, other_version, proposed
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre, rooms, theatre
from tests.switching import after_a_revocation_nothing, following, race_revocations
from tests.template import template

ROLES = {"municipality": DIRECTOR, "corporation": SOCIAL_MANAGER, "police": OFFICER, "care": CASE_MANAGER}
#: how soon every worker follows
WITHIN_S = 2.0


@pytest.fixture(scope="module")
def text() -> bytes:
    """The covenant that is in force, with every party's own thumbprint."""
    return (template().folder / "covenant.yaml").read_bytes()


def answer_of(house: Theatre, party: PartyId, sha256: str, kind: str = "accept", ago: timedelta = timedelta()) -> Mapping[str, Any]:
    key = house.stage.parties[party].signing
    public = {name: value for name, value in key.as_dict(private=False).items() if name in {"kty", "crv", "x"}}
    signature = sign_acceptance(sha256, party, kind, key, system_clock() - ago)
    return {"sha256": sha256, "kind": kind, "signature": signature, "publicKey": public}


def test_from_a_text_to_force_through_the_parties_own_doors(small_house: Theatre, text: bytes) -> None:
    house, made = small_house, other_version(text, "2026.3").decode()
    made_by = house.post(DIRECTOR, "/v1/covenants/versions", {"text": made})
    sha256 = made_by["sha256"]
    assert (made_by["state"], made_by["accepted"]) == ("proposed", [])
    judged(house.broker, sha256)
    assert house.problem(DIRECTOR, "/v1/covenants/activations", {"sha256": sha256}) == (409, "covenant-refused")
    for party, role in ROLES.items():
        house.post(role, "/v1/covenants/acceptances", answer_of(house, PartyId(party), sha256))
    assert house.post(DIRECTOR, "/v1/covenants/activations", {"sha256": sha256})["state"] == "requested"
    assert house.post(DIRECTOR, "/v1/covenants/activations", {"sha256": sha256})["state"] == "requested"
    assert house.post(CASE_MANAGER, "/v1/covenants/activations", {"sha256": sha256})["state"] == "active"
    assert house.http.get(f"/v1/covenants/{COVENANT}").json()["version"] == "2026.3"

    one = house.get(OFFICER, f"/v1/covenants/{COVENANT}/versions/2026.3")
    assert one["text"] == made
    assert hashlib.sha256(one["canonical"].encode()).hexdigest() == sha256
    versions = house.get(OFFICER, f"/v1/covenants/{COVENANT}/versions")["versions"]
    assert [(v["version"], v["state"]) for v in versions] == [("2026.2", "superseded"), ("2026.3", "active")]
    steps = [s for s in house.get(OFFICER, f"/v1/covenants/{COVENANT}/history")["steps"] if s["version"] == "2026.3"]
    assert [s["kind"] for s in steps] == ["proposed", *["accepted"] * 4, "requested", "activated"]
    assert {s["professional"] for s in steps if s["party"] != "police"} == {None}, "a colleague elsewhere is a role, not a person"
    assert all(s["professional"] for s in steps if s["party"] == "police")
    assert {s["party"]: s["key"] for s in steps if s["key"]} == {p: k.signing.thumbprint() for p, k in house.stage.parties.items()}


def test_a_text_that_is_no_covenant_is_told_by_line_and_code_and_not_a_word_of_it(shared_small_house: Theatre, text: bytes) -> None:
    small_house = shared_small_house
    wrong = other_version(text, "2026.3").decode().replace("purpose: end_nuisance", "purpose: secret_word", 1)
    answer = small_house.send(DIRECTOR, "POST", "/v1/covenants/versions", json={"text": wrong})
    assert (answer.status_code, answer.json()["type"]) == (400, "/v1/problems/invalid-covenant")
    assert "error[" in answer.json()["errors"][0]["detail"]
    assert "secret_word" not in answer.text
    assert small_house.send(DIRECTOR, "POST", "/v1/covenants/versions", json={"text": "x" * 2_000_000}).status_code == 413
    half = small_house.send(
        DIRECTOR, "POST", "/v1/covenants/versions", content=b'{"text": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert half.status_code == 400, "half a character"


def test_nobody_proposes_or_looks_at_a_covenant_that_does_not_name_them(shared_small_house: Theatre) -> None:
    small_house = shared_small_house
    for path in ("versions", "versions/2026.2", "history", "received"):
        answer = small_house.send(DIRECTOR, "GET", f"/v1/covenants/elsewhere/{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/v1/problems/unknown-covenant")
    unknown = small_house.send(DIRECTOR, "GET", f"/v1/covenants/{COVENANT}/versions/1999.1")
    assert unknown.status_code == 404


def test_a_refusal_says_which_and_not_about_whom(shared_small_house: Theatre, text: bytes) -> None:
    small_house = shared_small_house
    sha256 = proposed(small_house, other_version(text, "2026.3"), accepted=False)
    late = answer_of(small_house, CARE, sha256, ago=timedelta(seconds=1))
    small_house.post(CASE_MANAGER, "/v1/covenants/acceptances", answer_of(small_house, CARE, sha256))
    answer = small_house.send(CASE_MANAGER, "POST", "/v1/covenants/acceptances", json=late)
    assert (answer.status_code, answer.json().get("code")) == (409, "old_answer"), answer.text
    activation = small_house.send(DIRECTOR, "POST", "/v1/covenants/activations", json={"sha256": sha256})
    assert activation.json()["code"] == "not_accepted"
    assert "police" not in activation.text


def test_a_party_that_leaves_is_told_what_it_received_and_nothing_of_what_was_in_it(shared_small_house: Theatre, text: bytes) -> None:
    house = shared_small_house
    proposed(house, other_version(text, "keep-it", destroy_or_own_ground="own_ground"), accepted=False)  # a draft binds nobody
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    for _ in range(2):
        house.ask(OFFICER, case, "end_nuisance", "complaints.count_12m", "complaints.kind")
    house.post(OFFICER, "/v1/covenants/acceptances", answer_of(house, POLICE, house.stage.sha256, "revoke"))
    left = house.get(OFFICER, f"/v1/covenants/{COVENANT}/received")  # while its token lasts; afterwards its operator is asked
    assert left == {
        "receivedData": "destroy_or_own_ground",
        "cases": [{"case": case, "disclosures": 2, "fields": ["complaints.count_12m", "complaints.kind"]}],
    }
    assert house.get(RoleId("care.case_manager"), f"/v1/covenants/{COVENANT}/received")["cases"] == []


def test_two_workers_follow_by_themselves_and_give_nothing_after_a_revocation(tmp_path: Path, postgres_url: str, text: bytes) -> None:
    with theatre(tmp_path, rooms(postgres_url)) as house:
        follow_and_race(house, text)


def follow_and_race(house: Theatre, text: bytes) -> None:
    sha256 = proposed(house, other_version(text, "2026.3"))
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    with following(house, case) as workers:
        house.broker.enactment.activate(sha256, ANNA)
        house.broker.enactment.activate(sha256, BERT)
        workers.until_all_see("2026.3")
        # How soon is the machine's affair, and how often they look is ours.
        assert POLL_S < WITHIN_S
        race_revocations(house, sha256, rounds=3)
    given, withheld = after_a_revocation_nothing(house.entries())
    assert given > 0
    assert withheld > 0
