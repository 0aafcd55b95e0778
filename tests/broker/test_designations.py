"""Where the covenant designates a role, only professionals who were registered by name may hold it; everybody else's roles are open."""

from __future__ import annotations

import pytest

from broker.covenants import InForce
from broker.demo import stage
from broker.demo.people import MUNICIPALITY, POLICE
from broker.designations import Designations
from policies.vocabulary import RoleId
from tests.broker.seams import later
from tests.broker.versioning import other_version, put_in_force
from tests.stage import DIRECTOR, Theatre

ADVISER = RoleId("municipality.public_order_adviser")


@pytest.fixture
def designations(shared_house: Theatre) -> Designations:
    return shared_house.broker.designations


def test_a_designated_role_is_held_by_nobody_who_was_not_registered_for_it(designations: Designations) -> None:
    designations.designate(MUNICIPALITY, "p-1", ADVISER)
    for party, professional, role in (
        (MUNICIPALITY, "p-2", ADVISER),
        (MUNICIPALITY, "p-1 ", ADVISER),
        (MUNICIPALITY, "P-1", ADVISER),
        (MUNICIPALITY, "", ADVISER),
        (POLICE, "p-1", ADVISER),
    ):
        assert not designations.may_hold(party, professional, role)
    assert designations.may_hold(MUNICIPALITY, "p-1", ADVISER)


def test_a_registration_that_ended_is_over_and_ends_once(designations: Designations) -> None:
    designations.designate(MUNICIPALITY, "p-3", ADVISER)
    assert designations.end(MUNICIPALITY, "p-3", ADVISER)
    assert not designations.may_hold(MUNICIPALITY, "p-3", ADVISER)
    assert not designations.end(MUNICIPALITY, "p-3", ADVISER)


def test_ending_one_registration_leaves_the_others(designations: Designations) -> None:
    for professional in ("p-4", "p-5"):
        designations.designate(MUNICIPALITY, professional, ADVISER)
    designations.end(MUNICIPALITY, "p-4", ADVISER)
    assert designations.may_hold(MUNICIPALITY, "p-5", ADVISER)


def test_registering_twice_is_registering_once(designations: Designations) -> None:
    for _ in range(2):
        designations.designate(MUNICIPALITY, "p-6", ADVISER)
    assert designations.end(MUNICIPALITY, "p-6", ADVISER)
    assert not designations.may_hold(MUNICIPALITY, "p-6", ADVISER)


def test_a_role_that_no_covenant_designates_needs_no_registration(designations: Designations) -> None:
    assert designations.may_hold(MUNICIPALITY, "anybody", DIRECTOR)


def test_a_role_is_designated_as_soon_as_one_covenant_in_force_says_so(shared_house: Theatre) -> None:
    class Both:
        def in_force(self, _epoch: int | None = None) -> InForce:
            real = shared_house.broker.covenants.in_force()
            (policy,) = real.policies.values()
            return InForce(1, {"another": policy, "waterstad-noord": policy}, {})

    both = Designations(shared_house.broker.designations._engine, Both(), later)
    assert not both.may_hold(MUNICIPALITY, "nobody", ADVISER)


def test_a_role_that_a_new_version_designates_is_closed_at_the_next_request_to_who_is_not_registered(small_house: Theatre) -> None:
    house, path = small_house, "/v1/connectors/municipality/cases"
    bearer = house.bearer(DIRECTOR)
    assert house.http.get(path, headers=bearer).status_code == 200
    director = "director: {nl: regisseur, en: case director, organ: mayor"
    put_in_force(
        house, other_version((house.stage.folder / "covenant.yaml").read_bytes(), **{f"{director}}}": f"{director}, designated: true}}"})
    )
    house.broker.tally.drain()
    assert house.http.get(path, headers=bearer).status_code == 401
    assert house.broker.tally.drain() == {"not_designated": 1}
    # for another role, and somebody else for this one
    house.broker.designations.designate(MUNICIPALITY, stage.professional(DIRECTOR), RoleId("municipality.social_team"))
    house.broker.designations.designate(MUNICIPALITY, "employee-of-another-desk", DIRECTOR)
    assert house.http.get(path, headers=bearer).status_code == 401
    house.broker.admissions.designate(MUNICIPALITY, stage.professional(DIRECTOR), DIRECTOR)
    assert house.http.get(path, headers=bearer).status_code == 200
