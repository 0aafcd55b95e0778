"""The query index in rows of 32 neighbouring entries, and a leaf's row without a second copy of its key.

An existing index is packed where it stands, so that grants stay; nothing that was signed is touched. On SQLite the table of leaves
is copied: it gets its rows in the order of the key, and its triggers back as they were.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_postings"
down_revision = "0003_erasure"
branch_labels = None
depends_on = None

_PACKED = "SELECT log_id, kind, value, idx >> 5 AS block, {sum}(CAST(1 AS BIGINT) << {bit}) AS members FROM audit_term GROUP BY 1, 2, 3, 4"


def upgrade() -> None:
    """Pack the index; on SQLite, copy the leaves."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_postings()
        _sqlite_leaves()
    else:
        _postgresql_postings()


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _sqlite_postings() -> None:
    op.create_table(
        "audit_posting",
        _number("log_id"),
        _text("kind"),
        _text("value"),
        _number("block"),
        _number("members"),
        sa.PrimaryKeyConstraint("log_id", "kind", "value", "block", "members"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO audit_posting {_PACKED.format(sum='sum', bit='(idx & 31)')}")
    op.drop_table("audit_term")
    op.rename_table("audit_posting", "audit_term")


def _sqlite_leaves() -> None:
    # Triggers elsewhere look leaves up as well, and would stand in the way of the table's new name.
    bind = op.get_bind()
    triggers = bind.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%audit_leaf%'")).all()
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    op.create_table(
        "audit_leaf_by_key",
        _number("log_id"),
        _number("idx"),
        _text("id"),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        _text("envelope"),
        sa.PrimaryKeyConstraint("log_id", "idx"),
        sa.UniqueConstraint("id"),
        sqlite_with_rowid=False,
    )
    columns = "log_id, idx, id, leaf_hash, envelope"
    op.execute(f"INSERT INTO audit_leaf_by_key ({columns}) SELECT {columns} FROM audit_leaf ORDER BY log_id, idx")  # noqa: S608 - the names above
    op.drop_table("audit_leaf")
    op.rename_table("audit_leaf_by_key", "audit_leaf")
    for _, statement in triggers:
        bind.exec_driver_sql(statement)


def _postgresql_postings() -> None:
    op.execute(f"CREATE TEMPORARY TABLE audit_posting AS {_PACKED.format(sum='bit_or', bit='(idx & 31)::int4')}")
    op.execute("TRUNCATE audit_term")
    op.execute("ALTER TABLE audit_term DROP CONSTRAINT audit_term_pkey")
    op.execute("ALTER TABLE audit_term RENAME COLUMN idx TO block")
    op.execute("ALTER TABLE audit_term ADD COLUMN members BIGINT NOT NULL")
    # What is compared here are codes: byte by byte is their order, whatever language the server speaks.
    for column in ("kind", "value"):
        op.execute(f'ALTER TABLE audit_term ALTER COLUMN {column} TYPE TEXT COLLATE "C"')
    op.execute("INSERT INTO audit_term (log_id, kind, value, block, members) SELECT * FROM audit_posting ORDER BY 1, 2, 3, 4")
    op.execute("ALTER TABLE audit_term ADD PRIMARY KEY (log_id, kind, value, block, members)")
    op.execute("DROP TABLE audit_posting")
