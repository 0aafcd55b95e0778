"""From configuration to opened sources: files are read, engines and clients made. Nothing is asked of a source yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from connectors.deposit import Deposit
from connectors.errors import ConnectorConfigError
from connectors.http_json import HttpJsonSource, open_client
from connectors.registry.circuit import Pressure
from connectors.registry.config import MOST_AT_ONCE, DepositConfig, HttpJsonConfig, SourceConfig, SourcesConfig, SqlConfig
from connectors.registry.sources import Opened, Sources
from connectors.registry.yaml_nodes import Mistakes
from connectors.sql import SqlSource, open_read_only


def open_sources(
    config: SourcesConfig,
    *,
    deposit: Deposit,
    today: Callable[[], date],
    folder: Path,
    on_fault: Callable[[str, str], None],
    on_pressure: Callable[[str, Pressure], None] = lambda _source, _pressure: None,
    most_at_once: int = MOST_AT_ONCE,
) -> Sources:
    """Open every source. Relative paths of files, and of SQLite databases, are relative to `folder`.

    No source is asked more than `most_at_once` questions at a time, whatever its own `at_once` says: who waits for it holds a thread.

    Raises:
        ConnectorConfigError: every file that cannot be read and every URL that no driver knows.
    """
    mistakes = Mistakes(config.file)
    opened: list[Opened] = []
    for source in config.sources:
        try:
            opened.append(_opened(source if isinstance(source, DepositConfig) else _within(source, most_at_once), deposit, today, folder))
        except (OSError, ValueError, ImportError, ArgumentError, NoSuchModuleError) as error:
            # The class alone: the text of a driver's or file's error may hold the URL with its password.
            mistakes.add(source.place, f"`{source.name}` cannot be opened: {type(error).__name__}")
    try:
        mistakes.raise_if_any()
    except ConnectorConfigError:
        for one in opened:
            one.close()
        raise
    return Sources(opened, on_fault, on_pressure)


def _within(source: SqlConfig | HttpJsonConfig, most_at_once: int) -> SqlConfig | HttpJsonConfig:
    return replace(source, at_once=min(source.at_once, most_at_once))


def _opened(source: SourceConfig, deposit: Deposit, today: Callable[[], date], folder: Path) -> Opened:
    match source:
        case DepositConfig():
            return Opened(deposit.source(source.name, source.holder), frozenset(), None, lambda: None)
        case SqlConfig():
            return _opened_sql(source, today, folder)
        case HttpJsonConfig():
            return _opened_http_json(source, folder)


def _opened_sql(source: SqlConfig, today: Callable[[], date], folder: Path) -> Opened:
    text = source.url if source.url is not None else (folder / (source.url_file or "")).read_text("utf-8").strip()
    url = make_url(text)
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(folder / url.database))
    engine = open_read_only(url.render_as_string(hide_password=False), at_once=source.at_once, deadline_s=source.deadline_s)
    reader = SqlSource(source.name, source.holder, engine, source.person, source.fields, today, source.deadline_s)
    return Opened(reader, frozenset(source.fields), source.at_once, engine.dispose)


def _opened_http_json(source: HttpJsonConfig, folder: Path) -> Opened:
    ca_file = None if source.ca_file is None else str(folder / source.ca_file)
    bearer = None if source.token_file is None else _bearer(folder / source.token_file)
    if bearer is not None:
        bearer()  # a credential that is not there is told at start, and not at the first question
    client = open_client(at_once=source.at_once, ca_file=ca_file)
    reader = HttpJsonSource(
        source.name,
        source.holder,
        client,
        source.url,
        source.fields,
        bearer,
        deadline_s=source.deadline_s,
        max_bytes=source.max_bytes,
    )
    return Opened(reader, frozenset(source.fields), source.at_once, client.close)


def _bearer(path: Path) -> Callable[[], str]:
    """Read the credential anew at each question: who renews the file need not restart the broker."""

    def read() -> str:
        token = path.read_text("ascii").strip()
        if not token.isprintable() or not token or " " in token:
            raise ValueError("expected one credential without spaces")
        return token

    return read
