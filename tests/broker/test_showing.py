from __future__ import annotations

import json

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from broker.api.asking import AskMessage, DisclosureMessage
from broker.api.common import Made, field_names
from broker.api.showing import disclosure_written
from broker.api.spec import documented
from broker.disclosure import Disclosure, Given
from policies.mask import Masked
from policies.vocabulary import FULL, ArticleId, FieldName, Form, FormKind

TEXT = st.text(max_size=20)
FORMS = st.sampled_from((FULL, Form(FormKind.MONTH), Form(FormKind.BANDS, ("0-2", "3+")), Form(FormKind.PRESENT)))
MASKED = st.builds(Masked, st.none() | st.booleans() | st.integers() | TEXT, FORMS, st.none() | TEXT)
GIVEN = st.builds(Given, TEXT.map(FieldName), MASKED, TEXT.map(ArticleId), TEXT)
WITHHELD = st.tuples(TEXT.map(FieldName), st.sampled_from(("not_in_covenant", "not_given", "wrong_phase")))
DISCLOSURES = st.builds(
    Disclosure,
    id=TEXT,
    case=TEXT,
    covenant=st.tuples(TEXT, TEXT, TEXT),
    fields=st.lists(GIVEN, max_size=4, unique_by=lambda one: one.field).map(tuple),
    withheld=st.lists(WITHHELD, max_size=4).map(tuple),
    unavailable=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    receipt=TEXT,
)


@given(DISCLOSURES)
def test_a_disclosure_is_written_byte_for_byte_as_its_message_would_dump_it(disclosure: Disclosure) -> None:
    written = disclosure_written(disclosure).members
    message = DisclosureMessage()
    assert json.dumps(message.dump(message.load(written))) == json.dumps(written)


@pytest.mark.parametrize(
    "names",
    [
        ["complaints.kind", 7],
        ["complaints.kind", None],
        ["complaints"],
        ["complaints.kind\n"],
        ["Complaints.kind"],
        [["complaints.kind"]],
        "complaints.kind",
        {"complaints.kind": 1},
        [],
        ["complaints.kind"] * 2,
        [f"a.b{number}" for number in range(201)],
    ],
)
def test_names_that_are_wrong_are_refused_although_right_ones_pass_together(names: object) -> None:
    class Names(Made):
        makes = dict
        fields_ = field_names("names")

    with pytest.raises(ValidationError):
        Names().load({"fields": names})


def test_which_of_the_names_is_wrong_is_told() -> None:
    with pytest.raises(ValidationError) as refused:
        AskMessage().load({"case": "0" * 36, "purpose": "end_nuisance", "fields": ["complaints.kind", "x", 7]})
    assert refused.value.messages["fields"] == {1: ["expected a field as category.field"], 2: ["Not a valid string."]}


def test_a_route_can_read_the_body_again_after_it_was_parsed() -> None:
    """An Idempotency-Key is kept with a hash of the body, which must not be the hash of nothing."""
    app = Flask("bodies")
    read: list[bytes] = []

    class Empty(Made):
        makes = dict

    @app.post("/")
    @documented(summary="", tag="", door=None, body=Empty())
    def look(body: object) -> object:
        read.append(request.get_data())
        return body

    app.test_client().post("/", data=b"{ }", content_type="application/json")
    assert read == [b"{ }"]
