"""Asking for fields, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from broker.api.common import NAME, UUID, Made, field_names, subject_number
from broker.wire import Message
from policies.vocabulary import CovenantId, FieldName, PurposeId

ENTRY = "The log's entry, byte for byte: it hashes to the receipt's leaf (RFC 6962), and its `ref` is the disclosure."


@dataclass(frozen=True, slots=True)
class AskBody:
    """An ask as it arrives."""

    case: str
    purpose: PurposeId
    fields: list[FieldName]
    subject: int | None = None


class AskMessage(Made):
    """Which fields of a case, for which purpose."""

    makes = AskBody
    case = fields.String(required=True, validate=UUID, metadata={"description": "The case, by the id that this broker gave it."})
    purpose = fields.String(required=True, validate=NAME, metadata={"description": "A purpose of the covenant, within the token's scope."})
    fields_ = field_names("The fields by name; an ask for everything does not exist.")
    subject = subject_number()


class GivenFieldMessage(Message):
    """One field as it leaves."""

    value = fields.Raw(required=True, allow_none=True, metadata={"description": "Text, whole number, boolean, or null: known to be empty."})
    form = fields.String(required=True)
    article = fields.String(required=True)
    source = fields.String(required=True, metadata={"description": "Where it came from: the operator's name of one source of the holder."})
    as_of = fields.String(
        required=True, allow_none=True, metadata={"description": "When the holder says it was so, no finer than the form."}
    )


class WithheldMessage(Message):
    """One field that is not given."""

    field = fields.String(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(("not_in_covenant", "not_given", "wrong_phase")))


class UnavailableMessage(Message):
    """A source that did not answer, and its technical state."""

    source = fields.String(required=True)
    reason = fields.String(required=True)


class CovenantRefMessage(Message):
    """Under which text."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    sha256 = fields.String(required=True)


class DisclosureMessage(Message):
    """The answer to an ask: every field asked is in `fields` or in `withheld`."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    covenant = fields.Nested(CovenantRefMessage, required=True)
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.Nested(GivenFieldMessage), required=True, data_key="fields", attribute="fields"
    )
    withheld = fields.List(fields.Nested(WithheldMessage), required=True)
    unavailable = fields.List(fields.Nested(UnavailableMessage), required=True)
    receipt = fields.String(required=True, metadata={"description": "A C2SP signed note; keep it, it verifies offline."})


class ReceiptMessage(Message):
    """The receipt of a disclosure, for who asked and for whose fields were given, and the log's entry that it is of."""

    receipt = fields.String(required=True)
    entry = fields.String(required=True, metadata={"description": ENTRY})


@dataclass(frozen=True, slots=True)
class PermissionsBody:
    """For which case and purpose somebody wants to know what may be asked."""

    case: str
    purpose: PurposeId
    subject: int | None = None


class PermissionsQuestion(Made):
    """What may I ask about this case now?"""

    makes = PermissionsBody
    case = fields.String(required=True, validate=UUID)
    purpose = fields.String(required=True, validate=NAME)
    subject = subject_number()


class PermissionMessage(Message):
    """One field that may be asked."""

    field = fields.String(required=True)
    form = fields.String(required=True)
    article = fields.String(required=True)


class PermissionsMessage(Message):
    """What may be asked; whether it is there is another matter."""

    permissions = fields.List(fields.Nested(PermissionMessage), required=True)


class RecallMessage(Message):
    """Fields of one disclosure that must be destroyed."""

    disclosure = fields.String(required=True)
    case_id = fields.String(required=True, data_key="case")
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    reason = fields.String(required=True, validate=validate.OneOf(("mismatch", "withdrawn")))
    at = fields.String(required=True)


class RecallsMessage(Message):
    """What a party must destroy, newest first."""

    recalls = fields.List(fields.Nested(RecallMessage), required=True)


class LeftMessage(Message):
    """What left this party's own sources in one disclosure."""

    disclosure = fields.String(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    receipt = fields.String(required=True)
    entry = fields.String(required=True, metadata={"description": ENTRY})


class LeftPageMessage(Message):
    """Newest first; `cursor` asks for the next page."""

    receipts = fields.List(fields.Nested(LeftMessage), required=True)
    cursor = fields.String(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class LeftBody:
    """Whose receipts, from where."""

    covenant: CovenantId
    cursor: str | None = None


class LeftQuestion(Made):
    """The receipts of what left this party's sources under a covenant."""

    makes = LeftBody
    covenant = fields.String(required=True, validate=NAME)
    cursor = fields.String(validate=validate.Length(min=1, max=4000))
