"""Sessions of people, in the broker's database. The secret is in the person's browser alone; here is its hash.

That somebody signed in is in the log before there is a session. That a session ended is true before it is in the log: the debt to the log
is written with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, Row, delete, insert, select, update

from audit.codes import sorted_pairs
from audit.entry import HOUSE, Actor, Core, Draft
from audit.log import Log
from broker.clock import Clock, Ids, Random, epoch_ms
from broker.outbox import Outbox
from broker.people.pending import secret, sha256
from broker.people.roll import Duty, Limits, Provider, Roll, by_door
from broker.people.tables import person_session
from broker.records import SOFTWARE, traced
from broker.trace import Trace

#: how often a session that is used is written down as used; it may end that much before its idle time is over
SEEN_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class Person:
    """Who a provider says somebody is: under our name for them, with their groups as far as the roll names them."""

    provider: str
    pseudonym: str
    groups: frozenset[str]
    sid: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is kept; whether it still counts is for whoever reads it with the roll."""

    id_sha256: str
    entry: str
    provider: str
    terms: str
    pseudonym: str
    groups: frozenset[str]
    begun_ms: int
    seen_ms: int

    def over(self, limits: Limits, now_ms: int) -> bool:
        """Whether it was unused for too long, or lasted long enough."""
        return now_ms - self.seen_ms > limits.idle_s * 1000 or now_ms - self.begun_ms > limits.longest_s * 1000


class Sessions:
    """The sessions of one broker; one for all threads of a process. `trace` is everywhere of the request that made it happen."""

    def __init__(self, *, engine: Engine, log: Log, outbox: Outbox, clock: Clock, ids: Ids, random: Random) -> None:
        self._engine = engine
        self._log = log
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._random = random

    def refuse(self, person: Person, reason: str, trace: Trace) -> None:
        """Put on the record that somebody whom a provider knows was not let in.

        Raises:
            audit.errors.LogUnavailable: it is not on the record.
        """
        details = sorted_pairs({("provider", person.provider), ("person", person.pseudonym)})
        core = Core(command="refused", reasons=(reason,), details=details, software=SOFTWARE)
        self._log.append(Draft("person.refused", self._ids(), HOUSE, None, traced(core, trace)))

    def begin(self, person: Person, provider: Provider, duties: tuple[Duty, ...], roll: Roll, trace: Trace) -> str:
        """Sign somebody in; returns the secret of the session, new each time, so that nobody can have planted it.

        Raises:
            audit.errors.LogUnavailable: it is not on the record, and nobody is signed in.
        """
        opened = {("opens", f"{door.name.lower()}/{duty.role}") for door, duty in by_door(duties).items()}
        details = sorted_pairs(opened | {("provider", person.provider), ("roll", f"sha256:{roll.sha256}")})
        core = Core(requester=duties[0].party, command="signed_in", details=details, software=SOFTWARE)
        actor = Actor(person.pseudonym, duties[0].role, duties[0].party)
        draft = Draft("person.signed_in", self._ids(), HOUSE, None, traced(core, trace), actor)
        # A crash after this line leaves an entry of a session that nobody has: the log can over-state, never under-state.
        self._log.append(draft)
        made, now = secret(self._random), epoch_ms(self._clock())
        row = {
            "id_sha256": sha256(made),
            "entry": draft.id,
            "provider": person.provider,
            "terms": provider.fingerprint,
            "pseudonym": person.pseudonym,
            "sid_sha256": None if person.sid is None else sha256(person.sid),
            "groups": json.dumps(sorted(person.groups)),
            "begun_ms": now,
            "seen_ms": now,
            "expires_ms": now + roll.limits.longest_s * 1000,
        }
        with self._engine.begin() as connection:
            connection.execute(delete(person_session).where(person_session.c.expires_ms < now))
            connection.execute(insert(person_session).values(row))
        return made

    def find(self, unverified_secret: str) -> Session | None:
        """The session of a secret, if there is one."""
        with self._engine.connect() as connection:
            query = select(person_session).where(person_session.c.id_sha256 == sha256(unverified_secret))
            row = connection.execute(query).one_or_none()
        return None if row is None else _session(row)

    def touch(self, session: Session) -> None:
        """Note that it is used, once a minute at most."""
        now = epoch_ms(self._clock())
        if now - session.seen_ms >= SEEN_EVERY_MS:
            with self._engine.begin() as connection:
                connection.execute(update(person_session).where(person_session.c.id_sha256 == session.id_sha256).values(seen_ms=now))

    def end(self, session: Session, why: str, trace: Trace) -> None:
        """End one session. `why` is a code: `signed_out`, `replaced`, `not_listed`, `over`.

        Raises:
            audit.errors.LogUnavailable: it has ended, and its entry is owed.
        """
        self._end(person_session.c.id_sha256 == session.id_sha256, why, trace)

    def end_at_provider(self, provider: str, trace: Trace, *, pseudonym: str | None, sid: str | None) -> int:
        """End what a provider's logout ends: the session that it calls `sid`, or everything of this person there; returns how many.

        Of a provider that named no `sid` when somebody signed in, their sessions end together.

        Raises:
            audit.errors.LogUnavailable: they have ended, and their entries are owed.
        """
        which = person_session.c.pseudonym == pseudonym
        if sid is not None:
            which = (person_session.c.sid_sha256 == sha256(sid)) | (person_session.c.sid_sha256.is_(None) & which)
        return self._end((person_session.c.provider == provider) & which, "provider_logout", trace)

    def _end(self, which: ColumnElement[bool], why: str, trace: Trace) -> int:
        # One transaction: a crash after it leaves the session gone and its entry owed, which a worker pays.
        with self._engine.begin() as connection:
            rows = connection.execute(delete(person_session).where(which).returning(person_session)).all()
            drafts = [self._ended(_session(row), why, trace) for row in rows]
            for draft in drafts:
                self._outbox.owe(connection, draft)
        for draft in drafts:
            self._outbox.pay(draft)
        return len(drafts)

    def _ended(self, session: Session, why: str, trace: Trace) -> Draft:
        details = sorted_pairs({("provider", session.provider), ("person", session.pseudonym)})
        core = Core(command="signed_out", reasons=(why,), details=details, software=SOFTWARE)
        return Draft("person.signed_out", self._ids(), HOUSE, session.entry, traced(core, trace))


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        row.id_sha256,
        row.entry,
        row.provider,
        row.terms,
        row.pseudonym,
        frozenset(json.loads(row.groups)),
        row.begun_ms,
        row.seen_ms,
    )
