"""A partner's system at one broker: `connect` opens it, `acting_for` gives what one professional may do through it.

with connect(Path("connection.json")) as broker:
director = broker.acting_for("municipality-director-01", "municipality.director")
disclosure = director.ask(Ask(case, "end_nuisance", ("complaints.count_12m",)))
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

import httpx

from broker.client import answers
from broker.client.calls import Calls, Line, segment
from broker.client.casework import Casework
from broker.client.connection import Connection, read_connection
from broker.client.receipts import Receipts
from broker.client.receiving import LogKeys, received
from broker.client.signals import Signals
from broker.client.signing import Signer, read_key
from broker.client.store import ReceiptStore
from broker.client.tokens import Acting, Tokens
from broker.client.transport import Transport, open_http
from broker.client.tries import Tries
from broker.client.values import Ask, Disclosure, KeptReceipt, Permission, Recall, Released
from broker.client.world import Limits, World

DEFAULT_LIMITS = Limits()
DEFAULT_WORLD = World()


class Client:
    """One party's system. Threads may share it; tokens are kept until shortly before they end, receipts for good."""

    def __init__(
        self,
        connection: Connection,
        signer: Signer,
        store: ReceiptStore,
        http: httpx.Client,
        *,
        limits: Limits = DEFAULT_LIMITS,
        world: World = DEFAULT_WORLD,
    ) -> None:
        """`http` comes from `open_http`; it and `store` are closed with the client."""
        self.connection = connection
        self.store = store
        self.keys = LogKeys(connection)
        self._http = http
        transport, tries = Transport(http, limits, world), Tries(limits, world)
        self.tokens = Tokens(connection.issuer, connection.client_id, signer, transport, tries, world)
        self.line = Line(connection.issuer, transport, self.tokens, tries, world)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and the store."""
        self._http.close()
        self.store.close()

    def acting_for(self, professional: str, role: str, scopes: Collection[str] | None = None) -> Professional:
        """What a professional may do; `professional` is the employer's own pseudonym, `role` one of the party's in the covenant.

        Tokens have all registered scopes, or only `scopes`.
        """
        chosen = self.connection.scopes if scopes is None else frozenset(scopes)
        return Professional(self, Calls(self.line, Acting(professional, role, chosen)))


class Professional:
    """Asking and giving at the party's own door, for one professional. Every method raises the errors of `broker.client.errors`."""

    def __init__(self, client: Client, calls: Calls) -> None:
        party = client.connection.party
        self._client = client
        self._calls = calls
        self._door = f"/v1/connectors/{segment(party)}"
        self.signals = Signals(calls, self._door)
        self.cases = Casework(calls, self._door)
        self.receipts = Receipts(calls, party, client.store, client.keys, client.line.world.now)

    @property
    def calls(self) -> Calls:
        """What sends for this professional."""
        return self._calls

    def token(self) -> str:
        """An access token, for what this kit does not do."""
        line = self._client.line
        return line.tokens.of(self._calls.acting, line.tries.until())

    def permissions(self, case: str, purpose: str, subject: int | None = None) -> tuple[Permission, ...]:
        """What may be asked of a case for a purpose now, and in which form it would come."""
        body = {"case": case, "purpose": purpose} | _subject(subject)
        return answers.permissions(self._calls.post(f"{self._door}/permissions", body, repeatable=True))

    def ask(self, ask: Ask) -> Disclosure:
        """Ask for fields. What comes back was asked, its receipt holds, and the receipt is kept, before this returns.

        Raises:
            Refused: a problem; `unauthorized-field` where nothing asked is in the covenant.
            AnswerUnusable: not an answer to this ask; nothing of it is handed over.
            ReceiptUnusable: the receipt does not hold, or is one of another disclosure that is kept; nothing is handed over.
            NoAnswer: it is not known whether there was a disclosure; `receipts.check()` finds it if there was.
        """
        world, began_s = self._client.line.world, self._client.line.world.now()
        headers = self._calls.idempotency() | ({"Prefer": "handling=strict"} if ask.strict else {})
        body = {"case": ask.case, "purpose": ask.purpose, "fields": list(ask.fields)} | _subject(ask.subject)
        found = answers.disclosure(self._calls.post(f"{self._door}/disclosures", body, headers, repeatable=True), ask)
        position = received(found.receipt, found.covenant.id, began_s, world.now(), self._client.keys, self.receipts.shown_keys)
        forms = tuple((name, given.form) for name, given in found.fields.items())
        self._client.store.keep(KeptReceipt(position, found.id, "asked", found.receipt, found.case, forms))
        return Disclosure(
            id=found.id,
            case=found.case,
            covenant=found.covenant,
            fields=MappingProxyType(found.fields),
            withheld=found.withheld,
            unavailable=found.unavailable,
            receipt=found.receipt,
            position=position,
        )

    def contribute(self, case: str, fields: Mapping[str, Released], subject: int | None = None) -> str:
        """Release fields of this party for a case; returns the id under which the log knows the contribution.

        It is not tried again by itself where no answer came; giving the same fields anew does no harm, the last ones count.
        """
        given = {name: _released(one) for name, one in fields.items()}
        return self._calls.post(f"{self._door}/cases/{segment(case)}/contributions", {"fields": given} | _subject(subject)).text("id")

    def withdraw(self, case: str, fields: Collection[str], subject: int | None = None) -> tuple[str, ...]:
        """Take fields back; returns those that were there. After this nobody is given them any more."""
        body = {"fields": list(fields)} | _subject(subject)
        return self._calls.post(f"{self._door}/cases/{segment(case)}/withdrawals", body).texts("withdrawn")

    def recalls(self) -> tuple[Recall, ...]:
        """What this party must destroy; pull it daily."""
        return self._calls.get(f"{self._door}/recalls").each("recalls", answers.recall)


def connect(connection_file: Path, *, signer: Signer | None = None, limits: Limits = DEFAULT_LIMITS) -> Client:
    """A client as its connection file describes it (`broker.client.connection`); with `signer` the key that the file names is not read.

    Raises:
        Unusable: the file, or one that it names, cannot be used.
    """
    files = read_connection(connection_file)
    chosen = signer or read_key(files.key, files.algorithm)
    http = open_http(files.ca_file, files.certificate)
    return Client(files.connection, chosen, ReceiptStore(files.receipts), http, limits=limits)


def _subject(number: int | None) -> dict[str, object]:
    return {} if number is None else {"subject": number}


def _released(one: Released) -> dict[str, object]:
    members: dict[str, object] = {"value": one.value, "form": one.form}
    return members if one.as_of is None else members | {"asOf": one.as_of.isoformat()}
