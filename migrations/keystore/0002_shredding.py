"""Keys that were destroyed, so that a restored backup of this database does not bring them back, and erasures that are not done yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_shredding"
down_revision = "0001_subject_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "shredded_key",
        sa.Column("fingerprint", sa.String(32), primary_key=True),
        sa.Column("key_id", sa.String(36)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "erasure_order",
        sa.Column("subject", sa.String(36), primary_key=True),
        sa.Column("order_id", sa.String(36), nullable=False),
        sa.Column("covenant", sa.String(64), nullable=False),
        sa.Column("ground", sa.String(64), nullable=False),
        sa.Column("ordered_by", sa.String(128), nullable=False),
        sa.Column("role", sa.String(129), nullable=False),
        sa.Column("party", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("retention", sa.String(200)),
    )


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
