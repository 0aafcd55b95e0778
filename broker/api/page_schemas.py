"""A schema of an OpenAPI document as rows to read: one for every member, nested ones under the name of what holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: how deep members are shown; no schema here is deeper
DEEPEST = 6
#: what a schema says of a value, in the order in which it is told, each with its words
RULES = (
    ("format", "{}"),
    ("enum", "one of {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minimum", "from {}"),
    ("maximum", "to {}"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("minProperties", "at least {} members"),
    ("maxProperties", "at most {} members"),
    ("pattern", "{}"),
    ("default", "else {}"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One member: its name, what kind of value it has, whether it must be there, and what it is."""

    name: str
    kind: str
    required: bool
    says: str


def target(document: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document leads to; anything else is itself."""
    while "$ref" in value:
        found: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def first_example(document: Mapping[str, Any], content: Mapping[str, Any]) -> object:
    """The first example of a body; None where there is none."""
    for example in content.get("examples", {}).values():
        return target(document, example).get("value")
    return content.get("example")


def rows(document: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[Row]:
    """Every member of an object, those of the objects in it too."""
    schema = target(document, schema)
    required = set(schema.get("required", ()))
    for name, unresolved in schema.get("properties", {}).items():
        member = target(document, unresolved)
        yield Row(prefix + name, _kind(document, member), name in required, unresolved.get("description", member.get("description", "")))
        yield from _within(document, member, prefix + name, depth + 1)


def _within(document: Mapping[str, Any], member: Mapping[str, Any], name: str, depth: int) -> Iterator[Row]:
    if depth >= DEEPEST:
        return
    yield from rows(document, member, f"{name}.", depth)
    for part, place in (("items", f"{name}[]"), ("additionalProperties", f"{name}.*")):
        inner = member.get(part)
        if isinstance(inner, Mapping):
            yield from rows(document, inner, f"{place}.", depth)


def _kind(document: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    kind = member.get("type") or " or ".join(_kind(document, target(document, one)) for one in member.get("anyOf", ())) or "any value"
    told = [words.format(_value(member[rule])) for rule, words in RULES if rule in member]
    if kind == "array":
        kind = f"list of {_kind(document, target(document, member.get('items', {})))}"
    if member.get("nullable"):
        told.append("or null")
    return ", ".join([kind, *told])


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
