"""What the municipality has on its inhabitants: one document per person, in its case system's own Dutch names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from broker.demo.people import CONCERN, LOOKALIKE, MAIN, MUNICIPALITY, QUIET, Resident, neighbourhood

#: one person's document: the case system's name of a field, and its value; null says that it is known to be empty, a day is `YYYY-MM-DD`
Document = Mapping[str, str | int | bool | None]

TENANTS: Final = 300


def write_registers(path: Path, *, today: date, random: Random, tenants: int = TENANTS) -> None:
    """Write the case system's store, one document per reference."""
    store = {person.references[MUNICIPALITY]: dict(_document(person, today, random)) for person in neighbourhood(tenants, random)}
    path.write_text(json.dumps({"peildatum": today.isoformat(), "personen": store}, ensure_ascii=False, indent=1), encoding="utf-8")


def _document(person: Resident, today: date, random: Random) -> Document:
    return {**_registered(person, random), **_led(today), **_special(person, today)}


def _registered(person: Resident, random: Random) -> Document:
    minors = random.choice((0, 0, 0, 1, 2))
    adults = random.choice((1, 2)) if minors else random.choice((1, 1, 2))
    household = {(1, False): "alleenstaand", (2, False): "paar"}.get((adults, bool(minors)), "gezin")
    return {
        "geslachtsnaam": person.last_name,
        "voornamen": person.first_names,
        "geboortedatum": person.birth_date.isoformat(),
        "adres": person.address,
        "aantalIngeschrevenen": adults + minors,
        "ingeschrevenSinds": date(random.randint(1990, 2024), random.randint(1, 12), 1).isoformat(),
        "verhuizingen12Maanden": random.choice((0, 0, 1)),
        "bedrijfOpAdres": random.random() < 1 / 20,
        "verhuurvergunning": False,
        "samenstellingHuishouden": household,
        "aantalVolwassenen": adults,
        "aantalMinderjarigen": minors,
    }


def _led(today: date) -> Document:
    return {
        "regisseur": "M. Scholekster",
        "regisseurTelefoon": "06-0000 0001",
        "volgendOverlegOp": (today + timedelta(days=9)).isoformat(),
    }


def _special(person: Resident, today: date) -> Document:
    """What is on file about the people of the story; about everybody else the case system states that there is nothing."""
    nothing: Document = {
        **dict.fromkeys(("waarschuwingOp", "maatregelSoort", "maatregelVanaf", "maatregelTot", "geslotenVanaf", "geslotenTot")),
        "dwangsomVerbeurd": False,
        **dict.fromkeys(("wijkteamContact", "wmoVoorziening", "wmoSinds")),
        **dict.fromkeys(("schuldhulpStand", "schuldhulpAangebodenOp", "schuldhulpStabielSinds")),
        "budgetbeheer": False,
    }
    story = _STORY.get(person.references[MUNICIPALITY])
    return nothing if story is None else {**nothing, **story(today)}


def _main(today: date) -> Document:
    return {
        "waarschuwingOp": (today - timedelta(days=40)).isoformat(),
        "maatregelSoort": "gedragsaanwijzing",
        "maatregelVanaf": (today - timedelta(days=5)).isoformat(),
        "maatregelTot": (today + timedelta(days=85)).isoformat(),
        "schuldhulpStand": "stabilisatie",
        "schuldhulpAangebodenOp": (today - timedelta(days=70)).isoformat(),
        "schuldhulpStabielSinds": (today - timedelta(days=20)).isoformat(),
        "aantalVolwassenen": 1,
        "aantalMinderjarigen": 0,
        "aantalIngeschrevenen": 1,
        "samenstellingHuishouden": "alleenstaand",
    }


def _concern(today: date) -> Document:
    return {
        "wijkteamContact": "R. Kievit",
        "wmoVoorziening": "huishoudelijke_hulp",
        "wmoSinds": (today - timedelta(days=400)).isoformat(),
        "aantalVolwassenen": 1,
        "aantalMinderjarigen": 0,
        "aantalIngeschrevenen": 1,
        "samenstellingHuishouden": "alleenstaand",
    }


def _settled(_: date) -> Document:
    return {"verhuizingen12Maanden": 0}


_STORY: Final = {
    MAIN.references[MUNICIPALITY]: _main,
    CONCERN.references[MUNICIPALITY]: _concern,
    LOOKALIKE.references[MUNICIPALITY]: _settled,
    QUIET.references[MUNICIPALITY]: _settled,
}
