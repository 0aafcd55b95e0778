"""A party's own tallies as they are shown to it: with what proves them, and with the places of the releases that they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from audit.database import heads, snapshot
from audit.entry import RELEASE, envelope_bytes
from audit.query import Search, search
from audit.query_rows import Span, oldest
from audit.records import Record
from audit.section import CORE
from audit.tables import head, leaf, section
from audit.tally import TALLY, PartyTally, Place, ShownTally
from audit.terms import Kind
from broker.tallying_parties import tally_of
from policies.vocabulary import CovenantId, PartyId

#: tallies in one answer
PAGE = 100


@dataclass(frozen=True, slots=True)
class TallyPage:
    """Newest first; `cursor` asks for the next page and is None on the last."""

    tallies: tuple[ShownTally, ...]
    cursor: str | None


def own_tallies(engine: Engine, party: PartyId, covenant: CovenantId, cursor: str | None = None) -> TallyPage:
    """A party's tallies under a covenant, of all years.

    Raises:
        audit.errors.CursorInvalid: the cursor is of another search.
    """
    page = search(engine, Search(log=covenant, party=party, type=TALLY), limit=PAGE, cursor=cursor)
    with snapshot(engine) as connection:
        shown = [
            _shown(connection, hit, tally, party) for hit in page.hits if (tally := tally_of(hit)) is not None and tally.party == party
        ]
    return TallyPage(tuple(shown), page.cursor)


def covenants_of(engine: Engine) -> tuple[CovenantId, ...]:
    """The covenants of which there is a log."""
    with engine.connect() as connection:
        return tuple(dict.fromkeys(CovenantId(log.covenant) for log in heads(connection)))


def _shown(connection: Connection, hit: Record, tally: PartyTally, party: PartyId) -> ShownTally:
    position = hit.position
    here = (head.c.origin == position.origin) & (section.c.idx == position.index) & (section.c.name == CORE)
    row = connection.execute(select(section.c.salt, section.c.body).join(head, head.c.log_id == section.c.log_id).where(here)).one()
    places = tuple(_releases(connection, hit.log, tally, party))
    return ShownTally(position.origin, position.index, position.id, envelope_bytes(hit.envelope), row.body, row.salt, places)


def _releases(connection: Connection, covenant: str, tally: PartyTally, party: PartyId) -> Sequence[Place]:
    """The party's releases in a stretch, as the index has them: what is folded, and what still waits."""
    log = next(log for log in heads(connection) if (log.covenant, log.year) == (covenant, tally.year))
    wanted = ((Kind.PARTY.value, str(party)), (Kind.TYPE.value, RELEASE))
    indexes = oldest(connection, Span(log, tally.start, tally.end), wanted, tally.end - tally.start)
    rows = connection.execute(select(leaf.c.idx, leaf.c.id).where(leaf.c.log_id == log.log_id, leaf.c.idx.in_(indexes)))
    return [Place(row.idx, row.id) for row in sorted(rows)]
