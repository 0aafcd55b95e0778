"""Clients, the assertions that have been used, and what was revoked. Public keys and codes only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text

from broker.tables import metadata

oauth_client = Table(
    "oauth_client",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("party", String(64), nullable=False),
    Column("jwks", Text, nullable=False),  # a JSON Web Key Set of public keys; where there is a `jwks_uri`, as it was fetched last
    Column("scopes", Text, nullable=False),  # separated by spaces, sorted
    Column("suspended", Boolean, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("jwks_uri", Text),
    Column("fetched_ms", BigInteger, nullable=False),  # when `jwks_uri` last gave a usable set
    Column("tried_ms", BigInteger, nullable=False),  # when some worker last asked it
    Column("certificate_required", Boolean, nullable=False),
    Column("revocations", BigInteger, nullable=False),  # how often something of this client was revoked; stands in each of its tokens
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

#: A token is revoked where a row that fits it has a higher number than stands in the token. Kept until no token can be that old.
oauth_revocation = Table(
    "oauth_revocation",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("what", String(160), primary_key=True),  # `*`, `jti:<token id>` or `act:<professional>`
    Column("number", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
