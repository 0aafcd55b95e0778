"""The contract between the exchange and a source: one question, one answer, one way to fail.

Every kind of source passes the same suite, `tests/connectors/contract.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from policies.vocabulary import FieldName, Form, PartyId, Value, ValueType


@dataclass(frozen=True, slots=True)
class Wanted:
    """One granted field: a source may read nothing that is not wanted, and gives no more of it than `form`."""

    field: FieldName
    form: Form
    type: ValueType


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to one source about one subject.

    `local_reference` is the holder's own key for the subject, or None where the holder registered none; a source that needs one
    then answers with nothing. `traceparent` is the W3C trace context to pass on, `deadline_s` how many seconds the answer may take.
    """

    case: str
    subject: str
    holder: PartyId
    local_reference: str | None
    wanted: tuple[Wanted, ...]
    deadline_s: float
    traceparent: str | None = None

    def __post_init__(self) -> None:
        if not self.wanted:
            raise ValueError("a lookup without wanted fields must not be made")


@dataclass(frozen=True, slots=True)
class Item:
    """One value as its source gave it.

    `form` says how much of the field `value` is: FULL, or the wanted form where the source computed it. `as_of` is when the holder says
    it was so. `value` None means that the holder states that the field is known to be empty; a field the source has nothing about is
    absent from the answer.
    """

    value: Value
    form: Form
    as_of: date | datetime | None


class Source(Protocol):
    """Where one party's fields live."""

    @property
    def name(self) -> str:
        """The configured name; it appears in disclosures and in the log."""

    @property
    def holder(self) -> PartyId:
        """The party whose fields these are."""

    def read(self, lookup: Lookup) -> Mapping[FieldName, Item]:
        """Return what there is of the wanted fields, and nothing else.

        Raises:
            SourceUnavailable: the source did not answer, answered too late, too much, or not as agreed.
        """
