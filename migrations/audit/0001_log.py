"""The log: leaves, sections, nodes, heads, checkpoints, and what is derived from them.

SQLite and PostgreSQL get the same tables and the same prohibitions. The triggers stop mistakes and the application's own account;
who owns the database can drop them, and is found out by `audit verify`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_log"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint")


def upgrade() -> None:
    """Make the tables and forbid what must not happen to them."""
    _tables()
    _derived()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _octets(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _tables() -> None:
    op.create_table(
        "audit_head",
        _number("log_id"),
        _text("origin"),
        _text("covenant"),
        sa.Column("year", sa.Integer, nullable=False),
        _number("size"),
        _octets("frontier"),
        _text("last_ts"),
        _text("clock"),
        sa.PrimaryKeyConstraint("log_id"),
        sa.UniqueConstraint("origin"),
        sa.UniqueConstraint("covenant", "year"),
    )
    op.create_table(
        "audit_leaf",
        _number("log_id"),
        _number("idx"),
        _text("id"),
        _octets("leaf_hash"),
        _text("envelope"),
        sa.PrimaryKeyConstraint("log_id", "idx"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "audit_section",
        _number("log_id"),
        _number("idx"),
        _text("name"),
        _octets("salt"),
        _octets("body"),
        sa.Column("key_id", sa.Text),
        sa.PrimaryKeyConstraint("log_id", "idx", "name"),
    )
    op.create_table(
        "audit_node",
        _number("log_id"),
        sa.Column("level", sa.SmallInteger, nullable=False, autoincrement=False),
        _number("i"),
        _octets("hash"),
        sa.PrimaryKeyConstraint("log_id", "level", "i"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_checkpoint",
        _number("log_id"),
        _number("size"),
        _text("note"),
        _text("signed_at"),
        sa.PrimaryKeyConstraint("log_id", "size"),
    )


def _derived() -> None:
    op.create_table(
        "audit_term",
        _number("log_id"),
        _text("kind"),
        _text("value"),
        _number("idx"),
        sa.PrimaryKeyConstraint("log_id", "kind", "value", "idx"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_recent",
        _number("log_id"),
        _number("idx"),
        _text("terms"),
    )
    op.create_table(
        "audit_open",
        _text("id"),
        _number("log_id"),
        _number("idx"),
        _text("ts"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )


def _sqlite_triggers() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )
    op.execute(
        "CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head "
        "WHEN NEW.size <= OLD.size OR NEW.last_ts < OLD.last_ts OR NEW.log_id <> OLD.log_id OR NEW.origin <> OLD.origin "
        "BEGIN SELECT RAISE(ABORT, 'audit_head only grows'); END"
    )
    op.execute("CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head BEGIN SELECT RAISE(ABORT, 'audit_head only grows'); END")


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER {table}_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_only_grows()")
    for table in (*APPEND_ONLY, "audit_head"):
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()")
    op.execute("CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_only_grows()")
    op.execute(
        "CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head FOR EACH ROW "
        "WHEN (NEW.size <= OLD.size OR NEW.last_ts < OLD.last_ts OR NEW.log_id <> OLD.log_id OR NEW.origin <> OLD.origin) "
        "EXECUTE FUNCTION audit_only_grows()"
    )
