"""On PostgreSQL, an index on what waits to be folded: rows that were folded stay in the table until a vacuum, and were all read past."""

from __future__ import annotations

from alembic import op

revision = "0005_recent"
down_revision = "0004_postings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; SQLite uses the pages of folded rows again at once, and reads its table whole."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("audit_recent_at", "audit_recent", ["log_id", "idx"])


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
