"""The canonical form of a covenant: what each party signs, and what its hash is over (RFC 8785)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from typing import Any

import rfc8785

from policies.covenant import Covenant
from policies.vocabulary import Form


def _plain(value: object) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Form | date):
        return str(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def canonical_bytes(covenant: Covenant) -> bytes:
    """The covenant as RFC 8785 JSON, labels and texts included."""
    return rfc8785.dumps(_plain(covenant))


def covenant_sha256(covenant: Covenant) -> str:
    """SHA-256 of the canonical form, in lower-case hex."""
    return hashlib.sha256(canonical_bytes(covenant)).hexdigest()
