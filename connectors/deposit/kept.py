"""What the deposit keeps, by ids: for whoever compares it with what should be there. Nothing is opened for it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine, select

from connectors.deposit.tables import contribution, reference, text


def subjects_with_reference(engine: Engine) -> frozenset[str]:
    """Everybody whom a party registered a reference for."""
    with engine.connect() as connection:
        return frozenset(connection.execute(select(reference.c.subject).distinct()).scalars())


def subjects_by_case(engine: Engine) -> frozenset[tuple[str, str]]:
    """Every case and subject for which something was given."""
    with engine.connect() as connection:
        return frozenset(
            (row.case_id, row.subject) for row in connection.execute(select(contribution.c.case_id, contribution.c.subject).distinct())
        )


def texts_before(engine: Engine, kept_ms: int, but: Collection[str]) -> frozenset[str]:
    """The ids of texts that were kept before a moment, but for these."""
    with engine.connect() as connection:
        return frozenset(connection.execute(select(text.c.id).where(text.c.kept_ms < kept_ms)).scalars()) - frozenset(but)
