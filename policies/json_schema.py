"""The language as a JSON Schema (2020-12), so that editors complete and check a covenant while it is written.

Made from the same table that loading reads by, so it cannot lag behind. It knows shapes, not names: that `city.chief` is nobody's role,
that a ground is missing or that a month is no form of a number is for loading and for what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.dictionary import CodesShape
from policies.forms import BAND_PATTERN, MAX_BANDS
from policies.parsed import DAY, LENGTH, PERIOD, FormShape, Parsed
from policies.scalars import Among, Flag, Number, OneOf, Ref, Text, Word
from policies.schema import COVENANT, LANGUAGE
from policies.schema.cases import PHASE_OR_OTHERWISE, VIEW, PhaseViewsShape
from policies.schema.parts import PARTY
from policies.schema.sharing import BASES, Receiving
from policies.shape import REQUIRED, Json, Key, Many, MapOf, Record, Shape
from policies.vocabulary import FormKind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: names this version of the language; nothing is fetched from it
IDENTIFIER = f"urn:covenant-broker:covenant-language:{LANGUAGE}"

_NAME = "[a-z][a-z0-9_]{0,47}"
#: kinds whose names have their owner's before a dot: `police.officer`, `complaints.count`
_OWNED = frozenset({"role", "field"})
_EXACT = "minute|hour|day|week"
_PERIODS: Mapping[int, str] = {id(PERIOD): f"{_EXACT}|month|year", id(LENGTH): _EXACT}

Schema = dict[str, Json]


def json_schema() -> Schema:
    """The schema of a whole covenant. The order of its members is that of the language."""
    writer = _Writer()
    root = writer.record(COVENANT)
    return {"$schema": DIALECT, "$id": IDENTIFIER, **root, "$defs": {name: writer.definitions[name] for name in sorted(writer.definitions)}}


@dataclass(slots=True)
class _Writer:
    """One walk over the language; records that have been met are definitions, referred to from where they stand."""

    definitions: dict[str, Schema] = field(default_factory=dict)
    met: dict[str, Record[Any]] = field(default_factory=dict)

    def shape(self, shape: Shape[Any]) -> Schema:  # noqa: PLR0911 - one line for each sort of shape
        match shape:
            case Record():
                return self._reference(shape)
            case MapOf():
                return self._map(shape)
            case Many():
                return self._list(shape)
            case Receiving():
                return {"anyOf": [self.shape(BASES), self.shape(MapOf(PARTY, BASES))]}
            case PhaseViewsShape():
                return {"anyOf": [self.shape(VIEW), self._map(MapOf(PHASE_OR_OTHERWISE, VIEW)) | {"required": ["otherwise"]}]}
            case CodesShape():
                codes = self.shape(shape.codes)
                return {"anyOf": [codes, _closed({"from": self.shape(shape.list_name), "only": codes})]}
            case _:
                return _scalar(shape)

    def _reference(self, record: Record[Any]) -> Schema:
        name = record.named.en.removeprefix("a ").removeprefix("an ").replace(" ", "_")
        if self.met.setdefault(name, record) is not record:
            raise AssertionError(f"two records are called {record.named.en}")
        if name not in self.definitions:
            self.definitions[name] = {}  # so that a record within itself would end
            self.definitions[name] = self.record(record)
        return {"$ref": f"#/$defs/{name}"}

    def record(self, record: Record[Any]) -> Schema:
        law = f" ({record.law})" if record.law else ""
        written: Schema = {
            "title": f"{record.named.nl} · {record.named.en}{law}",
            "type": "object",
            "properties": {key.name: self._key(key) for key in record.keys},
            "required": [key.name for key in record.keys if key.default is REQUIRED],
            "additionalProperties": False,
        }
        return written | dict(record.also)

    def _key(self, key: Key) -> Schema:
        described: Schema = {**self.shape(key.shape), "description": f"{key.says.nl}\n\n{key.says.en}"}
        if isinstance(key.default, str | int):  # also true and false, and the words of a list
            described["default"] = key.shape.write(key.default)
        return described

    def _map(self, shape: MapOf[Any]) -> Schema:
        written: Schema = {"type": "object", "propertyNames": self.shape(shape.key), "additionalProperties": self.shape(shape.each)}
        return written if shape.may_be_empty else written | {"minProperties": 1}

    def _list(self, shape: Many[Any]) -> Schema:
        each = self.shape(shape.each)
        several: Schema = {"type": "array", "items": each, "uniqueItems": True}
        if not shape.may_be_empty:
            several["minItems"] = 1
        return {"anyOf": [each, several]} if shape.lone else several


def _scalar(shape: object) -> Schema:  # noqa: PLR0911 - one line for each sort of word
    match shape:
        case Text():
            return _string(shape.pattern.pattern) if shape.pattern else {"type": "string", "pattern": r"\S"}
        case Word():
            return _string(shape.pattern.pattern)
        case Ref():
            return _string("|".join(sorted({*map(_name_of, shape.kinds), *([rf"{_NAME}\.\*"] if shape.patterns else [])})))
        case OneOf():
            return {"enum": [word.value for word in shape.allowed]}
        case Among():
            return {"enum": list(shape.words)}
        case Number():
            return (
                {"const": shape.least} if shape.least == shape.most else {"type": "integer", "minimum": shape.least, "maximum": shape.most}
            )
        case Flag():
            return {"type": "boolean"}
        case FormShape():
            bands: Schema = {"type": "array", "items": _string(BAND_PATTERN), "uniqueItems": True, "minItems": 1, "maxItems": MAX_BANDS}
            return {"anyOf": [{"enum": [kind.value for kind in FormKind if kind is not FormKind.BANDS]}, _closed({"bands": bands})]}
        case Parsed():
            return _parsed(shape)
        case _:
            raise AssertionError(f"no schema for {type(shape).__name__}")


def _parsed(shape: Parsed[Any]) -> Schema:
    if shape is DAY:
        return _string("[0-9]{4}-[0-9]{2}-[0-9]{2}") | {"format": "date"}
    units = _PERIODS[id(shape)]
    return _string(f"1 ({units})|([2-9]|[1-9][0-9]{{1,3}}) ({units})s")


def _name_of(kind: str) -> str:
    return rf"{_NAME}\.{_NAME}" if kind in _OWNED else _NAME


def _string(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}
