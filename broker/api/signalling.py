"""Signals and their answers, as messages."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from broker.api.common import MAX_TEXT, NAME, REFERENCE, Made
from broker.wire import Message
from policies.vocabulary import CovenantId, SubjectKind


@dataclass(frozen=True, slots=True)
class SubjectBody:
    """A person, by kind and by the sender's own reference."""

    kind: SubjectKind
    local_reference: str | None = None


class SubjectQuestion(Made):
    """A person, by kind and by the sender's own reference; never a BSN."""

    makes = SubjectBody
    kind = fields.String(required=True, validate=NAME)
    local_reference = fields.String(validate=REFERENCE)


@dataclass(frozen=True, slots=True)
class SignalBody:
    """What somebody noticed."""

    covenant: CovenantId
    kind: str
    subject: SubjectBody
    words: str


class SignalQuestion(Made):
    """What somebody noticed, about whom."""

    makes = SignalBody
    covenant = fields.String(required=True, validate=NAME)
    kind = fields.String(required=True, validate=NAME)
    subject = fields.Nested(SubjectQuestion, required=True)
    words = fields.String(required=True, validate=validate.Length(min=1, max=MAX_TEXT))


class SignalMessage(Message):
    """A signal without its words."""

    id = fields.String(required=True)
    covenant = fields.String(required=True)
    kind = fields.String(required=True)
    from_party = fields.String(required=True, data_key="from")
    to_role = fields.String(required=True, data_key="to")
    state = fields.String(required=True, validate=validate.OneOf(("open", "accepted", "declined")))
    case_id = fields.String(required=True, allow_none=True, data_key="case")
    at = fields.String(required=True)
    pick_up_by = fields.String(required=True, allow_none=True)


class SignalsMessage(Message):
    """The signals of one role, newest first."""

    signals = fields.List(fields.Nested(SignalMessage), required=True)


class WordsMessage(Message):
    """The words of a signal."""

    words = fields.String(required=True)


@dataclass(frozen=True, slots=True)
class AnswerBody:
    """Whether a signal is taken up."""

    answer: str


class AnswerQuestion(Made):
    """Whether a signal is taken up."""

    makes = AnswerBody
    answer = fields.String(required=True, validate=validate.OneOf(("accept", "decline")))


class AnswerMessage(Message):
    """The case that an accepted signal opened."""

    case = fields.String(required=True, allow_none=True)
