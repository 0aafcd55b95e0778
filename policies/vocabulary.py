"""The names every room shares: ids, value types, forms and reason codes.

Nothing here decides anything. `connectors` may import this module and nothing else of `policies`, so that a source can know
what a field is called without knowing who may see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

CovenantId = NewType("CovenantId", str)
PartyId = NewType("PartyId", str)
#: party and role in one name: `municipality.director`
RoleId = NewType("RoleId", str)
PurposeId = NewType("PurposeId", str)
CaseTypeId = NewType("CaseTypeId", str)
Phase = NewType("Phase", str)
SubjectKind = NewType("SubjectKind", str)
#: category and field in one name: `complaints.count_12m`
FieldName = NewType("FieldName", str)
ArticleId = NewType("ArticleId", str)
BasisId = NewType("BasisId", str)

#: what a field can hold; None means that its holder states that it is known to be empty
Value = str | int | bool | date | None


class ValueType(StrEnum):
    """The type of a field, as `type:` in the covenant's data dictionary."""

    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"
    CODE = "code"


class Delivery(StrEnum):
    """How a field reaches the broker: from the source at the ask, or after a professional at the holder released it."""

    LIVE = "live"
    RELEASED_BY_HOLDER = "released_by_holder"


class FormKind(StrEnum):
    """How much of a field is given."""

    FULL = "full"
    MONTH = "month"
    YEAR = "year"
    BANDS = "bands"
    INITIALS = "initials"
    POSTCODE4 = "postcode4"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a field; `bands` holds the bands in ascending order (`0-2`, `3-9`, `10+`) and is empty for every other kind."""

    kind: FormKind
    bands: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is FormKind.BANDS) != bool(self.bands):
            raise ValueError("a form has bands exactly when its kind is bands")

    def __str__(self) -> str:
        return f"bands({','.join(self.bands)})" if self.bands else str(self.kind)


FULL = Form(FormKind.FULL)
PRESENT = Form(FormKind.PRESENT)


class Reason(StrEnum):
    """Why a field is withheld: the closed list that the log keeps. Outward there are two (see `outward`)."""

    # the covenant alone
    UNKNOWN_FIELD = "unknown_field"
    NOT_IN_COVENANT = "not_in_covenant"
    # the case
    CASE_CLOSED = "case_closed"
    WRONG_CASE_TYPE = "wrong_case_type"
    WRONG_PHASE = "wrong_phase"
    WRONG_SUBJECT = "wrong_subject"
    NOT_PARTICIPANT = "not_participant"
    HOLDER_NOT_PARTICIPANT = "holder_not_participant"
    RESTRICTED = "restricted"
    NOT_IDENTIFIED = "not_identified"
    # the conditions of the article
    VETOED = "vetoed"
    NO_CONSENT = "no_consent"
    NO_HIT = "no_hit"
    NO_AGREEMENT = "no_agreement"
    NO_SECOND_PAIR_OF_EYES = "no_second_pair_of_eyes"
    NO_ADVICE = "no_advice"
    # the source
    NOTHING_THERE = "nothing_there"
    SOURCE_UNAVAILABLE = "source_unavailable"
    # the decision itself: any error refuses everything
    ENGINE_FAILED = "engine_failed"


#: reasons that depend on the covenant alone, and so may be told to anybody who may ask at all
COVENANT_REASONS = frozenset({Reason.UNKNOWN_FIELD, Reason.NOT_IN_COVENANT})
