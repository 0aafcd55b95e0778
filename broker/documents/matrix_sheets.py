"""The matrix as a spreadsheet: comma-separated values, or a workbook with a sheet per receiving party.

Nothing that a covenant says can become a formula: in the workbook every cell is written as a string, and in comma-separated values a text
that a spreadsheet would take for one gets an apostrophe before it (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from broker.documents.matrix import ALWAYS, READING, Group, Laid, ladder_of, title_of
from broker.documents.matrix_words import SHIELDED, SHIELDED_MEANS
from broker.documents.wording import phases_in_order
from policies.covenant import party_of
from policies.matrix import Block, Row, Section
from policies.values import Label
from policies.vocabulary import PartyId, Phase
from policies.wording import in_language

_COLUMNS = (
    (Label("ontvanger", "receiver"), 24),
    (Label("functie", "role"), 24),
    (Label("functie-id", "role id"), 28),
    (Label("doel", "purpose"), 36),
    (Label("doel-id", "purpose id"), 18),
    (Label("soort casus", "case type"), 32),
    (Label("over", "about"), 28),
    (Label("categorie", "category"), 30),
    (Label("houder", "holder"), 20),
    (Label("gegeven", "field"), 34),
    (Label("gegeven-id", "field id"), 30),
)
_PHASE_WIDTH = 22
#: how a spreadsheet knows a formula; a tab or a line break before it does not help
_FORMULA = re.compile(r"^[\s\x00]*[=+\-@]")
#: what the name of a sheet may not hold, and how long it may be (Microsoft's own limits)
_NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
_LONGEST_SHEET_NAME = 31


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: what names it, then a cell for each phase of the covenant."""

    party: PartyId
    names: tuple[str, ...]
    cells: tuple[str, ...]


def csv_of(laid: Laid) -> str:
    """Every line, with a header; RFC 4180, with line feeds."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_header(laid))
    writer.writerows([inert(cell) for cell in (*line.names, *line.cells)] for line in lines_of(laid))
    return written.getvalue()


def inert(text: str) -> str:
    """The text as a spreadsheet shows it, and never as one it calculates."""
    return f"'{text}" if _FORMULA.match(text) else text


def xlsx_of(laid: Laid) -> bytes:
    """A workbook without macros, formulas or links. Its date is that of the covenant, so the same covenant gives the same file."""
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(written, options)
    covenant = laid.policy.covenant
    book.set_properties({"title": f"{covenant.id} {covenant.version}", "created": datetime.combine(covenant.in_force.from_, time())})
    lines = tuple(lines_of(laid))
    names: set[str] = set()
    legend = book.add_worksheet(_sheet_name(in_language(Label("legenda", "legend"), laid.naming.language), names))
    for party in dict.fromkeys(line.party for line in lines):
        sheet = book.add_worksheet(_sheet_name(party, names))
        _write_lines(book, sheet, laid, [line for line in lines if line.party == party])
    _write_legend(book, legend, laid)
    book.close()
    return written.getvalue()


def lines_of(laid: Laid) -> Iterator[Line]:
    """A line per field and the situations that give the same."""
    phases = _phases(laid)
    for block in laid.blocks:
        for section in block.sections:
            for group in laid.groups(section):
                for row in group.rows:
                    yield Line(party_of(block.role), _names(laid, block, section, group, row), tuple(_cells(laid, section, row, phases)))


def _phases(laid: Laid) -> tuple[Phase, ...]:
    covenant, only = laid.policy.covenant, laid.only.phases
    known = (phase for case_type in covenant.case_types.values() for phase in case_type.ladder)
    return phases_in_order(covenant, (phase for phase in known if not only or phase in only))


def _names(laid: Laid, block: Block, section: Section, group: Group, row: Row) -> tuple[str, ...]:
    naming = laid.naming
    return (
        naming.party(party_of(block.role)),
        naming.role(block.role),
        block.role,
        naming.purpose(block.purpose),
        block.purpose,
        naming.listed(map(naming.case_type, section.case_types)),
        naming.listed(map(naming.subject, section.subjects)),
        naming.category(group.category),
        naming.party(group.holder),
        naming.field(row.field),
        row.field,
    )


def _cells(laid: Laid, section: Section, row: Row, phases: Iterable[Phase]) -> Iterator[str]:
    here = {phase: (column.shielded, offers) for column, offers in zip(section.columns, row.offers, strict=True) for phase in column.phases}
    for phase in phases:
        shielded, offers = here.get(phase, (False, ()))
        yield SHIELDED if shielded else "; ".join(laid.naming.offer(offer, row.field) for offer in offers)


def _header(laid: Laid) -> list[str]:
    return [*(laid.naming.say(name) for name, _ in _COLUMNS), *(inert(laid.naming.phase(phase)) for phase in _phases(laid))]


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that a sheet may have and that none has yet; Excel does not tell capitals apart."""
    plain = _NOT_IN_A_SHEET_NAME.sub("-", name)[:_LONGEST_SHEET_NAME] or "-"
    found, number = plain, 2
    while found.lower() in taken:
        tail = f" {number}"
        found, number = plain[: _LONGEST_SHEET_NAME - len(tail)] + tail, number + 1
    taken.add(found.lower())
    return found


def _write_lines(book: Workbook, sheet: Worksheet, laid: Laid, lines: list[Line]) -> None:
    heading = book.add_format({"bold": True, "bg_color": "#154273", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "border_color": "#D0D5DA"})
    closed = book.add_format({"valign": "top", "align": "center", "bg_color": "#E3E7EB", "border": 1, "border_color": "#D0D5DA"})
    header = _header(laid)
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, heading)
        sheet.set_column(column, column, _COLUMNS[column][1] if column < len(_COLUMNS) else _PHASE_WIDTH)
    for number, line in enumerate(lines, start=1):
        for column, cell in enumerate((*line.names, *line.cells)):
            sheet.write_string(number, column, cell, closed if cell == SHIELDED else body)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(lines), len(header) - 1)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3: eleven columns of names and one for each phase
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    covenant = laid.policy.covenant
    sheet.set_footer(f"&L{covenant.id} {covenant.version}&Csha256 {laid.policy.covenant_sha256[:16]}&R&P / &N")


def _write_legend(book: Workbook, sheet: Worksheet, laid: Laid) -> None:
    wrap, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    for number, (name, said) in enumerate(_legend(laid)):
        _write_pair(sheet, number, (name, said), (bold, wrap))
    sheet.activate()


def _write_pair(sheet: Worksheet, number: int, words: tuple[str, str], formats: tuple[Format, Format]) -> None:
    for column, (text, look) in enumerate(zip(words, formats, strict=True)):
        sheet.write_string(number, column, text, look)


def _legend(laid: Laid) -> Iterator[tuple[str, str]]:
    covenant, naming = laid.policy.covenant, laid.naming
    yield title_of(laid), naming.say(covenant.title)
    yield naming.say(Label("convenant", "covenant")), covenant.id
    yield naming.say(Label("versie", "version")), covenant.version
    yield "sha256", laid.policy.covenant_sha256
    yield naming.say(Label("geldt", "in force")), f"{covenant.in_force.from_} – {covenant.in_force.until}"
    if laid.asked():
        yield naming.say(Label("alleen", "only")), laid.asked()
    yield naming.say(Label("zo leest u het", "how to read it")), naming.say(READING)
    for mark in laid.marks:
        yield naming.say(mark.letter), naming.say(mark.meaning)
    yield SHIELDED, naming.say(SHIELDED_MEANS)
    yield "", naming.say(ALWAYS)
    for name in covenant.case_types:
        yield naming.case_type(name), ladder_of(laid, name)
