"""Bringing every blob under the current wrapping key, so that an older one can be destroyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from connectors.deposit import tables
from connectors.deposit.source import CONTRIBUTION
from connectors.sealing import Keyring, Sealed

#: what a reference's blob is bound to, before covenant, party and subject
REFERENCE = "reference"

#: what each row's blob is bound to
_IDENTITY: Mapping[Table, Callable[[Row[Any]], tuple[str, ...]]] = MappingProxyType(
    {
        tables.contribution: lambda row: (CONTRIBUTION, row.case_id, row.subject, row.holder),
        tables.reference: lambda row: (REFERENCE, row.covenant, row.party, row.subject),
        tables.text: lambda row: (row.kind, row.id),
    }
)


def rewrap_some(connection: Connection, keyring: Keyring, limit: int) -> int:
    """Wrap at most `limit` data keys anew in this transaction; return how many blobs were found under another key.

    Raises:
        SealBroken: a blob does not open for its row; the transaction is to be given up.
    """
    found = 0
    for table, identity in _IDENTITY.items():
        old = select(table).where(table.c.key_id != keyring.current).limit(limit - found)
        for row in connection.execute(old).all():
            sealed = keyring.rewrap(Sealed(row.key_id, row.body), *identity(row))
            here = [column == getattr(row, column.name) for column in table.primary_key]
            # The blob that was read is named: if its holder changed it in between, the newer one stands and is under the current key.
            statement = update(table).where(*here, table.c.body == row.body).values(key_id=sealed.key_id, body=sealed.body)
            connection.execute(statement)
            found += 1
        if found >= limit:
            break
    return found
