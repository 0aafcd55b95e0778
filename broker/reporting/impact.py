"""The reach of a data breach: who received what from or to a party between two moments (AVG art. 33: 72 hours; Wpg art. 33a).

The log knows parties and professionals, cases and subjects by pseudonym, and names of fields. It knows no values and no system: which of a
party's systems asked is not in it, so a breach of one system is told as one of all systems of its party.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from audit.codes import sorted_pairs
from audit.entry import HOUSE, RELEASE, Core, Draft
from audit.growth import timestamp
from audit.log import Log
from audit.query import Search
from audit.records import Record
from broker.clock import Ids
from broker.covenants import Covenants
from broker.errors import CovenantUnknown
from broker.records import SOFTWARE
from broker.reporting.reading import every
from broker.reporting.sharings import CovenantOf, Sharing, of_release
from broker.subjects import Subjects
from policies.covenant import Covenant, DataClass
from policies.vocabulary import CovenantId, FieldName, PartyId

RECEIVED = "received"
GIVEN = "given"

#: the classes about which a breach is graver: AVG arts. 9, 10 and 87, police data and professional secrecy
SENSITIVE = frozenset(DataClass) - {DataClass.ORDINARY}


@dataclass(frozen=True, slots=True)
class Sought:
    """What a breach touched: a party, or one of its professionals, from `since` to before `until`; in one covenant or in all."""

    party: PartyId
    since: datetime
    until: datetime
    professional: str | None = None
    covenant: CovenantId | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """What passed between the party and one other about one subject of one case; `subject` is None where it was erased since.

    `direction` is the party's: what it received, or what it gave. Cases and subjects are the log's own pseudonyms.
    """

    covenant: CovenantId
    direction: str
    other: PartyId
    case: str | None
    subject: str | None
    disclosures: int
    fields: tuple[FieldName, ...]
    classes: frozenset[DataClass]
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Impact:
    """All of it. `acts` counts what the party's own professionals did, by type of entry; `unopened` entries were about erased subjects."""

    sought: Sought
    touched: tuple[Touched, ...]
    acts: Mapping[str, int]
    unopened: int
    texts: Mapping[CovenantId, Covenant]

    @property
    def subjects(self) -> int:
        """How many subjects: at most that many people, since one person may be several subjects (docs/adr/0015)."""
        return len({(one.covenant, one.subject) for one in self.touched if one.subject is not None})

    @property
    def others(self) -> tuple[PartyId, ...]:
        """The parties on the other side, who are to be told."""
        return tuple(sorted({one.other for one in self.touched}))

    @property
    def classes(self) -> frozenset[DataClass]:
        """Every legal class of what passed."""
        return frozenset().union(*(one.classes for one in self.touched))


class Breaches:
    """Reads the log after a breach; the reading is in the log before its answer."""

    def __init__(self, *, log_engine: Engine, log: Log, covenants: Covenants, subjects: Subjects, ids: Ids) -> None:
        self._log_engine = log_engine
        self._log = log
        self._covenants = covenants
        self._subjects = subjects
        self._ids = ids

    def impact(self, sought: Sought, purpose: str) -> Impact:
        """Who received what.

        Raises:
            CovenantUnknown: no covenant of that name was ever proposed.
            ValueError: the party is in none of them; a misspelt name must not look like a breach without consequences.
            audit.errors.LogUnavailable: the reading is not on the record; nothing was read.
        """
        texts = self._texts(sought)
        self._record(sought, purpose)
        text_of: CovenantOf = lambda sha256: self._covenants.policy(sha256).covenant  # noqa: E731 - a name for a parameter
        found: list[tuple[CovenantId, Record]] = []
        acts: Counter[str] = Counter()
        for covenant in texts:
            for hit in self._hits(covenant, sought):
                if _acted(hit, sought):
                    acts[hit.envelope.typ] += 1
                if hit.envelope.typ == RELEASE:
                    found.append((covenant, hit))
        unopened = sum(1 for _, hit in found if hit.subject is None)
        return Impact(sought, touched(found, sought, text_of), dict(sorted(acts.items())), unopened, texts)

    def _texts(self, sought: Sought) -> Mapping[CovenantId, Covenant]:
        """The newest text of each covenant concerned: whom to tell, and how soon."""
        versions = self._covenants.versions(sought.covenant)
        if not versions:
            raise CovenantUnknown("no version of this covenant is known here")
        in_force = self._covenants.in_force().policies
        if not any(sought.party in self._covenants.policy(version.sha256).covenant.parties for version in versions):
            raise ValueError("expected a party of a covenant that is known here")
        newest = {version.covenant: version.sha256 for version in versions}
        return {
            name: in_force[name].covenant if name in in_force else self._covenants.policy(sha256).covenant
            for name, sha256 in newest.items()
        }

    def _record(self, sought: Sought, purpose: str) -> None:
        details = {
            ("for", purpose),
            ("party", sought.party),
            ("since", timestamp(sought.since)),
            ("until", timestamp(sought.until)),
            ("log", sought.covenant or "all"),
        }
        if sought.professional is not None:
            details.add(("filter", "professional"))
        core = Core(command="impact", details=sorted_pairs(details), software=SOFTWARE)
        self._log.append(Draft("audit.read", self._ids(), HOUSE, None, core))

    def _hits(self, covenant: CovenantId, sought: Sought) -> Iterator[Record]:
        search = Search(log=covenant, party=sought.party, professional=sought.professional, since=sought.since, until=sought.until)
        return every(self._log_engine, search, self._subjects)


def touched(found: Iterable[tuple[CovenantId, Record]], sought: Sought, text_of: Callable[[str], Covenant]) -> tuple[Touched, ...]:
    """What passed, gathered by direction, other party, case and subject. Pure, but for the texts."""
    groups: dict[tuple[str, ...], list[tuple[Sharing, Record]]] = {}
    for covenant, record in found:
        case, subject = ("", "") if record.subject is None else (record.subject.case_pseudonym, record.subject.pseudonym)
        for sharing in of_release(record, text_of, {}):
            for direction, mine, other in ((RECEIVED, sharing.receiver, sharing.giver), (GIVEN, sharing.giver, sharing.receiver)):
                if mine == sought.party:
                    groups.setdefault((covenant, direction, other, case, subject), []).append((sharing, record))
    return tuple(_touched(key, [sharing for sharing, _ in group]) for key, group in sorted(groups.items()))


def _touched(key: tuple[str, ...], sharings: list[Sharing]) -> Touched:
    covenant, direction, other, case, subject = key
    times = sorted(sharing.at for sharing in sharings)
    return Touched(
        covenant=CovenantId(covenant),
        direction=direction,
        other=PartyId(other),
        case=case or None,
        subject=subject or None,
        disclosures=len({sharing.entry for sharing in sharings}),
        fields=tuple(sorted({field.name for sharing in sharings for field in sharing.fields})),
        classes=frozenset().union(*(s.under.fields[field.name].classes for s in sharings for field in s.fields)),
        first=times[0],
        last=times[-1],
    )


def _acted(hit: Record, sought: Sought) -> bool:
    if hit.actor is not None:
        return hit.actor.on_behalf_of == sought.party
    return hit.core is not None and hit.core.requester == sought.party
