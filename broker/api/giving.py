"""Giving fields to the deposit, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from marshmallow import ValidationError, fields, validate

from broker.api.common import FIELD, MAX_FIELDS, MAX_TEXT, Made, field_names, subject_number
from broker.contributions import GivenValue
from broker.wire import Message
from policies.vocabulary import FieldName

#: characters of a form as the covenant prints it
MAX_FORM = 200

#: what `GivenField` takes, for the interface's description
GIVEN: Mapping[str, object] = MappingProxyType(
    {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": {
                "anyOf": [{"type": "string", "maxLength": MAX_TEXT, "nullable": True}, {"type": "integer"}, {"type": "boolean"}],
                "description": "Text, whole number, boolean, or null: known to be empty.",
            },
            "asOf": {"type": "string", "format": "date", "nullable": True, "description": "When it was so."},
            "form": {"type": "string", "maxLength": MAX_FORM, "default": "full", "description": "A form of the covenant."},
        },
    }
)


class GivenField(fields.Field[GivenValue]):
    """A value with when it was so: `{"value": …, "asOf": "2026-11-01", "form": "full"}`."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> GivenValue:  # noqa: ARG002 - its shape
        if not isinstance(value, dict) or "value" not in value or not value.keys() <= {"value", "asOf", "form"}:
            raise ValidationError("expected an object with value, and optionally asOf and form")
        content, form, as_of = value["value"], value.get("form", "full"), value.get("asOf")
        if not isinstance(content, str | int | bool | None) or not isinstance(form, str) or len(form) > MAX_FORM:
            raise ValidationError("expected a value that is text, a whole number, true, false or null, in a form of the covenant")
        if isinstance(content, str) and len(content) > MAX_TEXT:
            raise ValidationError(f"expected text of at most {MAX_TEXT} characters")
        try:
            return GivenValue(content, form, None if as_of is None else date.fromisoformat(as_of))
        except (TypeError, ValueError):
            raise ValidationError("expected asOf as YYYY-MM-DD") from None


@dataclass(frozen=True, slots=True)
class ContributionBody:
    """Fields as a professional releases them."""

    fields: dict[FieldName, GivenValue]
    subject: int | None = None


class ContributionQuestion(Made):
    """Fields that this party gives for a case."""

    makes = ContributionBody
    subject = subject_number()
    fields_ = fields.Dict(
        keys=fields.String(validate=FIELD),
        values=GivenField(metadata=GIVEN),
        required=True,
        data_key="fields",
        attribute="fields",
        validate=validate.Length(min=1, max=MAX_FIELDS),
        metadata={"description": "By field, as `category.field`."},
    )


class ContributionMessage(Message):
    """The id under which the log knows the contribution."""

    id = fields.String(required=True)


@dataclass(frozen=True, slots=True)
class WithdrawalBody:
    """Fields that a party takes back."""

    fields: list[FieldName]
    subject: int | None = None


class WithdrawalQuestion(Made):
    """Fields that this party takes back."""

    makes = WithdrawalBody
    subject = subject_number()
    fields_ = field_names("The fields, by name.")


class WithdrawalMessage(Message):
    """Which of them were there."""

    withdrawn = fields.List(fields.String(), required=True)
