"""Alembic's entry: runs the migrations of one room against one database. Called by `broker.database.upgrade` only."""

from __future__ import annotations

from alembic import context

from broker.database import open_engine

url: str = context.config.attributes["url"]
room: str = context.config.attributes["room"]

engine = open_engine(url)
try:
    with engine.connect() as connection:
        # One version table per room, so that two rooms may share a database without reading each other's history.
        context.configure(connection=connection, version_table=f"alembic_version_{room}", transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
finally:
    engine.dispose()
