"""Contributions: a party that has no system to ask gives fields to the deposit, and a professional at police or care releases by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from audit.entry import Core
from audit.log import Log
from broker.cases import rules
from broker.cases.errors import BadCommand, UnknownCase
from broker.cases.registry import CaseRegistry
from broker.cases.rules import By
from broker.cases.state import CaseState, Event, EventKind
from broker.clock import Ids
from broker.covenants import Covenants
from broker.fetching import Fetching
from broker.recalls import Recalls
from broker.records import SOFTWARE, Records
from connectors.deposit import Deposit
from connectors.source import Item
from policies.covenant import Article, Covenant, Field
from policies.decide import Grant
from policies.forms import parse_form
from policies.mask import mask
from policies.vocabulary import FULL, FieldName, Form, Value, ValueType


@dataclass(frozen=True, slots=True)
class GivenValue:
    """A field as a professional releases it: `form` is `full`, or the form in which the holder chose to give it."""

    value: Value
    form: str
    as_of: date | None


class Contributions:
    """Giving to the deposit and taking back. The value goes there and nowhere else."""

    def __init__(
        self,
        *,
        covenants: Covenants,
        registry: CaseRegistry,
        recalls: Recalls,
        deposit: Deposit,
        fetching: Fetching,
        log: Log,
        records: Records,
        ids: Ids,
    ) -> None:
        self._covenants = covenants
        self._registry = registry
        self._recalls = recalls
        self._deposit = deposit
        self._fetching = fetching
        self._log = log
        self._records = records
        self._ids = ids

    def contribute(self, case_id: str, by: By, number: int | None, given: Mapping[FieldName, GivenValue]) -> str:
        """Keep fields of this party about one subject of a case; returns the id of the contribution's entry in the log.

        Raises:
            UnknownCase: no such open case for this party.
            BadCommand: a field is not this party's to give here, or a value does not fit it; the first mistake is named.
            audit.errors.LogUnavailable: nothing was kept.
        """
        state, covenant = self._case(case_id, by)
        subject = rules.subject_at(state, number)
        items = {name: self._item(covenant, state, by, name, value) for name, value in given.items()}
        entry_id = self._ids()
        core = Core(requester=by.party, holders=(by.party,), requested=tuple(sorted(items)), command="contribute", software=SOFTWARE)
        # Giving widens: it is on the record before it can be read. A crash in between leaves a record of a release that never was.
        self._log.append(self._records.about_case("contribution", entry_id, state, subject, by, core))
        self._deposit.contribute(case_id, subject, by.party, items)
        return entry_id

    def withdraw(self, case_id: str, by: By, number: int | None, fields: tuple[FieldName, ...]) -> tuple[FieldName, ...]:
        """Take fields back: they are gone from the deposit, an exchange that had read them reads again, and whoever has them is told.

        Returns:
            Those that were there.

        Raises:
            UnknownCase: no such open case for this party.
            audit.errors.LogUnavailable: the fields are gone, but the withdrawal is not acknowledged yet; repeat it.
        """
        state, covenant = self._case(case_id, by)
        for index, name in enumerate(fields):
            if name not in covenant.fields or covenant.fields[name].holder != by.party:
                raise BadCommand(f"fields[{index}]", "expected a field that this party holds")
        subject = rules.subject_at(state, number)
        gone = self._deposit.recall(case_id, subject, by.party, fields)
        event = Event(EventKind.WITHDRAWN, party=by.party, fields=tuple(sorted(fields)), subject=subject)
        self._registry.change(case_id, by, lambda _: event)
        self._recalls.withdrawn(state, subject, by, frozenset(fields))
        return tuple(sorted(gone))

    def _case(self, case_id: str, by: By) -> tuple[CaseState, Covenant]:
        state = self._registry.visible(case_id, by.party).state
        in_force = self._covenants.in_force()
        if by.party not in state.participants or not in_force.admits(state.covenant, by.party, by.role):
            raise UnknownCase
        return state, in_force.policy(state.covenant).covenant

    def _item(self, covenant: Covenant, state: CaseState, by: By, name: FieldName, given: GivenValue) -> Item:
        """Only what some article releases of this case type is taken: what nobody may ever see is not collected (AVG art. 5(1)(c))."""
        field = covenant.fields.get(name)
        giving = [a for a in covenant.articles if a.from_ == by.party and name in a.fields and state.case_type in a.case_types]
        if field is None or field.holder != by.party or not giving or not self._fetching.takes_contributions(field):
            path = f"fields[{name}]" if field else "fields"
            raise BadCommand(path, "expected a field that this party holds and that an article releases")
        try:
            form = FULL if given.form == "full" else parse_form(given.form)
            item = Item(_typed(field, form, given.value), form, given.as_of)
        except ValueError:
            item = None
        if item is None or not _could_leave(field, item, giving):
            raise BadCommand(f"fields[{name}]", f"expected a value of type {field.type}, in full or in a form in which an article gives it")
        return item


def _could_leave(field: Field, item: Item, giving: Sequence[Article]) -> bool:
    """Whether the mask would let it out, in full or as its holder reduced it; what never could is not collected."""
    if item.form != FULL and all(article.fields[field.name] != item.form for article in giving):
        return False
    grant = Grant(field.name, item.form, giving[0].id, field.holder, field.delivery, field.type, codes=field.codes)
    return field.name in mask((grant,), {field.name: item})


def _typed(field: Field, form: Form, value: Value) -> Value:
    """JSON has no dates: a full date arrives as text."""
    if field.type is ValueType.DATE and form == FULL and isinstance(value, str):
        return date.fromisoformat(value)
    return value
