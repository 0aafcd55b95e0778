"""Orders to erase: rows in the keystore until the last section of the subject is gone, and the entry that each is on record with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select

from audit.absence import ORDER
from audit.codes import sorted_pairs
from audit.entry import ERASURE, Actor, Core, Draft
from broker.records import SOFTWARE
from broker.subjects import erasure_order, shredded_key

#: why somebody may be erased, as codes: AVG art. 17(1)(a) to (e), Wpg art. 28(2), a court, and a term of the covenant that passed
GROUNDS = ("avg_17_1_a", "avg_17_1_b", "avg_17_1_c", "avg_17_1_d", "avg_17_1_e", "wpg_28_2", "court_order")
TERM_PASSED = "term_passed"

#: the name in an order's details under which the fingerprint of a destroyed key stands
FINGERPRINT = "shredded_key"


@dataclass(frozen=True, slots=True)
class Order:
    """One order about one person, or about those of a case whose term passed: the subjects of one covenant with their keys' fingerprints.

    `retention` is the class of what is past its time, None where a person or a court asked.
    """

    id: str
    covenant: str
    ground: str
    by: Actor
    fingerprints: Mapping[str, str]
    at_ms: int
    retention: str | None = None

    @property
    def persons(self) -> int:
        """How many persons it is about, at least: subjects whose term passed came together by chance, others are one person."""
        return len(self.fingerprints) if self.ground == TERM_PASSED else 1

    def draft(self) -> Draft:
        """Its entry: the same whenever it is made, so that appending it again is the same entry."""
        details = {*((FINGERPRINT, one) for one in self.fingerprints.values()), ("subjects", str(len(self.fingerprints)))}
        core = Core(reasons=(self.ground,), retention=self.retention, command=ORDER, details=sorted_pairs(details), software=SOFTWARE)
        return Draft(ERASURE, self.id, self.covenant, None, core, self.by)


class Orders:
    """The orders that are not done yet."""

    def __init__(self, keystore: Engine) -> None:
        self._engine = keystore

    def waiting(self) -> tuple[Order, ...]:
        """All of them, the oldest first."""
        found: dict[str, list[object]] = {}
        subjects: dict[str, dict[str, str]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(select(erasure_order).order_by(erasure_order.c.at_ms, erasure_order.c.order_id)):
                found[row.order_id] = [row.covenant, row.ground, Actor(row.ordered_by, row.role, row.party), row.at_ms, row.retention]
                subjects.setdefault(row.order_id, {})[row.subject] = row.fingerprint
        return tuple(
            Order(order, covenant, ground, by, subjects[order], at_ms, retention)  # type: ignore[arg-type] # as they were put in above
            for order, (covenant, ground, by, at_ms, retention) in found.items()
        )

    def give(self, order: Order) -> None:
        """Keep an order; a subject about whom one waits already keeps that one. If we die before, nothing was ordered."""
        row = {
            "order_id": order.id,
            "covenant": order.covenant,
            "ground": order.ground,
            "ordered_by": order.by.pseudonym,
            "role": order.by.role,
            "party": order.by.on_behalf_of,
            "at_ms": order.at_ms,
            "retention": order.retention,
        }
        with self._engine.begin() as connection:
            known = set(connection.execute(select(erasure_order.c.subject)).scalars())
            rows = [
                {**row, "subject": subject, "fingerprint": one}
                for subject, one in sorted(order.fingerprints.items())
                if subject not in known
            ]
            if rows:
                connection.execute(insert(erasure_order), rows)

    def done(self, orders: Iterable[Order]) -> None:
        """Forget orders of which nothing is left to do."""
        with self._engine.begin() as connection:
            for order in orders:
                connection.execute(delete(erasure_order).where(erasure_order.c.order_id == order.id))

    def lately(self, since_ms: int) -> frozenset[str]:
        """The ids of keys destroyed since then: another process may have sealed one more section with what it had in memory.

        Older ones are forgotten here: their fingerprint is all that stays.
        """
        with self._engine.begin() as connection:
            old = shredded_key.c.at_ms < since_ms
            connection.execute(shredded_key.update().where(old, shredded_key.c.key_id.is_not(None)).values(key_id=None))
            found = connection.execute(select(shredded_key.c.key_id).where(shredded_key.c.key_id.is_not(None)))
            return frozenset(found.scalars())
