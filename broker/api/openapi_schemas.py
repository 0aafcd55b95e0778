"""From marshmallow's schemas to those of the OpenAPI document: what each says of itself, and all that it refuses."""

from __future__ import annotations

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import INCLUDE, Schema, fields, validate

from broker.wire import Message


class FlawPlace(Message):
    """Where something is wrong: a JSON pointer in the body, or a query parameter's name."""

    pointer = fields.String(metadata={"description": "A JSON pointer as a fragment (RFC 6901); `*` for a name of the caller's own."})
    name = fields.String(metadata={"description": "The name of a query parameter."})


class Flaw(Message):
    """One thing wrong."""

    in_ = fields.String(required=True, data_key="in", validate=validate.OneOf(("body", "query")))
    location = fields.Nested(FlawPlace, required=True)
    detail = fields.String(required=True, metadata={"description": "What was expected."})


class ProblemDocument(Message):
    """A refusal (RFC 9457). Members beside these may come; a client ignores those that it does not know (section 3.2)."""

    class Meta:
        """What marshmallow reads."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"format": "uri-reference", "description": "A path that this broker answers."})
    title = fields.String(required=True)
    status = fields.Integer(required=True, metadata={"minimum": 400, "maximum": 599})
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Flaw), metadata={"description": "Everything wrong with the input, at once."})
    code = fields.String(metadata={"description": "Which rule stood in the way."})
    codes = fields.List(fields.String(), metadata={"description": "Why the log cannot promise."})


class _Converter(OpenAPIConverter):
    """apispec's own, with what each schema says of itself: its docstring, and the rules that bind several members."""

    def schema2jsonschema(self, schema: Any) -> Any:  # noqa: ANN401 - apispec's own signature
        described: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]  # apispec's is not typed
        kind = schema if isinstance(schema, type) else type(schema)
        told = {"description": " ".join(kind.__doc__.split())} if kind.__doc__ else {}
        return described | told | dict(getattr(kind, "constraint", {}))


class _Plugin(MarshmallowPlugin):
    """The plugin that uses our converter."""

    Converter = _Converter


def schemas_plugin() -> MarshmallowPlugin:
    """The plugin for a document; `describe_fields` completes it once it is in one."""
    return _Plugin(schema_name_resolver=_schema_name)


def describe_fields(plugin: MarshmallowPlugin) -> None:
    """Let fields be described as this broker reads them."""
    for function in (_pattern, _sizes, _any_value):
        plugin.converter.add_attribute_function(function)  # type: ignore[union-attr]  # there once the plugin is in a spec


def _pattern(_converter: object, field: fields.Field[Any], **_: object) -> dict[str, str]:
    r"""A field's pattern in JSON Schema's dialect (ECMA-262), which has no `\Z` and, unlike `re.match`, starts looking anywhere."""
    patterns = [str(check.regex.pattern).removesuffix(r"\Z") for check in field.validators if isinstance(check, validate.Regexp)]
    return {"pattern": f"^(?:{patterns[0]})$"} if patterns else {}


def _sizes(_converter: object, field: fields.Field[Any], ret: dict[str, Any], **_: object) -> dict[str, int]:
    """How many members an object has, which apispec takes for the length of a text."""
    if not isinstance(field, fields.Dict):
        return {}
    sizes = {"minProperties": ret.pop("minLength", None), "maxProperties": ret.pop("maxLength", None)}
    return {name: size for name, size in sizes.items() if size is not None}


def _any_value(_converter: object, _field: fields.Field[Any], ret: dict[str, Any], **_: object) -> dict[str, Any]:
    """A value of any type may be null anyway, and OpenAPI 3.0 has `nullable` beside a type only."""
    if "type" not in ret and "allOf" not in ret:
        ret.pop("nullable", None)
    return {}


def _schema_name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")
