"""What every message shares: names, ids and sizes, and schemas that give a frozen value, so that no dict walks further in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate

from broker.wire import Message, Whole

#: a name in the covenant: a party, a purpose, a phase
NAME = validate.Regexp(re.compile(r"[a-z][a-z0-9_]{0,63}(-[a-z0-9_]{1,63})*\Z"), error="expected a name of the covenant")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}\Z")
FIELD = validate.Regexp(_FIELD, error="expected a field as category.field")
ARTICLE = validate.Regexp(re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}\Z"), error="expected an article of the covenant")
REFERENCE = validate.Length(min=1, max=200)
UUID = validate.Regexp(re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"), error="expected an id that this broker gave")
#: names in one list
MAX_FIELDS = 200
#: characters of a text that a person wrote
MAX_TEXT = 4000


class Made(Message):
    """A schema whose result is a value of `makes`."""

    makes: ClassVar[type]

    @post_load
    def make(self, members: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 - what `makes` says
        """Turn the members into the value."""
        return self.makes(**members)


class Nothing(Made):
    """An empty object: the path says it all."""

    makes = dict


def subject_number() -> Whole:
    """Which of a case's subjects, counted from 1; absent means the only one."""
    return Whole(validate=validate.Range(min=1, max=99), metadata={"description": "Which of the case's subjects, counted from 1."})


class FieldNames(fields.List[str]):
    """A list of fields by name. Where every one is a name they pass together; otherwise marshmallow tells what is wrong with which."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - marshmallow's own
        super().__init__(fields.String(validate=FIELD), **arguments)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[str | None]:  # noqa: ANN401
        if isinstance(value, list) and all(isinstance(name, str) and _FIELD.match(name) for name in value):
            return value
        return super()._deserialize(value, attr, data, **kwargs)


def field_names(description: str, *, at_least: int = 1) -> FieldNames:
    """A list of fields by name, each once."""
    return FieldNames(
        required=True,
        data_key="fields",
        attribute="fields",
        validate=[validate.Length(min=at_least, max=MAX_FIELDS), _unique],
        metadata={"description": description, "uniqueItems": True},
    )


def _unique(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValidationError("expected every name once")
