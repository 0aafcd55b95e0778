"""The subject keystore: one wrapped key per subject, destroyed when the subject is erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_subject_keys"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the one table; it stands in a database of its own, with its own short backup."""
    op.create_table(
        "subject_key",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
