"""How somebody signs in, in eight numbered steps. docs/how-to/sign-in-of-people.md and the tests have the same numbers.

(1) spend     the state that the answer names: ours, not too old, begun by this very browser, and used once
(2) issuer    the answer is of the provider that was asked
(3) exchange  the code, with the verifier that only we know, for tokens
(4) verify    the ID token: signature, issuer, audience, times, nonce
(5) factor    two factors, as the roll asks of this provider
(6) duty      somebody on the roll
(7) record    durable, or nobody is signed in
(8) session   a new one; an old one of the same browser has ended before
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from broker.people.errors import Failure, NoRoll, SignInFailed
from broker.people.pending import Pending, PendingSignIns
from broker.people.relying import RelyingParty
from broker.people.roll import Provider, Pseudonyms, Roll
from broker.people.roll_file import RollFile
from broker.people.sessions import Person, Sessions
from broker.trace import Trace

#: nobody is in more groups than a provider can list in a token
MAX_GROUPS = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back from a provider (RFC 6749 section 4.1.2, RFC 9207), not believed."""

    code: str | None
    issuer: str | None
    error: str | None


class SigningIn:
    """Signs people in and out; one for all threads of a process."""

    def __init__(
        self, *, roll: RollFile, pending: PendingSignIns, relying: RelyingParty, sessions: Sessions, pseudonyms: Pseudonyms
    ) -> None:
        self._roll = roll
        self._pending = pending
        self._relying = relying
        self._sessions = sessions
        self._pseudonyms = pseudonyms

    def begin(self, provider_name: str, browser: str, back_to: str, language: str) -> str:
        """Return where a browser is sent.

        Raises:
            SignInFailed: the provider is not on the roll, or away.
        """
        provider, _ = self._provider(provider_name)
        return self._relying.authorization_url(provider, self._pending.begin(provider.name, browser, back_to, language))

    def spend(self, state: str, browser: str) -> Pending:
        """Take the sign-in that an answer belongs to (step 1).

        Raises:
            SignInFailed: there is none, or not any more, or another browser began it.
        """
        return self._pending.spend(state, browser)

    def finish(self, pending: Pending, provider_name: str, answer: Answer, former: str | None, trace: Trace) -> str:
        """Sign somebody in by a provider's answer (steps 2 to 8); `former` is the secret of a session that this browser had.

        Returns the new session's secret.

        Raises:
            SignInFailed: nobody is signed in.
            audit.errors.LogUnavailable: nobody is signed in.
        """
        provider, roll = self._provider(provider_name)
        if pending.provider != provider.name:
            raise SignInFailed(Failure.ISSUER)
        self._relying.check_issuer(provider, answer.issuer)  # (2)
        if answer.code is None or answer.error is not None:
            raise SignInFailed(Failure.DENIED)
        claims = self._relying.claims(provider, answer.code, pending)  # (3) (4)
        person = self._person(provider, roll, claims)
        if provider.second_factor is not None and not provider.second_factor.met_by(claims):
            raise self._refused(person, Failure.SECOND_FACTOR, trace)  # (5)
        duties = roll.duties_of(provider.name, person.pseudonym, person.groups)
        if not duties:
            raise self._refused(person, Failure.UNKNOWN_PERSON, trace)  # (6)
        self.sign_out(former, trace, "replaced")
        return self._sessions.begin(person, provider, duties, roll, trace)  # (7) (8)

    def sign_out(self, secret: str | None, trace: Trace, why: str = "signed_out") -> str | None:
        """End a session, if there is one; returns the provider that it was begun at.

        Raises:
            audit.errors.LogUnavailable: it has ended, and its entry is owed.
        """
        session = None if secret is None else self._sessions.find(secret)
        if session is None:
            return None
        self._sessions.end(session, why, trace)
        return session.provider

    def end_session_url(self, provider_name: str) -> str | None:
        """Where one signs out at a provider; None where there is no such place."""
        try:
            return self._relying.end_session_url(self._provider(provider_name)[0])
        except SignInFailed:
            return None

    def obey_logout(self, provider_name: str, token: str, trace: Trace) -> int:
        """End what a provider's logout token orders to end; returns how many sessions.

        Raises:
            SignInFailed: the token does not hold.
            audit.errors.LogUnavailable: they have ended, and their entries are owed.
        """
        provider, _ = self._provider(provider_name)
        order = self._relying.logout_order(provider, token)
        pseudonym = None if order.subject is None else self._pseudonyms.of(provider.issuer, order.subject)
        return self._sessions.end_at_provider(provider.name, trace, pseudonym=pseudonym, sid=order.sid)

    def providers(self) -> Mapping[str, Provider]:
        """Those on the roll.

        Raises:
            SignInFailed: the roll has mistakes.
        """
        return self._current().providers

    def _provider(self, name: str) -> tuple[Provider, Roll]:
        roll = self._current()
        if name not in roll.providers:
            raise SignInFailed(Failure.PROVIDER, "not_on_the_roll")
        return roll.providers[name], roll

    def _current(self) -> Roll:
        try:
            return self._roll.current()
        except NoRoll:
            raise SignInFailed(Failure.PROVIDER, "roll") from None

    def _person(self, provider: Provider, roll: Roll, claims: Mapping[str, Any]) -> Person:
        subject, sid = claims.get("sub"), claims.get("sid")
        if not isinstance(subject, str) or not subject:
            raise SignInFailed(Failure.ID_TOKEN, "sub")
        told = claims.get(provider.groups) if provider.groups else None
        listed = told[:MAX_GROUPS] if isinstance(told, list) else [told]
        groups = frozenset(group for group in listed if isinstance(group, str)) & roll.groups_named(provider.name)
        return Person(provider.name, self._pseudonyms.of(provider.issuer, subject), groups, sid if isinstance(sid, str) else None)

    def _refused(self, person: Person, failure: Failure, trace: Trace) -> SignInFailed:
        """The provider knows them: that they came and were not let in is on the record, under their pseudonym."""
        self._sessions.refuse(person, failure.value, trace)
        return SignInFailed(failure)
