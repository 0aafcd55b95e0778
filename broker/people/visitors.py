"""Who comes with a session: what they may do now, asked of the roll at each request, so that whoever is taken off it is out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from audit.errors import AuditError
from broker.authenticate import Caller, Door, Unauthenticated, Unproven
from broker.clock import Clock, epoch_ms
from broker.people.errors import NoRoll
from broker.people.roll import Duty, Limits, Provider, by_door, scopes_at
from broker.people.roll_file import RollFile
from broker.people.sessions import Session, Sessions
from broker.trace import Trace
from broker.visits import Visit


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody whose session counts, with the duties that the roll gives them at this moment, of which there is at least one."""

    session: Session
    provider: Provider
    duties: tuple[Duty, ...]
    limits: Limits

    @property
    def doors(self) -> Mapping[Door, Duty]:
        """Which duty opens which door."""
        return by_door(self.duties)

    @property
    def ends_ms(self) -> int:
        """When the session ends, however much it is used."""
        return self.session.begun_ms + self.limits.longest_s * 1000


class Visitors:
    """Reads sessions. `origin` is the broker's own; one for all threads of a process."""

    def __init__(self, *, roll: RollFile, sessions: Sessions, clock: Clock, origin: str) -> None:
        self._roll = roll
        self._sessions = sessions
        self._clock = clock
        self._origin = origin

    def caller(self, visit: Visit, door: Door, trace: Trace) -> Caller:
        """Who this is at a door. Where no duty of theirs opens it they are known all the same, and turned away as such.

        Raises:
            CrossSite: another site made the browser send it.
            Unauthenticated: there is no such session, or not any more.
        """
        visit.check_site(self._origin)
        visitor = self.visitor(visit.secret, trace)
        visit.check_token()
        duty = visitor.doors.get(door) or visitor.duties[0]
        return Caller(
            client_id=f"people:{visitor.provider.name}",  # no system has a colon in its id
            party=duty.party,
            role=duty.role,
            professional=visitor.session.pseudonym,
            scopes=scopes_at(duty, door),
            token_id=visitor.session.entry,
            signed_in=True,
        )

    def visitor(self, unverified_secret: str, trace: Trace) -> Visitor:
        """Whose session this is; where it turns out to have ended, that is on the record in the trace of the request that found out.

        Raises:
            Unauthenticated: nobody's, or not any more.
        """
        session = self._sessions.find(unverified_secret)
        if session is None:
            raise Unauthenticated(Unproven.NO_SESSION)
        try:
            roll = self._roll.current()
        except NoRoll:
            raise Unauthenticated(Unproven.NO_SESSION) from None  # it counts again when the roll is mended
        if session.over(roll.limits, epoch_ms(self._clock())):
            raise self._ended(session, "over", trace)
        provider = roll.providers.get(session.provider)
        duties = roll.duties_of(session.provider, session.pseudonym, session.groups)
        if provider is None or provider.fingerprint != session.terms or not duties:
            raise self._ended(session, "not_listed", trace)
        self._sessions.touch(session)
        return Visitor(session, provider, duties, roll.limits)

    def _ended(self, session: Session, why: str, trace: Trace) -> Unauthenticated:
        with suppress(AuditError):  # it has ended; its entry is owed, and a worker pays
            self._sessions.end(session, why, trace)
        return Unauthenticated(Unproven.NO_SESSION)
