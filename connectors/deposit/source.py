"""The deposit as the source of one party's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.deposit.encoding import decode_item, load
from connectors.deposit.rows import KeyedRow
from connectors.errors import DepositUnavailable, SealBroken, SourceUnavailable, Unavailable
from connectors.sealing import Keyring, Sealed
from connectors.source import Item, Lookup
from policies.vocabulary import FieldName, PartyId

#: what a contribution's blob is bound to, before case, subject and holder
CONTRIBUTION = "contribution"

_NOTHING: Mapping[FieldName, Item] = MappingProxyType({})


class DepositSource:
    """What one holder gave to the deposit, read with one query and opened in memory.

    It needs no local reference: the holder gave its fields for this case and this subject. The deadline is the database engine's
    (statement and lock timeouts); one read by primary key has nothing in it to wait for.
    """

    def __init__(self, name: str, holder: PartyId, rows: KeyedRow, keyring: Callable[[], Keyring]) -> None:
        self._name = name
        self._holder = holder
        self._rows = rows
        self._keyring = keyring

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def holder(self) -> PartyId:
        """The party whose contributions these are."""
        return self._holder

    def read(self, lookup: Lookup) -> Mapping[FieldName, Item]:
        """Return the wanted fields that the holder gave for this case and subject, as it gave them.

        Raises:
            ValueError: the lookup is meant for another holder's source.
            SourceUnavailable: database or keys are not there (`unreachable`), it was full (`busy`), or the blob did not open (`malformed`).
        """
        if lookup.holder != self._holder:
            raise ValueError(f"expected a lookup of {self._holder}'s fields, found one of {lookup.holder}'s")
        row = self._row(lookup)
        if row is None:
            return _NOTHING
        try:
            record = load(self._keyring().unseal(Sealed(row[0], row[1]), CONTRIBUTION, lookup.case, lookup.subject, lookup.holder))
        except SealBroken as error:
            raise SourceUnavailable(self._name, Unavailable.MALFORMED) from error
        except DepositUnavailable as error:
            raise SourceUnavailable(self._name, Unavailable.UNREACHABLE) from error
        return MappingProxyType({wanted.field: decode_item(record[wanted.field]) for wanted in lookup.wanted if wanted.field in record})

    def _row(self, lookup: Lookup) -> tuple[str, bytes] | None:
        try:
            return self._rows.read(lookup.case, lookup.subject, lookup.holder)
        except PoolTimeout as error:
            raise SourceUnavailable(self._name, Unavailable.BUSY) from error
        except SQLAlchemyError as error:
            raise SourceUnavailable(self._name, Unavailable.UNREACHABLE) from error
