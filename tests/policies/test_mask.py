from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.decide import Grant
from policies.forms import FORMS_OF
from policies.mask import Masked, Unfit, mask, reduce_as_of, reduce_value
from policies.vocabulary import FULL, PRESENT, ArticleId, Delivery, FieldName, Form, FormKind, PartyId, Value, ValueType

BANDS = Form(FormKind.BANDS, ("0-2", "3-9", "10+"))
MONTH, YEAR, INITIALS, POSTCODE4 = (Form(kind) for kind in (FormKind.MONTH, FormKind.YEAR, FormKind.INITIALS, FormKind.POSTCODE4))
COUNT, OTHER = FieldName("complaints.count"), FieldName("complaints.other")
DAY = date(2026, 3, 14)


@dataclass(frozen=True, slots=True)
class Given:
    value: Value
    form: Form = FULL
    as_of: date | datetime | None = None


def grant(form: Form, type_: ValueType, field: FieldName = COUNT, codes: tuple[str, ...] = ()) -> Grant:
    return Grant(field, form, ArticleId("1"), PartyId("landlord"), Delivery.LIVE, type_, codes=codes)


def masked(form: Form, type_: ValueType, item: Given, codes: tuple[str, ...] = ()) -> Masked | None:
    return mask([grant(form, type_, codes=codes)], {COUNT: item}).get(COUNT)


def test_what_is_not_granted_is_not_copied() -> None:
    found = mask([grant(FULL, ValueType.INTEGER)], {COUNT: Given(3), OTHER: Given("secret")})
    assert dict(found) == {COUNT: Masked(3, FULL, None)}
    assert mask([], {COUNT: Given(3)}) == {}


def test_what_is_not_there_is_absent_and_known_to_be_empty_is_null() -> None:
    assert mask([grant(FULL, ValueType.INTEGER)], {}) == {}
    assert masked(FULL, ValueType.INTEGER, Given(None)) == Masked(None, FULL, None)
    assert masked(BANDS, ValueType.INTEGER, Given(None)) == Masked(None, BANDS, None)


def test_the_order_is_the_order_granted() -> None:
    grants = [grant(FULL, ValueType.INTEGER, OTHER), grant(FULL, ValueType.INTEGER)]
    assert list(mask(grants, {COUNT: Given(1), OTHER: Given(2)})) == [OTHER, COUNT]


@pytest.mark.parametrize(
    ("form", "type_", "value", "expected"),
    [
        (FULL, ValueType.DATE, DAY, "2026-03-14"),
        (MONTH, ValueType.DATE, DAY, "2026-03"),
        (YEAR, ValueType.DATE, DAY, "2026"),
        (YEAR, ValueType.DATE, date(33, 1, 1), "0033"),
        (BANDS, ValueType.INTEGER, 0, "0-2"),
        (BANDS, ValueType.INTEGER, 2, "0-2"),
        (BANDS, ValueType.INTEGER, 3, "3-9"),
        (BANDS, ValueType.INTEGER, 9, "3-9"),
        (BANDS, ValueType.INTEGER, 10, "10+"),
        (BANDS, ValueType.INTEGER, 10**12, "10+"),
        (INITIALS, ValueType.STRING, "Jan de Vries", "J.D.V."),
        (INITIALS, ValueType.STRING, "  élodie  (Lo) van 't Hof ", "É.L.V.T.H."),
        (INITIALS, ValueType.STRING, "ß", "S."),
        (POSTCODE4, ValueType.STRING, "1234 AB", "1234"),
        (POSTCODE4, ValueType.STRING, "1234ab", "1234"),
        (POSTCODE4, ValueType.STRING, "1234", "1234"),
        (PRESENT, ValueType.STRING, "x", True),
        (PRESENT, ValueType.INTEGER, 0, True),
        (PRESENT, ValueType.BOOLEAN, False, True),
        (PRESENT, ValueType.INTEGER, None, False),
        (FULL, ValueType.BOOLEAN, False, False),
        (FULL, ValueType.CODE, "GEL", "GEL"),
        (FULL, ValueType.TEXT, "a line\nand another", "a line\nand another"),
    ],
)
def test_a_value_is_reduced_to_its_form(form: Form, type_: ValueType, value: Value, expected: object) -> None:
    found = reduce_value(form, value, type_, ("GEL", "VER"))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("form", "type_", "value"),
    [
        (FULL, ValueType.INTEGER, "3"),
        (FULL, ValueType.INTEGER, True),
        (FULL, ValueType.BOOLEAN, 1),
        (FULL, ValueType.STRING, 3),
        (FULL, ValueType.DATE, "2026-03-14"),
        (FULL, ValueType.DATE, datetime(2026, 3, 14, tzinfo=UTC)),
        (FULL, ValueType.CODE, "HEN"),
        (PRESENT, ValueType.CODE, "HEN"),
        (PRESENT, ValueType.STRING, True),
        (BANDS, ValueType.INTEGER, -1),
        (Form(FormKind.BANDS, ("5-9",)), ValueType.INTEGER, 4),
        (Form(FormKind.BANDS, ("5-9",)), ValueType.INTEGER, 10),
        (INITIALS, ValueType.STRING, "12 34"),
        (INITIALS, ValueType.STRING, ""),
        (POSTCODE4, ValueType.STRING, "0234 AB"),
        (POSTCODE4, ValueType.STRING, "1234 ABC"),
        (POSTCODE4, ValueType.STRING, "12345"),
        (MONTH, ValueType.STRING, "2026-03"),
        (INITIALS, ValueType.TEXT, "Jan"),
    ],
)
def test_what_does_not_fit_is_left_out_as_if_there_were_nothing(form: Form, type_: ValueType, value: Value) -> None:
    with pytest.raises(Unfit) as caught:
        reduce_value(form, value, type_, ("GEL", "VER"))
    assert str(value) not in str(caught.value) or str(value) in {"", "Jan"}
    assert masked(form, type_, Given(value), ("GEL", "VER")) is None


@pytest.mark.parametrize(
    ("form", "type_", "value"),
    [
        (MONTH, ValueType.DATE, "2026-03"),
        (YEAR, ValueType.DATE, "2026"),
        (BANDS, ValueType.INTEGER, "3-9"),
        (INITIALS, ValueType.STRING, "J.D.V."),
        (POSTCODE4, ValueType.STRING, "1234"),
        (PRESENT, ValueType.STRING, True),
        (PRESENT, ValueType.BOOLEAN, False),
    ],
)
def test_a_value_its_source_reduced_passes_as_it_is(form: Form, type_: ValueType, value: Value) -> None:
    assert masked(form, type_, Given(value, form)) == Masked(value, form, None)  # type: ignore[arg-type]  # none of these is a date


@pytest.mark.parametrize(
    ("form", "item"),
    [
        (MONTH, Given("2026-03-14", MONTH)),
        (MONTH, Given("2026-13", MONTH)),
        (MONTH, Given(DAY, MONTH)),
        (YEAR, Given("2026-03", YEAR)),
        (YEAR, Given(2026, YEAR)),
        (BANDS, Given("4-5", BANDS)),
        (BANDS, Given(4, BANDS)),
        (INITIALS, Given("Jan de Vries", INITIALS)),
        (POSTCODE4, Given("1234 AB", POSTCODE4)),
        (PRESENT, Given(1, PRESENT)),
        (PRESENT, Given("yes", PRESENT)),
        (MONTH, Given("2026", YEAR)),
        (YEAR, Given("2026-03", MONTH)),
        (FULL, Given("2026-03", MONTH)),
        (BANDS, Given("0-9", Form(FormKind.BANDS, ("0-9", "10+")))),
    ],
)
def test_a_value_that_is_more_or_other_than_its_form_says_is_left_out(form: Form, item: Given) -> None:
    type_ = next(
        type_ for type_, forms in FORMS_OF.items() if form.kind in forms and (form.kind is not FormKind.FULL or type_ is ValueType.DATE)
    )
    assert masked(form, type_, item) is None


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (FULL, "2026-03-14"),
        (MONTH, "2026-03"),
        (BANDS, "2026-03"),
        (INITIALS, "2026-03"),
        (POSTCODE4, "2026-03"),
        (YEAR, "2026"),
        (PRESENT, None),
    ],
)
def test_when_it_was_so_is_no_finer_than_the_form(form: Form, expected: str | None) -> None:
    assert reduce_as_of(form, DAY) == expected
    assert reduce_as_of(form, datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC)) == expected
    assert reduce_as_of(form, None) is None


@given(st.dates())
def test_the_month_of_a_date_is_its_beginning_and_the_year_that_of_the_month(day: date) -> None:
    full, month, year = (reduce_value(form, day, ValueType.DATE) for form in (FULL, MONTH, YEAR))
    assert date.fromisoformat(str(full)) == day
    assert str(full).startswith(f"{month}-")
    assert str(month).startswith(f"{year}-")
    assert masked(MONTH, ValueType.DATE, Given(day)) == masked(MONTH, ValueType.DATE, Given(str(month), MONTH))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 600))
def test_every_number_is_in_exactly_one_band(widths: list[int], number: int) -> None:
    edges = [0]
    for width in widths:
        edges.append(edges[-1] + width)
    bands = (*(f"{low}-{high - 1}" for low, high in pairwise(edges)), f"{edges[-1]}+")
    found = str(reduce_value(Form(FormKind.BANDS, bands), number, ValueType.INTEGER))
    position = bands.index(found)
    assert edges[position] <= number
    assert position == len(edges) - 1 or number < edges[position + 1]


@given(st.text(string.ascii_letters + "éüß -'", min_size=1))
def test_initials_hold_one_letter_of_each_word_and_no_more(name: str) -> None:
    words = [word for word in name.split() if any(letter.isalpha() for letter in word)]
    try:
        found = str(reduce_value(INITIALS, name, ValueType.STRING))
    except Unfit:
        assert words == []
        return
    assert len(found) == 2 * len(words)
    assert found == found.upper()
    assert masked(INITIALS, ValueType.STRING, Given(found, INITIALS)) == Masked(found, INITIALS, None)


@given(st.integers(1000, 9999), st.sampled_from(["", " "]), st.text(string.ascii_letters, min_size=2, max_size=2))
def test_of_a_postcode_the_letters_never_leave(digits: int, space: str, letters: str) -> None:
    assert reduce_value(POSTCODE4, f"{digits}{space}{letters}", ValueType.STRING) == str(digits)


_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.dates(), st.text(max_size=12))
_FORMS = st.sampled_from([FULL, MONTH, YEAR, BANDS, INITIALS, POSTCODE4, PRESENT])


@given(_FORMS, _FORMS, st.sampled_from(ValueType), _VALUES)
def test_whatever_a_source_says_what_leaves_is_in_the_form_granted(form: Form, said: Form, type_: ValueType, value: Value) -> None:
    found = masked(form, type_, Given(value, said), ("GEL",))
    if found is None:
        return
    assert found.form == form
    assert said in (FULL, form)
    assert found.value is None or _looks_like(form, type_, found.value)


def _looks_like(form: Form, type_: ValueType, value: str | int | bool) -> bool:  # noqa: FBT001 - a value of any type
    expected = {FormKind.PRESENT: (bool, 5), FormKind.MONTH: (str, 7), FormKind.YEAR: (str, 4), FormKind.POSTCODE4: (str, 4)}
    if form.kind in expected:
        kind, length = expected[form.kind]
        return type(value) is kind and len(str(value)) <= length
    if form.kind is FormKind.BANDS:
        return value in form.bands
    if form.kind is FormKind.INITIALS:
        return str(value).endswith(".") and all(letter == "." for letter in str(value)[1::2])
    return type(value) is {ValueType.INTEGER: int, ValueType.BOOLEAN: bool}.get(type_, str)
