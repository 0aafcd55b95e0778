"""A party's database as the source of its fields."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item, Lookup, Wanted
from connectors.sql.engine import read_only, reason_of
from connectors.sql.mapping import Mapped, Person
from connectors.sql.statements import Query, plan, window_parameters
from connectors.values import Unfit
from policies.vocabulary import FieldName, PartyId

_NOTHING: Mapping[FieldName, Item] = MappingProxyType({})
#: one row answers; a second one means that the source cannot tell which is the person's
_TOO_MANY = 2


class SqlSource:
    """Reads one person's wanted fields, one query per set of rows, in one read-only transaction.

    `today` gives the day in the covenant's time zone; it bounds the windows of counts.
    """

    def __init__(
        self,
        name: str,
        holder: PartyId,
        engine: Engine,
        person: Person,
        mapping: Mapping[FieldName, Mapped],
        today: Callable[[], date],
        deadline_s: float,
    ) -> None:
        self._name = name
        self._holder = holder
        self._engine = engine
        self._person = person
        self._mapping = mapping
        self._today = today
        self._deadline_s = deadline_s
        self._plan = lru_cache(maxsize=256)(self._planned)

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def holder(self) -> PartyId:
        """The party whose database it is."""
        return self._holder

    def read(self, lookup: Lookup) -> Mapping[FieldName, Item]:
        """Return the wanted fields of the person whose local reference this is; nothing where there is no such person.

        Raises:
            ValueError: the lookup is meant for another holder's source.
            SourceUnavailable: as the contract says; two rows for one person are `malformed`, never a guess.
        """
        if lookup.holder != self._holder:
            raise ValueError(f"expected a lookup of {self._holder}'s fields, found one of {lookup.holder}'s")
        wanted = tuple(field for field in lookup.wanted if field.field in self._mapping)
        key = None if lookup.local_reference is None else self._person.key(lookup.local_reference)
        if key is None or not wanted:
            return _NOTHING
        try:
            return self._read(wanted, key, min(lookup.deadline_s, self._deadline_s))
        except SQLAlchemyError as error:
            raise SourceUnavailable(self._name, reason_of(error)) from error
        except Unfit as error:
            raise SourceUnavailable(self._name, Unavailable.MALFORMED) from error

    def _planned(self, wanted: tuple[Wanted, ...]) -> tuple[Query, ...]:
        return plan(self._person, self._mapping, wanted, self._engine.dialect.name)

    def _read(self, wanted: tuple[Wanted, ...], key: str | int, deadline_s: float) -> Mapping[FieldName, Item]:
        until = time.monotonic() + deadline_s
        today = self._today()
        parameters = {"reference": key, **window_parameters(self._mapping, today)}
        items: dict[FieldName, Item] = {}
        with read_only(self._engine, deadline_s) as connection:
            for query in self._plan(wanted):
                row = self._row(connection, query, parameters)
                if row is None and query.exists:
                    return _NOTHING  # not a person of this source: nothing is counted either
                if row is not None:
                    given = ((picked.wanted.field, picked.item(row, today)) for picked in query.picked)
                    items.update((field, item) for field, item in given if item is not None)
                if time.monotonic() > until:
                    raise SourceUnavailable(self._name, Unavailable.TIMEOUT)
        return MappingProxyType({field.field: items[field.field] for field in wanted if field.field in items})

    def _row(self, connection: Connection, query: Query, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        rows = connection.execute(query.statement, parameters).fetchall()
        if len(rows) >= _TOO_MANY:
            raise SourceUnavailable(self._name, Unavailable.MALFORMED)
        return tuple(rows[0]) if rows else None
