"""Who is meant: one person may be several subjects of a covenant, and nobody may learn from a report which parties know that.

Parties that report the same person apart make two subjects (docs/adr/0015). What joins them is a party's own local reference, which is that
party's word alone. So a subject that was asked about belongs to the person for everybody; one that a party's reference adds to it does so
for that party's own part, and for nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from broker.cases.errors import UnknownCase
from broker.cases.reading import CaseReader
from broker.cases.rules import subject_at
from broker.cases.state import CaseState
from connectors.deposit import Deposit
from policies.vocabulary import CovenantId, PartyId


@dataclass(frozen=True, slots=True)
class Person:
    """The subjects of one person. `asked` are those that whoever asks means; `linked` maps each further one to the parties that mean it."""

    covenant: CovenantId
    asked: tuple[str, ...]
    linked: Mapping[str, frozenset[PartyId]] = field(default_factory=dict)

    @property
    def subjects(self) -> tuple[str, ...]:
        """All of them, each once."""
        return (*self.asked, *sorted(self.linked))

    def concerns(self, subject: str, parties: frozenset[PartyId]) -> bool:
        """Whether what passed between these parties about a subject is about this person."""
        return subject in self.asked or bool(self.linked.get(subject, frozenset()) & parties)


class Persons:
    """Finds persons by a case, or by a party's own reference."""

    def __init__(self, cases: CaseReader, deposit: Deposit) -> None:
        self._cases = cases
        self._deposit = deposit

    def of_case(self, case_id: str, number: int | None, parties: frozenset[PartyId], *, asker: PartyId | None) -> Person:
        """The subject with this number in a case; `parties` are those of its covenant.

        With an `asker` the person is who that party knows, by its own references alone; and the case is open and the asker in it. A case
        that is closed or was left is answered for by reference, so that no case can be told from one that never was.

        Raises:
            UnknownCase: there is none, or not for the asker; it cannot tell which.
            broker.cases.errors.BadCommand: the case has no subject of that number.
        """
        state = self.case(case_id)
        if asker is not None and (state.closed_for is not None or asker not in state.participants):
            raise UnknownCase
        subject = subject_at(state, number)
        if asker is None:
            return self._person(state.covenant, (subject,), parties)
        own = self._meant(state.covenant, asker, subject)
        return Person(state.covenant, tuple(dict.fromkeys((subject, *own))))

    def of_reference(self, covenant: CovenantId, party: PartyId, reference: str, parties: frozenset[PartyId], *, alone: bool) -> Person:
        """Whom a party knows under its own reference; somebody it does not know is a person without subjects. `alone`: for its own part."""
        asked = self._deposit.subjects_of(covenant, party, reference)
        return Person(covenant, asked) if alone else self._person(covenant, asked, parties)

    def case(self, case_id: str) -> CaseState:
        """A case, open or closed.

        Raises:
            UnknownCase: there is none.
        """
        snapshot = self._cases.snapshot(case_id)
        if snapshot is None:
            raise UnknownCase
        return snapshot.state

    def _person(self, covenant: CovenantId, asked: tuple[str, ...], parties: frozenset[PartyId]) -> Person:
        linked: dict[str, set[PartyId]] = {}
        for party in parties:
            for subject in asked:
                for other in self._meant(covenant, party, subject):
                    if other not in asked:
                        linked.setdefault(other, set()).add(party)
        return Person(covenant, asked, {subject: frozenset(meaning) for subject, meaning in linked.items()})

    def _meant(self, covenant: CovenantId, party: PartyId, subject: str) -> tuple[str, ...]:
        """Every subject that a party knows by the reference by which it knows this one."""
        reference = self._deposit.reference_of(covenant, party, subject)
        return () if reference is None else self._deposit.subjects_of(covenant, party, reference)
