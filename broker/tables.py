"""The registry's tables: ids, codes and numbers only. Whatever a person wrote or is lives in the deposit, encrypted.

`tests/architecture/test_tables.py` holds these equal to what the migrations make.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

#: One row. `epoch` grows whenever what is in force changes; an exchange reads it with the case, so every worker follows at once.
#: `narrowed` grows with those changes alone that may take something away: it is the number that a release is fenced by (docs/adr/0022).
standing = Table(
    "standing",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("narrowed", BigInteger, nullable=False),
)

covenant_version = Table(
    "covenant_version",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("covenant", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("text", LargeBinary, nullable=False),  # the YAML as proposed; its labels are the agreement's words, nobody's data
    Column("canonical", LargeBinary, nullable=False),  # what `sha256` is over (RFC 8785)
    Column("state", String(16), nullable=False),  # proposed | active | superseded | ended
    Column("proposed_ms", BigInteger, nullable=False),
    Column("requested_by", String(200)),  # the first pair of eyes
    Column("activated_ms", BigInteger),  # when the second pair confirmed; `active` from then on, also where it starts later
    Column("started_ms", BigInteger),  # when it was first seen in force; from then on its first day is not looked at again
    Index("covenant_version_one_name", "covenant", "version", unique=True),
)

#: the last answer of each party to each version
covenant_acceptance = Table(
    "covenant_acceptance",
    metadata,
    Column("sha256", String(64), ForeignKey("covenant_version.sha256"), primary_key=True),
    Column("party", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),  # accept | revoke
    Column("jws", Text, nullable=False),
    Column("public_key", Text, nullable=False),  # the JWK, so that the answer can be verified again at any time
    Column("signed_ms", BigInteger, nullable=False),  # as the signature itself says
    Column("at_ms", BigInteger, nullable=False),
)

#: Everything that ever happened to a version; rows are only added. `id` is also the id of its entry in the log.
covenant_step = Table(
    "covenant_step",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("covenant", String(64), nullable=False, index=True),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # proposed | accepted | revoked | requested | activated | started | ended
    Column("effect", String(16), nullable=False),  # none | widens | narrows | both | scheduled
    Column("party", String(64)),
    Column("role", String(129)),
    Column("professional", String(200)),
    Column("thumbprint", String(64)),
    Column("jws", Text),
    Column("signed_ms", BigInteger),
    Column("at_ms", BigInteger, nullable=False),
)

#: `state` is the case as a JSON of codes: what a decision needs, read with one query. It is the fold of the case's effective events.
covenant_case = Table(
    "covenant_case",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("covenant", String(64), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("phase", String(64), nullable=False),
    Column("phase_since_ms", BigInteger, nullable=False),
)

case_party = Table(
    "case_party",
    metadata,
    Column("party", String(64), primary_key=True),
    Column("case_id", String(36), ForeignKey("covenant_case.id"), primary_key=True),
)

case_event = Table(
    "case_event",
    metadata,
    Column("id", String(36), primary_key=True),  # also the id of its entry in the log
    Column("case_id", String(36), nullable=False, index=True),
    Column("revision", BigInteger, nullable=False),  # the revision it was decided on
    Column("body", Text, nullable=False),
    Column("status", String(16), nullable=False),  # pending | effective | lapsed
    Column("at_ms", BigInteger, nullable=False),
)

#: What has happened but is not yet in the log; emptied before a command is acknowledged, and at start.
pending_entry = Table(
    "pending_entry",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("draft", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

signal = Table(
    "signal",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("covenant", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("from_party", String(64), nullable=False),
    Column("to_role", String(129), nullable=False, index=True),
    Column("subject", String(36), nullable=False),
    Column("subject_kind", String(64), nullable=False),
    Column("text", String(36), nullable=False),  # the id of its text in the deposit
    Column("state", String(16), nullable=False),  # open | accepted | declined
    Column("case_id", String(36)),
    Column("at_ms", BigInteger, nullable=False),
    Column("pick_up_by_ms", BigInteger),
)

#: Kept for 24 hours: hashes and ids, never a body.
idempotency = Table(
    "idempotency",
    metadata,
    Column("client", String(128), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("result", String(36), nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

#: Who may hold a role that the covenant opens to designated professionals only; pseudonyms that the employer made.
designation = Table(
    "designation",
    metadata,
    Column("party", String(64), primary_key=True),
    Column("professional", String(128), primary_key=True),
    Column("role", String(129), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)

#: What a party must destroy of what it received; names of fields, never values.
recall = Table(
    "recall",
    metadata,
    Column("party", String(64), primary_key=True),
    Column("disclosure", String(36), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("case_id", String(36), nullable=False),
    Column("fields", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
