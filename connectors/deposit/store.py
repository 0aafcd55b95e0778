"""Keeping content: contributions, local references and texts.

Every method that changes something is one transaction. It has been committed when the method returns; where it raises, nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from connectors.deposit import tables
from connectors.deposit.encoding import Record, dump, encode, load
from connectors.deposit.rotation import REFERENCE, rewrap_some
from connectors.deposit.rows import KeyedRow
from connectors.deposit.source import CONTRIBUTION, DepositSource
from connectors.errors import DepositUnavailable, ReferenceTaken, TextTaken, TextUnknown
from connectors.sealing import Keyring, Sealed
from connectors.source import Item
from policies.vocabulary import CovenantId, FieldName, PartyId

#: how often a change is tried again when another writer changed the same row in between
_ATTEMPTS = 20


class TextKind(StrEnum):
    """What a text is; a text opens as its own kind only."""

    SIGNAL = "signal"
    REASON = "reason"
    ADDRESS = "address"


class Deposit:
    """Content, sealed before it reaches the database of `engine` (SQLite or PostgreSQL).

    `keyring` gives the keys of the moment, or raises DepositUnavailable, as every method then does. `clock` gives the present moment,
    with a time zone.
    """

    def __init__(self, engine: Engine, keyring: Callable[[], Keyring], clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keyring = keyring
        self._clock = clock
        self._blob = KeyedRow(engine, tables.contribution, ("key_id", "body"), ("case_id", "subject", "holder"))
        self._reference = KeyedRow(engine, tables.reference, ("key_id", "body"), ("covenant", "party", "subject"))
        self._subject = KeyedRow(engine, tables.reference, ("subject",), ("covenant", "party", "lookup"), by=("registered_ms", "subject"))
        self._text = KeyedRow(engine, tables.text, ("key_id", "body"), ("id", "kind"))

    def source(self, name: str, holder: PartyId) -> DepositSource:
        """Return the source of what this holder gives to the deposit."""
        return DepositSource(name, holder, self._blob, self._keyring)

    # Contributions: one blob per (case, subject, holder).

    def contribute(self, case: str, subject: str, holder: PartyId, items: Mapping[FieldName, Item]) -> None:
        """Keep these fields beside those the holder gave before; a field given again replaces what it was.

        Raises:
            ValueError: there are no items, or a value has no place in a contribution (see `encoding.encode_item`).
            DepositUnavailable: the database did not take it.
        """
        if not items:
            raise ValueError("a contribution without fields must not be made")
        given = encode(items)
        self._change(case, subject, holder, lambda record: {**record, **given})

    def recall(self, case: str, subject: str, holder: PartyId, fields: Iterable[FieldName]) -> frozenset[FieldName]:
        """Withdraw fields, and return those that were there: their receivers are to be told.

        Raises:
            DepositUnavailable: the database did not take it; nothing was withdrawn.
        """
        unwanted = frozenset(fields)
        before = self._change(case, subject, holder, lambda record: {name: entry for name, entry in record.items() if name not in unwanted})
        return unwanted.intersection(map(FieldName, before))

    def contributed(self, case: str, subject: str, holder: PartyId) -> frozenset[FieldName]:
        """Return which fields the holder gave; their values leave through an exchange only.

        Raises:
            DepositUnavailable: the database did not answer.
            SealBroken: the blob was changed or its key is not here.
        """
        return frozenset(map(FieldName, self._record((case, subject, holder))[1]))

    def purge_case(self, case: str) -> int:
        """Delete every contribution to a case; return how many blobs there were.

        Raises:
            DepositUnavailable: the database did not take it.
        """
        with self._durably() as connection:
            return connection.execute(delete(tables.contribution).where(tables.contribution.c.case_id == case)).rowcount

    def erase_subject(self, subject: str) -> int:
        """Delete every contribution about a subject and every reference to it; return how many rows there were.

        Raises:
            DepositUnavailable: the database did not take it.
        """
        # Both in one transaction: a crash leaves either all of the person or nothing, and a repeat finishes the work.
        with self._durably() as connection:
            about = (delete(table).where(table.c.subject == subject) for table in (tables.contribution, tables.reference))
            return sum(connection.execute(statement).rowcount for statement in about)

    # Local references: a party's own key for a subject. A subject has one per covenant and party; one may stand for several.

    def register_reference(self, covenant: CovenantId, party: PartyId, subject: str, reference: str) -> None:
        """Keep the party's own key for a subject; registering the same again changes nothing.

        Raises:
            ReferenceTaken: the subject has another reference; forget that one first.
            ValueError: the reference is empty.
            DepositUnavailable: the database did not take it.
        """
        if not reference:
            raise ValueError("an empty reference must not be registered")
        lookup = self._keyring().index(REFERENCE, covenant, party, reference)
        sealed = self._keyring().seal(reference.encode(), REFERENCE, covenant, party, subject)
        row = insert(tables.reference).values(
            covenant=covenant,
            party=party,
            subject=subject,
            lookup=lookup,
            key_id=sealed.key_id,
            body=sealed.body,
            registered_ms=self._now_ms(),
        )
        try:
            with self._durably() as connection:
                connection.execute(row)
        except IntegrityError:
            # The primary key decides, not a look beforehand: of two systems that register at once, one is told.
            if self.reference_of(covenant, party, subject) != reference:
                raise ReferenceTaken from None

    def forget_reference(self, covenant: CovenantId, party: PartyId, subject: str) -> bool:
        """Delete the party's reference to a subject; return whether there was one.

        Raises:
            DepositUnavailable: the database did not take it.
        """
        key = tables.reference.c
        statement = delete(tables.reference).where(key.covenant == covenant, key.party == party, key.subject == subject)
        with self._durably() as connection:
            return connection.execute(statement).rowcount > 0

    def reference_of(self, covenant: CovenantId, party: PartyId, subject: str) -> str | None:
        """Return the party's own key for a subject, or None where it registered none.

        Raises:
            DepositUnavailable: the database did not answer.
            SealBroken: the reference was changed or its key is not here.
        """
        row = self._row(self._reference, covenant, party, subject)
        return None if row is None else self._keyring().unseal(Sealed(*row), REFERENCE, covenant, party, subject).decode()

    def subject_of(self, covenant: CovenantId, party: PartyId, reference: str) -> str | None:
        """Return the subject for which the party registered this reference, the first where it did so for several, or None.

        Raises:
            DepositUnavailable: the database did not answer.
        """
        row = self._row(self._subject, covenant, party, self._keyring().index(REFERENCE, covenant, party, reference))
        return None if row is None else str(row[0])

    def subjects_of(self, covenant: CovenantId, party: PartyId, reference: str) -> tuple[str, ...]:
        """Return every subject for which the party registered this reference, in the order of their making (docs/adr/0015).

        Raises:
            DepositUnavailable: the database did not answer.
        """
        key = tables.reference.c
        here = (key.covenant == covenant, key.party == party, key.lookup == self._keyring().index(REFERENCE, covenant, party, reference))
        with self._durably() as connection:
            return tuple(connection.execute(select(key.subject).where(*here).order_by(key.subject)).scalars())

    # Texts: words a person wrote, by an opaque id that the registry keeps.

    def keep_text(self, kind: TextKind, text_id: str, text: str) -> None:
        """Keep a text under an id that the caller made; keeping the same again changes nothing.

        Raises:
            TextTaken: another text stands under this id.
            DepositUnavailable: the database did not take it.
        """
        sealed = self._keyring().seal(text.encode(), kind, text_id)
        row = insert(tables.text).values(id=text_id, kind=kind, key_id=sealed.key_id, body=sealed.body, kept_ms=self._now_ms())
        try:
            with self._durably() as connection:
                connection.execute(row)
        except IntegrityError:
            stands = self._row(self._text, text_id, kind)
            if stands is None or self._keyring().unseal(Sealed(*stands), kind, text_id) != text.encode():
                raise TextTaken from None

    def text_of(self, kind: TextKind, text_id: str) -> str:
        """Return a text that was kept.

        Raises:
            TextUnknown: there is none of this kind by this id.
            DepositUnavailable: the database did not answer.
            SealBroken: the text was changed or its key is not here.
        """
        row = self._row(self._text, text_id, kind)
        if row is None:
            raise TextUnknown
        return self._keyring().unseal(Sealed(*row), kind, text_id).decode()

    def forget_texts(self, text_ids: Iterable[str]) -> int:
        """Delete texts; return how many there were.

        Raises:
            DepositUnavailable: the database did not take it.
        """
        with self._durably() as connection:
            return sum(connection.execute(delete(tables.text).where(tables.text.c.id == text_id)).rowcount for text_id in text_ids)

    def rewrap(self, limit: int = 500) -> int:
        """Bring blobs under the current wrapping key, at most `limit` in one transaction; 0 means that no other key is in use.

        Raises:
            SealBroken: a blob does not open; nothing was changed.
            DepositUnavailable: the database did not take it.
        """
        # A crash between two calls leaves some blobs under the old key, which still opens them; a repeat finds them.
        with self._durably() as connection:
            return rewrap_some(connection, self._keyring(), limit)

    def _change(self, case: str, subject: str, holder: PartyId, change: Callable[[Record], Record]) -> Record:
        """Replace a contribution by what `change` makes of it, and return what it was before.

        Read, change, compare and swap: the write names the blob that was read, and blobs are never equal (each has a random data key).
        So of two writers the second reads again, and nothing recalled comes back with another writer's older copy.
        """
        for _ in range(_ATTEMPTS):
            body, before = self._record((case, subject, holder))
            after = change(before)
            if after == before or self._swap((case, subject, holder), body, after):
                return before
        raise DepositUnavailable

    def _record(self, key: tuple[str, str, str]) -> tuple[bytes | None, Record]:
        row = self._row(self._blob, *key)
        return (None, {}) if row is None else (row[1], load(self._keyring().unseal(Sealed(*row), CONTRIBUTION, *key)))

    def _swap(self, key: tuple[str, str, str], old: bytes | None, record: Record) -> bool:
        """Put a record in the place of the blob `old`; return whether it was still there."""
        columns = tables.contribution.c
        here = (columns.case_id == key[0], columns.subject == key[1], columns.holder == key[2], columns.body == old)
        sealed = self._keyring().seal(dump(record), CONTRIBUTION, *key)
        content = {"key_id": sealed.key_id, "body": sealed.body, "changed_ms": self._now_ms()}
        try:
            with self._durably() as connection:
                if old is None:
                    connection.execute(insert(tables.contribution).values(case_id=key[0], subject=key[1], holder=key[2], **content))
                    return True
                statement = (
                    update(tables.contribution).where(*here).values(**content) if record else delete(tables.contribution).where(*here)
                )
                return connection.execute(statement).rowcount == 1
        except IntegrityError:
            return False  # another writer made the first contribution; read it and try again

    @contextmanager
    def _durably(self) -> Iterator[Connection]:
        """One transaction. If the process dies inside, the database rolls it back and the caller never acknowledged it; if it dies after
        the commit and before the acknowledgement, the caller repeats, and every change here may be repeated.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise DepositUnavailable from error

    def _row(self, rows: KeyedRow, *key: str | bytes) -> tuple[str, bytes] | None:
        try:
            return rows.read(*key)
        except SQLAlchemyError as error:
            raise DepositUnavailable from error

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)
