"""Creates and fills the corporation's rental database: a few hundred tenants, what is reported about some, and what some owe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import Connection, Table, create_engine, insert, text

from broker.demo.people import CONCERN, LOOKALIKE, MAIN, QUIET, Resident, neighbourhood
from broker.demo.sources import rental_tables as tables

TENANTS: Final = 300
_NIGHT: Final = (23, 0, 1, 2, 3)
_DAY: Final = (9, 13, 17, 20)


@dataclass(frozen=True, slots=True)
class Complaints:
    """What was reported about one tenant: so many times one VERA kind, by so many neighbours, in the `days` before today."""

    kind: str
    count: int
    reporters: int
    days: int
    at_night: bool = False


@dataclass(frozen=True, slots=True)
class Tenancy:
    """All that the corporation has on one tenant besides who it is; what is not given is as with most tenants."""

    resident: Resident
    complaints: tuple[Complaints, ...] = ()
    signals: tuple[tuple[str, str], ...] = ()
    arrears_months: int = 0
    bailiff: bool = False
    warnings_days_ago: tuple[int, ...] = ()
    mediation: str | None = None
    agreement: bool = False
    visit_with_two: bool = False
    dwelling: str = "portiekwoning"
    started: date = field(default=date(2014, 6, 1))
    ends: date | None = None


#: what the story needs to be there; the numbers are told in the demonstration
STORY: Final = (
    Tenancy(
        MAIN,
        complaints=(Complaints("GEL", 14, 6, 340, at_night=True), Complaints("VER", 3, 2, 200)),
        signals=(("OVE", "GEL"), ("SCH", "BET"), ("WAN", "VEB")),
        arrears_months=3,
        bailiff=True,
        warnings_days_ago=(210, 120, 45),
        mediation="geweigerd",
        agreement=True,
        visit_with_two=True,
        started=date(2016, 3, 1),
    ),
    Tenancy(LOOKALIKE, dwelling="galerijwoning", started=date(1998, 9, 1)),
    Tenancy(CONCERN, complaints=(Complaints("VER", 4, 2, 150),), signals=(("ONB", "AMB"),), arrears_months=1, started=date(1987, 5, 1)),
    Tenancy(QUIET, started=date(2021, 2, 1)),
)


def create_rental_database(url: str, *, today: date, random: Random, tenants: int = TENANTS) -> None:
    """Create the tables and views in an empty database and fill them; the same `today` and `random` give the same rows.

    `url` is a SQLAlchemy URL of SQLite or PostgreSQL.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            tables.metadata.create_all(connection)
            for view in tables.VIEWS:
                connection.execute(text(view))
            _fill(connection, today, random, tenants)
    finally:
        engine.dispose()


def _fill(connection: Connection, today: date, random: Random, tenants: int) -> None:
    others = neighbourhood(tenants, random)[len(STORY) :]
    rows: dict[Table, list[dict[str, Any]]] = {}
    for number, tenancy in enumerate((*STORY, *(_other(resident, random) for resident in others)), start=1):
        for table, row in _rows(tenancy, number, today, random):
            rows.setdefault(table, []).append(row)
    for table in tables.metadata.sorted_tables:
        connection.execute(insert(table), rows[table])


def _other(resident: Resident, random: Random) -> Tenancy:
    """A tenant like most: nothing reported, nothing owed; one in eight is reported now and then, one in ten is behind with the rent."""
    reported = random.random() < 1 / 8
    complaints = (Complaints(random.choice(("GEL", "VER", "OND")), random.randint(1, 5), random.randint(1, 3), 330),) if reported else ()
    signals = (("OVE", complaints[0].kind),) if complaints and complaints[0].kind == "GEL" else ()
    premises = (("ONE", random.choice(("HEN", "DRU"))),) if random.random() < 1 / 60 else ()
    return Tenancy(
        resident,
        complaints=complaints,
        signals=(*signals, *premises),
        arrears_months=random.randint(1, 4) if random.random() < 1 / 10 else 0,
        mediation="aangeboden" if reported else None,
        dwelling=random.choice(("portiekwoning", "galerijwoning", "maisonnette", "eengezinswoning")),
        started=date(random.randint(1985, 2024), random.randint(1, 12), 1),
    )


def _rows(tenancy: Tenancy, number: int, today: date, random: Random) -> Iterator[tuple[Table, dict[str, Any]]]:
    tenant = tenancy.resident.tenant_number
    yield from _who(tenancy, number, tenant)
    yield from _reported(tenancy, tenant, today, random)
    yield tables.huurachterstand, _arrears(tenancy, tenant, today)
    for days in tenancy.warnings_days_ago:
        yield tables.waarschuwingen, {"huurder_id": tenant, "verzonden_op": today - timedelta(days=days)}
    yield (
        tables.afspraken,
        {
            "huurder_id": tenant,
            "buurtbemiddeling": tenancy.mediation,
            "buurtbemiddeling_op": today - timedelta(days=250) if tenancy.mediation else None,
            "gedragsafspraken": tenancy.agreement,
            "laatste_kans_tot": today + timedelta(days=180) if tenancy.agreement else None,
            "procedure": False,
        },
    )


def _who(tenancy: Tenancy, number: int, tenant: int) -> Iterator[tuple[Table, dict[str, Any]]]:
    person = tenancy.resident
    yield (
        tables.huurders,
        {
            "huurder_id": tenant,
            "achternaam": person.last_name,
            "voornamen": person.first_names,
            "geboortedatum": person.birth_date,
            "telefoon": person.phone,
            "email": person.email,
            "bezoek_met_twee": tenancy.visit_with_two,
            "bankrekening": f"XX00 FICT 0000 {number:06d}",
        },
    )
    yield (
        tables.adressen,
        {
            "adres_id": number,
            "straat": person.street,
            "huisnummer": person.number,
            "postcode": person.postcode,
            "plaats": "Waterstad",
            "complex": person.block,
            "woningtype": tenancy.dwelling,
        },
    )
    yield (
        tables.overeenkomsten,
        {
            "huurder_id": tenant,
            "adres_id": number,
            "status": "VOP" if tenancy.ends else "LOP",
            "ingangsdatum": tenancy.started,
            "einddatum": tenancy.ends,
            "medehuurders": 0,
        },
    )


def _reported(tenancy: Tenancy, tenant: int, today: date, random: Random) -> Iterator[tuple[Table, dict[str, Any]]]:
    days: list[date] = []
    for sort in tenancy.complaints:
        for position in range(sort.count):
            # Spread over the whole period, the newest ten days ago: nothing lies on the edge of a window.
            day = today - timedelta(days=10 + position * (sort.days - 10) // max(1, sort.count - 1))
            days.append(day)
            yield (
                tables.meldingen,
                {
                    "huurder_id": tenant,
                    "melder_id": 900_000 + position % sort.reporters,
                    "detailsoort": sort.kind,
                    "gemeld_op": day,
                    "uur": random.choice(_NIGHT if sort.at_night else _DAY),
                },
            )
    for soort, detail in tenancy.signals:
        yield (
            tables.signaleringen,
            {
                "huurder_id": tenant,
                "soort": soort,
                "detailsoort": detail,
                "status": "ACT",
                "vertrouwelijkheid": "GEH" if detail in {"AMB", "HEN", "DRU", "BRA"} else "VER",
                "begindatum": today - timedelta(days=60),
                "einddatum": None,
            },
        )
    yield tables.overlastbeeld, _nightly(tenancy, tenant, today, days)


def _nightly(tenancy: Tenancy, tenant: int, today: date, days: list[date]) -> dict[str, Any]:
    most = max(tenancy.complaints, key=lambda sort: sort.count, default=None)
    return {
        "huurder_id": tenant,
        "meest_gemeld": most.kind if most else None,
        "melders_12m": most.reporters if most else 0,
        "eerste_melding": min(days, default=None),
        "vooral_nacht": most.at_night if most else None,
        "peildatum": today - timedelta(days=1),
    }


def _arrears(tenancy: Tenancy, tenant: int, today: date) -> dict[str, Any]:
    months = tenancy.arrears_months
    return {
        "huurder_id": tenant,
        "maanden": months,
        "bedrag": months * 612,
        "sinds": today - timedelta(days=31 * months) if months else None,
        "betalingsregeling": months == 1,
        "deurwaarder": tenancy.bailiff,
        "ontruiming_op": None,
        "peildatum": today - timedelta(days=1),
    }
