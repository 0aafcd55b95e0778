"""Cases and the commands on them, as messages."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from broker.api.common import ARTICLE, MAX_TEXT, NAME, REFERENCE, Made, field_names, subject_number
from broker.api.signalling import SubjectBody, SubjectQuestion
from broker.wire import Flag, Message
from policies.vocabulary import ArticleId, CaseTypeId, CovenantId, FieldName, PartyId, Phase


@dataclass(frozen=True, slots=True)
class OpenBody:
    """A case to open."""

    covenant: CovenantId
    case_type: CaseTypeId
    subjects: list[SubjectBody]


class OpenQuestion(Made):
    """A case to open, under which covenant, about whom."""

    makes = OpenBody
    covenant = fields.String(required=True, validate=NAME)
    case_type = fields.String(required=True, validate=NAME)
    subjects = fields.List(fields.Nested(SubjectQuestion), required=True, validate=validate.Length(min=1, max=20))


@dataclass(frozen=True, slots=True)
class PartyBody:
    """A party to invite."""

    party: PartyId


class InvitationQuestion(Made):
    """The party that is asked to take part."""

    makes = PartyBody
    party = fields.String(required=True, validate=NAME)


@dataclass(frozen=True, slots=True)
class IdentificationBody:
    """Whether a party means the same person."""

    outcome: str
    subject: int | None = None
    local_reference: str | None = None


class IdentificationQuestion(Made):
    """`match`: we knew this person; `registered`: we do from now on; `mismatch`: this is not the person we know."""

    makes = IdentificationBody
    outcome = fields.String(required=True, validate=validate.OneOf(("match", "registered", "mismatch")))
    subject = subject_number()
    local_reference = fields.String(validate=REFERENCE)


@dataclass(frozen=True, slots=True)
class ConditionBody:
    """A condition of an article, for one subject."""

    kind: str
    article: ArticleId
    given: bool
    subject: int | None = None


class ConditionQuestion(Made):
    """A condition of an article that is met (`given` true) or no longer is."""

    makes = ConditionBody
    kind = fields.String(required=True, validate=validate.OneOf(("consent", "agreement", "advice", "four_eyes")))
    article = fields.String(required=True, validate=ARTICLE)
    given = Flag(required=True)
    subject = subject_number()


@dataclass(frozen=True, slots=True)
class VetoBody:
    """A veto on one's own fields; no fields means everything this party holds."""

    fields: list[FieldName]
    lifted: bool = False
    subject: int | None = None


class VetoQuestion(Made):
    """A veto on fields of one's own; an empty list means everything this party holds."""

    makes = VetoBody
    fields_ = field_names("The fields, by name; none means everything this party holds.", at_least=0)
    lifted = Flag()
    subject = subject_number()


@dataclass(frozen=True, slots=True)
class RestrictionBody:
    """A restriction of processing."""

    lifted: bool = False
    subject: int | None = None


class RestrictionQuestion(Made):
    """A restriction of processing for one subject (AVG art. 18), or its end."""

    makes = RestrictionBody
    lifted = Flag()
    subject = subject_number()


@dataclass(frozen=True, slots=True)
class MoveBody:
    """A move along the ladder."""

    to: Phase
    reason: str | None = None


class MoveQuestion(Made):
    """The phase to move to, and why in words where the covenant asks for words."""

    makes = MoveBody
    to = fields.String(required=True, validate=NAME)
    reason = fields.String(validate=validate.Length(min=1, max=MAX_TEXT))


@dataclass(frozen=True, slots=True)
class ClosureBody:
    """Why a case is closed."""

    reason: str


class ClosureQuestion(Made):
    """One of the covenant's reasons to close a case."""

    makes = ClosureBody
    reason = fields.String(required=True, validate=NAME)


class SubjectMessage(Message):
    """One subject as this party sees it."""

    number = fields.Integer(required=True)
    kind = fields.String(required=True)
    identification = fields.String(required=True, validate=validate.OneOf(("awaited", "confirmed", "mismatch")))


class AwaitedMessage(Message):
    """Who owes which reaction."""

    party = fields.String(required=True)
    reaction = fields.String(required=True)


class CaseMessage(Message):
    """A case as the covenant shows it to this party; `phase` is `open` where the phase is not shown."""

    id = fields.String(required=True)
    covenant = fields.String(required=True)
    case_type = fields.String(required=True)
    phase = fields.String(required=True)
    due = fields.String(required=True, allow_none=True)
    invited = fields.Boolean(required=True)
    participants = fields.List(fields.String(), required=True)
    subjects = fields.List(fields.Nested(SubjectMessage), required=True)
    awaiting = fields.List(fields.Nested(AwaitedMessage), required=True)


class CasesMessage(Message):
    """The open cases of a party, newest first."""

    cases = fields.List(fields.Nested(CaseMessage), required=True)
