"""The requests that name a case, and the cases that are not there for whoever sends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from policies.vocabulary import RoleId
from tests.journeys.routes import NOBODYS_ID, good_bodies, routes_of
from tests.stage import DIRECTOR, Theatre

Request = Callable[[str], httpx.Response]


def absent_cases(house: Theatre, role: RoleId) -> Mapping[str, str]:
    """Cases that `role` must not be able to tell apart; the role's party takes part in those that are closed."""
    party = role.partition(".")[0]
    foreign, closed, invited = house.open_case(), house.open_case(), house.open_case()
    for case in (closed, invited):
        house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
        house.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": party})
    house.post(role, f"/v1/cases/{closed}/participations", {})
    closed_foreign = house.open_case()
    for case in (closed, invited, closed_foreign):
        house.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": "unfounded"})
    return {
        "unknown": NOBODYS_ID,
        "foreign": foreign,
        "closed": closed,
        "closed after an invitation": invited,
        "closed and foreign": closed_foreign,
    }


def requests_about(house: Theatre, role: RoleId) -> Mapping[str, Request]:
    """Every request of the interface that names a case, by its route."""
    party = role.partition(".")[0]

    def sending(method: str, path: str, body: Callable[[str], object] | None) -> Request:
        return lambda case: house.send(role, method, path.replace("CASE", case), json=body(case) if body else None)

    found: dict[str, Request] = {}
    for route in routes_of(house.app):
        body = (lambda case, endpoint=route.endpoint: good_bodies(case)[endpoint]) if route.has_body else None
        if route.takes_case:
            found[str(route)] = sending(route.method, route.path(party=party, case_id="CASE"), body)
        elif route.has_body and "case" in good_bodies("").get(route.endpoint, {}):
            found[str(route)] = sending(route.method, route.path(party=party), body)
    return found
