"""Covenant versions and the log: every step that a version takes is on the record, narrowing after it took effect, widening before."""

from __future__ import annotations

from collections.abc import Mapping

from audit.codes import sorted_pairs
from audit.entry import Core, Covenant, Draft
from audit.log import Log
from broker.cases.rules import By
from broker.clock import Ids
from broker.covenants import Covenants, Version
from broker.outbox import Outbox
from broker.records import SOFTWARE, Records
from policies.vocabulary import PartyId


class Enactment:
    """Proposing, accepting, taking back and activating, with their entries. `by` is None for the operator at the command line."""

    def __init__(self, covenants: Covenants, log: Log, outbox: Outbox, records: Records, ids: Ids) -> None:
        self._covenants = covenants
        self._log = log
        self._outbox = outbox
        self._records = records
        self._ids = ids

    def propose(self, text: bytes, name: str) -> Version:
        """Store a version; see `Covenants.propose`."""
        version = self._covenants.propose(text, name)
        self._tell("covenant.proposed", version, None, {})
        return version

    def answer(self, sha256: str, party: PartyId, kind: str, detached: str, public_key: Mapping[str, object], by: By | None) -> Version:
        """Keep a party's acceptance or its taking back.

        Taking back narrows: with the log down it holds all the same, owes its entry, and is not acknowledged. Accepting opens nothing by
        itself.

        Raises:
            CovenantUnknown, CovenantRefused: see `Covenants.sign`.
            audit.errors.LogUnavailable: the answer is kept and its entry is owed.
        """
        typ = "covenant.revoked" if kind == "revoke" else "covenant.accepted"
        entry_id = self._ids()

        def draft(version: Version) -> Draft:
            return self._draft(typ, entry_id, version, by, {"party": party})

        # One transaction: a crash after it leaves the answer and its debt to the log, which a worker pays.
        version = self._covenants.sign(
            sha256, party, kind, detached, public_key, owe=lambda connection, found: self._outbox.owe(connection, draft(found))
        )
        self._outbox.pay(draft(version))
        return version

    def activate(self, sha256: str) -> Version:
        """Put a version in force. This widens, so that it was meant is on the record before it takes effect.

        Raises:
            CovenantUnknown, CovenantRefused: see `Covenants.activate`; then nothing is on the record.
            audit.errors.LogUnavailable: nothing changed.
        """
        self._covenants.check_activation(sha256)
        self._tell("covenant.activating", self._covenants.version(sha256), None, {})
        version = self._covenants.activate(sha256)
        # What was released until now was decided before this; from here on every release reads the new epoch inside the lock.
        self._log.barrier()
        self._tell("covenant.activated", version, None, {})
        return version

    def _tell(self, typ: str, version: Version, by: By | None, details: Mapping[str, str]) -> None:
        self._log.append(self._draft(typ, self._ids(), version, by, details))

    def _draft(self, typ: str, entry_id: str, version: Version, by: By | None, details: Mapping[str, str]) -> Draft:
        core = Core(
            command=typ.partition(".")[2],
            requester=by.party if by else None,
            covenant=Covenant(version.covenant, version.version, version.sha256),
            details=sorted_pairs(details.items()),
            software=SOFTWARE,
        )
        return self._records.of_covenant(typ, entry_id, version.covenant, core, by)
