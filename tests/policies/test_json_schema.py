"""The JSON Schema of the language: valid itself, and of one mind with loading about every shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from broker.cli.covenant.schema import schema as command
from policies.canonical import canonical_bytes
from policies.covenant import Covenant
from policies.json_schema import json_schema
from policies.schema import COVENANT
from policies.shape import Key, Many, MapOf, Record
from tests.policies import strategies
from tests.policies.conftest import SHIPPED
from tests.policies.test_load_whole_language import EVERYTHING
from tests.policies.test_mistakes import MISTAKES
from tests.policies.yaml_edits import SMALL, edited

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


class Core(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # whichever there is
    """YAML 1.2 as the language server reads it: a date is text, and so are `yes` and `no`."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own way


for tag, pattern, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "null|Null|NULL|~|", "nN~"),
    ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), [*first, *([""] if tag == "null" else [])])


def refused(text: bytes | str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.load(text, Loader=Core))]  # noqa: S506 - a safe loader


def records(shape: object, seen: set[int]) -> Iterator[Record[Any]]:
    """Every record of the language, wherever it stands."""
    if id(shape) in seen:
        return
    seen.add(id(shape))
    if isinstance(shape, Record):
        yield shape
        for key in shape.keys:
            yield from records(key.shape, seen)
    elif isinstance(shape, Many | MapOf):
        yield from records(shape.each, seen)


RECORDS = list(records(COVENANT, set()))
KEYS: list[tuple[str, Key]] = [(record.named.en, key) for record in RECORDS for key in record.keys]

#: the codes of mistakes of shape; the others are of names, and of what words mean together
SHAPE = {
    "missing-key",
    "unknown-key",
    "wrong-type",
    "wrong-value",
    "wrong-form",
    "wrong-bands",
    "bad-name",
    "empty",
    "impossible",
    "repeated",
}
#: what loading refuses and no schema can see: the order of dates, that bands follow each other, quotes
UNSEEN = {"review: 2028-06-01", '["0-2", "4+"]', "only: [GEL, NO]"}


def test_it_is_a_schema_itself_and_refers_to_nothing_outside_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    defined = set(SCHEMA["$defs"])  # type: ignore[arg-type]  # a map of definitions
    assert set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', text)) == defined
    assert text.count('"$ref"') == text.count('"$ref": "#/$defs/')
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_record_is_closed_and_every_key_says_what_it_is_in_both_languages() -> None:
    assert len(KEYS) > 200
    for record in RECORDS:
        assert record.named.nl != record.named.en
    for owner, key in KEYS:
        assert key.says.nl != key.says.en, (owner, key.name)
        assert not key.says.nl.endswith(".")
    text = json.dumps(SCHEMA)
    assert text.count('"additionalProperties": false') >= len(RECORDS)
    assert SCHEMA["properties"]["title"]["description"] == "de titel\n\nthe title"  # type: ignore[index,call-overload]


@pytest.mark.parametrize("text", [SMALL, edited(*EVERYTHING).decode()], ids=["small", "everything"])
def test_what_loads_is_accepted(text: str) -> None:
    assert refused(text) == []


@pytest.mark.parametrize("path", sorted((SHIPPED.parent / "tests" / "covenants").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_covenants_of_other_partnerships_are_accepted(path: Path) -> None:
    assert refused(path.read_bytes()) == []


def test_the_shipped_covenant_is_accepted_as_it_is_written_and_in_its_canonical_form(shipped: Covenant) -> None:
    assert refused(SHIPPED.read_bytes()) == []
    assert refused(canonical_bytes(shipped)) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.covenants())
def test_generated_covenants_are_accepted(made: Covenant) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(canonical_bytes(made)))] == []


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_it_refuses_the_shapes_that_loading_refuses_and_nothing_that_is_about_names(old: str, new: str, message: str) -> None:
    (code,) = re.findall(r"error\[([a-z-]+)\]", message)
    seen = code in SHAPE | {"no-registration"} and new not in UNSEEN
    assert bool(refused(edited((old, new)))) is seen


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("subjects:\n", "subject:\n"),
        ("    to: landlord\n", "    to: [landlord, landlord]\n"),
        ("    to: landlord\n", "    to: Landlord\n"),
        ('never_sees: ["help.*"]', 'never_sees: ["*"]'),
        ("phase: open_or_closed", "phase: {Triage: full, otherwise: full}"),
        ("within: 14 days", "within: 1 days"),
        ("default: 2 years", "default: 10000 years"),
        ("complaints.last_on: month", "complaints.last_on: {bands: []}"),
        ("complaints.last_on: month", "complaints.last_on: {bands: [few]}"),
        ("complaints.last_on: month", "last_on: month"),
        ("owner: city.director, within", "owner: director, within"),
        ("next: [plan, closed]", "next: plan"),
        ("receiver: [task]}", "receiver: task}"),
        ("title: {nl: Klein, en: Small}", "title: {nl: Klein, en: ''}"),
    ],
)
def test_it_refuses_what_else_is_of_no_shape(old: str, new: str) -> None:
    assert refused(edited((old, new))) != []


def test_the_command_prints_it_and_says_how_an_editor_finds_it() -> None:
    printed = CliRunner().invoke(command)
    assert json.loads(printed.output) == SCHEMA
    assert "# yaml-language-server: $schema=covenant.schema.json" in CliRunner().invoke(command, ["--help"]).output
