"""The query index in rows of 32 neighbouring entries. An existing index is packed; on PostgreSQL where it stands, so that grants stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_postings"
down_revision = "0003_erasure"
branch_labels = None
depends_on = None

_PACKED = "SELECT log_id, kind, value, idx >> 5 AS block, {sum}(CAST(1 AS BIGINT) << {bit}) AS members FROM audit_term GROUP BY 1, 2, 3, 4"


def upgrade() -> None:
    """Pack the index; on PostgreSQL, ask one trigger of a head that grows where there were two."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_postings()
    else:
        _postgresql_postings()
        _postgresql_head()


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


def _postgresql_head() -> None:
    # Every append asks this. A trigger's WHEN is read anew from the catalogue each time, and a second trigger costs as much as the first.
    # INVARIANT: the search path is fixed, so that nobody puts a temporary table of the same name in front of what is looked up; and
    # whoever appends needs no right of its own to the list of sealed years.
    schema = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
    op.execute(
        "CREATE FUNCTION audit_head_only_grows() RETURNS trigger LANGUAGE plpgsql "  # noqa: S608 - the schema is the server's own word
        f"SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$ "
        "BEGIN IF NEW.size <= OLD.size OR NEW.last_ts < OLD.last_ts OR NEW.log_id <> OLD.log_id OR NEW.origin <> OLD.origin "
        "THEN RAISE EXCEPTION 'audit_head only grows' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "IF EXISTS (SELECT 1 FROM audit_sealed z WHERE z.log_id = OLD.log_id) "
        "THEN RAISE EXCEPTION 'audit_head is sealed' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute("DROP TRIGGER audit_head_grows ON audit_head")
    op.execute("DROP TRIGGER audit_head_sealed ON audit_head")
    op.execute("DROP FUNCTION audit_head_is_not_sealed()")
    op.execute("CREATE TRIGGER audit_head_grows BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_only_grows()")
