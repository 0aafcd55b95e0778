"""The people of the demonstration are nobody, and can be told apart."""

from __future__ import annotations

import re
from random import Random

from broker.demo.people import CARE, CORPORATION, LOOKALIKE, MAIN, MUNICIPALITY, POLICE, neighbourhood


def seeded(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - people, not secrets


def test_postcodes_and_telephone_numbers_are_nobodys() -> None:
    for person in neighbourhood(300, seeded()):
        assert re.fullmatch(r"9999 Z[A-Z]", person.postcode)
        assert person.phone.startswith("06-0000 ")
        assert person.email.endswith(".example")


def test_no_two_people_share_a_reference() -> None:
    people = neighbourhood(300, seeded())
    for party in (CORPORATION, MUNICIPALITY, POLICE, CARE):
        references = [person.references[party] for person in people if party in person.references]
        assert len(references) == len(set(references))


def test_the_lookalike_differs_in_birth_date_and_address_alone() -> None:
    assert (MAIN.first_names, MAIN.last_name) == (LOOKALIKE.first_names, LOOKALIKE.last_name)
    assert MAIN.birth_date != LOOKALIKE.birth_date
    assert MAIN.address != LOOKALIKE.address
    assert not set(MAIN.references.values()) & set(LOOKALIKE.references.values())


def test_the_same_seed_makes_the_same_people() -> None:
    assert neighbourhood(40, seeded(2)) == neighbourhood(40, seeded(2))
    assert neighbourhood(40, seeded(2)) != neighbourhood(40, seeded(3))
