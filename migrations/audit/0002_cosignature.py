"""What witnesses said of our checkpoints: rows that only grow, like the checkpoints they stand under."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_cosignature"
down_revision = "0001_log"
branch_labels = None
depends_on = None

TABLE = "audit_cosignature"


def upgrade() -> None:
    """Make the table and forbid changes to it."""
    op.create_table(
        TABLE,
        sa.Column("log_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("vkey", sa.Text, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("received_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", "vkey", "at_s"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{TABLE} only grows'); END"
            )
    else:
        op.execute(f"CREATE TRIGGER {TABLE}_grows BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_only_grows()")
        op.execute(f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()")


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
