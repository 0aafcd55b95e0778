"""Sign-ins that were begun, and sessions. Hashes, pseudonyms and codes only: nobody's name, and nothing that opens a session."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from broker.tables import metadata

#: gone when it is answered, or ten minutes later
sign_in = Table(
    "sign_in",
    metadata,
    Column("state_sha256", String(64), primary_key=True),
    Column("browser_sha256", String(64), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("back_to", String(512), nullable=False),
    Column("language", String(2), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("sign_in_by_expiry", "expires_ms"),
)

person_session = Table(
    "person_session",
    metadata,
    Column("id_sha256", String(64), primary_key=True),
    Column("entry", String(36), nullable=False),  # of the sign-in in the log
    Column("provider", String(64), nullable=False),
    Column("terms", String(64), nullable=False),  # the provider's fingerprint when it began
    Column("pseudonym", String(64), nullable=False),
    Column("sid_sha256", String(64)),  # the provider's own session, for its logout
    Column("groups", Text, nullable=False),  # a JSON list: those that the roll names
    Column("begun_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),  # when its row may go; whether it still counts is asked at each request
    Index("person_session_of", "provider", "pseudonym"),
    Index("person_session_by_sid", "provider", "sid_sha256"),
    Index("person_session_by_expiry", "expires_ms"),
)
