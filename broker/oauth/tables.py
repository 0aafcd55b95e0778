"""Clients, and the assertions that have been used. Public keys and codes only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text

from broker.tables import metadata

oauth_client = Table(
    "oauth_client",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("party", String(64), nullable=False),
    Column("jwks", Text, nullable=False),  # a JSON Web Key Set of public keys
    Column("scopes", Text, nullable=False),  # separated by spaces, sorted
    Column("suspended", Boolean, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

#: Kept until the assertion would have expired anyway: its id may be used once, on any worker and after any restart.
oauth_assertion = Table(
    "oauth_assertion",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("jti_sha256", String(64), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
    Index("oauth_assertion_by_expiry", "expires_ms"),
)
