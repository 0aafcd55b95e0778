"""Who is asking: every endpoint is closed until it is listed in `PUBLIC`, and a caller has one way in: a system its token, a person a
session (`broker.people`), and nobody both.

Three questions, in this order, before any other code of a route runs:

1. Is there exactly one bearer token, in the header? (RFC 6750; a token in a query string is not looked at.)
2. Is it ours, for us, still valid, brought with the certificate that it is bound to, and does its client still stand? (RFC 9068
   section 4, RFC 8705 section 3)
3. Is this the caller's door? An operation names the scope that opens it, and a path that names a party is that party's alone.

A refusal at 1 or 2 is counted, since nobody is known; a refusal at 3 is reported with the caller.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from broker.trace import Trace
from broker.visits import CrossSite, Visit
from policies.vocabulary import PartyId, PurposeId, RoleId

#: the endpoints that a stranger may use; a new route is closed until its endpoint stands here
PUBLIC = frozenset(
    {
        "oauth.token",
        "oauth.revocation",
        "oauth.metadata",
        "oauth.discovery",
        "oauth.keys",
        "oauth.document",
        "covenants.in_force",
        "covenants.text",
        "publications.root",
        "publications.start",
        "publications.openapi",
        "publications.docs",
        "publications.problems",
        "publications.problem",
        "access.metadata",
        "access.document",
        "publications.ldv",
        "publications.live",
        "health.ready",
        # people sign in here; what needs a session asks for it itself
        "people.sign_in",
        "people.callback",
        "people.ended",
        "people.sign_out",
        "people.provider_logout",
        "people.document",
        "session.show",
    }
)


class Door(StrEnum):
    """What a caller may knock on; the value is the scope that opens it."""

    CONNECTOR = "door:connector"
    CASES = "door:cases"
    COVENANTS = "door:covenants"
    AUDIT = "door:audit"
    DECISIONS = "door:decisions"


#: the doors that a person who signed in may have a duty behind; every other is for systems alone
FOR_PEOPLE = frozenset({Door.COVENANTS, Door.AUDIT})


#: the scope of a system through which a log's readers read it whole; not a door: it says how much is shown behind one (ADR 25)
READS_LOG = "log:read"


class Unproven(StrEnum):
    """Why nobody is known: the closed list under which refusals are counted."""

    NO_TOKEN = "no_token"  # noqa: S105 - a reason, not a secret
    NOT_ONE_TOKEN = "not_one_token"  # noqa: S105 - a reason, not a secret
    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    NOT_FOR_US = "not_for_us"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    CERTIFICATE = "certificate"
    NOT_DESIGNATED = "not_designated"
    ASSERTION = "assertion"
    TOO_OFTEN = "too_often"
    TWO_WAYS = "two_ways"
    NO_SESSION = "no_session"
    CROSS_SITE = "cross_site"
    SIGN_IN = "sign_in"
    UNKNOWN_PERSON = "unknown_person"


class Unauthenticated(Exception):  # noqa: N818 - named as the problem is named
    """Nobody is known. The reason is counted; outward only its kind is told."""

    def __init__(self, reason: Unproven) -> None:
        super().__init__(reason.value)
        self.reason = reason


class WrongDoor(Exception):  # noqa: N818 - named as the problem is named
    """A known caller stands at a door that is not theirs: the scope is missing, or the path is another party's."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a party's system, and the professional for whom it vouches.

    `professional` is the opaque pseudonym that the employer made and can resolve, `token_id` the `jti` of the access token. Of a person who
    signed in, it is the pseudonym that the broker makes (`broker.people.roll`), and the id of the sign-in's entry in the log.
    """

    client_id: str
    party: PartyId
    role: RoleId
    professional: str
    scopes: frozenset[str]
    token_id: str
    signed_in: bool = False

    def may_use(self, purpose: PurposeId) -> bool:
        """Whether the purpose is among the token's scopes."""
        return f"purpose:{purpose}" in self.scopes


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a token that was verified says: who its caller is, how often something of its client had been revoked when it was made, and
    the thumbprint (`x5t#S256`) of the certificate that it is bound to, if it is.
    """

    caller: Caller
    revocations: int
    certificate: str | None


class Tally:
    """How often nobody was known, by reason, since the last time somebody asked; shared by a process's threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, reason: Unproven) -> None:
        """Add one."""
        with self._lock:
            self._counts[reason.value] += 1

    def drain(self) -> Mapping[str, int]:
        """Return the counts and begin again at nothing; the caller owes them to the log."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return MappingProxyType(dict(sorted(counts.items())))


#: told of a known caller at a wrong door, before the refusal is answered; what it raises becomes the answer
TurnedAway = Callable[[Caller, Door], None]


def no_sessions(_visit: Visit, _door: Door, _trace: Trace) -> Caller:
    """Where nobody signs in, no session counts."""
    raise Unauthenticated(Unproven.NO_SESSION)


class Authenticator:
    """Answers who a request's caller is, and whether this is their door.

    `read_token` verifies an access token or raises `Unauthenticated`; `scopes_now` gives the scopes that its client has at this moment and
    raises `Unauthenticated` where the client is unknown or suspended, or the token revoked. `only_reads` tells whose role opens the audit
    door and no other. `read_session` gives who comes with a session to a door; it raises `Unauthenticated`, or `CrossSite` for another
    site's.
    """

    def __init__(
        self,
        read_token: Callable[[str], AccessToken],
        scopes_now: Callable[[AccessToken], frozenset[str]],
        tally: Tally,
        turned_away: TurnedAway,
        only_reads: Callable[[Caller], bool] = lambda _: False,
        read_session: Callable[[Visit, Door, Trace], Caller] = no_sessions,
    ) -> None:
        self._read_token = read_token
        self._scopes_now = scopes_now
        self._tally = tally
        self._turned_away = turned_away
        self._only_reads = only_reads
        self._read_session = read_session

    def caller(self, authorization: str | None, certificate: str | None = None) -> Caller:
        """Return who sent this Authorization header, None where there was none, over a connection with this certificate (`x5t#S256`).

        Raises:
            Unauthenticated: nobody that this broker knows; it has been counted.
        """
        try:
            token = _brought_with(certificate, self._read_token(_bearer_token(authorization)))
            # A token outlives a change of its client's scopes by up to an hour; what it may do does not.
            return replace(token.caller, scopes=token.caller.scopes & self._scopes_now(token))
        except Unauthenticated as refusal:
            self._tally.count(refusal.reason)
            raise

    def visitor(self, visit: Visit, door: Door, authorization: str | None, trace: Trace) -> Caller:
        """Return who comes with a session to a door, in a request of this trace.

        Raises:
            Unauthenticated: nobody that this broker knows, or somebody with a token beside the session; it has been counted.
            CrossSite: another site sent it; it has been counted.
        """
        read_session = self._read_session if authorization is None else _both_ways
        try:
            return read_session(visit, door, trace)
        except Unauthenticated as refusal:
            self._tally.count(refusal.reason)
            raise
        except CrossSite:
            self._tally.count(Unproven.CROSS_SITE)
            raise

    def admit(self, caller: Caller, door: Door, party: str | None) -> None:
        """Let a known caller through its own door; `party` is the one that the path names, if it names one.

        Raises:
            WrongDoor: the token lacks the door's scope, the path is another party's, or a reader of the log stands elsewhere; it has been
                reported.
        """
        # What a session opens was judged with its roll: a privacy officer who signed in may stand at the door of covenants too.
        elsewhere = door is not Door.AUDIT and not caller.signed_in and self._only_reads(caller)
        if door.value not in caller.scopes or party not in {None, caller.party} or elsewhere:
            self._turned_away(caller, door)
            raise WrongDoor


def _brought_with(certificate: str | None, token: AccessToken) -> AccessToken:
    """The token, if it is bound to no certificate or to this one."""
    if token.certificate not in {None, certificate}:
        raise Unauthenticated(Unproven.CERTIFICATE)
    return token


def _both_ways(_visit: Visit, _door: Door, _trace: Trace) -> Caller:
    raise Unauthenticated(Unproven.TWO_WAYS)


def _bearer_token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(Unproven.NO_TOKEN)
    if "," in token:
        # a header given twice reaches WSGI as one, joined by a comma, which no token holds
        raise Unauthenticated(Unproven.NOT_ONE_TOKEN)
    return token
