"""What professionals at the police and at care release by hand: they look it up in systems that the broker never sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from broker.demo.people import CARE, CONCERN, LOOKALIKE, MAIN, POLICE, Resident
from policies.vocabulary import FieldName, PartyId, Value


@dataclass(frozen=True, slots=True)
class Release:
    """One value that a holder may release about one person, and when it was so."""

    field: FieldName
    value: Value
    as_of: date


def to_release(holder: PartyId, resident: Resident, *, today: date) -> Mapping[FieldName, Release]:
    """All that `holder` could release about a resident; empty where it does not know them."""
    values = _VALUES.get((holder, resident.references.get(holder, "")), {})
    found = {FieldName(name): today - value if isinstance(value, timedelta) else value for name, value in values.items()}
    return MappingProxyType({name: Release(name, value, today) for name, value in found.items()})


#: by holder and the holder's own reference; a length of time is a day that long ago, a negative one a day to come
_VALUES: Final[Mapping[tuple[PartyId, str], Mapping[str, str | int | bool | timedelta]]] = MappingProxyType(
    {
        (POLICE, MAIN.references[POLICE]): {
            "incidents.count_12m": 7,
            "incidents.count_3m": 3,
            "incidents.at_address_12m": 9,
            "incidents.last_on": timedelta(days=12),
            "incidents.kind": "bedreiging",
            "incidents.worrying_12m": 1,
            "incidents.visit_advice": "met_twee",
        },
        (POLICE, LOOKALIKE.references[POLICE]): {"incidents.count_12m": 0, "incidents.at_address_12m": 0},
        (CARE, MAIN.references[CARE]): {
            "care_contact.contact": "T. Wulp",
            "care_contact.phone": "06-0000 0021",
            "care_contact.on_call_phone": "06-0000 0099",
            "support.kind": "ambulante_begeleiding",
            "support.started_on": timedelta(days=420),
            "support.last_contact_on": timedelta(days=6),
            "support.frequency": "wekelijks",
            "support.continues_until": timedelta(days=-150),
            "support.approach_advice": "Bel vooraf en kom overdag; een vreemde aan de deur maakt hem bang.",
            "safety.crisis_plan": True,
            "safety.needs_help_leaving": False,
            "safety.risk_to_self": False,
            "safety.risk_to_others": False,
        },
        (CARE, LOOKALIKE.references[CARE]): {"care_contact.contact": "B. Plevier", "support.kind": "behandeling"},
        (CARE, CONCERN.references[CARE]): {
            "care_contact.contact": "L. Strandloper",
            "care_contact.phone": "06-0000 0022",
            "care_contact.on_call_phone": "06-0000 0099",
            "support.kind": "bemoeizorg",
            "support.last_contact_on": timedelta(days=2),
            "safety.crisis_plan": True,
            "safety.needs_help_leaving": True,
        },
    }
)
