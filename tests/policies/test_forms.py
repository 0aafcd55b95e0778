from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.forms import FORMS_OF, MAX_BANDS, band_bounds, check_bands, comparable, parse_form, shows_at_least
from policies.vocabulary import FULL, PRESENT, Form, FormKind, ValueType

MONTH, YEAR, INITIALS, POSTCODE4 = (Form(kind) for kind in (FormKind.MONTH, FormKind.YEAR, FormKind.INITIALS, FormKind.POSTCODE4))
FINE, COARSE, CROSS = (Form(FormKind.BANDS, bands) for bands in (("0-2", "3-9", "10+"), ("0-9", "10+"), ("0-4", "5+")))
FORMS = st.sampled_from([FULL, PRESENT, MONTH, YEAR, INITIALS, POSTCODE4, FINE, COARSE, CROSS])


@pytest.mark.parametrize(
    ("wider", "narrower"),
    [(FULL, MONTH), (FULL, FINE), (FULL, PRESENT), (MONTH, YEAR), (MONTH, PRESENT), (FINE, COARSE), (INITIALS, PRESENT)],
)
def test_a_form_is_wider_than_what_can_be_computed_from_it(wider: Form, narrower: Form) -> None:
    assert shows_at_least(wider, narrower)
    assert not shows_at_least(narrower, wider)


@pytest.mark.parametrize(("one", "other"), [(INITIALS, POSTCODE4), (FINE, CROSS), (COARSE, CROSS), (MONTH, FINE)])
def test_forms_of_which_neither_follows_from_the_other_cannot_be_compared(one: Form, other: Form) -> None:
    assert not comparable(one, other)
    assert not comparable(other, one)


@given(FORMS, FORMS, FORMS)
def test_the_order_of_forms_is_a_partial_order(one: Form, two: Form, three: Form) -> None:
    assert shows_at_least(one, one)
    assert not (shows_at_least(one, two) and shows_at_least(two, one)) or one == two
    assert not (shows_at_least(one, two) and shows_at_least(two, three)) or shows_at_least(one, three)


@given(FORMS)
def test_a_form_reads_back_from_what_it_prints(form: Form) -> None:
    assert parse_form(str(form)) == form


@pytest.mark.parametrize("text", ["", "all", "bands", "bands()", "bands(0-2,4+)", "bands(few)", "Full"])
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are the enum's and the bands'
        parse_form(text)


@pytest.mark.parametrize(("band", "bounds"), [("0", (0, 0)), ("3-9", (3, 9)), ("10+", (10, None)), ("0-0", (0, 0))])
def test_a_band_has_its_bounds(band: str, bounds: tuple[int, int | None]) -> None:
    assert band_bounds(band) == bounds


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        (("0-2", "2-4"), "band `2-4` does not follow `0-2`: bands ascend without gap or overlap"),
        (("0-2", "4+"), "band `4+` does not follow `0-2`: bands ascend without gap or overlap"),
        (("3+", "0-2"), "band `0-2` does not follow `3+`: bands ascend without gap or overlap"),
        (("9-3",), "band `9-3` ends before it begins"),
        (("03-9",), "expected a band such as `3-9`, `0` or `10+`, found `03-9`"),
        (("-1-2",), "expected a band such as `3-9`, `0` or `10+`, found `-1-2`"),
        (tuple(map(str, range(MAX_BANDS + 1))), "expected at most 10 bands, found 11"),
    ],
)
def test_bands_that_leave_a_doubt_are_refused(bands: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - asserted below, in full
        check_bands(bands)
    assert str(caught.value) == message


def test_every_type_can_be_given_in_full_and_as_presence_and_only_in_forms_it_has() -> None:
    assert set(FORMS_OF) == set(ValueType)
    assert all({FormKind.FULL, FormKind.PRESENT} <= forms for forms in FORMS_OF.values())
    assert FormKind.MONTH not in FORMS_OF[ValueType.STRING]
    assert FormKind.BANDS not in FORMS_OF[ValueType.DATE]
