"""The life of a partner: keys at an address of its own, revocation, and certificates that tokens are bound to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_partners"
down_revision = "0003_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a client may have besides a set of keys, and the table of what was revoked."""
    with op.batch_alter_table("oauth_client") as client:
        client.add_column(sa.Column("jwks_uri", sa.Text))
        client.add_column(sa.Column("fetched_ms", sa.BigInteger, nullable=False, server_default="0"))
        client.add_column(sa.Column("tried_ms", sa.BigInteger, nullable=False, server_default="0"))
        client.add_column(sa.Column("certificate_required", sa.Boolean, nullable=False, server_default=sa.false()))
        client.add_column(sa.Column("revocations", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "oauth_revocation",
        sa.Column("client_id", sa.String(64), primary_key=True),
        sa.Column("what", sa.String(160), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
