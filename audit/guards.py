"""What the database itself forbids: triggers that the migrations made, and that an owner can drop.

A log whose triggers are gone is not changed by that, and no verdict follows from it. But what changes it next meets nothing, and whoever
drops a trigger for an afternoon's maintenance forgets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection

from audit.tables import APPEND_ONLY

#: the triggers on the log's tables, by kind of database
GUARDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sqlite": frozenset(
            {f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")}
            | {"audit_erasing_is_named", "audit_erasing_no_update", "audit_sealed_is_named"}
            | {"audit_head_grows", "audit_head_no_delete", "audit_head_sealed"}
        ),
        "postgresql": frozenset(
            {f"{table}_{what}" for table in APPEND_ONLY for what in ("grows", "no_truncate")}
            | {"audit_erasing_grows", "audit_erasing_is_named", "audit_sealed_is_named", "audit_section_erased"}
            | {"audit_head_grows", "audit_head_no_delete", "audit_head_no_truncate"}
        ),
    }
)
_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        # One that only fires for replicas (R), or never (D), is none; and no other schema's counts.
        "postgresql": (
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)"
        ),
    }
)


def missing_guards(connection: Connection) -> tuple[str, ...]:
    """The triggers that should be there and are not, or are switched off, by name."""
    kind = connection.dialect.name
    return tuple(sorted(GUARDS[kind] - set(connection.exec_driver_sql(_ASKED[kind]).scalars())))
