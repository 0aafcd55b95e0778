"""The registry: covenant versions, cases and their events, signals, idempotency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_registry"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the registry's tables and the one row of `standing`."""
    standing = op.create_table(
        "standing",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(standing, [{"id": 1, "epoch": 0}])
    _covenants()
    _cases()
    _signals()


def _covenants() -> None:
    op.create_table(
        "covenant_version",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("covenant", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_ms", sa.BigInteger, nullable=False),
        sa.Column("activated_ms", sa.BigInteger),
    )
    op.create_index("covenant_version_one_name", "covenant_version", ["covenant", "version"], unique=True)
    op.create_table(
        "covenant_acceptance",
        sa.Column("sha256", sa.String(64), sa.ForeignKey("covenant_version.sha256"), primary_key=True),
        sa.Column("party", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("jws", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def _cases() -> None:
    op.create_table(
        "covenant_case",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("covenant", sa.String(64), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("phase", sa.String(64), nullable=False),
        sa.Column("phase_since_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "case_party",
        sa.Column("party", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(36), sa.ForeignKey("covenant_case.id"), primary_key=True),
    )
    op.create_table(
        "case_event",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("case_id", sa.String(36), nullable=False, index=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pending_entry",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def _signals() -> None:
    op.create_table(
        "signal",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("covenant", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("from_party", sa.String(64), nullable=False),
        sa.Column("to_role", sa.String(129), nullable=False, index=True),
        sa.Column("subject", sa.String(36), nullable=False),
        sa.Column("subject_kind", sa.String(64), nullable=False),
        sa.Column("text", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("case_id", sa.String(36)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("pick_up_by_ms", sa.BigInteger),
    )
    op.create_table(
        "recall",
        sa.Column("party", sa.String(64), primary_key=True),
        sa.Column("disclosure", sa.String(36), primary_key=True),
        sa.Column("reason", sa.String(32), primary_key=True),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "designation",
        sa.Column("party", sa.String(64), primary_key=True),
        sa.Column("professional", sa.String(128), primary_key=True),
        sa.Column("role", sa.String(129), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("client", sa.String(128), primary_key=True),
        sa.Column("key_sha256", sa.String(64), primary_key=True),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("result", sa.String(36), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
