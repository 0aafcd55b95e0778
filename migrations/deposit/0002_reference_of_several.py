"""A party's reference may stand for several subjects: two parties that reported one person apart made two (docs/adr/0015)."""

from __future__ import annotations

from alembic import op

revision = "0002_reference_of_several"
down_revision = "0001_content"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index by which a reference is found one that may find several rows."""
    op.drop_index("deposit_reference_lookup", "deposit_reference")
    op.create_index("deposit_reference_lookup", "deposit_reference", ["covenant", "party", "lookup"])


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
