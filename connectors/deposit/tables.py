"""The deposit's tables: random ids and codes in the clear, everything else sealed.

`tests/connectors/test_deposit.py` holds these equal to what the migrations make.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table

metadata = MetaData()

#: All fields that one holder gave about one subject in one case: one row, so that an exchange reads it with one query.
contribution = Table(
    "deposit_contribution",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("holder", String(64), primary_key=True),
    Column("key_id", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Index("deposit_contribution_subject", "subject"),
)

#: A party's own key for a subject. `lookup` is the keyed index of the reference, so that it is found without being readable. One reference
#: may stand for several subjects: two parties that reported a person apart made two, and whoever knows the person means both.
reference = Table(
    "deposit_reference",
    metadata,
    Column("covenant", String(64), primary_key=True),
    Column("party", String(64), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("lookup", LargeBinary, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("registered_ms", BigInteger, nullable=False),
    Index("deposit_reference_lookup", "covenant", "party", "lookup"),
    Index("deposit_reference_subject", "subject"),
)

#: Words a person wrote: what the registry points at with an opaque id.
text = Table(
    "deposit_text",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_ms", BigInteger, nullable=False),
)
