"""The subject report: what went from whom to whom about one person, for the answer to that person (AVG art. 15, Wpg art. 25).

The log gives a *draft*. What the law withholds (Wpg art. 27, UAVG art. 41, AVG art. 15(4)) is for each controller to decide, entry by
entry, about what it gave or received itself; the report then holds what both of an entry's controllers give. Whatever is left out leaves
nothing behind: no gap, no number and no count, so that the report is the very same as if it had never been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from audit.codes import sorted_pairs
from audit.entry import RELEASE, Actor, Core, Draft, Subject
from audit.errors import SubjectKeyGone, UnknownEntry
from audit.log import Log
from audit.query import Search
from audit.records import Record, entry
from broker.cases.errors import UnknownCase
from broker.cases.rules import By
from broker.clock import Ids
from broker.covenants import Covenants
from broker.errors import CovenantUnknown, UnknownDisclosure
from broker.records import SOFTWARE, traced
from broker.reporting.decisions import DECIDED, Choice, Considered, check_ground, considered, decision_core, decisions_of
from broker.reporting.persons import Person, Persons
from broker.reporting.reading import every
from broker.reporting.sharings import READ_SIGNAL, RECALLED, REPORTED, Sharing, of_release, of_signal, recalls_of, reporters_of
from broker.subjects import Subjects
from policies.covenant import Covenant
from policies.vocabulary import CovenantId, PartyId

REPORT = "rights.report"


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads for a report, and what for; `party` None is whoever runs the broker, for all controllers together.

    `purpose` is one of the four for which a log may be read (Wpg art. 32a(4)); `stage` is `draft` or `final`, `via` the door.
    """

    purpose: str
    stage: str
    via: str
    party: PartyId | None = None
    by: By | None = None


@dataclass(frozen=True, slots=True)
class DraftReport:
    """Everything found about a person, oldest first, with what was decided; `erased` counts the subjects whose key was destroyed."""

    covenant: Covenant
    considered: tuple[Considered, ...]
    erased: int

    @property
    def given(self) -> tuple[Sharing, ...]:
        """What the person is told. INVARIANT: nothing that is made of these knows of the others."""
        return tuple(one.sharing for one in self.considered if one.given)


class SubjectReports:
    """Drafts reports and takes decisions. Every reading is in the log before its answer."""

    def __init__(self, *, log_engine: Engine, log: Log, covenants: Covenants, persons: Persons, subjects: Subjects, ids: Ids) -> None:
        self._log_engine = log_engine
        self._log = log
        self._covenants = covenants
        self._persons = persons
        self._subjects = subjects
        self._ids = ids

    def covenant(self, covenant: CovenantId) -> Covenant:
        """The version in force, or the newest there is: rights last longer than a covenant.

        Raises:
            CovenantUnknown: there never was one.
        """
        in_force = self._covenants.in_force().policies.get(covenant)
        if in_force is not None:
            return in_force.covenant
        versions = self._covenants.versions(covenant)
        if not versions:
            raise CovenantUnknown("no version of this covenant is known here")
        return self._covenants.policy(versions[-1].sha256).covenant

    def of_case(self, case_id: str, number: int | None, reading: Reading) -> DraftReport:
        """The draft about a subject of a case.

        Raises:
            broker.cases.errors.UnknownCase: there is none, or not for the party that asks; it cannot tell which.
            broker.cases.errors.BadCommand: the case has no subject of that number.
            audit.errors.LogUnavailable: the reading is not on the record; nothing was read.
        """
        covenant = self._persons.case(case_id).covenant
        if reading.party is not None and reading.party not in self._covenants.in_force().standing_parties(covenant):
            raise UnknownCase
        parties = self._parties(covenant)
        return self._draft(self._persons.of_case(case_id, number, parties, asker=reading.party), reading)

    def of_reference(self, covenant: CovenantId, party: PartyId, reference: str, reading: Reading) -> DraftReport:
        """The draft about whom a party knows under a local reference; the same for somebody unknown as for somebody of whom nothing left.

        Raises:
            CovenantUnknown: there is no such covenant.
            audit.errors.LogUnavailable: the reading is not on the record; nothing was read.
        """
        parties = self._parties(covenant)
        person = self._persons.of_reference(covenant, party, reference, parties, alone=reading.party is not None)
        return self._draft(person, reading)

    def decide(self, party: PartyId, choices: Sequence[Choice], by: By | None, via: str) -> int:
        """Put a party's decisions on the record, all or none; returns how many. The last about a sharing counts.

        Raises:
            UnknownDisclosure: an entry is not there or is not the party's; it cannot tell which.
            broker.cases.errors.BadCommand: a ground that is not for this party.
            audit.errors.LogUnavailable: nothing was decided.
        """
        drafts: dict[tuple[str, PartyId], Draft] = {}
        for choice in choices:
            record, sharings = self._sharings_of(choice.entry)
            own = [one for one in sharings if party in one.controllers and choice.giver in {None, one.giver}]
            if not own or record.subject is None:
                raise UnknownDisclosure
            for sharing in own:
                check_ground(choice, party, sharing)
                core = traced(decision_core(choice, party, sharing, via), by.trace if by else None)
                drafts[sharing.entry, sharing.giver] = Draft(
                    DECIDED, self._ids(), record.log, sharing.entry, core, _actor(by), record.subject
                )
        if drafts:
            self._log.append(*drafts.values())
        return len(drafts)

    def _parties(self, covenant: CovenantId) -> frozenset[PartyId]:
        """Every party of any version: one that has left still meant whom it meant."""
        versions = self._covenants.versions(covenant)
        return frozenset(self.covenant(covenant).parties).union(*(self._text(version.sha256).parties for version in versions))

    def _text(self, sha256: str) -> Covenant:
        return self._covenants.policy(sha256).covenant

    def _draft(self, person: Person, reading: Reading) -> DraftReport:
        readable = tuple(subject for subject in person.subjects if self._has_key(subject))
        self._record(person.covenant, readable, reading)
        covenant = self.covenant(person.covenant)
        found = [one for subject in readable for one in self._of_subject(covenant, subject)]
        wanted = (one for one in found if person.concerns(one.subject, one.sharing.controllers))
        own = (one for one in wanted if reading.party is None or reading.party in one.sharing.controllers)
        return DraftReport(covenant, tuple(sorted(own, key=lambda one: one.sharing.place)), len(person.subjects) - len(readable))

    def _record(self, covenant: CovenantId, readable: tuple[str, ...], reading: Reading) -> None:
        """That the log is read, before it is: an entry for each subject, or one for nobody where there is none."""
        details = {("for", reading.purpose), ("stage", reading.stage), ("via", reading.via)}
        told = Core(requester=reading.party, command="report", details=sorted_pairs(details), software=SOFTWARE)
        core = traced(told, reading.by.trace if reading.by else None)
        report = self._subjects.case_pseudonym(self._ids())
        about = readable or (self._subjects.nobody(),)
        subjects = (Subject(self._subjects.pseudonym(subject), report, subject) for subject in about)
        self._log.append(*(Draft(REPORT, self._ids(), covenant, None, core, _actor(reading.by), subject) for subject in subjects))

    def _has_key(self, subject: str) -> bool:
        try:
            self._subjects.pseudonym(subject)
        except SubjectKeyGone:
            return False
        return True

    def _of_subject(self, covenant: Covenant, subject: str) -> Iterator[Considered]:
        decisions = decisions_of(self._hits(covenant.id, subject, DECIDED))
        recalls = recalls_of(self._hits(covenant.id, subject, RECALLED))
        reporters = reporters_of(self._hits(covenant.id, subject, REPORTED))
        for record in self._hits(covenant.id, subject, RELEASE):
            for sharing in of_release(record, self._text, recalls):
                yield considered(sharing, subject, decisions)
        for record in self._hits(covenant.id, subject, READ_SIGNAL):
            for sharing in of_signal(record, reporters, covenant):
                yield considered(sharing, subject, decisions)

    def _hits(self, covenant: CovenantId, subject: str, typ: str) -> Iterator[Record]:
        sought = Search(log=covenant, subject=self._subjects.pseudonym(subject), type=typ)
        return every(self._log_engine, sought, self._subjects)

    def _sharings_of(self, entry_id: str) -> tuple[Record, tuple[Sharing, ...]]:
        try:
            with self._log_engine.connect() as connection:
                record = entry(connection, entry_id, subject_keys=self._subjects)
        except UnknownEntry:
            raise UnknownDisclosure from None
        if record.envelope.typ == RELEASE:
            return record, tuple(of_release(record, self._text, {}))
        if record.envelope.typ == READ_SIGNAL and record.subject is not None:
            sought = Search(log=record.log, case=record.subject.case_pseudonym, type=REPORTED)
            reporters = reporters_of(every(self._log_engine, sought, self._subjects))
            return record, tuple(of_signal(record, reporters, self.covenant(CovenantId(record.log))))
        raise UnknownDisclosure


def _actor(by: By | None) -> Actor | None:
    return None if by is None else Actor(pseudonym=by.professional, role=by.role, on_behalf_of=by.party)
