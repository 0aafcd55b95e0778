"""Identity: the partners' systems, and the client assertions that have been used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_oauth_clients"
down_revision = "0001_registry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of clients and used assertions."""
    op.create_table(
        "oauth_client",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("party", sa.String(64), nullable=False),
        sa.Column("jwks", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "oauth_assertion",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("jti_sha256", sa.String(64), primary_key=True),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("oauth_assertion_by_expiry", "oauth_assertion", ["expires_ms"])


def downgrade() -> None:
    """Drop both; every client would have to be registered again."""
    op.drop_table("oauth_assertion")
    op.drop_table("oauth_client")
