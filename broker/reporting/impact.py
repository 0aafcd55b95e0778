"""The reach of a data breach: who received what from or to a party between two moments (AVG art. 33: 72 hours; Wpg art. 33a).

The log knows parties and professionals, cases and subjects by pseudonym, and names of fields. It knows no values and no system: which of a
party's systems asked is not in it, so a breach of one system is told as one of all systems of its party.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Engine

from audit.codes import sorted_pairs
from audit.entry import RELEASE, Core, Draft
from audit.growth import timestamp
from audit.log import Log
from audit.query import Search
from audit.records import Record
from audit.tally import TALLY
from broker.auditing.readers import OPERATOR
from broker.clock import Ids
from broker.covenants import Covenants
from broker.errors import CovenantUnknown
from broker.records import SOFTWARE
from broker.reporting.reading import every
from broker.reporting.sharings import READ_SIGNAL, REPORTED, Sharing, of_release, of_signal, reporters_of
from broker.subjects import Subjects
from policies.covenant import Covenant, DataClass
from policies.vocabulary import CovenantId, FieldName, PartyId

RECEIVED = "received"
GIVEN = "given"

#: under which covenant, the entry, and what passed by it
Passed: TypeAlias = tuple[CovenantId, Record, Sharing]

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

    `direction` is the party's: what it received, or what it gave. Cases and subjects are the log's own pseudonyms. `signals` are the kinds
    of reports whose words were read: under a case there stands the pseudonym of the report, and of words nobody knows the class.
    """

    covenant: CovenantId
    direction: str
    other: PartyId
    case: str | None
    subject: str | None
    disclosures: int
    fields: tuple[FieldName, ...]
    signals: tuple[str, ...]
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

    @property
    def words(self) -> bool:
        """Whether words of reports passed, in which anything may stand."""
        return any(one.signals for one in self.touched)


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
        self._record(sought, purpose, texts)
        passed: list[Passed] = []
        acts: Counter[str] = Counter()
        unopened = 0
        for covenant, text in texts.items():
            for hit in self._hits(covenant, sought):
                if _acted(hit, sought):
                    acts[hit.envelope.typ] += 1
                if hit.envelope.typ in {RELEASE, READ_SIGNAL} and hit.subject is None:
                    unopened += 1
                if hit.envelope.typ == RELEASE:
                    passed += [(covenant, hit, sharing) for sharing in of_release(hit, self._text, {})]
            passed += self._read(text, sought)
        return Impact(sought, touched(passed, sought.party), dict(sorted(acts.items())), unopened, texts)

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

    def _record(self, sought: Sought, purpose: str, logs: Iterable[CovenantId]) -> None:
        """That they are read, in each of the logs that are: before their answer, and where the covenant's own readers see it."""
        told = {
            ("for", purpose),
            ("reader", OPERATOR),
            ("party", sought.party),
            ("since", timestamp(sought.since)),
            ("until", timestamp(sought.until)),
        }
        if sought.professional is not None:
            told.add(("filter", "professional"))
        cores = {log: Core(command="impact", details=sorted_pairs(told | {("log", log)}), software=SOFTWARE) for log in logs}
        self._log.append(*(Draft("audit.read", self._ids(), log, None, core) for log, core in cores.items()))

    def _hits(self, covenant: CovenantId, sought: Sought) -> Iterator[Record]:
        """What the party had part in; of one professional what that one did, since others may bear the same pseudonym elsewhere."""
        search = Search(log=covenant, party=sought.party, professional=sought.professional, since=sought.since, until=sought.until)
        hits = every(self._log_engine, search, self._subjects)
        return hits if sought.professional is None else (hit for hit in hits if _acted(hit, sought))

    def _read(self, text: Covenant, sought: Sought) -> Iterator[Passed]:
        """The reports whose words were read in that time. Who made one stands in the entry of its making, whenever that was."""
        search = Search(log=text.id, type=READ_SIGNAL, professional=sought.professional, since=sought.since, until=sought.until)
        reporters: dict[str, tuple[PartyId, str]] = {}
        for hit in every(self._log_engine, search, self._subjects):
            if hit.subject is None or (sought.professional is not None and not _acted(hit, sought)):
                continue
            report = hit.subject.case_pseudonym
            if report not in reporters:
                reporters |= reporters_of(every(self._log_engine, Search(log=text.id, case=report, type=REPORTED), self._subjects))
            for sharing in of_signal(hit, reporters, text):
                yield text.id, hit, sharing

    def _text(self, sha256: str) -> Covenant:
        return self._covenants.policy(sha256).covenant


def touched(passed: Iterable[Passed], party: PartyId) -> tuple[Touched, ...]:
    """What passed to and from a party, gathered by direction, other party, case and subject. Pure."""
    groups: dict[tuple[str, ...], list[Sharing]] = {}
    for covenant, record, sharing in passed:
        case, subject = ("", "") if record.subject is None else (record.subject.case_pseudonym, record.subject.pseudonym)
        for direction, mine, other in ((RECEIVED, sharing.receiver, sharing.giver), (GIVEN, sharing.giver, sharing.receiver)):
            if mine == party:
                groups.setdefault((covenant, direction, other, case, subject), []).append(sharing)
    return tuple(_touched(key, group) for key, group in sorted(groups.items()))


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
        signals=tuple(sorted({sharing.signal for sharing in sharings if sharing.signal is not None})),
        classes=frozenset().union(*(s.under.fields[field.name].classes for s in sharings for field in s.fields)),
        first=times[0],
        last=times[-1],
    )


def _acted(hit: Record, sought: Sought) -> bool:
    if hit.envelope.typ == TALLY:
        return False  # the broker counts for the party
    if hit.actor is not None:
        return hit.actor.on_behalf_of == sought.party
    return hit.core is not None and hit.core.requester == sought.party
