"""`sources.yaml`: which party's fields live where. docs/how-to/add-a-connector.md shows it whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from connectors.errors import ConnectorConfigError
from connectors.registry.config import MOST_AT_ONCE, DepositConfig, HttpJsonConfig, Place, SourceConfig, SourcesConfig, SqlConfig
from connectors.registry.sql_fields import mapped_fields, read_person
from connectors.registry.yaml_nodes import Mistakes, Table, compose
from policies.vocabulary import FieldName, PartyId

T = TypeVar("T")

VERSION = "1"
DEFAULT_AT_ONCE = 8
DEFAULT_DEADLINE_S = 2.0
DEFAULT_MAX_BYTES = 65_536

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", re.ASCII)


def read_sources(file: Path) -> SourcesConfig:
    """Read the file that says which source serves which field.

    Raises:
        ConnectorConfigError: it cannot be read, or it has mistakes.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        found = "nothing" if isinstance(error, FileNotFoundError) else type(error).__name__
        told = f"{file}: expected the file that says where fields live, found {found}; docs/operations.md has a small one to begin with"
        raise ConnectorConfigError(told) from error
    return load_sources(text, str(file))


def load_sources(text: bytes, name: str = "sources.yaml") -> SourcesConfig:
    """Read the sources' configuration; nothing is opened.

    Raises:
        ConnectorConfigError: every mistake in it, one per line as `name:line:column: error: message (hint)`.
    """
    mistakes = Mistakes(name)
    page = compose(text, mistakes)
    version = page.text("version")
    if version not in (None, VERSION):
        mistakes.add(page.place_of("version"), f"expected version {VERSION}, found `{version}`")
    sources = page.table("sources")
    page.finish()
    found: list[SourceConfig] = []
    if sources is not None:
        found = [source for key, table in sources.tables() if (source := _source(key.text, key.place, table, mistakes)) is not None]
        if not found:
            mistakes.add(sources.place, "expected at least one source")
    _refuse_overlap(found, mistakes)
    mistakes.raise_if_any()
    return SourcesConfig(name, tuple(found))


def _source(name: str, place: Place, table: Table, mistakes: Mistakes) -> SourceConfig | None:
    if not _NAME.fullmatch(name):
        mistakes.add(place, f"expected a name of lower-case words, found `{name}`")
    kind = table.text("kind")
    holder = PartyId(table.text("holder") or "")
    read = _KINDS.get(kind or "")
    if read is None:
        if kind is not None:
            mistakes.add(table.place_of("kind"), f"expected a kind, found `{kind}`", f"one of {', '.join(_KINDS)}")
        return None
    source = read(name, holder, place, table, mistakes)
    table.finish()
    return source


def _deposit(name: str, holder: PartyId, place: Place, _table: Table, _mistakes: Mistakes) -> SourceConfig:
    return DepositConfig(name, holder, place)


def _sql(name: str, holder: PartyId, place: Place, table: Table, mistakes: Mistakes) -> SourceConfig | None:
    url, url_file = table.parsed("url", _sql_url, None), table.optional("url_file")
    if ("url" in table) is ("url_file" in table):
        mistakes.add(place, "expected either `url` or `url_file`", "a URL with a password stands in a file of its own")
    at_once, deadline_s = _limits(table)
    person = read_person(table.table("person"), mistakes)
    fields = table.table("fields")
    if person is None or fields is None:
        return None
    mapped, places = mapped_fields(_named_fields(fields, mistakes), person, mistakes)
    return SqlConfig(name, holder, place, url, url_file, person, mapped, at_once, deadline_s, places)


def _http_json(name: str, holder: PartyId, place: Place, table: Table, mistakes: Mistakes) -> SourceConfig | None:
    url = table.parsed("url", _http_url, "")
    if "url" not in table:
        mistakes.add(place, "expected `url`, found nothing")
    token_file, ca_file = table.optional("token_file"), table.optional("ca_file")
    at_once, deadline_s = _limits(table)
    max_bytes = table.parsed("max_bytes", lambda text: _number(text, 1, 16_777_216), DEFAULT_MAX_BYTES)
    names = table.table("fields")
    if names is None:
        return None
    fields: dict[FieldName, str] = {}
    places: dict[FieldName, Place] = {}
    for key, value in names.scalars():
        field = _field_name(key.text, key.place, mistakes)
        if value.text in fields.values():
            mistakes.add(value.place, f"`{value.text}` is there twice", "each field has a name of its own at the source")
        fields[field], places[field] = value.text, key.place
    read_only = MappingProxyType(fields), MappingProxyType(places)
    return HttpJsonConfig(name, holder, place, url, token_file, ca_file, read_only[0], at_once, deadline_s, max_bytes, read_only[1])


_KINDS: Mapping[str, Callable[[str, PartyId, Place, Table, Mistakes], SourceConfig | None]] = MappingProxyType(
    {"deposit": _deposit, "sql": _sql, "http-json": _http_json}
)


def _named_fields(fields: Table, mistakes: Mistakes) -> list[tuple[FieldName, Place, Table]]:
    return [(_field_name(key.text, key.place, mistakes), key.place, table) for key, table in fields.tables()]


def _field_name(text: str, place: Place, mistakes: Mistakes) -> FieldName:
    if not _FIELD.fullmatch(text):
        mistakes.add(place, f"expected a field as `category.field`, found `{text}`")
    return FieldName(text)


def _limits(table: Table) -> tuple[int, float]:
    at_once = table.parsed("at_once", lambda text: _number(text, 1, MOST_AT_ONCE), DEFAULT_AT_ONCE)
    return at_once, table.parsed("deadline", _seconds, DEFAULT_DEADLINE_S)


def _number(text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise ValueError(f"expected a number from {low} to {high}, found `{text}`")
    return int(text)


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,5}) ?(ms|s)", text, re.ASCII)
    seconds = int(match[1]) / (1000 if match[2] == "ms" else 1) if match else 0.0
    if not 0 < seconds <= 30:  # noqa: PLR2004 - an exchange does not wait half a minute
        raise ValueError(f"expected a time as `2s` or `500ms`, at most 30s, found `{text}`")
    return seconds


def _sql_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("expected a database URL such as `sqlite:///rental.db`") from None
    if url.password is not None:
        raise ValueError("expected a URL without a password: put it into a file and name that as `url_file`")
    return text


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("expected an https URL (http on loopback only)")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("expected a URL of a host and a path only: no user, query or fragment")
    return text


def _refuse_overlap(sources: list[SourceConfig], mistakes: Mistakes) -> None:
    """Each field of a holder has one source, and a holder has one place in the deposit."""
    served: dict[tuple[PartyId, str], str] = {}
    for source in sources:
        claims: list[tuple[str, Place]] = [("deposit", source.place)]
        if not isinstance(source, DepositConfig):
            claims = [(field, source.places[field]) for field in source.fields]
        for claim, place in claims:
            other = served.setdefault((source.holder, claim), source.name)
            if other != source.name:
                what = "the deposit" if claim == "deposit" else f"`{claim}`"
                mistakes.add(place, f"{what} of {source.holder} is served by `{other}` already")
