"""Which subjects are one person (docs/adr/0015): those that a party registered the same reference for, and so on from each of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Engine, select, tuple_

from connectors.deposit.tables import reference


def same_person(engine: Engine, subjects: Collection[str]) -> frozenset[str]:
    """These subjects and all that are the same person as one of them, in the covenant of each; no reference is opened for it."""
    found, new = frozenset(subjects), frozenset(subjects)
    key = (reference.c.covenant, reference.c.party, reference.c.lookup)
    with engine.connect() as connection:
        while new:
            known_by = connection.execute(select(*key).where(reference.c.subject.in_(new)).distinct()).all()
            same = select(reference.c.subject).where(tuple_(*key).in_([tuple(row) for row in known_by]))
            new = frozenset(connection.execute(same).scalars()) - found if known_by else frozenset()
            found |= new
    return found
