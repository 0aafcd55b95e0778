"""The life of a partner's system here, on the house's log: admitted, changed, shut out, taken back.

What lets somebody in is on the record before it holds. What shuts somebody out holds before it is on the record, with the log down too:
its entry is owed in the same transaction, and whoever drains the outbox next pays it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection

from audit.codes import Pair, sorted_pairs
from audit.entry import HOUSE, Core, Draft
from audit.errors import LogUnavailable
from audit.log import Log
from broker.authenticate import AccessToken
from broker.clock import Ids
from broker.designations import Designations
from broker.oauth.clients import Beside, Client, ClientRegister, UnknownClient
from broker.oauth.jwks import PublicKeys
from broker.oauth.revoking import ALL, of_professional, of_token
from broker.outbox import Outbox
from broker.records import SOFTWARE, traced
from broker.trace import Trace
from policies.vocabulary import PartyId, RoleId

#: what shuts somebody out: the entry that tells it, and the change, in whose transaction the entry is owed
Shutting: TypeAlias = tuple[Draft, Callable[[Beside], object]]


class Admissions:
    """Admits partners' systems and shuts them out; every method is one entry of type `key.…`.

    Each raises `UnknownClient` for a client that is not there, and `audit.errors.LogUnavailable` where the log cannot promise: then what
    would have let somebody in did not happen, and what shut somebody out did.
    """

    def __init__(self, clients: ClientRegister, designations: Designations, log: Log, outbox: Outbox, ids: Ids) -> None:
        self._clients = clients
        self._designations = designations
        self._log = log
        self._outbox = outbox
        self._ids = ids

    def admit(self, client: Client) -> None:
        """Register a new system.

        Raises:
            ClientExists: its id is taken.
        """
        self._clients.check_new(client.client_id)
        details = [("client", client.client_id), ("party", client.party), ("certificate", _required(required=client.certificate_required))]
        self._tell("registered", *details, *_scopes(client.scopes), *_keys(client.keys))
        self._clients.add(client)

    def replace_keys(self, client_id: str, keys: PublicKeys, jwks_uri: str | None) -> None:
        """Let other keys count from now on, or those at an address of the partner."""
        self._clients.find(client_id)
        self._tell("replaced", ("client", client_id), *_keys(keys), *((("keys", "jwks_uri"),) if jwks_uri else ()))
        self._clients.replace_keys(client_id, keys, jwks_uri)

    def keep_fetched(self, client: Client, keys: PublicKeys, at_ms: int) -> bool:
        """Let the keys count that a partner's address gave; False where the operator gave the client others in the meantime.

        Raises:
            audit.errors.LogUnavailable: one of them is new, and none of them counts.
        """
        keep = partial(self._clients.keep_fetched, client, keys, at_ms)
        before, now = set(client.keys.thumbprints), set(keys.thumbprints)
        draft = self._draft("replaced", ("client", client.client_id), ("keys", "fetched"), *_keys(keys))
        if now - before:
            self._log.append(draft)
        elif before - now:
            kept = keep(partial(self._owe, draft))
            with suppress(LogUnavailable):  # what is gone is out; its entry is owed, and the worker pays
                self._outbox.pay(draft)
            return kept
        return keep()

    def replace_scopes(self, client_id: str, scopes: frozenset[str]) -> None:
        """Let these be its scopes; one that is new is on the record first."""
        draft = self._draft("scoped", ("client", client_id), *_scopes(scopes))
        if scopes <= self._clients.find(client_id).scopes:
            self._shut((draft, partial(self._clients.replace_scopes, client_id, scopes)))
        else:
            self._log.append(draft)
            self._clients.replace_scopes(client_id, scopes)

    def require_certificate(self, client_id: str, *, required: bool) -> None:
        """Let only tokens that are bound to a certificate count, or others too."""
        draft = self._draft("certificate", ("client", client_id), ("certificate", _required(required=required)))
        if required:
            self._shut((draft, partial(self._clients.require_certificate, client_id, True)))
        else:
            self._clients.find(client_id)
            self._log.append(draft)
            self._clients.require_certificate(client_id, False)

    def suspend(self, client_id: str) -> None:
        """Shut a system out, its tokens included."""
        self._shut((self._draft("suspended", ("client", client_id)), partial(self._clients.suspend, client_id)))

    def reinstate(self, client_id: str) -> None:
        """End a suspension. Tokens from before it count again until they end; revoke them first where they should not."""
        self._clients.find(client_id)
        self._tell("reinstated", ("client", client_id))
        self._clients.reinstate(client_id)

    def revoke_all(self, client_id: str) -> None:
        """Take back every token of a system."""
        self._shut(self._revocation(client_id, ALL, "all"))

    def revoke_token(self, token: AccessToken, trace: Trace) -> None:
        """Take back one token, as its client asks in a request of this trace."""
        what = of_token(token.caller.token_id)
        draft, change = self._revocation(token.caller.client_id, what, what)
        self._shut((replace(draft, core=traced(draft.core, trace)), change))

    def revoke_professional(self, party: PartyId, professional: str) -> int:
        """Take back every token that a party's systems have for one professional; returns how many systems the party has.

        Raises:
            UnknownClient: the party has no system.
        """
        revocations = self._revocations(party, professional)
        if not revocations:
            raise UnknownClient("expected a party with a registered system")
        self._shut(*revocations)
        return len(revocations)

    def designate(self, party: PartyId, professional: str, role: RoleId) -> None:
        """Register a professional for a role that the covenant opens to designated people only."""
        self._tell("designated", ("role", role), _professional(party, professional))
        self._designations.designate(party, professional, role)

    def end_designation(self, party: PartyId, professional: str, role: RoleId) -> None:
        """End it, and take back what tokens there are for this professional: one of them may be for that role."""
        draft = self._draft("designation_ended", ("role", role), _professional(party, professional))
        ending = (draft, partial(self._designations.end, party, professional, role))
        self._shut(ending, *self._revocations(party, professional))

    def _revocations(self, party: PartyId, professional: str) -> list[Shutting]:
        what, told = of_professional(professional), _professional(party, professional)[1]
        return [self._revocation(client.client_id, what, told) for client in self._clients.all() if client.party == party]

    def _revocation(self, client_id: str, what: str, told: str) -> Shutting:
        return self._draft("revoked", ("client", client_id), ("revoked", told)), partial(self._clients.revoke, client_id, what)

    def _shut(self, *shutting: Shutting) -> None:
        for draft, change in shutting:
            change(partial(self._owe, draft))
        # All of it holds by now. If we die here, or the log is down, the entries are owed, and the worker's next round pays them.
        for draft, _ in shutting:
            self._outbox.pay(draft)

    def _owe(self, draft: Draft, connection: Connection) -> None:
        self._outbox.owe(connection, draft)

    def _tell(self, command: str, *details: Pair) -> None:
        self._log.append(self._draft(command, *details))

    def _draft(self, command: str, *details: Pair) -> Draft:
        core = Core(command=command, details=sorted_pairs(set(details)), software=SOFTWARE)
        return Draft(f"key.{command}", self._ids(), HOUSE, None, core)


def _scopes(scopes: frozenset[str]) -> tuple[Pair, ...]:
    return tuple(("scope", scope) for scope in scopes)


def _keys(keys: PublicKeys) -> tuple[Pair, ...]:
    """The thumbprints, in hexadecimal: a `kid` is the partner's own text."""
    return tuple(("key_sha256", thumbprint) for thumbprint in keys.thumbprints)


def _professional(party: PartyId, professional: str) -> Pair:
    return "professional", f"{party}/{professional}"


def _required(*, required: bool) -> str:
    return "required" if required else "optional"
