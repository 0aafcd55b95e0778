"""A corporation's rental database, and how its columns are read."""

from __future__ import annotations

from datetime import date

from connectors.source import Item, Lookup, Wanted
from connectors.sql import Mapped, Reading, Rows, SqlSource, TableName, Window
from policies.vocabulary import FULL, FieldName, Form, FormKind, PartyId, ValueType
from tests.connectors.contract import PATIENT_S

CORPORATION = PartyId("corporation")
TODAY = date(2026, 3, 15)
COMPLAINTS = TableName("melding")
BANDS = Form(FormKind.BANDS, ("0", "1-2", "3+"))
MONTH, YEAR = Form(FormKind.MONTH), Form(FormKind.YEAR)

KIND, OFFENCE, COUNT, LAST, SINCE = (
    FieldName(f"complaints.{name}") for name in ("kind", "offence_kind", "count_12m", "last_on", "tenant_since")
)
NUISANCE = (("soort", ("GEL", "VER")),)
MAPPING = {
    KIND: Mapped(Rows(COMPLAINTS, "huurder", NUISANCE, None, "gemeld_op"), Reading.COLUMN, "soort", (("GEL", "GEL"), ("VER", "VER"))),
    OFFENCE: Mapped(Rows(COMPLAINTS, "huurder"), Reading.COLUMN, "soort", (("HEN", "HEN"),)),
    COUNT: Mapped(Rows(COMPLAINTS, "huurder", NUISANCE, Window("gemeld_op", 12)), Reading.COUNT),
    LAST: Mapped(Rows(COMPLAINTS, "huurder"), Reading.NEWEST, "gemeld_op"),
    SINCE: Mapped(Rows(TableName("huurder"), "nummer"), Reading.COLUMN, "sinds", as_of="sinds"),
}
TYPES = {KIND: ValueType.CODE, OFFENCE: ValueType.CODE, COUNT: ValueType.INTEGER, LAST: ValueType.DATE, SINCE: ValueType.DATE}


def read(source: SqlSource, reference: str, *fields: FieldName, form: Form = FULL) -> dict[FieldName, Item]:
    wanted = tuple(Wanted(field, form, TYPES[field]) for field in fields)
    return dict(source.read(Lookup("c1", "s1", CORPORATION, reference, wanted, PATIENT_S)))
