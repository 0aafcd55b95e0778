"""Versions of covenants: their canonical form, the four eyes, the steps they took, and answers that can be verified again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_versions"
down_revision = "0002_oauth_clients"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what versions are known by from now on.

    Acceptances from before have no moment of signing and no key beside them. They cannot be verified again and count no more: each party
    signs once more, and two people activate the version, before anything is exchanged under it.
    """
    op.execute("DELETE FROM covenant_acceptance")
    op.add_column("standing", sa.Column("narrowed", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE standing SET epoch = epoch + 1, narrowed = 1 WHERE epoch > 0")
    with op.batch_alter_table("covenant_version") as version:
        version.add_column(sa.Column("canonical", sa.LargeBinary, nullable=False, server_default=""))
        version.add_column(sa.Column("requested_by", sa.String(200)))
        version.add_column(sa.Column("started_ms", sa.BigInteger))
    op.execute("UPDATE covenant_version SET state = 'proposed', activated_ms = NULL WHERE state = 'active'")
    with op.batch_alter_table("covenant_acceptance") as acceptance:
        acceptance.add_column(sa.Column("public_key", sa.Text, nullable=False, server_default=""))
        acceptance.add_column(sa.Column("signed_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "covenant_step",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("covenant", sa.String(64), nullable=False, index=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("effect", sa.String(16), nullable=False),
        sa.Column("party", sa.String(64)),
        sa.Column("role", sa.String(129)),
        sa.Column("professional", sa.String(200)),
        sa.Column("thumbprint", sa.String(64)),
        sa.Column("jws", sa.Text),
        sa.Column("signed_ms", sa.BigInteger),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
