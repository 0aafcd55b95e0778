"""The order of forms: which one shows at least what another shows, and which ones a type of field can take.

A form is wider than another when the other can be computed from it. The order is partial: `initials` and `postcode4` of one field, or two
sets of bands that cut each other, cannot be compared; a covenant that gives both in one context is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from policies.vocabulary import Form, FormKind, ValueType
from policies.wording import Impossible, say

#: the forms that a type of field can be given in
FORMS_OF: Mapping[ValueType, frozenset[FormKind]] = MappingProxyType(
    {
        ValueType.STRING: frozenset({FormKind.FULL, FormKind.INITIALS, FormKind.POSTCODE4, FormKind.PRESENT}),
        ValueType.TEXT: frozenset({FormKind.FULL, FormKind.PRESENT}),
        ValueType.INTEGER: frozenset({FormKind.FULL, FormKind.BANDS, FormKind.PRESENT}),
        ValueType.DATE: frozenset({FormKind.FULL, FormKind.MONTH, FormKind.YEAR, FormKind.PRESENT}),
        ValueType.BOOLEAN: frozenset({FormKind.FULL, FormKind.PRESENT}),
        ValueType.CODE: frozenset({FormKind.FULL, FormKind.PRESENT}),
    }
)

#: more bands than this are no longer a coarser form
MAX_BANDS = 10

_BAND = re.compile(r"(?P<low>0|[1-9][0-9]{0,8})(?:-(?P<high>0|[1-9][0-9]{0,8})|(?P<open>\+))?")
#: `0`, `3-9`, `10+`, for readers other than this one
BAND_PATTERN = re.sub(r"\?P<\w+>", "?:", _BAND.pattern)


def band_bounds(band: str) -> tuple[int, int | None]:
    """The lowest and highest number of `3-9`, `0` or `10+`; the highest of an open band is None.

    Raises:
        Impossible: the text is not a band.
    """
    match = _BAND.fullmatch(band)
    if match is None:
        raise Impossible(
            say(
                "hier hoort een bandbreedte als `3-9`, `0` of `10+`, er staat `{band}`",
                "expected a band such as `3-9`, `0` or `10+`, found `{band}`",
                band=band,
            )
        )
    low = int(match["low"])
    high = None if match["open"] else int(match["high"] or low)
    if high is not None and high < low:
        raise Impossible(say("bandbreedte `{band}` eindigt voor zij begint", "band `{band}` ends before it begins", band=band))
    return low, high


def check_bands(bands: tuple[str, ...]) -> None:
    """Refuse bands that are too many, leave a gap, overlap or go back: a number in a gap would be withheld without anybody having said so.

    Raises:
        Impossible: the bands do not follow each other.
    """
    if len(bands) > MAX_BANDS:
        raise Impossible(
            say(
                "hier horen hoogstens {most} bandbreedtes, er staan er {found}",
                "expected at most {most} bands, found {found}",
                most=MAX_BANDS,
                found=len(bands),
            )
        )
    for before, after in pairwise(bands):
        high, low = band_bounds(before)[1], band_bounds(after)[0]
        if high is None or low != high + 1:
            raise Impossible(
                say(
                    "bandbreedte `{after}` sluit niet aan op `{before}`: bandbreedtes lopen op, zonder gat en zonder overlap",
                    "band `{after}` does not follow `{before}`: bands ascend without gap or overlap",
                    after=after,
                    before=before,
                )
            )
    band_bounds(bands[-1])


def _within(inner: str, outer: str) -> bool:
    (low, high), (outer_low, outer_high) = band_bounds(inner), band_bounds(outer)
    return low >= outer_low and (outer_high is None or (high is not None and high <= outer_high))


def shows_at_least(one: Form, other: Form) -> bool:
    """Whether `other` can be computed from `one`, so that `one` shows as much or more."""
    if one == other or one.kind is FormKind.FULL or other.kind is FormKind.PRESENT:
        return True
    if one.kind is FormKind.BANDS and other.kind is FormKind.BANDS:
        return all(any(_within(fine, coarse) for coarse in other.bands) for fine in one.bands)
    return one.kind is FormKind.MONTH and other.kind is FormKind.YEAR


def comparable(one: Form, other: Form) -> bool:
    """Whether one of the two shows at least what the other shows."""
    return shows_at_least(one, other) or shows_at_least(other, one)


def parse_form(text: str) -> Form:
    """The form that `str(form)` wrote: `full`, `bands(0-2,3-9,10+)`.

    Raises:
        ValueError: there is no such form.
    """
    if text.startswith("bands(") and text.endswith(")"):
        bands = tuple(text[6:-1].split(","))
        check_bands(bands)
        return Form(FormKind.BANDS, bands)
    return Form(FormKind(text))
