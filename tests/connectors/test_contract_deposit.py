"""The deposit keeps the contract of a source, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import Engine, make_url, text

from broker.database import open_engine
from connectors.deposit import Deposit
from connectors.sealing import Keyring
from connectors.source import Item, Lookup
from policies.vocabulary import FULL, FieldName, Value
from tests.connectors.conftest import NOW
from tests.connectors.contract import HOLDER, SourceContract, World
from tests.template import migrated


class Recorded:
    """The deposit's source, with what it gave: its origin is one blob, so what it gives is what counts."""

    def __init__(self, deposit: Deposit) -> None:
        self._source = deposit.source("deposit", HOLDER)
        self.name, self.holder = self._source.name, self._source.holder
        self.given: set[FieldName] = set()

    def read(self, lookup: Lookup) -> Mapping[FieldName, Item]:
        items = self._source.read(lookup)
        self.given |= items.keys()
        return items


class DepositWorld:
    needs_reference = False

    def __init__(self, engine: Engine, hasty: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._deposit = Deposit(engine, lambda: keyring, lambda: NOW)
        self._hasty = Deposit(hasty, lambda: keyring, lambda: NOW)
        self.source = Recorded(self._deposit)

    def put(self, person: str, values: Mapping[FieldName, Value]) -> None:
        items = {field: Item(value, FULL, date(2026, 3, 9)) for field, value in values.items()}
        self._deposit.contribute("c1", person, HOLDER, items)

    def asked(self) -> set[FieldName]:
        given, self.source.given = self.source.given, set()
        return given

    @contextmanager
    def stalled(self) -> Iterator[None]:
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE deposit_contribution IN ACCESS EXCLUSIVE MODE"))
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # a writer; in WAL mode it does not hold readers up
            self.source, patient = Recorded(self._hasty), self.source
            yield
            self.source = patient

    @contextmanager
    def broken(self) -> Iterator[None]:
        with self._engine.begin() as connection:
            connection.execute(text("ALTER TABLE deposit_contribution RENAME TO elsewhere"))
        yield
        with self._engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO deposit_contribution"))


class TestDeposit(SourceContract):
    @pytest.fixture
    def world(self, unmade_url: str, keyring: Keyring) -> Iterator[World]:
        migrated(unmade_url, "deposit")
        url = make_url(unmade_url)
        if url.get_backend_name() == "postgresql":
            url = url.update_query_dict({"options": "-c statement_timeout=300"})
        engine, hasty = open_engine(unmade_url), open_engine(url.render_as_string(hide_password=False))
        yield DepositWorld(engine, hasty, keyring)
        engine.dispose()
        hasty.dispose()
