"""What may stand in an entry: codes from closed character sets. No sentence, no value and no URL with a query fits in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TypeAlias

#: (name, code): a withheld field and its reason, a fact and its value
Pair: TypeAlias = tuple[str, str]

CODE_MAX = 200
#: in one list; an entry may name every field and article of a large covenant several times over, and has an end
CODES_MAX = 10_000

_CODE = rf"[A-Za-z0-9][A-Za-z0-9_.:/+-]{{0,{CODE_MAX - 1}}}"
# `bands(0-2,3-9,10+)`: a kind and, for bands, the bands themselves; not one of them can hold a space
_FORM = rf"[a-z][a-z0-9_]{{0,39}}(?:\([A-Za-z0-9_.,:+<>=-]{{1,{CODE_MAX}}}\))?"
# One match over the joined text decides about the whole list, in one call; as many line feeds as items, so that none holds one.
_CODES = re.compile(rf"(?:{_CODE}\n)*")
_FORMS = re.compile(rf"(?:{_FORM}\n)*")

_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX16 = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_ORIGIN_NAME = re.compile(r"[a-z0-9][a-z0-9_./:-]{0,99}")


class TooManyCodes(ValueError):  # noqa: N818 - what was found
    """More codes than one list of an entry holds."""


def check_codes(what: str, codes: tuple[str, ...]) -> None:
    """Refuse a list that holds anything but codes.

    Raises:
        TooManyCodes: the list is too long.
        ValueError: one of it is no code. The message does not repeat what was found.
    """
    if len(codes) > CODES_MAX:
        raise TooManyCodes(f"{what}: expected at most {CODES_MAX} codes, found {len(codes)}")
    if not _all(_CODES, codes):
        raise ValueError(f"{what}: expected codes of 1 to {CODE_MAX} letters, digits and _ . : / + -")


def check_forms(what: str, forms: tuple[str, ...]) -> None:
    """Refuse a list that holds anything but forms as the covenant prints them, `month` or `bands(0-2,3+)`.

    Raises:
        ValueError: one of the list is no form.
    """
    if not _all(_FORMS, forms):
        raise ValueError(f"{what}: expected forms such as month or bands(0-2,3+)")


def _all(pattern: re.Pattern[str], items: tuple[str, ...]) -> bool:
    text = "\n".join((*items, ""))
    return text.count("\n") == len(items) and pattern.fullmatch(text) is not None


def check_unique(what: str, items: tuple[object, ...]) -> None:
    """Refuse a list that says something twice.

    Raises:
        ValueError: it does.
    """
    if len(set(items)) != len(items):
        raise ValueError(f"{what}: expected no duplicates")


def check_sorted(what: str, pairs: tuple[Pair, ...]) -> None:
    """Refuse pairs that are not in ascending order, so that the same facts have one form only.

    Raises:
        ValueError: they are not, or one stands there twice.
    """
    if any(earlier >= later for earlier, later in pairwise(pairs)):
        raise ValueError(f"{what}: expected sorted pairs without duplicates")


def check_uuid7(what: str, text: str) -> None:
    """Refuse an id that is not a UUIDv7 in its canonical form (RFC 9562 section 5.7).

    Raises:
        ValueError: it is not.
    """
    if not _UUID7.fullmatch(text):
        raise ValueError(f"{what}: expected a UUIDv7 in lower case")


def check_sha256(what: str, text: str) -> None:
    """Refuse a digest that is not 64 lower-case hexadecimal digits.

    Raises:
        ValueError: it is not.
    """
    if not _SHA256.fullmatch(text):
        raise ValueError(f"{what}: expected 64 lower-case hexadecimal digits")


def check_trace(trace_id: str | None, *spans: str | None) -> None:
    """Refuse a trace that is not as W3C Trace Context writes it: 32 and 16 lower-case hexadecimal digits.

    Raises:
        ValueError: it is not.
    """
    if trace_id is not None and not _HEX32.fullmatch(trace_id):
        raise ValueError("trace_id: expected 32 lower-case hexadecimal digits")
    if not all(span is None or _HEX16.fullmatch(span) for span in spans):
        raise ValueError("span_id: expected 16 lower-case hexadecimal digits")


def check_log_name(what: str, text: str) -> None:
    """Refuse a covenant id or log name that could not stand in an origin.

    Raises:
        ValueError: it holds something else than lower-case letters, digits and _ . -
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"{what}: expected 1 to 64 lower-case letters, digits and _ . -")


def check_origin_name(text: str) -> None:
    """Refuse a name that could not begin an origin; a host and path such as `log.waterstad.example` is what C2SP recommends.

    Raises:
        ValueError: it holds something else than lower-case letters, digits and _ . / : -
    """
    if not _ORIGIN_NAME.fullmatch(text):
        raise ValueError("log name: expected 1 to 100 lower-case letters, digits and _ . / : -")


def sorted_pairs(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Pairs in the one order that an entry accepts, each once."""
    return tuple(sorted(set(pairs)))
