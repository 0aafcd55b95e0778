"""The log's tables, in a database of their own. The migrations make them and forbid what must not happen to them.

`audit_leaf`, `audit_section`, `audit_node`, `audit_checkpoint` and `audit_cosignature` (what witnesses said of our checkpoints; `line`
is the signature line as they wrote it) only grow. `audit_head` is one row per log, and is the append lock on PostgreSQL. The rest is
derived and can be computed again: `audit_term` is the query index (a row says which of 32 neighbours hold a term, see `postings.py`),
`audit_recent` holds the terms of the last entries until they are folded into it (it has no key; on PostgreSQL, where rows that were
folded lie about until a vacuum, an index finds those that still wait), `audit_open` the decisions that no terminal entry has closed yet.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text, UniqueConstraint

metadata = MetaData()

head = Table(
    "audit_head",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("origin", Text, nullable=False, unique=True),
    Column("covenant", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("last_ts", Text, nullable=False),
    Column("clock", Text, nullable=False),
    UniqueConstraint("covenant", "year"),
)

leaf = Table(
    "audit_leaf",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("envelope", Text, nullable=False),
)

section = Table(
    "audit_section",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("key_id", Text),
)

node = Table(
    "audit_node",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("i", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

term = Table(
    "audit_term",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("members", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

recent = Table(
    "audit_recent",
    metadata,
    Column("log_id", BigInteger, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
)
Index("audit_recent_at", recent.c.log_id, recent.c.idx, info={"only_on": "postgresql"})

open_decision = Table(
    "audit_open",
    metadata,
    Column("id", Text, primary_key=True),
    Column("log_id", BigInteger, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("ts", Text, nullable=False),
    sqlite_with_rowid=False,
)

checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("signed_at", Text, nullable=False),
)

cosignature = Table(
    "audit_cosignature",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("vkey", Text, primary_key=True),
    Column("at_s", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
    Column("received_at", Text, nullable=False),
)

#: empty but for the length of one transaction: the sections that are being removed (`name`, of entries `first` to `last`), and why
erasing = Table(
    "audit_erasing",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("erasure", Text, nullable=False),
)

#: logs of past years that grow no more, and the entry that says so
sealed = Table(
    "audit_sealed",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("erasure", Text, nullable=False),
)

#: what may only grow; the migrations put triggers on these
APPEND_ONLY = ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint", "audit_cosignature", "audit_sealed")
