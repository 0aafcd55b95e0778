"""What may be taken out of the log, and only then: sections of entries that an entry of type `erasure` names.

Whoever removes sections first writes into `audit_erasing` which ones and under which entry; a trigger holds that against the log
itself, and the rows are gone again when the transaction ends. `audit_sealed` are logs of past years that grow no more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_erasure"
down_revision = "0002_cosignature"
branch_labels = None
depends_on = None

SECTIONS = "audit_section only grows"
SEALED = "audit_sealed only grows"


def upgrade() -> None:
    """Make the two tables, and let exactly that much through."""
    _tables()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def downgrade() -> None:
    """A migration is not undone: restore the backup that was made before it (docs/operations.md)."""
    raise RuntimeError("restore the backup that was made before the upgrade")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _tables() -> None:
    op.create_table(
        "audit_erasing",
        _number("log_id"),
        sa.Column("name", sa.Text, nullable=False),
        _number("first"),
        _number("last"),
        sa.Column("erasure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "name", "first", "last"),
    )
    op.create_table(
        "audit_sealed",
        _number("log_id"),
        _number("size"),
        sa.Column("erasure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("log_id"),
    )


# What an erasure says is read from its own core: `command` and `entries`, and for a sealed year `details` with its origin and size.
_SQLITE_SAID = """
    SELECT CAST(s.body AS TEXT) AS core FROM audit_leaf l
    JOIN audit_section s ON s.log_id = l.log_id AND s.idx = l.idx AND s.name = 'core'
    WHERE l.id = NEW.erasure AND json_extract(l.envelope, '$.typ') = 'erasure'"""
_SQLITE_SEALS = """json_extract(said.core, '$.command') = 'seal'
    AND EXISTS (SELECT 1 FROM json_each(said.core, '$.details') d JOIN audit_head h ON h.log_id = NEW.log_id
                WHERE d.value = json_array('origin', h.origin))
    AND EXISTS (SELECT 1 FROM json_each(said.core, '$.details') d
                WHERE json_extract(d.value, '$[0]') = 'size' AND CAST(json_extract(d.value, '$[1]') AS INTEGER)"""
_SQLITE_NAMED = """NOT EXISTS (SELECT 1 FROM (@said) said WHERE
    (NEW.first = NEW.last
     AND json_extract(said.core, '$.command') IN (CASE NEW.name WHEN 'subject' THEN 'erase' ELSE 'retain' END, 'retain')
     AND (SELECT t.id FROM audit_leaf t WHERE t.log_id = NEW.log_id AND t.idx = NEW.first)
         IN (SELECT e.value FROM json_each(said.core, '$.entries') e))
    OR (NEW.first >= 0 AND @seals > NEW.last)))"""
_SQLITE_SEALED = """NOT EXISTS (SELECT 1 FROM (@said) said WHERE @seals = NEW.size))
    OR NEW.size <> (SELECT h.size FROM audit_head h WHERE h.log_id = NEW.log_id)"""
_SQLITE_ERASED = """NOT EXISTS (
        SELECT 1 FROM audit_erasing e WHERE e.log_id = OLD.log_id AND e.name = OLD.name AND OLD.idx BETWEEN e.first AND e.last)
    OR (OLD.name = 'core' AND EXISTS (
        SELECT 1 FROM audit_leaf l WHERE l.log_id = OLD.log_id AND l.idx = OLD.idx AND json_extract(l.envelope, '$.typ') = 'erasure'))"""
_SQLITE_IS_SEALED = "EXISTS (SELECT 1 FROM audit_sealed z WHERE z.log_id = OLD.log_id)"


def _sqlite() -> None:
    op.execute("DROP TRIGGER audit_section_no_delete")
    for name, event, when, message in (
        ("audit_erasing_is_named", "INSERT ON audit_erasing", _SQLITE_NAMED, SECTIONS),
        ("audit_erasing_no_update", "UPDATE ON audit_erasing", "1", SECTIONS),
        ("audit_section_no_delete", "DELETE ON audit_section", _SQLITE_ERASED, SECTIONS),
        ("audit_sealed_is_named", "INSERT ON audit_sealed", _SQLITE_SEALED, SEALED),
        ("audit_sealed_no_update", "UPDATE ON audit_sealed", "1", SEALED),
        ("audit_sealed_no_delete", "DELETE ON audit_sealed", "1", SEALED),
        ("audit_head_sealed", "UPDATE ON audit_head", _SQLITE_IS_SEALED, "audit_head is sealed"),
    ):
        condition = when.replace("@said", _SQLITE_SAID).replace("@seals", _SQLITE_SEALS)
        _execute(f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END")


_PG_NAMED = """
    IF said IS NOT NULL AND NEW.first = NEW.last
       AND (said ->> 'command' = 'retain' OR (said ->> 'command' = 'erase' AND NEW.name = 'subject'))
       AND said -> 'entries' ? (SELECT t.id FROM audit_leaf t WHERE t.log_id = NEW.log_id AND t.idx = NEW.first)
    THEN RETURN NEW; END IF;
    IF said IS NOT NULL AND NEW.first >= 0 AND @seals > NEW.last) THEN RETURN NEW; END IF;"""
_PG_SEALED = """
    IF said IS NOT NULL AND NEW.size = (SELECT h.size FROM audit_head h WHERE h.log_id = NEW.log_id) AND @seals = NEW.size)
    THEN RETURN NEW; END IF;"""
_PG_SAID = """
    SELECT convert_from(s.body, 'UTF8')::jsonb INTO said FROM audit_leaf l
    JOIN audit_section s ON s.log_id = l.log_id AND s.idx = l.idx AND s.name = 'core'
    WHERE l.id = NEW.erasure AND l.envelope::jsonb ->> 'typ' = 'erasure';"""
_PG_SEALS = """said ->> 'command' = 'seal'
    AND EXISTS (SELECT 1 FROM jsonb_array_elements(said -> 'details') d, audit_head h
                WHERE h.log_id = NEW.log_id AND d = jsonb_build_array('origin', h.origin))
    AND EXISTS (SELECT 1 FROM jsonb_array_elements(said -> 'details') d WHERE d ->> 0 = 'size' AND (d ->> 1)::int8"""
_PG_ERASED = """
    IF EXISTS (SELECT 1 FROM audit_erasing e
               WHERE e.log_id = OLD.log_id AND e.name = OLD.name AND OLD.idx BETWEEN e.first AND e.last)
       AND NOT (OLD.name = 'core' AND EXISTS (
               SELECT 1 FROM audit_leaf l
               WHERE l.log_id = OLD.log_id AND l.idx = OLD.idx AND l.envelope::jsonb ->> 'typ' = 'erasure'))
    THEN RETURN OLD; END IF;"""
_PG_NOT_SEALED = """
    IF NOT EXISTS (SELECT 1 FROM audit_sealed z WHERE z.log_id = OLD.log_id) THEN RETURN NEW; END IF;"""


def _postgresql() -> None:
    schema = op.get_bind().execute(sa.text("SELECT quote_ident(current_schema())")).scalar_one()
    for name, body, message, rights in (
        ("audit_erasing_is_named", _PG_SAID + _PG_NAMED, SECTIONS, "INVOKER"),
        ("audit_sealed_is_named", _PG_SAID + _PG_SEALED, SEALED, "INVOKER"),
        ("audit_section_is_erased", _PG_ERASED, SECTIONS, "INVOKER"),
        # every append asks this one, so whoever appends needs no right of its own to the list of sealed years
        ("audit_head_is_not_sealed", _PG_NOT_SEALED, "audit_head is sealed", "DEFINER"),
    ):
        # INVARIANT: the search path is fixed, so that nobody puts a temporary table of the same name in front of what is looked up.
        _execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY {rights} SET search_path = {schema}, pg_temp AS "
            f"$$ DECLARE said jsonb; BEGIN {body.replace('@seals', _PG_SEALS)} "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    op.execute("DROP TRIGGER audit_section_grows ON audit_section")
    for name, event, function in (
        ("audit_erasing_is_named", "INSERT ON audit_erasing", "audit_erasing_is_named"),
        ("audit_erasing_grows", "UPDATE ON audit_erasing", "audit_only_grows"),
        ("audit_section_grows", "UPDATE ON audit_section", "audit_only_grows"),
        ("audit_section_erased", "DELETE ON audit_section", "audit_section_is_erased"),
        ("audit_sealed_is_named", "INSERT ON audit_sealed", "audit_sealed_is_named"),
        ("audit_sealed_grows", "UPDATE OR DELETE ON audit_sealed", "audit_only_grows"),
        ("audit_head_sealed", "UPDATE ON audit_head", "audit_head_is_not_sealed"),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW EXECUTE FUNCTION {function}()")
    op.execute(
        "CREATE TRIGGER audit_sealed_no_truncate BEFORE TRUNCATE ON audit_sealed FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
    )


def _execute(statement: str) -> None:
    # `::jsonb` and `'$.entries'` are no parameters
    op.get_bind().exec_driver_sql(statement)
