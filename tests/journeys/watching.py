"""All that a party can see of a case, by every route that reads, with what may differ taken out.

Exempt are ids, times, signatures, log index and leaf hash (the receipt has these three). All else is compared as text, members in their
order, with the status and the names of the headers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from policies.vocabulary import RoleId
from tests.stage import Theatre

TIMES = ("due", "at", "pickUpBy")
IDS = ("id", "receipt", "disclosure")


def bare(answer: httpx.Response, case: str) -> str:
    """An answer without what may differ."""
    body = _bare(json.loads(answer.content), case) if answer.content else None
    return json.dumps([answer.status_code, sorted(name.lower() for name in answer.headers), body], ensure_ascii=False)


def _bare(value: Any, case: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _exempt(name, inner, case) for name, inner in value.items()}
    if isinstance(value, list):
        return [_bare(inner, case) for inner in value]
    return "<case>" if value == case else value


def _exempt(name: str, value: Any, case: str) -> Any:  # noqa: ANN401 - any JSON
    if name in IDS or (name in TIMES and value is not None):
        return "<exempt>"
    return _bare(value, case)


def watch(house: Theatre, role: RoleId, case: str) -> Mapping[str, str]:
    """Everything that a role can read about one case, by what was asked."""
    party = role.partition(".")[0]
    (policy,) = house.broker.covenants.in_force().policies.values()
    fields = [str(field) for field in policy.covenant.fields]
    seen: dict[str, str] = {}
    for purpose in policy.covenant.purposes:
        ask = {"case": case, "purpose": purpose, "fields": fields}
        path = f"/v1/connectors/{party}/disclosures"
        seen[f"{role} asks all for {purpose}"] = bare(house.send(role, "POST", path, json=ask), case)
        if purpose == "end_nuisance":
            for field in ("incidents.count_12m", "care_contact.contact"):
                one = house.send(role, "POST", path, json=ask | {"fields": [field]}, headers={"Prefer": "handling=strict"})
                seen[f"{role} asks {field} alone, strictly"] = bare(one, case)
        question = {"case": case, "purpose": purpose}
        permissions = house.send(role, "POST", f"/v1/connectors/{party}/permissions", json=question)
        seen[f"{role} asks what it may ask for {purpose}"] = bare(permissions, case)
    seen[f"{role} looks at the case"] = bare(house.send(role, "GET", f"/v1/cases/{case}"), case)
    listed = house.send(role, "GET", f"/v1/connectors/{party}/cases")
    assert listed.status_code == 200
    seen[f"{role} finds it in its list"] = json.dumps([_bare(one, case) for one in listed.json()["cases"] if one["id"] == case])
    return seen


def command(house: Theatre, role: RoleId, case: str, name: str, body: Mapping[str, object]) -> str:
    """What a command of a role is answered."""
    return bare(house.send(role, "POST", f"/v1/cases/{case}/{name}", json=body), case)


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> Sequence[str]:
    """What can be told apart, in words."""
    return [f"{what}:\n  {first.get(what)}\n  {second.get(what)}" for what in {**first, **second} if first.get(what) != second.get(what)]
