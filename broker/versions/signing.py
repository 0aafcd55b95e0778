"""Which key a party answers a version with.

A text names each party's key, and whoever writes a text can write any key. INVARIANT: until a version has been in force, a party answers it
with its key in the version whose place it takes, so that a new key is introduced by the old one and by nobody else. Only a party that the
version before does not name, and the first version of all, are taken at the word of the text: the parties compared it on paper.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from broker.errors import CovenantAltered
from broker.tables import covenant_version
from broker.versions import rows
from policies.compile import Policy
from policies.covenant import Covenant
from policies.vocabulary import PartyId

#: the thumbprints (RFC 7638) of the keys that may sign for each party
Keys = Mapping[PartyId, frozenset[str]]


def keys_to_answer(connection: Connection, policy: Policy) -> Keys:
    """The one key of each party for an answer that comes now.

    Raises:
        CovenantUnknown: no version has this hash.
        CovenantAltered: the version before is not what its hash says any more.
    """
    own = _keys_in(policy.covenant)
    if rows.row_of(connection, policy.covenant_sha256).started_ms is not None:
        return own
    before = _keys_before(connection, policy.covenant)
    return {party: before.get(party) or keys for party, keys in own.items()}


def keys_that_answered(connection: Connection, policy: Policy) -> Keys:
    """The keys with which an answer to a version that is in force may have been given: before it was, or since."""
    own = _keys_in(policy.covenant)
    try:
        before = _keys_before(connection, policy.covenant)
    except CovenantAltered:
        before = {}  # nobody can tell, so a party that has another key by now takes part no longer
    return {party: keys | before.get(party, frozenset()) for party, keys in own.items()}


def _keys_in(covenant: Covenant) -> Keys:
    return {name: frozenset({party.signing_key} - {None}) for name, party in covenant.parties.items()}  # type: ignore[arg-type]


def _keys_before(connection: Connection, covenant: Covenant) -> Keys:
    """From the canonical form, whose hash is checked here: nothing is compiled for it."""
    version = covenant_version.c
    where = (version.covenant == covenant.id) & (version.version == covenant.supersedes) & version.started_ms.is_not(None)
    row = connection.execute(select(version.sha256, version.canonical).where(where)).first()
    if row is None:
        return {}
    if hashlib.sha256(row.canonical).hexdigest() != row.sha256:
        raise CovenantAltered("the stored canonical form of the version before does not have the hash that the parties signed")
    parties = json.loads(row.canonical)["parties"].items()
    return {PartyId(name): frozenset({party["signing_key"]}) for name, party in parties if party.get("signing_key")}
