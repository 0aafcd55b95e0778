"""What comes in over the wire: strict JSON, all flaws at once, and never an echo."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import fields, post_load, validate

from broker.wire import (
    MAX_FLAWS,
    MAX_INTEGER,
    BodyTooLarge,
    Flag,
    Flaw,
    InvalidInput,
    Malformation,
    MalformedBody,
    Message,
    UnsupportedContent,
    Whole,
    WireError,
    WireLimits,
    check_content,
    loads,
    parse,
)

LIMITS = WireLimits(max_bytes=4096, max_depth=8)
CANARY = "canary-7f3a9c21"


# content


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (None, None),
        ("", None),
        ("text/json", None),
        ("application/problem+json", None),
        ("application/json5", None),
        ("application/json; charset=utf-16", None),
        ("application/json; boundary=x", None),
        ("application/json, text/plain", None),
        ("application/json", "gzip"),
        ("application/json", "identity, gzip"),
    ],
)
def test_anything_but_plain_json_in_utf_8_is_refused(content_type: str | None, encoding: str | None) -> None:
    with pytest.raises(UnsupportedContent):
        check_content(content_type, encoding)


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json;charset=utf-8", 'application/json; charset="UTF-8"']
)
def test_json_in_utf_8_is_read_however_it_is_written(content_type: str) -> None:
    check_content(content_type, None)
    check_content(content_type, "identity")


# JSON


@pytest.mark.parametrize(
    ("body", "malformation"),
    [
        (b"\xff", Malformation.ENCODING),
        (b'"\xed\xa0\x80"', Malformation.ENCODING),
        ('{"a": 1}'.encode("utf-16"), Malformation.ENCODING),
        (b"", Malformation.SYNTAX),
        (b"\xef\xbb\xbf{}", Malformation.SYNTAX),
        (b"{} {}", Malformation.SYNTAX),
        (b"{'a': 1}", Malformation.SYNTAX),
        (b'{"a": 1,}', Malformation.SYNTAX),
        (b"[01]", Malformation.SYNTAX),
        (b'"\x01"', Malformation.SYNTAX),
        (b'{"a": 1, "a": 1}', Malformation.DUPLICATE_KEY),
        (b'{"a": {"b": 1, "\\u0062": 2}}', Malformation.DUPLICATE_KEY),
        (b"[" * 9 + b"]" * 9, Malformation.TOO_DEEP),
        (b'{"a":' * 9 + b"1" + b"}" * 9, Malformation.TOO_DEEP),
        (b"[" * 2000, Malformation.TOO_DEEP),
        (b"[NaN]", Malformation.NUMBER),
        (b"[Infinity]", Malformation.NUMBER),
        (b"[-Infinity]", Malformation.NUMBER),
        (b"[1e999]", Malformation.NUMBER),
        (b"[9007199254740992]", Malformation.NUMBER),
        (b"[-9007199254740992]", Malformation.NUMBER),
        (b"[" + b"9" * 4000 + b"]", Malformation.NUMBER),
        (b'["\\ud800"]', Malformation.CHARACTER),
        (b'{"\\uDFFF": 1}', Malformation.CHARACTER),
        (b'[{"a": ["\\u0000"]}]', Malformation.CHARACTER),
    ],
)
def test_what_readers_disagree_about_is_refused_by_name(body: bytes, malformation: Malformation) -> None:
    with pytest.raises(MalformedBody) as refusal:
        loads(body, LIMITS)
    assert refusal.value.malformation is malformation


def test_a_body_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(BodyTooLarge):
        loads(b" " * 4097, LIMITS)


def test_brackets_inside_strings_are_not_depth() -> None:
    assert loads(json.dumps(["[" * 100 + '\\"{{{' * 20]).encode(), LIMITS) == ["[" * 100 + '\\"{{{' * 20]
    assert loads(b"[" * 8 + b"]" * 8, LIMITS)


def test_the_largest_exact_integers_and_a_surrogate_pair_are_read() -> None:
    assert loads(f"[{MAX_INTEGER}, {-MAX_INTEGER}]".encode(), LIMITS) == [MAX_INTEGER, -MAX_INTEGER]
    assert loads(b'["\\ud83d\\ude00"]', LIMITS) == ["😀"]


def test_a_deep_body_is_refused_however_deep_the_stack_already_is() -> None:
    def down(frames: int) -> None:
        if frames:
            return down(frames - 1)
        with pytest.raises(MalformedBody):
            loads(b"[" * 4000, WireLimits(max_bytes=4096))
        return None

    down(sys.getrecursionlimit() // 2)


# schemas


class Person(Message):
    kind = fields.String(required=True, validate=validate.OneOf(("tenant", "reporter")))
    is_minor = Flag()


class Question(Message):
    case = fields.String(required=True, validate=validate.Length(max=4))
    asked_fields = fields.List(fields.String(validate=validate.Length(max=4)), required=True, validate=validate.Length(min=1))
    limit = Whole(validate=validate.Range(min=1))
    person = fields.Nested(Person)
    people = fields.List(fields.Nested(Person))
    others = fields.Nested(Person, many=True)
    values = fields.Dict(keys=fields.String(validate=validate.Length(max=4)), values=Whole())
    chosen = fields.String(data_key="chosenName")

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> tuple[tuple[str, Any], ...]:
        return tuple(sorted(data.items()))


QUESTION = Question()


def flaws(document: object) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as refusal:
        parse(QUESTION, document)
    found: dict[str, list[str]] = {}
    for flaw in refusal.value.flaws:
        found.setdefault(flaw.pointer, []).append(flaw.detail)
    return found


@pytest.mark.parametrize("document", [None, [], "text", 1, True, [{}]])
def test_what_is_no_object_is_refused_at_the_root(document: object) -> None:
    assert flaws(document) == {"": ["invalid input type"]}


def test_every_flaw_is_named_at_once_by_its_place_in_the_schema() -> None:
    document = {
        "case": CANARY,
        "askedFields": ["a", CANARY, 1],
        "limit": 0,
        "person": {"kind": CANARY, CANARY: 1},
        "people": [{"kind": "tenant"}, {}, {"kind": "tenant", "isMinor": "yes"}],
        "others": [{}, 1],
        "values": {"a": "1", CANARY: 2},
        CANARY: CANARY,
        f"{CANARY}2": CANARY,
    }
    assert flaws(document) == {
        "": ["holds a member that is not known here"],
        "/askedFields/1": ["longer than maximum length 4"],
        "/askedFields/2": ["not a valid string"],
        "/case": ["longer than maximum length 4"],
        "/limit": ["must be greater than or equal to 1"],
        "/others/0/kind": ["missing data for required field"],
        "/others/1": ["invalid input type"],
        "/people/1/kind": ["missing data for required field"],
        "/people/2/isMinor": ["not a valid boolean"],
        "/person": ["holds a member that is not known here"],
        "/person/kind": ["must be one of: tenant, reporter"],
        "/values/*": ["longer than maximum length 4", "not a valid integer"],
    }


@pytest.mark.parametrize("limit", ["1", 1.0, True, None, [1], {"a": 1}])
def test_a_whole_number_is_nothing_else(limit: object) -> None:
    assert set(flaws({"case": "a", "askedFields": ["a"], "limit": limit})) == {"/limit"}


@pytest.mark.parametrize("flag", ["true", 1, 0, "on", None, [True]])
def test_a_flag_is_true_or_false(flag: object) -> None:
    assert set(flaws({"case": "a", "askedFields": ["a"], "person": {"kind": "tenant", "isMinor": flag}})) == {"/person/isMinor"}


def test_names_are_camel_case_on_the_wire_and_the_other_spelling_is_unknown() -> None:
    assert flaws({"case": "a", "asked_fields": ["a"]}) == {
        "": ["holds a member that is not known here"],
        "/askedFields": ["missing data for required field"],
    }
    made = parse(QUESTION, {"case": "a", "askedFields": ["b"], "chosenName": "c", "person": {"kind": "tenant", "isMinor": False}})
    assert made == (("asked_fields", ["b"]), ("case", "a"), ("chosen", "c"), ("person", {"kind": "tenant", "is_minor": False}))


def test_a_thousand_flaws_make_no_longer_answer_than_a_hundred() -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse(QUESTION, {"case": "a", "askedFields": [1] * 1000})
    assert len(refusal.value.flaws) == MAX_FLAWS


def test_a_flaw_of_a_query_says_so() -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse(QUESTION, {"case": "a"}, "query")
    assert refusal.value.flaws == (Flaw("query", "/askedFields", "missing data for required field"),)


# whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text() | st.sampled_from(sorted(QUESTION.fields)), inner, max_size=5),
    max_leaves=20,
)
SHAPED = st.dictionaries(st.sampled_from(["case", "askedFields", "limit", "person", "people", "others", "values", "chosenName"]), JSON)


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass"))
    | JSON.map(lambda v: json.dumps(v).encode())
)
def test_any_body_whatever_is_a_value_or_a_wire_error(body: bytes) -> None:
    with contextlib.suppress(WireError):
        parse(QUESTION, loads(body, LIMITS))


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_what_is_accepted_is_what_the_standard_library_reads(value: object) -> None:
    body = json.dumps(value).encode()
    try:
        read = loads(body, WireLimits())
    except MalformedBody:
        return
    assert read == json.loads(body)


@settings(max_examples=80, deadline=None)
@given(SHAPED)
def test_no_flaw_ever_repeats_what_was_sent(document: dict[str, Any]) -> None:
    def mark(value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, str):
            return CANARY + value
        if isinstance(value, list):
            return [mark(item) for item in value]
        if isinstance(value, dict):
            return {CANARY + key: mark(item) for key, item in value.items()}
        return value

    told = ""
    try:
        parse(QUESTION, {key: mark(value) for key, value in document.items()})
    except InvalidInput as refusal:
        told = repr(refusal.flaws) + str(refusal)
    assert CANARY not in told
