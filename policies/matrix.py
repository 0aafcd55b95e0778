"""The matrix: who may see what, for which purpose, in which sort of case and phase, about whom, in which form and by which article.

A cell is one field for one role in one situation, taken from the compiled rules. Cells are many; `blocks` lays them out as a person reads
them: per receiver and purpose, fields down and phases across, with the situations that give the same said once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from policies.covenant import Covenant, party_of
from policies.effects.boxes import merged
from policies.effects.offers import Offer, offers_of
from policies.policy import Policy
from policies.rules import Context
from policies.vocabulary import CaseTypeId, FieldName, Phase, PurposeId, RoleId, SubjectKind

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """What one context gives of one field, the widest form first; never empty."""

    context: Context
    field: FieldName
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Only:
    """Which cells are wanted; an empty member wants all. `fields` may be patterns (`incidents.*`), `from_` names holders."""

    parties: frozenset[str] = _NONE
    roles: frozenset[str] = _NONE
    purposes: frozenset[str] = _NONE
    case_types: frozenset[str] = _NONE
    phases: frozenset[str] = _NONE
    subjects: frozenset[str] = _NONE
    fields: frozenset[str] = _NONE
    categories: frozenset[str] = _NONE
    from_: frozenset[str] = _NONE
    articles: frozenset[str] = _NONE

    def wants(self, covenant: Covenant, context: Context, field: FieldName) -> bool:
        """Whether a cell is wanted, its articles apart."""
        asked = (
            (self.parties, party_of(context.role)),
            (self.roles, context.role),
            (self.purposes, context.purpose),
            (self.case_types, context.case_type),
            (self.phases, context.phase),
            (self.subjects, context.subject),
            (self.categories, field.partition(".")[0]),
            (self.from_, covenant.fields[field].holder),
        )
        named = not self.fields or any(fnmatchcase(field, pattern) for pattern in self.fields)
        return named and all(not wanted or found in wanted for wanted, found in asked)


EVERYTHING = Only()


def matrix(policy: Policy, only: Only = EVERYTHING) -> tuple[Cell, ...]:
    """Every cell that is wanted, in the covenant's own order: receivers, purposes, case types, phases, subjects, fields."""
    covenant = policy.covenant
    cells = []
    for (context, field), offers in offers_of(policy).items():
        if only.wants(covenant, context, field):
            by = tuple(offer for offer in offers if not only.articles or offer.article in only.articles)
            if by:
                cells.append(Cell(context, field, by))
    order = _Order(covenant)
    return tuple(sorted(cells, key=lambda cell: order.of(cell.context, cell.field)))


class _Order:
    """Where everything stands in the covenant."""

    def __init__(self, covenant: Covenant) -> None:
        self._roles = _positions(role for party in covenant.parties.values() for role in party.roles)
        self._purposes = _positions(covenant.purposes)
        self._case_types = _positions(covenant.case_types)
        self._phases = {name: _positions(case_type.ladder) for name, case_type in covenant.case_types.items()}
        self._subjects = _positions(covenant.subjects)
        self._fields = _positions(covenant.fields)

    def of(self, context: Context, field: FieldName) -> tuple[int, ...]:
        return (
            self._roles[context.role],
            self._purposes[context.purpose],
            self._case_types[context.case_type],
            self._phases[context.case_type][context.phase],
            self._subjects[context.subject],
            self._fields[field],
        )


def _positions(names: Iterable[str]) -> Mapping[str, int]:
    return {name: position for position, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Column:
    """Phases that follow each other and give the same throughout a section. `shielded`: closed, nothing is given to anybody."""

    phases: tuple[Phase, ...]
    shielded: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One field; `offers` has what each column gives of it, empty where nothing."""

    field: FieldName
    offers: tuple[tuple[Offer, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The sorts of case and subjects for which the same rows hold."""

    case_types: tuple[CaseTypeId, ...]
    subjects: tuple[SubjectKind, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Everything one role may see for one purpose."""

    role: RoleId
    purpose: PurposeId
    sections: tuple[Section, ...]


#: what the phases of one sort of case give of one field, in the order of its ladder, beside whether each is shielded
_Line = tuple[tuple[Phase, bool, tuple[Offer, ...]], ...]


def blocks(covenant: Covenant, cells: Iterable[Cell], only: Only = EVERYTHING) -> tuple[Block, ...]:
    """Lay cells out for reading; `only.phases` keeps the columns of other phases out."""
    together: dict[tuple[RoleId, PurposeId], dict[tuple[FieldName, CaseTypeId, SubjectKind], dict[Phase, tuple[Offer, ...]]]] = {}
    for cell in cells:
        here = cell.context
        block = together.setdefault((here.role, here.purpose), {})
        block.setdefault((cell.field, here.case_type, here.subject), {})[here.phase] = cell.offers
    return tuple(Block(role, purpose, _sections(covenant, found, only)) for (role, purpose), found in together.items())


def _sections(
    covenant: Covenant, found: Mapping[tuple[FieldName, CaseTypeId, SubjectKind], Mapping[Phase, tuple[Offer, ...]]], only: Only
) -> tuple[Section, ...]:
    """A field is in one row where all its situations give the same; rows with the same situations stand together."""
    alike: dict[tuple[FieldName, _Line], list[tuple[str, str]]] = {}
    for (field, case_type, subject), by_phase in found.items():
        line: _Line = tuple(
            (phase, step.shielded, by_phase.get(phase, ()))
            for phase, step in covenant.case_types[case_type].ladder.items()
            if not only.phases or phase in only.phases
        )
        alike.setdefault((field, line), []).append((case_type, subject))
    order = _positions(covenant.fields)
    rows: dict[tuple[tuple[str, ...], tuple[str, ...], tuple[Phase, ...]], list[tuple[FieldName, _Line]]] = {}
    for (field, line), situations in sorted(alike.items(), key=lambda each: order[each[0][0]]):
        for case_types, subjects in merged(situations, (1, 0)):
            where = (_named(covenant.case_types, case_types), _named(covenant.subjects, subjects))
            rows.setdefault((*where, tuple(phase for phase, _, _ in line)), []).append((field, line))
    return tuple(_section(where[0], where[1], lines) for where, lines in rows.items())


def _named(order: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    wanted = frozenset(names)
    return tuple(name for name in order if name in wanted)


def _section(case_types: tuple[str, ...], subjects: tuple[str, ...], lines: list[tuple[FieldName, _Line]]) -> Section:
    """Phases that follow each other and give the same in every row become one column."""
    columns: list[Column] = []
    given: list[list[tuple[Offer, ...]]] = []
    for position, (phase, shielded, _) in enumerate(lines[0][1]):
        here = [line[position][2] for _, line in lines]
        if columns and given[-1] == here and columns[-1].shielded == shielded:
            columns[-1] = Column((*columns[-1].phases, phase), shielded)
        else:
            columns.append(Column((phase,), shielded))
            given.append(here)
    rows = tuple(Row(field, tuple(column[position] for column in given)) for position, (field, _) in enumerate(lines))
    return Section(tuple(map(CaseTypeId, case_types)), tuple(map(SubjectKind, subjects)), tuple(columns), rows)
