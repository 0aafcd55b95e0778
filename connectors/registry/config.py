"""The deployment's sources as frozen values: what `sources.yaml` says, before any file or connection is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.sql import Mapped, Person
from policies.vocabulary import FieldName, PartyId

#: the most questions at a time that a source may be configured to take
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from one."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class DepositConfig:
    """What a holder gives to the deposit: every field of it that no other source serves."""

    name: str
    holder: PartyId
    place: Place

    @property
    def fields(self) -> Mapping[FieldName, object]:
        """None by name."""
        return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SqlConfig:
    """A holder's database; exactly one of `url` (without a password) and `url_file` is there."""

    name: str
    holder: PartyId
    place: Place
    url: str | None
    url_file: str | None
    person: Person
    fields: Mapping[FieldName, Mapped]
    at_once: int
    deadline_s: float
    places: Mapping[FieldName, Place]


@dataclass(frozen=True, slots=True)
class HttpJsonConfig:
    """A holder's REST API."""

    name: str
    holder: PartyId
    place: Place
    url: str
    token_file: str | None
    ca_file: str | None
    fields: Mapping[FieldName, str]
    at_once: int
    deadline_s: float
    max_bytes: int
    places: Mapping[FieldName, Place]


SourceConfig = DepositConfig | SqlConfig | HttpJsonConfig


@dataclass(frozen=True, slots=True)
class SourcesConfig:
    """Every source of a deployment; `file` is the name that messages give."""

    file: str
    sources: tuple[SourceConfig, ...]
