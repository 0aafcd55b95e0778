"""Reading the log is itself in the log, before the answer: who, for which purpose, by which filters, and about whom if about somebody.

The entry stands in the log that is read, so that the covenant's own readers see who else reads it. Where the search was by person, that
person's section holds it: it is found with everything else about them, and erased with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from audit.codes import Pair, sorted_pairs
from audit.entry import HOUSE, Core, Draft, Subject
from audit.growth import Position
from audit.log import Log
from audit.query import Page, Search, check_cursor, search
from audit.section import SubjectKeys
from broker.auditing.purposes import PURPOSES
from broker.auditing.readers import OPERATOR, Reader
from broker.auditing.sought import Filters, search_for
from broker.auditing.views import shown
from broker.clock import Ids
from broker.covenants import Covenants
from broker.records import SOFTWARE, traced
from broker.subjects import Subjects
from broker.trace import Trace
from policies.vocabulary import FieldName, PartyId


@dataclass(frozen=True, slots=True)
class Question:
    """Who reads what for which of the four purposes (`PURPOSES`); `trace` is the request's, where there is one."""

    reader: Reader
    purpose: str
    filters: Filters
    trace: Trace | None = None

    def __post_init__(self) -> None:
        if self.purpose not in PURPOSES:
            raise ValueError("expected one of the four purposes for which a log may be read")


class Reading:
    """Searches for readers, on the record. One instance serves all threads of a process."""

    def __init__(self, *, log: Log, log_engine: Engine, subjects: Subjects, covenants: Covenants, ids: Ids) -> None:
        self._log = log
        self._engine = log_engine
        self._subjects = subjects
        self._covenants = covenants
        self._ids = ids

    def search(self, question: Question, *, limit: int, cursor: str | None = None) -> Page:
        """A page of what the reader may see of what it seeks.

        Raises:
            PersonSearchRefused: the reader may not search by person.
            audit.errors.CursorInvalid: the cursor is of another search.
            audit.errors.LogUnavailable: that it is read could not be put on the record, so it is not read.
        """
        sought = search_for(question.filters, question.reader, self._subjects)
        check_cursor(sought, cursor)
        self.tell("audit.read", question, sought, command="search")
        page = search(self._engine, sought, limit=limit, cursor=cursor, subject_keys=self.keys_of(question.reader))
        holder_of = self.holder_of(question.reader.log)
        return replace(page, hits=tuple(shown(hit, question.reader, holder_of) for hit in page.hits))

    def tell(
        self, typ: str, question: Question, sought: Search, *, command: str, details: tuple[Pair, ...] = (), ref: str | None = None
    ) -> Position:
        """Put a reading on the record: `audit.read` or `audit.export`; `ref` is the entry that this one goes on from.

        Raises:
            audit.errors.LogUnavailable: it is not on the record; give nothing.
        """
        reader = question.reader
        told = {("for", question.purpose), ("reader", reader.kind), *(("filter", name) for name in question.filters.used), *details}
        known = reader.kind != OPERATOR or reader.log == HOUSE or reader.log in {str(one.covenant) for one in self._covenants.versions()}
        core = Core(
            requester=reader.party,
            software=SOFTWARE,
            command=command,
            # of a log that is not known here not even the name is written down: it is the reader's own text
            details=sorted_pairs(told | {("log", reader.log if known else "unknown")}),
        )
        subject = self._about(sought)
        draft = Draft(typ, self._ids(), reader.log if known else HOUSE, ref, traced(core, question.trace), reader.actor, subject)
        return self._log.append(draft)[0]

    def keys_of(self, reader: Reader) -> SubjectKeys | None:
        """What opens subjects, for a reader who may see them."""
        return self._subjects if reader.reads_persons else None

    def holder_of(self, log: str) -> Callable[[str], PartyId | None]:
        """Whose field a field is, under the covenant in force; of one that it no longer has, nobody's."""
        policies = {str(name): policy for name, policy in self._covenants.in_force().policies.items()}
        fields = policies[log].covenant.fields if log in policies else {}
        return lambda name: fields[FieldName(name)].holder if FieldName(name) in fields else None

    def _about(self, sought: Search) -> Subject | None:
        """Whom a search by person is about. What is not in the log is nobody: no text of a reader's is kept, and the same work is done."""
        if sought.subject is None and sought.case is None:
            return None
        person = replace(Search(sought.log), case=sought.case, subject=sought.subject, own=sought.own)
        hits = search(self._engine, person, limit=1, subject_keys=self._subjects).hits
        if hits and hits[0].subject is not None:
            return hits[0].subject
        nobody = self._subjects.nobody()
        return Subject(self._subjects.pseudonym(nobody), self._subjects.case_pseudonym(nobody), nobody)
