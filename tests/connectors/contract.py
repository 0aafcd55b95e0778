"""What every kind of source keeps, whatever it reads from. A kind passes it by giving a `World`: a real origin with people in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

import pytest

from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item, Lookup, Source, Wanted
from policies.answers import Grant
from policies.mask import Masked, mask
from policies.vocabulary import FULL, PRESENT, ArticleId, Delivery, FieldName, Form, FormKind, PartyId, Value, ValueType

HOLDER = PartyId("corporation")
NAME, NOTE, COUNT, LAST, KIND, ACTIVE, POSTCODE = (
    FieldName(f"tenancy.{name}") for name in ("name", "note", "count", "last_on", "kind", "active", "postcode")
)
TYPES: Mapping[FieldName, ValueType] = {
    NAME: ValueType.STRING,
    NOTE: ValueType.TEXT,
    COUNT: ValueType.INTEGER,
    LAST: ValueType.DATE,
    KIND: ValueType.CODE,
    ACTIVE: ValueType.BOOLEAN,
    POSTCODE: ValueType.STRING,
}
CODES = ("GEL", "VER")
EVERYTHING: Mapping[FieldName, Value] = {
    NAME: "Jan de Vries",
    NOTE: "één — “twee” 🏠\nregel twee",
    COUNT: 4,
    LAST: date(2026, 2, 28),
    KIND: "GEL",
    ACTIVE: False,
    POSTCODE: "1234 AB",
}
MONTH, YEAR = Form(FormKind.MONTH), Form(FormKind.YEAR)
BANDS = Form(FormKind.BANDS, ("0-2", "3-9", "10+"))
FORMS: tuple[tuple[FieldName, Form], ...] = (
    *((field, FULL) for field in TYPES),
    *((field, PRESENT) for field in TYPES),
    (LAST, MONTH),
    (LAST, YEAR),
    (COUNT, BANDS),
    (NAME, Form(FormKind.INITIALS)),
    (POSTCODE, Form(FormKind.POSTCODE4)),
)
DEADLINE_S = 0.5
#: for questions that are not about time: more than any machine takes, however busy
PATIENT_S = 60.0


class World(Protocol):
    """A real origin: people by the holder's key, and ways to make it fail."""

    source: Source
    #: whether the holder's key is needed to find a person
    needs_reference: bool

    def put(self, person: str, values: Mapping[FieldName, Value]) -> None:
        """The holder states these values of a person, who is known from then on; None is stated to be empty."""

    def asked(self) -> set[FieldName]:
        """Which fields the origin was asked for since the last call."""

    def stalled(self) -> AbstractContextManager[object]:
        """While inside, the origin does not get on."""

    def broken(self) -> AbstractContextManager[object]:
        """While inside, the origin fails, with texts and values in its errors."""


def lookup(person: str, *wanted: tuple[FieldName, Form], reference: str | None = None, deadline_s: float = PATIENT_S) -> Lookup:
    fields = tuple(Wanted(field, form, TYPES[field]) for field, form in wanted)
    return Lookup("c1", person, HOLDER, reference, fields, deadline_s, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def read(world: World, person: str, *wanted: tuple[FieldName, Form], deadline_s: float = PATIENT_S) -> dict[FieldName, Item]:
    return dict(world.source.read(lookup(person, *wanted, reference=person, deadline_s=deadline_s)))


def masked(field: FieldName, form: Form, items: Mapping[FieldName, Item]) -> Masked | None:
    """What leaves of an answer when the field is granted in this form."""
    codes = CODES if TYPES[field] is ValueType.CODE else ()
    grant = Grant(field, form, ArticleId("5.1"), HOLDER, Delivery.LIVE, TYPES[field], (), (), codes)
    return mask([grant], items).get(field)


class SourceContract:
    """Inherit, and give the fixture `world`."""

    def test_it_refuses_a_lookup_of_another_holders_fields(self, world: World) -> None:
        foreign = Lookup("c1", "p1", PartyId("police"), "p1", (Wanted(NAME, FULL, ValueType.STRING),), PATIENT_S)
        with pytest.raises(ValueError, match="expected a lookup of corporation's fields, found one of police's"):
            world.source.read(foreign)

    def test_a_person_it_does_not_know_has_nothing(self, world: World) -> None:
        world.put("p1", EVERYTHING)
        assert read(world, "p2", *((field, FULL) for field in TYPES)) == {}

    def test_without_a_local_reference_it_gives_nothing_and_asks_nothing(self, world: World) -> None:
        world.put("p1", EVERYTHING)
        world.asked()
        if world.needs_reference:
            assert dict(world.source.read(lookup("p1", (NAME, FULL)))) == {}
            assert world.asked() == set()
        else:
            assert dict(world.source.read(lookup("p1", (NAME, FULL))))[NAME].value == "Jan de Vries"

    @pytest.mark.parametrize("field", TYPES)
    def test_it_reads_and_gives_only_what_is_wanted(self, world: World, field: FieldName) -> None:
        world.put("p1", EVERYTHING)
        world.asked()
        assert read(world, "p1", (field, FULL)).keys() == {field}
        assert world.asked() == {field}

    def test_it_gives_everything_where_everything_is_wanted_with_its_type(self, world: World) -> None:
        world.put("p1", EVERYTHING)
        given = {field: item.value for field, item in read(world, "p1", *((field, FULL) for field in TYPES)).items()}
        assert given == EVERYTHING
        assert {field: type(value) for field, value in given.items()} == {field: type(value) for field, value in EVERYTHING.items()}

    def test_a_field_it_has_nothing_about_is_absent(self, world: World) -> None:
        world.put("p1", {COUNT: 4})
        for form in (FULL, PRESENT):
            assert read(world, "p1", (NAME, form), (COUNT, form)).keys() == {COUNT}

    def test_null_is_given_where_the_holder_states_it_and_is_then_not_present(self, world: World) -> None:
        world.put("p1", dict.fromkeys(TYPES))
        for field, form in FORMS:
            given = masked(field, form, read(world, "p1", (field, form)))
            assert given is not None
            assert given.value is (False if form == PRESENT else None)

    @pytest.mark.parametrize(("field", "form"), FORMS, ids=str)
    def test_a_form_is_what_the_mask_makes_of_the_full_value(self, world: World, field: FieldName, form: Form) -> None:
        world.put("p1", EVERYTHING)
        full = read(world, "p1", (field, FULL))[field]
        item = read(world, "p1", (field, form))[field]
        assert item.form in (FULL, form)
        assert masked(field, form, {field: item}) == masked(field, form, {field: full})
        assert masked(field, form, {field: item}) is not None

    def test_it_answers_or_gives_up_before_its_deadline(self, world: World) -> None:
        world.put("p1", EVERYTHING)
        with world.stalled():
            begun = time.monotonic()
            try:
                assert read(world, "p1", (NAME, FULL), deadline_s=DEADLINE_S)[NAME].value == "Jan de Vries"
            except SourceUnavailable as error:
                assert error.reason in (Unavailable.TIMEOUT, Unavailable.BUSY, Unavailable.UNREACHABLE)  # noqa: PT017 - both ways are right
            assert time.monotonic() - begun < PATIENT_S / 2

    def test_its_errors_tell_its_state_and_nothing_of_the_person(self, world: World) -> None:
        world.put("MARKED-person", {NAME: "MARKED-name"})
        with world.broken(), pytest.raises(SourceUnavailable) as error:
            read(world, "MARKED-person", (NAME, FULL))
        assert str(error.value) == f"source {world.source.name} is unavailable: {error.value.reason}"

    def test_it_is_well_again_after_a_failure(self, world: World) -> None:
        world.put("p1", EVERYTHING)
        with world.broken(), pytest.raises(SourceUnavailable):
            read(world, "p1", (NAME, FULL))
        assert read(world, "p1", (NAME, FULL))[NAME].value == "Jan de Vries"

    def test_questions_at_the_same_time_do_not_get_each_others_answers(self, world: World) -> None:
        people = [f"p{number}" for number in range(6)]
        for number, person in enumerate(people):
            world.put(person, {NAME: f"name of {person}", COUNT: number})
        wrong: list[object] = []

        def ask(number: int, person: str) -> None:
            for _ in range(10):
                items = read(world, person, (NAME, FULL), (COUNT, FULL))
                if {field: item.value for field, item in items.items()} != {NAME: f"name of {person}", COUNT: number}:
                    wrong.append(items)

        threads = [threading.Thread(target=ask, args=(number, person)) for number, person in enumerate(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
