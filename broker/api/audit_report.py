"""The subject report at a party's own door: what it gave and received itself about a person, and its decision about each entry.

A party sees its own entries and nothing else. The report for the person, in which the decisions of all controllers meet, is made by whoever
runs the broker for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flask import Blueprint, g
from marshmallow import ValidationError, fields, validate, validates_schema

from audit.errors import LogUnavailable
from broker.api.audit_tally import blueprint as tallies
from broker.api.common import NAME, REFERENCE, UUID, Made, subject_number
from broker.api.connectors import by_of
from broker.api.spec import BASE, documented
from broker.auditing.errors import PersonSearchRefused
from broker.auditing.purposes import PURPOSES
from broker.auditing.readers import Readers
from broker.authenticate import Door
from broker.cases.errors import BadCommand, UnknownCase
from broker.documents.subject_report_json import considered_json
from broker.errors import CovenantUnknown, UnknownDisclosure
from broker.reporting.decisions import GIVE, WITHHOLD, Choice, Ground
from broker.reporting.opening import Reporting
from broker.reporting.subject_reports import Reading
from broker.wire import Message, Whole
from policies.vocabulary import CovenantId, PartyId

TAG = "audit"
VIA = "http"

#: decisions in one request
MAX_DECISIONS = 500


@dataclass(frozen=True, slots=True)
class ReportBody:
    """Whom the report is about: the subject of a case, or whom the party knows under its own reference."""

    purpose: str
    case: str | None = None
    subject: int | None = None
    covenant: CovenantId | None = None
    local_reference: str | None = None


class ReportQuestion(Made):
    """`case`, with `subject` where it concerns several people; or `covenant` and `localReference`."""

    makes = ReportBody
    constraint = MappingProxyType(
        {
            "oneOf": [
                {"required": ["case"], "not": {"anyOf": [{"required": ["covenant"]}, {"required": ["localReference"]}]}},
                {"required": ["covenant", "localReference"], "not": {"required": ["case"]}},
            ]
        }
    )
    purpose = fields.String(
        required=True,
        validate=validate.OneOf(PURPOSES),
        data_key="for",
        metadata={"description": "What the log is read for (Wpg art. 32a(4)); it is itself logged."},
    )
    case = fields.String(validate=UUID)
    subject = subject_number()
    covenant = fields.String(validate=NAME)
    local_reference = fields.String(validate=REFERENCE)

    @validates_schema
    def _one_way(self, members: dict[str, object], **_: object) -> None:
        by_case, by_reference = "case" in members, {"covenant", "local_reference"} <= members.keys()
        if by_case == by_reference or (by_case and members.keys() & {"covenant", "local_reference"}):
            raise ValidationError("expected either case, or covenant and localReference")


class LabelMessage(Message):
    """A text in both languages of the covenant."""

    nl = fields.String(required=True)
    en = fields.String(required=True)


class TitledMessage(Message):
    """A code with its title."""

    id = fields.String(required=True)
    title = fields.Nested(LabelMessage, required=True)


class SharedFieldMessage(Message):
    """A field as it left."""

    name = fields.String(required=True)
    label = fields.Nested(LabelMessage, required=True)
    form = fields.String(required=True)
    articles = fields.List(fields.String(), required=True)
    classes = fields.List(fields.String(), required=True)


class VersionOfDisclosureMessage(Message):
    """The version of a covenant that decided."""

    id = fields.String(required=True)
    version = fields.String(required=True)


class BasesMessage(Message):
    """Grounds in law, by their ids in the covenant."""

    giver = fields.List(fields.String(), required=True)
    receiver = fields.List(fields.String(), required=True)


class RecalledMessage(Message):
    """Fields that the receiver was told to destroy."""

    at = fields.String(required=True)
    reason = fields.String(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")


class DecidedMessage(Message):
    """What this party decided last."""

    party = fields.String(required=True)
    decision = fields.String(required=True, validate=validate.OneOf((GIVE, WITHHOLD)))
    ground = fields.String(required=True, allow_none=True)
    at = fields.String(required=True)


class SharingMessage(Message):
    """What went from one party to another. `to` and `role` are null where the covenant does not show the giver who takes part."""

    entry = fields.String(required=True)
    at = fields.String(required=True)
    from_ = fields.String(required=True, data_key="from", attribute="from")
    to = fields.String(required=True, allow_none=True)
    role = fields.String(required=True, allow_none=True)
    purpose = fields.Nested(TitledMessage, required=True, allow_none=True)
    covenant = fields.Nested(VersionOfDisclosureMessage, required=True)
    fields_ = fields.List(fields.Nested(SharedFieldMessage), required=True, data_key="fields", attribute="fields")
    signal = fields.String(required=True, allow_none=True)
    articles = fields.List(fields.Nested(TitledMessage), required=True)
    legal_bases = fields.Nested(BasesMessage, required=True, attribute="legalBases")
    recalled = fields.List(fields.Nested(RecalledMessage), required=True)
    decisions = fields.List(fields.Nested(DecidedMessage), required=True)


class ReportMessage(Message):
    """This party's own entries about a person, oldest first; a draft, for its own decision."""

    sharings = fields.List(fields.Nested(SharingMessage), required=True)


@dataclass(frozen=True, slots=True)
class ChoiceBody:
    """A decision about one entry."""

    entry: str
    decision: str
    ground: str | None = None
    from_: PartyId | None = None

    def choice(self) -> Choice:
        """As the reports take it."""
        return Choice(self.entry, self.from_, None if self.ground is None else Ground(self.ground))


class ChoiceQuestion(Made):
    """`give`, or `withhold` on a `ground`. `from` picks what one giver gave in the entry; without it, all that is this party's."""

    makes = ChoiceBody
    constraint = MappingProxyType(
        {
            "oneOf": [
                {"properties": {"decision": {"enum": [WITHHOLD]}}, "required": ["ground"]},
                {"properties": {"decision": {"enum": [GIVE]}}, "not": {"required": ["ground"]}},
            ]
        }
    )
    entry = fields.String(required=True, validate=UUID)
    decision = fields.String(required=True, validate=validate.OneOf((GIVE, WITHHOLD)))
    ground = fields.String(validate=validate.OneOf([ground.value for ground in Ground]))
    from_ = fields.String(validate=NAME, data_key="from")

    @validates_schema
    def _grounded(self, members: dict[str, object], **_: object) -> None:
        if (members["decision"] == WITHHOLD) != ("ground" in members):
            raise ValidationError("expected a ground with withhold, and none with give")


@dataclass(frozen=True, slots=True)
class DecisionsBody:
    """Decisions that are recorded together."""

    decisions: Sequence[ChoiceBody]


class DecisionsQuestion(Made):
    """Decisions of this party; all are recorded, or none."""

    makes = DecisionsBody
    decisions = fields.List(fields.Nested(ChoiceQuestion), required=True, validate=validate.Length(1, MAX_DECISIONS))


class RecordedMessage(Message):
    """How many decisions are on the record."""

    recorded = Whole(required=True)


def blueprints(reporting: Reporting, readers: Readers) -> tuple[Blueprint, Blueprint]:
    """What a party asks about its own part: reports about a person, and its tallies."""
    return blueprint(reporting=reporting, readers=readers), tallies(log_engine=reporting.log_engine)


def blueprint(*, reporting: Reporting, readers: Readers) -> Blueprint:
    """The routes of this door."""
    routes = Blueprint("audit_report", __name__, url_prefix=f"{BASE}/audit")
    reports = reporting.subject_reports

    @routes.post("/subject-reports")
    @documented(
        summary="What this party gave and received about a person",
        tag=TAG,
        door=Door.AUDIT,
        body=ReportQuestion(),
        answer=ReportMessage(),
        refuses=(UnknownCase, BadCommand, CovenantUnknown, PersonSearchRefused, LogUnavailable),
    )
    def draft_subject_report(body: ReportBody) -> object:
        """For the answer to a person who asks (AVG art. 15, Wpg art. 25). What is found is not yet what is told: decide about each."""
        readers.check_persons(g.caller)
        reading = Reading(body.purpose, "draft", VIA, g.caller.party, by_of(g.caller))
        if body.case is not None:
            draft = reports.of_case(body.case, body.subject, reading)
        else:
            covenant, reference = body.covenant or CovenantId(""), body.local_reference or ""
            draft = reports.of_reference(covenant, g.caller.party, reference, reading)
        return {"sharings": [considered_json(one, g.caller.party) for one in draft.considered]}

    @routes.post("/subject-reports/decisions")
    @documented(
        summary="Decide what a person is told",
        tag=TAG,
        door=Door.AUDIT,
        body=DecisionsQuestion(),
        answer=RecordedMessage(),
        refuses=(UnknownDisclosure, BadCommand, PersonSearchRefused, LogUnavailable),
    )
    def decide_subject_report(body: DecisionsBody) -> object:
        """About entries that this party gave or received. The last decision counts; both controllers must give, or it is not told."""
        readers.check_persons(g.caller)
        choices = [one.choice() for one in body.decisions]
        return {"recorded": reports.decide(g.caller.party, choices, by_of(g.caller), VIA)}

    return routes
