"""The people of Waterstad, none of whom exists.

Names, streets and numbers look Dutch and are nobody's: no street of Waterstad is on a map, `9999 Z.` is a postcode without houses,
numbers that begin with 06-0000 are not given out. There is no BSN, not even a false one: each party knows a person by a key of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from types import MappingProxyType
from typing import Final

from policies.vocabulary import PartyId

MUNICIPALITY: Final = PartyId("municipality")
CORPORATION: Final = PartyId("corporation")
POLICE: Final = PartyId("police")
CARE: Final = PartyId("care")

_FIRST_NAMES: Final = (
    *("Anna Maria", "Bram", "Cornelia", "Daan", "Elif", "Fatima", "Gerrit Jan", "Hanneke", "Ibrahim", "Johanna"),
    *("Kees", "Lotte", "Mehmet", "Naima", "Olga", "Pieter", "Roos", "Samira", "Teun", "Willemijn"),
)
_LAST_NAMES: Final = (
    *("Aalscholver", "Brasem", "van der Dijk", "Eendekroos", "Fuut", "Grutto", "ter Haven", "IJsvogel", "Karper", "Lisdodde"),
    *(
        "Meerkoet",
        "Noordzij-Golf",
        "Oeverzwaluw",
        "Paling",
        "van de Rietkraag",
        "Sluiswachter",
        "Tureluur",
        "Uiterwaard",
        "Visdief",
        "Waterlelie",
    ),
)
_STREETS: Final = (
    ("Lisdoddestraat", "9999 ZA", "De Oever"),
    ("Fuutlaan", "9999 ZB", "De Oever"),
    ("Rietkraag", "9999 ZC", "Het Veer"),
    ("Otterhof", "9999 ZD", "Het Veer"),
    ("Snoekpad", "9999 ZE", "De Kade"),
)


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who rents in Waterstad-Noord. `references` has the key under which each party knows them, if it does."""

    first_names: str
    last_name: str
    birth_date: date
    street: str
    number: int
    postcode: str
    block: str
    phone: str
    email: str
    references: Mapping[PartyId, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "references", MappingProxyType(dict(self.references)))

    @property
    def address(self) -> str:
        """Street and number in one line."""
        return f"{self.street} {self.number}"

    @property
    def tenant_number(self) -> int:
        """The corporation's key; every resident here is its tenant."""
        return int(self.references[CORPORATION])


#: the resident the story is about: complaints at night, arrears, known to the police and, as few know, to care
MAIN: Final = Resident(
    "Johannes Cornelis",
    "van der Waterkant",
    date(1979, 4, 17),
    "Lisdoddestraat",
    14,
    "9999 ZA",
    "De Oever",
    "06-0000 0114",
    "j.c.vanderwaterkant@post.example",
    {CORPORATION: "204117", MUNICIPALITY: "INW-004711", POLICE: "PLW-55120-3", CARE: "SD-88213"},
)

#: the same name in the same neighbourhood, another person: only the date of birth and the address tell them apart
LOOKALIKE: Final = Resident(
    "Johannes Cornelis",
    "van der Waterkant",
    date(1951, 11, 2),
    "Otterhof",
    41,
    "9999 ZD",
    "Het Veer",
    "06-0000 0141",
    "jc.waterkant@post.example",
    {CORPORATION: "204982", MUNICIPALITY: "INW-009320", POLICE: "PLW-31077-1", CARE: "SD-41550"},
)

#: a resident about whom there is concern and no offence; the police have nothing on her
CONCERN: Final = Resident(
    "Alida",
    "Zilverreiger",
    date(1946, 8, 30),
    "Fuutlaan",
    7,
    "9999 ZB",
    "De Oever",
    "06-0000 0107",
    "a.zilverreiger@post.example",
    {CORPORATION: "203388", MUNICIPALITY: "INW-002954", CARE: "SD-90417"},
)

#: a tenant of whom nobody complains
QUIET: Final = Resident(
    "Tobias",
    "Kluut",
    date(1988, 1, 9),
    "Lisdoddestraat",
    16,
    "9999 ZA",
    "De Oever",
    "06-0000 0116",
    "t.kluut@post.example",
    {CORPORATION: "204120", MUNICIPALITY: "INW-004790"},
)

STORY: Final = (MAIN, LOOKALIKE, CONCERN, QUIET)


def neighbourhood(count: int, random: Random) -> tuple[Resident, ...]:
    """The people of the story and `count` others around them; the same `random` makes the same people."""
    return (*STORY, *(_resident(position, random) for position in range(count)))


def _resident(position: int, random: Random) -> Resident:
    street, postcode, block = random.choice(_STREETS)
    last_name = random.choice(_LAST_NAMES)
    references = {CORPORATION: str(300_000 + position), MUNICIPALITY: f"INW-{100_000 + position}"}
    return Resident(
        first_names=random.choice(_FIRST_NAMES),
        last_name=last_name,
        birth_date=date(random.randint(1938, 2005), random.randint(1, 12), random.randint(1, 28)),
        street=street,
        number=200 + position,
        postcode=postcode,
        block=block,
        phone=f"06-0000 {1000 + position % 9000:04d}",
        email=f"huurder{position}@post.example",
        references=references,
    )
