"""What the registry says of somebody who is to be erased: their cases and signals, what still moves, and taking rows out at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, or_, select

from broker.cases.codec import event_of, state_of
from broker.cases.state import CaseState
from broker.tables import case_event, case_party, covenant_case, pending_entry
from broker.tables import signal as signals

#: ids in one statement
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about some subjects: their cases, the words of their signals, and why they cannot be erased now, as codes."""

    cases: tuple[CaseState, ...]
    texts: tuple[str, ...]
    obstacles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """Who is in a signal, who in a signal or a case; the ids of all cases, and of all texts that signals and moves name."""

    signalled: frozenset[str]
    subjects: frozenset[str]
    cases: frozenset[str]
    texts: frozenset[str]


class Registry:
    """The registry's rows about subjects."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """Its database."""
        return self._engine

    def case(self, case_id: str) -> CaseState | None:
        """A case, open or closed, or None."""
        with self._engine.connect() as connection:
            text = connection.execute(select(covenant_case.c.state).where(covenant_case.c.id == case_id)).scalar()
        return None if text is None else state_of(text)

    def closed(self) -> Iterator[CaseState]:
        """Every closed case, oldest first."""
        return (case for case in self._every() if case.closed_for is not None)

    def _every(self) -> Iterator[CaseState]:
        after = ""
        while True:
            page = select(covenant_case.c.id, covenant_case.c.state).where(covenant_case.c.id > after)
            with self._engine.connect() as connection:
                rows = connection.execute(page.order_by(covenant_case.c.id).limit(1000)).all()
            yield from (state_of(row.state) for row in rows)
            if len(rows) < 1000:  # noqa: PLR2004 - the page's size, above
                return
            after = rows[-1].id

    def known(self, subjects: Collection[str]) -> Known:
        """Everything that is known about these subjects."""
        wanted = frozenset(subjects)
        obstacles: set[str] = set()
        with self._engine.connect() as connection:
            cases = tuple({case.id: case for case in self._cases(connection, wanted)}.values())
            rows = [row for part in _parts(wanted) for row in connection.execute(select(signals).where(signals.c.subject.in_(part)))]
            ids = [case.id for case in cases]
            unsettled = case_event.c.status == "pending"
            for part in _parts(ids):
                if connection.execute(select(case_event.c.id).where(case_event.c.case_id.in_(part), unsettled).limit(1)).first():
                    obstacles.add("unsettled")
            owed = connection.execute(select(pending_entry.c.draft)).scalars()
            if any(subject in draft for draft in owed for subject in wanted):
                obstacles.add("unsettled")
            texts = {row.text for row in rows} | _words(connection, [case.id for case in cases if _ends(case, wanted)])
        if any(case.closed_for is None for case in cases):
            obstacles.add("open_case")
        if any(row.state in {"pending", "open"} for row in rows):
            obstacles.add("open_signal")
        return Known(cases, tuple(sorted(texts)), frozenset(obstacles))

    def named(self) -> Named:
        """Everybody and everything that is named here."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(signals.c.subject, signals.c.text)).all()
            cases = {case.id: frozenset(subject for subject, _ in case.subjects) for case in self._every()}
            words = _words(connection, cases)
        signalled = frozenset(row.subject for row in rows)
        return Named(signalled, signalled.union(*cases.values()), frozenset(cases), frozenset(words | {row.text for row in rows}))

    def words(self, case_id: str) -> frozenset[str]:
        """The ids of the texts in which the reasons of a case's moves are written."""
        with self._engine.connect() as connection:
            return frozenset(_words(connection, [case_id]))

    def forget_signals(self, subjects: Collection[str]) -> None:
        """Take out the signals about these subjects; their words are gone by then."""
        with self._engine.begin() as connection:
            for part in _parts(subjects):
                connection.execute(delete(signals).where(signals.c.subject.in_(part)))

    def forget_case(self, case_id: str) -> None:
        """Take out a case whose time has passed, with all that happened in it."""
        with self._engine.begin() as connection:
            connection.execute(delete(case_event).where(case_event.c.case_id == case_id))
            connection.execute(delete(case_party).where(case_party.c.case_id == case_id))
            connection.execute(delete(covenant_case).where(covenant_case.c.id == case_id))

    @staticmethod
    def _cases(connection: Connection, subjects: frozenset[str]) -> Iterator[CaseState]:
        for part in _parts(subjects):
            likely: list[ColumnElement[bool]] = [covenant_case.c.state.contains(subject, autoescape=True) for subject in part]
            texts = connection.execute(select(covenant_case.c.state).where(or_(*likely)).order_by(covenant_case.c.id)).scalars()
            yield from (state for state in map(state_of, texts) if any(subject in part for subject, _ in state.subjects))


#: how long the id of a text is; the reason for closing a case is a code, and shorter
_TEXT_ID = 36


def _ends(case: CaseState, subjects: frozenset[str]) -> bool:
    """Whether nobody of a case is left without these subjects."""
    return all(subject in subjects for subject, _ in case.subjects)


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    yield from (ordered[at : at + _PAGE] for at in range(0, len(ordered), _PAGE))


def _words(connection: Connection, case_ids: Collection[str]) -> set[str]:
    """The texts in which the reasons of moves are written, of these cases."""
    bodies = [
        body
        for part in _parts(case_ids)
        for body in connection.execute(select(case_event.c.body).where(case_event.c.case_id.in_(part))).scalars()
    ]
    return {event.reason for body in bodies if (event := event_of(body)).reason and len(event.reason) == _TEXT_ID}
