"""The matrix, laid out for reading: what the terminal, the page, the spreadsheet and the program each print in their own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import groupby

from broker.documents.matrix_words import MARKS, Mark, Naming
from policies.matrix import EVERYTHING, Block, Cell, Only, Row, Section, blocks, matrix
from policies.policy import Policy
from policies.values import Label
from policies.vocabulary import CaseTypeId, PartyId
from policies.wording import in_language


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one category, which all come from one holder."""

    category: str
    holder: PartyId
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A matrix to be printed in one language. `naming` says labels, or ids where the reader asked for those."""

    policy: Policy
    only: Only
    naming: Naming
    cells: tuple[Cell, ...]
    blocks: tuple[Block, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that occur, in the order of the legend."""
        found = {mark for cell in self.cells for offer in cell.offers for mark in self.naming.marks(offer, cell.field)}
        return tuple(mark for mark in MARKS if mark in found)

    def groups(self, section: Section) -> Iterator[Group]:
        """The rows of a section by category, in the covenant's order."""
        holders = self.policy.covenant.fields
        for (category, holder), rows in groupby(section.rows, lambda row: (row.field.partition(".")[0], holders[row.field].holder)):
            yield Group(category, holder, tuple(rows))

    def situation(self, section: Section) -> str:
        """`Ernstige woonoverlast · huurder`: in which cases and about whom a section holds."""
        naming = self.naming
        about = naming.say(Label("over", "about"))
        cases = naming.listed(map(naming.case_type, section.case_types))
        return f"{cases} · {about} {naming.listed(map(naming.subject, section.subjects))}"

    def asked(self) -> str:
        """The filters as they were given; empty for the whole matrix."""
        names = _FILTERS[self.naming.language]
        asked = ((names[each.name], getattr(self.only, each.name)) for each in fields(self.only))
        return "; ".join(f"{name} {', '.join(sorted(values))}" for name, values in asked if values)


_FILTERS = {
    "nl": {
        "parties": "ontvanger",
        "roles": "functie",
        "purposes": "doel",
        "case_types": "soort casus",
        "phases": "fase",
        "subjects": "betrokkene",
        "fields": "gegeven",
        "categories": "categorie",
        "from_": "houder",
        "articles": "artikel",
    },
    "en": {
        "parties": "receiver",
        "roles": "role",
        "purposes": "purpose",
        "case_types": "case type",
        "phases": "phase",
        "subjects": "subject",
        "fields": "field",
        "categories": "category",
        "from_": "holder",
        "articles": "article",
    },
}

READING = Label(
    "In elke cel: de vorm, en tussen haakjes het artikel en de voorwaarden. Een lege cel: niets. Wat hier niet staat, wordt niet gegeven.",
    "In each cell: the form, and in brackets the article and the conditions. An empty cell: nothing. What is not here is not given.",
)
ALWAYS = Label(
    "Altijd nodig: beide partijen doen mee aan de casus, zij bedoelen dezelfde persoon, en niemand maakte bezwaar.",
    "Always needed: both parties take part in the case, they mean the same person, and nobody has objected.",
)
NOTHING = Label("Niets: geen artikel geeft dit.", "Nothing: no article gives this.")


def lay_out(policy: Policy, only: Only = EVERYTHING, language: str = "nl", *, ids: bool = False) -> Laid:
    """The matrix of a compiled covenant, as far as it is asked for."""
    cells = matrix(policy, only)
    return Laid(policy, only, Naming(policy.covenant, language, ids=ids), cells, blocks(policy.covenant, cells, only))


def ladder_of(laid: Laid, case_type: CaseTypeId) -> str:
    """The phases of one sort of case in order: `triage → plan → gesloten`."""
    steps = laid.policy.covenant.case_types[case_type].ladder
    return " → ".join(map(laid.naming.phase, steps))


def title_of(laid: Laid) -> str:
    """What every print of the matrix is called."""
    return in_language(Label("Wie wat mag zien", "Who may see what"), laid.naming.language)
