"""A contribution as bytes: a JSON object from field name to value, form and date, inside the sealed blob.

Short keys, because the blob is read at every exchange: `v` value, `d` true where the value is a date, `f` the form where it is not full,
`a` as of. The bytes are authenticated before they are decoded, so decoding trusts them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from connectors.source import Item
from policies.vocabulary import FULL, FieldName, Form, FormKind

Record = dict[str, dict[str, Any]]


def encode_item(item: Item) -> dict[str, Any]:
    """Return the item as a JSON object.

    Raises:
        ValueError: the value is none of text, whole number, boolean, date and null, or `as_of` is a moment without a time zone.
    """
    if item.value is not None and type(item.value) not in (str, int, bool, date):
        raise ValueError(f"expected a text, a whole number, a boolean, a date or null, found {type(item.value).__name__}")
    if isinstance(item.as_of, datetime) and item.as_of.tzinfo is None:
        raise ValueError("expected a moment with a time zone, found one without")
    entry: dict[str, Any] = {"v": item.value.isoformat(), "d": True} if isinstance(item.value, date) else {"v": item.value}
    if item.form != FULL:
        entry["f"] = [item.form.kind.value, *item.form.bands]
    if item.as_of is not None:
        entry["a"] = item.as_of.isoformat()
    return entry


def decode_item(entry: Mapping[str, Any]) -> Item:
    """Return what `encode_item` was given."""
    value = date.fromisoformat(entry["v"]) if "d" in entry else entry["v"]
    form = _form(*entry["f"]) if "f" in entry else FULL
    as_of = entry.get("a")
    if as_of is None:
        return Item(value, form, None)
    return Item(value, form, datetime.fromisoformat(as_of) if "T" in as_of else date.fromisoformat(as_of))


def _form(kind: str, *bands: str) -> Form:
    return Form(FormKind(kind), bands)


def dump(record: Record) -> bytes:
    """Return the record's bytes."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def load(plaintext: bytes) -> Record:
    """Return the record that `dump` was given."""
    record: Record = json.loads(plaintext)
    return record


def encode(items: Mapping[FieldName, Item]) -> Record:
    """Return the items as a record; raises what `encode_item` raises."""
    return {name: encode_item(item) for name, item in items.items()}
