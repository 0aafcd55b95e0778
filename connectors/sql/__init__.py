"""A party's own database, read with SQL: only the granted columns, in the granted form where the database can compute it."""

from connectors.sql.engine import open_read_only
from connectors.sql.mapping import Mapped, Person, Reading, Rows, TableName, Window
from connectors.sql.source import SqlSource

__all__ = ["Mapped", "Person", "Reading", "Rows", "SqlSource", "TableName", "Window", "open_read_only"]
