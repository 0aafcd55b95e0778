"""The auditor: reads the log's database and nothing else, beside the running broker. No field value is in there to be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url

from audit.database import open_copy
from audit.entry import HOUSE, RELEASE
from audit.proofs import tlog_proof
from audit.query import PAGE_MAX, Search, search
from audit.records import Record, entry, open_decisions
from audit.tlog_proof import TlogProof
from broker.clock import system_clock
from broker.demo.cast import WATERSTAD


class Auditor:
    """What the log says about the story's covenant."""

    def __init__(self, audit_url: str) -> None:
        self.database = Path(make_url(audit_url).database or "")
        self._engine = open_copy(self.database)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def withheld(self, exchange: str) -> Mapping[str, str]:
        """The precise reasons for which an exchange withheld fields."""
        page = search(self._engine, Search(log=WATERSTAD, ref=exchange, type=RELEASE))
        return {field: reason for hit in page.hits if hit.core is not None for field, reason in hit.core.withheld}

    def count(self, typ: str) -> int:
        """How many entries of a type there are, those about no case included."""
        return sum(search(self._engine, Search(log=log, type=typ), limit=1).total for log in (WATERSTAD, HOUSE))

    def open_decisions(self) -> int:
        """How many exchanges were decided on and have no end yet."""
        with self._engine.connect() as connection:
            return len(open_decisions(connection, system_clock() + timedelta(hours=1)))

    def of_type(self, typ: str, case_pseudonym: str | None = None, *, log: str = WATERSTAD) -> tuple[Record, ...]:
        """All entries of a type, oldest first; with a case's pseudonym, those of that case."""
        found: list[Record] = []
        cursor: str | None = None
        while True:
            page = search(self._engine, Search(log=log, type=typ, case=case_pseudonym), limit=PAGE_MAX, cursor=cursor)
            found.extend(page.hits)
            cursor = page.cursor
            if cursor is None:
                return tuple(reversed(found))

    def leaf_hash(self, entry_id: str) -> bytes:
        """The leaf hash of an entry.

        Raises:
            audit.errors.UnknownEntry: it is not in the log.
        """
        with self._engine.connect() as connection:
            return entry(connection, entry_id).position.leaf_hash

    def proof(self, origin: str, index: int) -> TlogProof:
        """The proof that an entry is under the newest checkpoint.

        Raises:
            audit.errors.UnknownEntry: no checkpoint covers it.
        """
        with self._engine.connect() as connection:
            return tlog_proof(connection, origin, index)
