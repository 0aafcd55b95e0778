"""${message}"""

from __future__ import annotations

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")
