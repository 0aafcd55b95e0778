"""What the query index has about entries that are erased: bits of rows that their neighbours share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, delete, exists, insert, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from audit.postings import bits_of
from audit.tables import recent, term
from audit.terms import SEALED_KINDS, Kind, Term, pack_terms, unpack_terms

#: rows of a sealed year that go in one transaction
_ROWS = 20_000
_POSTING = (term.c.kind, term.c.value, term.c.block, term.c.members)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction; on SQLite it takes its lock at once, so that what is read inside is what is changed."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            # A connection that was broken off is closed, and rolls back by that.
            with suppress(SQLAlchemyError):
                connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def one_by_one(connection: Connection) -> None:
    """Whoever removes waits for whoever does so already: a row of the index is about 32 entries, and each would write back what it read."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE audit_erasing IN SHARE ROW EXCLUSIVE MODE")


def forget_entries(connection: Connection, log_id: int, indexes: Collection[int], *, whole: bool) -> frozenset[str]:
    """Take the subject and the case of these entries out of the index, or all that it has about them; returns their pseudonyms.

    What waits to be folded goes first: a fold that runs meanwhile has then either not begun, or has put its rows where they are found next.
    """
    waiting = and_(recent.c.log_id == log_id, recent.c.idx.in_(indexes))
    packed = connection.execute(select(recent.c.idx, recent.c.terms).where(waiting).with_for_update()).all()
    connection.execute(delete(recent).where(waiting))
    terms = {idx: unpack_terms(text) for idx, text in packed}
    if not whole:
        for idx, pairs in terms.items():
            left = pack_terms(frozenset(pair for pair in pairs if pair[0] not in SEALED_KINDS))
            connection.execute(insert(recent), {"log_id": log_id, "idx": idx, "terms": left})
    kinds = [kind.value for kind in Kind] if whole else sorted(SEALED_KINDS)
    gone = _clear(connection, log_id, bits_of(indexes), term.c.kind.in_(kinds))
    folded = {value for kind, value in gone if kind in SEALED_KINDS}
    return frozenset(folded | {value for pairs in terms.values() for kind, value in pairs if kind in SEALED_KINDS})


def _clear(connection: Connection, log_id: int, bits: Mapping[int, int], which: ColumnElement[bool]) -> frozenset[Term]:
    """Take entries, given by their blocks, out of the rows of the index that hold them; returns the terms that held one."""
    rows = connection.execute(select(*_POSTING).where(term.c.log_id == log_id, term.c.block.in_(bits), which)).all()
    held = [row for row in rows if row.members & bits[row.block]]
    left = [row._asdict() | {"log_id": log_id, "members": rest} for row in held if (rest := row.members & ~bits[row.block])]
    if held:
        this = and_(*(column == bindparam(f"this_{column.name}") for column in _POSTING))
        connection.execute(
            delete(term).where(term.c.log_id == log_id, this),
            [{f"this_{name}": value for name, value in row._asdict().items()} for row in held],
        )
    if left:
        connection.execute(insert(term), left)
    return frozenset((row.kind, row.value) for row in held)


def forget_log(engine: Engine, log_id: int, kept: frozenset[int]) -> None:
    """What the index has about a sealed log, some thousands of rows at a time, so that appends elsewhere do not wait."""
    bits = bits_of(kept)
    after: tuple[str, str, int, int] = ("", "", -1, 0)
    while True:
        with writing(engine) as connection:
            one_by_one(connection)
            connection.execute(delete(recent).where(recent.c.log_id == log_id, recent.c.idx.not_in(kept)))
            following = and_(term.c.log_id == log_id, tuple_(*_POSTING) > after)
            rows = connection.execute(select(*_POSTING).where(following).order_by(*_POSTING).limit(_ROWS)).all()
            if not rows:
                return
            connection.execute(delete(term).where(following, tuple_(*_POSTING) <= tuple(rows[-1])))
            left = [row._asdict() | {"log_id": log_id, "members": rest} for row in rows if (rest := row.members & bits.get(row.block, 0))]
            if left:
                connection.execute(insert(term), left)
            after = tuple(rows[-1])


def is_indexed(connection: Connection, log_id: int, kept: Collection[int]) -> bool:
    """Whether the index has anything about a log but for these entries; what waits to be folded is not looked at."""
    bits = bits_of(kept)
    if connection.execute(select(exists().where(term.c.log_id == log_id, term.c.block.not_in(bits)))).scalar():
        return True
    rows = connection.execute(select(term.c.block, term.c.members).where(term.c.log_id == log_id))
    return any(members & ~bits[block] for block, members in rows)
