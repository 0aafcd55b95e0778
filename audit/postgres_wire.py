"""Speaking to PostgreSQL through libpq itself: prepared statements, binary parameters, one round trip each.

psycopg's own `execute` costs three times the round trip on a local socket, and an append makes five. What goes over the wire is typed in
the statement (`$1::int8`), so nothing is guessed. libpq only sends and parses: waiting for the socket is done here, since its own wait has
no end, and one for a result holds the interpreter's lock as well.
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from audit.errors import StoreFailed

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
#: a parameter or a value in PostgreSQL's binary form; None is NULL
Wired: TypeAlias = bytes | None

_INT2, _INT4, _INT8 = Struct("!h"), Struct("!i"), Struct("!q")
_ARRAY = Struct("!iiIii")
_INT8_IN_ARRAY = Struct("!iq")  # of the columns that are written none of this type is ever NULL
_NULL = _INT4.pack(-1)
_BINARY = 1
#: for how long nothing may come from a server that we wait for; it ends statements and waits for locks by itself before that
SILENCE_MAX_S = 30

#: a batch has one of some dozens of shapes; beyond this many statements all are forgotten
_PREPARED_MAX = 200
# Covenant ids and UUIDs: nothing that could end a string or a list.
_WORDS = re.compile(r"'\{[A-Za-z0-9_.,-]*\}'")
#: a division by zero is how a statement says that it found something else (`postgres_write`), the others are a row that is there already
#: and what a trigger forbids
_RULED_OUT = frozenset({b"22012", b"23505", b"23000"})
_FINE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})

#: how a value of a type is written, by the type's name
ENCODERS: Mapping[str, Callable[[Any], bytes]] = MappingProxyType(
    {"int2": _INT2.pack, "int4": _INT4.pack, "int8": _INT8.pack, "text": str.encode, "bytea": bytes}
)
_OIDS: Mapping[str, int] = MappingProxyType({"bytea": 17, "int8": 20, "int2": 21, "int4": 23, "text": 25})


def wired(kind: str, value: object) -> Wired:
    """One value of that type."""
    return None if value is None else ENCODERS[kind](value)


def wired_array(kind: str, values: Sequence[object]) -> bytes:
    """An array of that type, of one dimension; an empty one has none."""
    if not values:
        return _ARRAY.pack(0, 0, _OIDS[kind], 0, 0)[:12]
    head = _ARRAY.pack(1, int(None in values), _OIDS[kind], len(values), 1)
    if kind == "int8":
        return head + b"".join([_INT8_IN_ARRAY.pack(8, value) for value in values])
    encode, length = ENCODERS[kind], _INT4.pack
    octets = [None if value is None else encode(value) for value in values]
    return head + b"".join([_NULL if one is None else length(len(one)) + one for one in octets])


def number(value: Wired) -> int:
    """An integer of whatever width."""
    if value is None:
        raise StoreFailed("expected a number, found nothing")
    return int.from_bytes(value, "big", signed=True)


def text(value: Wired) -> str:
    """A text."""
    if value is None:
        raise StoreFailed("expected a text, found nothing")
    return value.decode("utf-8")


class Wire:
    """One connection of the append side."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._prepared: dict[str, bytes] = {}

    def command(self, statement: str) -> None:
        """Statements without parameters or rows, such as COMMIT.

        Raises:
            StoreFailed: the server refused it, or is gone.
        """
        self._connection.pgconn.send_query(statement.encode())
        self._answered(self._last_result())

    def run(self, statement: str, parameters: Sequence[Wired] = ()) -> list[tuple[Wired, ...]]:
        """A prepared statement and its rows, in binary form.

        Raises:
            StoreFailed: the server refused it, or is gone.
        """
        (name,) = self._named((statement,))
        formats = [_BINARY] * len(parameters)
        sent = cast("Sequence[bytes]", parameters)  # libpq takes None for NULL; its annotation does not say so
        self._connection.pgconn.send_query_prepared(name, sent, formats, _BINARY)
        result = self._answered(self._last_result())
        columns = range(result.nfields)
        return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]

    def commit(self, *calls: tuple[str, Sequence[Wired]]) -> None:
        """Run prepared statements and COMMIT, in one round trip: the server skips the COMMIT where one of them failed.

        Raises:
            StoreFailed: the server refused it, or is gone; whether it has committed is unknown then.
        """
        for result in self._in_one(*calls):
            self._answered(result)

    def attempt(self, *calls: tuple[str, Sequence[Wired]]) -> bool:
        """A whole transaction in one round trip; False, and nothing written, where a statement found what it had to rule out.

        Each statement has a snapshot of its own (READ COMMITTED), from under the locks that those before it took.

        Raises:
            StoreFailed: the server refused it for another reason, or is gone; whether it has committed is unknown then.
        """
        *results, committed = self._in_one(("BEGIN", ()), *calls)
        for result in results:
            if result is not None and result.status not in _FINE and result.error_field(DiagnosticField.SQLSTATE) in _RULED_OUT:
                self.command("ROLLBACK")
                return False
            self._answered(result)
        self._answered(committed)
        return True

    def _in_one(self, *calls: tuple[str, Sequence[Wired]]) -> list[PGresult | None]:
        """The results of these prepared statements and of the COMMIT after them; once one fails, the server skips the rest."""
        names = self._named([statement for statement, _ in calls])
        pgconn = self._connection.pgconn
        pgconn.enter_pipeline_mode()
        for name, (_, parameters) in zip(names, calls, strict=True):
            pgconn.send_query_prepared(name, cast("Sequence[bytes]", parameters), [_BINARY] * len(parameters), _BINARY)
        pgconn.send_query_params(b"COMMIT", [])
        pgconn.pipeline_sync()
        results: list[PGresult | None] = []
        for _ in range(len(calls) + 1):
            results.append(self._next_result())
            self._next_result()  # the end of that statement's results
        self._next_result()  # the end of the pipeline
        pgconn.exit_pipeline_mode()
        return results

    def _last_result(self) -> PGresult | None:
        """The result of what was sent; of several statements that of the last, or of the one that failed, after which there is none."""
        last = None
        while (result := self._next_result()) is not None:
            last = result
        return last

    def _next_result(self) -> PGresult | None:
        while self._connection.pgconn.flush():
            self._await(select.POLLIN | select.POLLOUT)
        while self._connection.pgconn.is_busy():
            self._await(select.POLLIN)
        return self._connection.pgconn.get_result()

    def _await(self, events: int) -> None:
        waiting = select.poll()
        waiting.register(self._connection.pgconn.socket, events)
        if not waiting.poll(SILENCE_MAX_S * 1000):
            raise StoreFailed("the database has fallen silent")
        self._connection.pgconn.consume_input()

    def begin(self, *calls: tuple[str, Sequence[Sequence[str]]]) -> list[tuple[str, ...]]:
        """Begin a transaction and run prepared statements in one round trip; the rows of the last one, as text.

        Their parameters are lists of words, and stand in the command itself.

        Raises:
            StoreFailed: the server refused it, or is gone.
            ValueError: a word is more than letters, digits and _ . - and could not stand in a command.
        """
        commands = ["BEGIN"]
        for name, (_, parameters) in zip(self._named([statement for statement, _ in calls]), calls, strict=True):
            lists = ["'{" + ",".join(words) + "}'" for words in parameters]
            if not all(_WORDS.fullmatch(one) for one in lists):
                raise ValueError("expected words of letters, digits and _ . -")
            commands.append(f"EXECUTE {name.decode('ascii')}({', '.join(lists)})")
        self._connection.pgconn.send_query("; ".join(commands).encode("ascii"))
        result = self._answered(self._last_result())
        columns = range(result.nfields)
        return [tuple(text(result.get_value(row, column)) for column in columns) for row in range(result.ntuples)]

    def close(self) -> None:
        """End the connection; the server rolls back whatever was not committed."""
        self._connection.close()

    def _named(self, statements: Sequence[str]) -> list[bytes]:
        """The names under which the server knows these statements."""
        missing = [statement for statement in statements if statement not in self._prepared]
        if missing:
            if len(self._prepared) + len(missing) > _PREPARED_MAX:
                self.command("DEALLOCATE ALL")
                self._prepared.clear()
                missing = list(statements)
            for statement in missing:
                name = f"audit_{len(self._prepared)}".encode()
                self._connection.pgconn.send_prepare(name, statement.encode())
                self._answered(self._last_result())
                self._prepared[statement] = name
        return [self._prepared[statement] for statement in statements]

    def _answered(self, result: PGresult | None) -> PGresult:
        # The server's words stay here: they may quote what was sent.
        if result is None or result.status not in _FINE:
            raise StoreFailed("the database refused a statement, or broke off")
        return result
