"""What a reader of the log sends with every question: whose log, for which of the four purposes, and what entries must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import g
from marshmallow import ValidationError, fields, post_load, validate

from broker.api.common import ARTICLE, FIELD, NAME, UUID
from broker.auditing.purposes import PURPOSES
from broker.auditing.readers import Reader, Readers
from broker.auditing.reading import Question
from broker.auditing.sought import Filters
from broker.wire import Message

PSEUDONYM = validate.Regexp(re.compile(r"[0-9a-f]{32}\Z"), error="expected 32 lower-case hexadecimal digits")
TYPE = validate.Regexp(re.compile(r"[a-z]{1,20}(\.[a-z_]{1,40})?\Z"), error="expected a type of entry such as exchange.release")
CODE = validate.Regexp(re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,199}\Z"), error="expected a code")
#: the years that a search may speak of: a log is not older, and every database and clock knows them
YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))

FOR = fields.String(
    required=True,
    data_key="for",
    attribute="purpose_of_reading",
    validate=validate.OneOf(PURPOSES),
    metadata={"description": "What the log is read for (Wpg art. 32a); it is itself in the log, before the answer."},
)


#: RFC 3339 with its offset; Python reads much more than that (weeks, no dashes, no seconds), which no other reader of ours would
_RFC_3339 = r"2[01][0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
_MOMENT = re.compile(rf"{_RFC_3339}\Z")


class Moment(fields.AwareDateTime):
    """A moment with its offset from UTC (RFC 3339), in one of the years that a search may speak of."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # noqa: ANN401
        if not isinstance(value, str) or not _MOMENT.match(value):
            raise ValidationError("expected a moment from 2000 to 2199 as 2026-11-01T12:00:00Z")
        return super()._deserialize(value, attr, data, **kwargs)


def _moment(which: str) -> Moment:
    return Moment(metadata={"description": which, "pattern": f"^{_RFC_3339}$"})


class FiltersMessage(Message):
    """Every member that is given must hold. A party that names anything but a type and times is shown what it asked itself."""

    log = fields.String(required=True, validate=NAME, metadata={"description": "The covenant whose log is read."})
    for_ = FOR
    case = fields.String(validate=UUID, metadata={"description": "A case by its id; of all parties' only for who may search by person."})
    subject = fields.String(validate=PSEUDONYM, metadata={"description": "A person by the pseudonym that entries show."})
    party = fields.String(validate=NAME)
    professional = fields.String(validate=CODE, metadata={"description": "By the pseudonym that the employer made."})
    purpose = fields.String(validate=NAME)
    field = fields.String(validate=FIELD)
    article = fields.String(validate=ARTICLE)
    covenant_version = fields.String(attribute="version", validate=CODE)
    outcome = fields.String(validate=validate.OneOf(("permit", "partial", "deny")))
    type = fields.String(validate=TYPE)
    disclosure = fields.String(validate=UUID, metadata={"description": "What belongs to one disclosure, by its id."})
    trace = fields.String(validate=PSEUDONYM, metadata={"description": "A trace (W3C Trace Context)."})
    since = _moment("Included.")
    until = _moment("Not included.")

    @post_load
    def gather(self, members: dict[str, Any], **_: object) -> dict[str, Any]:
        """The filters as one value, beside what is not a filter."""
        names = [name for name in Filters.__slots__ if name in members]
        return {"filters": Filters(**{name: members.pop(name) for name in names}), **members}


def question_of(body: Mapping[str, Any], readers: Readers) -> Question:
    """The caller's question.

    Raises:
        broker.errors.CovenantUnknown: there is no such log for the caller.
        broker.authenticate.WrongDoor: the caller's system may not read for this role.
    """
    return Question(reader_of(body["log"], readers), body["purpose_of_reading"], body["filters"], g.trace)


def reader_of(log: str, readers: Readers) -> Reader:
    """Who the caller is to a log; raises as `question_of` does."""
    return readers.reader(g.caller, log)
