"""People sign in: what they have begun, and their sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_people"
down_revision = "0004_partners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables; nothing that was there changes."""
    op.create_table(
        "sign_in",
        sa.Column("state_sha256", sa.String(64), primary_key=True),
        sa.Column("browser_sha256", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(64), nullable=False),
        sa.Column("back_to", sa.String(512), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("sign_in_by_expiry", "sign_in", ["expires_ms"])
    op.create_table(
        "person_session",
        sa.Column("id_sha256", sa.String(64), primary_key=True),
        sa.Column("entry", sa.String(36), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("terms", sa.String(64), nullable=False),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("sid_sha256", sa.String(64)),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("person_session_of", "person_session", ["provider", "pseudonym"])
    op.create_index("person_session_by_sid", "person_session", ["provider", "sid_sha256"])
    op.create_index("person_session_by_expiry", "person_session", ["expires_ms"])


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
