"""What comes in over the wire: strict JSON, then a schema. Never anything but a parsed value or a `WireError`.

The standard library's JSON is lenient where leniency hides attacks: the last of two equal keys wins, NaN passes, a number of 5,000
digits and a thousand open brackets raise the wrong error. Here each has its own refusal. No error repeats what the caller sent,
neither its values nor its keys: a pointer names places in our schema only (`*` for a key that is the caller's).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NoReturn, TypeAlias

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Place = Literal["body", "query"]

#: the largest integer that every JSON reader holds exactly (RFC 8259 section 6)
MAX_INTEGER = 2**53 - 1
#: how deeply a body may nest
MAX_DEPTH = 16
#: flaws named in one refusal; a body with more is not worth a longer answer
MAX_FLAWS = 100

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class WireError(Exception):
    """The root of this module's errors."""


class UnsupportedContent(WireError):  # noqa: N818 - named as the problem is named
    """The body is not `application/json` in UTF-8, or it is compressed."""


class BodyTooLarge(WireError):  # noqa: N818 - named as the problem is named
    """The body has more bytes than this broker reads."""


class Malformation(StrEnum):
    """Why a body is not JSON as this broker reads it."""

    ENCODING = "the body is not UTF-8"
    SYNTAX = "the body is not JSON"
    DUPLICATE_KEY = "an object holds one key twice"
    TOO_DEEP = "the body is nested too deeply"
    NUMBER = "a number is not finite or not exact"
    CHARACTER = "a string holds a lone surrogate or a zero character"
    CONTENT = "the content type is not application/json in UTF-8"


class MalformedBody(WireError):  # noqa: N818 - named as the problem is named
    """The body is not strict JSON; `malformation` says in what way."""

    def __init__(self, malformation: Malformation) -> None:
        super().__init__(malformation.value)
        self.malformation = malformation


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """One thing wrong: where (`pointer` is a JSON pointer in our schema, or a query parameter's name) and what was expected."""

    place: Place
    pointer: str
    detail: str


class InvalidInput(WireError):  # noqa: N818 - named as the problem is named
    """JSON that is not what the schema describes; `flaws` holds everything wrong, sorted, at most `MAX_FLAWS`."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__(f"{len(flaws)} flaws in the input")
        self.flaws = tuple(sorted(set(flaws)))[:MAX_FLAWS]


@dataclass(frozen=True, slots=True)
class WireLimits:
    """How much is read: bytes of a body, and how deeply it may nest."""

    max_bytes: int = 256 * 1024
    max_depth: int = MAX_DEPTH


class Message(Schema):
    """The base of every schema: camelCase on the wire, snake_case inside, and unknown members refused.

    `constraint` is what its JSON Schema says beside the members' own: rules that bind several of them, which `validates_schema` holds.
    """

    constraint: ClassVar[Mapping[str, object]] = MappingProxyType({})

    class Meta:
        """What marshmallow reads."""

        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give the field its name on the wire, unless the schema chose one."""
        if field_obj.data_key is None:
            first, *rest = field_name.split("_")
            field_obj.data_key = first + "".join(word.capitalize() for word in rest)


class StandardMessage(Message):
    """The base of what a standard describes that is not ours: its own names, and what it does not know is ignored (AuthZEN section 10.1.1).

    A content type that is not JSON is answered 400, as such a standard's error codes have no 415.
    """

    class Meta:
        """What marshmallow reads."""

        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Keep the name that the standard has."""
        field_obj.data_key = field_obj.data_key or field_name


class Flag(fields.Boolean):
    """True or false; marshmallow's own field also takes `"yes"`, `"on"` and 1."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:  # noqa: ANN401
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        result: bool = super()._deserialize(value, attr, data, **kwargs)
        return result


class Whole(fields.Integer):
    """A whole number; marshmallow's own field also takes `"12"`, `12.0` and true."""

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        result: int = super()._deserialize(value, attr, data, **kwargs)
        return result


def check_content(content_type: str | None, content_encoding: str | None) -> None:
    """Refuse what is not plain `application/json` in UTF-8.

    Raises:
        UnsupportedContent: another type, another charset, a parameter that JSON does not have, or a compressed body.
    """
    kind, *parameters = (part.strip() for part in (content_type or "").lower().split(";"))
    charset_only = all(parameter.replace('"', "") == "charset=utf-8" for parameter in parameters)
    if kind != "application/json" or not charset_only or (content_encoding or "identity").lower() != "identity":
        raise UnsupportedContent("expected application/json in utf-8")


def loads(body: bytes, limits: WireLimits) -> Json:
    """Return the JSON value that `body` holds.

    Raises:
        BodyTooLarge: more than `limits.max_bytes` bytes.
        MalformedBody: not UTF-8, not JSON, a key twice, too deep, a number that is not exact, a character that no database holds.
    """
    if len(body) > limits.max_bytes:
        raise BodyTooLarge(f"expected at most {limits.max_bytes} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody(Malformation.ENCODING) from error
    # INVARIANT: depth is checked before parsing, because the parser answers it with a RecursionError that depends on the caller's stack.
    if text.count("[") + text.count("{") > limits.max_depth and _depth(text) > limits.max_depth:
        raise MalformedBody(Malformation.TOO_DEEP)
    try:
        value: Json = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant)
    except ValueError as error:
        raise MalformedBody(Malformation.SYNTAX) from error
    if _ESCAPED.search(text):
        _check_characters(value)
    return value


def parse(schema: Schema, document: object, place: Place = "body") -> Any:  # noqa: ANN401 - what the schema's post_load makes
    """Return what `schema` makes of `document`; the schema is built once, not per request (282 µs against 24).

    Raises:
        InvalidInput: with every flaw at once.
    """
    try:
        return schema.load(document)  # type: ignore[arg-type]  # marshmallow refuses what is not an object
    except ValidationError as error:
        raise InvalidInput([Flaw(place, pointer, detail) for pointer, detail in _flaws(error.messages, schema, "")]) from error


def _depth(text: str) -> int:
    deepest = depth = 0
    for match in _BRACKETS.finditer(text):
        if match[1]:
            depth += 1
            deepest = max(deepest, depth)
        elif match[2]:
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Json]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedBody(Malformation.DUPLICATE_KEY)
    return members


def _integer(digits: str) -> int:
    # the length first: Python refuses to read 5,000 digits with an error of its own
    if len(digits) > len(str(-MAX_INTEGER)) or abs(int(digits)) > MAX_INTEGER:
        raise MalformedBody(Malformation.NUMBER)
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedBody(Malformation.NUMBER)
    return number


def _constant(_name: str) -> NoReturn:
    raise MalformedBody(Malformation.NUMBER)


def _check_characters(value: Json) -> None:
    """Refuse strings that cannot be UTF-8 (a lone surrogate) and that PostgreSQL cannot hold (a zero character)."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise MalformedBody(Malformation.CHARACTER)
    elif isinstance(value, list):
        for item in value:
            _check_characters(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_characters(key)
            _check_characters(item)


def _flaws(messages: object, node: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Walk marshmallow's messages beside the schema, so that only what the schema knows is named."""
    if isinstance(messages, str):
        yield pointer, messages[:1].lower() + messages[1:].removesuffix(".")
    elif isinstance(messages, list):
        for message in messages:
            yield from _flaws(message, node, pointer)
    elif isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _member(key, inner, node, pointer)


def _member(key: object, inner: object, node: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, fields.Nested):
        node = node.schema if not node.many or not isinstance(key, int) else fields.List(node)
    if isinstance(node, Schema):
        known = {field.data_key or name: field for name, field in node.fields.items()}
        if key == "_schema":
            yield from _flaws(inner, None, pointer)
        elif isinstance(key, str) and key in known:
            yield from _flaws(inner, known[key], f"{pointer}/{key}")
        else:
            yield pointer, "holds a member that is not known here"
    elif isinstance(node, fields.List) and isinstance(key, int):
        yield from _flaws(inner, node.inner, f"{pointer}/{key}")
    elif isinstance(node, fields.Dict):
        # the key is the caller's; what is wrong with it or its value is told without it
        for part, field in (("key", node.key_field), ("value", node.value_field)):
            if isinstance(inner, dict) and part in inner:
                yield from _flaws(inner[part], field, f"{pointer}/*")
    else:
        yield from _flaws(inner, None, pointer)
