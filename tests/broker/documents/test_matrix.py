"""The matrix as it is printed: a table, a sheet, a workbook, a page and JSON, in both languages, and never a formula or a script."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from broker.cli.covenant.matrix import show_matrix
from broker.documents.matrix import Laid, lay_out
from broker.documents.matrix_json import matrix_json
from broker.documents.matrix_page import matrix_page
from broker.documents.matrix_sheets import csv_of, inert, xlsx_of
from broker.documents.matrix_terminal import WIDTH, print_matrix
from policies.compile import compile_covenant
from policies.covenant import Conditions, Consent, Covenant, Label, Onward
from policies.load import load_covenant
from policies.matrix import Only
from policies.policy import Policy
from policies.vocabulary import FULL, Form, FormKind
from tests.policies.builders import COUNT, DIRECTOR, INCIDENTS, LANDLORD, NAME, PLAN, TENANT, article, covenant

SHIPPED = str(Path(__file__).parents[3] / "covenant.yaml")
EVIL = "=cmd|' /C calc'!A0"
MARKUP = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def shipped_policy() -> Policy:
    return compile_covenant(load_covenant(Path(SHIPPED).read_bytes()))


def small(**changes: object) -> Laid:
    one = article(
        "7.1",
        LANDLORD,
        frozenset({DIRECTOR}),
        {COUNT: Form(FormKind.BANDS, ("0-2", "3+")), NAME: FULL},
        phases=frozenset({PLAN}),
        conditions=Conditions(Consent("subject"), four_eyes=True),
    )
    return laid(covenant(replace(one, onward=Onward.WITH_AGREEMENT), **changes))


def laid(whole: Covenant, language: str = "nl") -> Laid:
    return lay_out(compile_covenant(whole), language=language)


def hostile() -> Laid:
    """A covenant in which every label is an attack."""
    whole = covenant()
    fields = {name: replace(field, title=Label(EVIL, EVIL)) for name, field in whole.fields.items()}
    return laid(replace(whole, fields=fields, title=Label(MARKUP, MARKUP), subjects=dict.fromkeys(whole.subjects, Label(MARKUP, "+1"))))


def printed(found: Laid) -> str:
    written = io.StringIO()
    print_matrix(found, Console(file=written, width=WIDTH, highlight=False))
    return written.getvalue()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(show_matrix, [SHIPPED, *arguments])


# ── never a formula, a script, or a name that is not there ──


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r\n=1", " =1"])
def test_a_text_that_a_spreadsheet_would_calculate_is_quoted(text: str) -> None:
    assert inert(text) == f"'{text}"
    assert inert("geen =1") == "geen =1"


def test_no_cell_of_the_sheet_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(csv_of(hostile()))))
    cells = [cell for row in rows for cell in row]
    assert f"'{EVIL}" in cells
    assert [cell for cell in cells if re.match(r"\s*[=+\-@]", cell)] == []


def test_no_cell_of_the_workbook_is_a_formula_and_it_holds_no_macro() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(hostile())), keep_vba=True)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert EVIL in {cell.value for cell in cells}
    with book.vba_archive as archive:
        assert not any("vba" in name for name in archive.namelist())


def test_a_label_that_looks_like_markup_is_a_label_on_the_page() -> None:
    page = matrix_page(hostile())
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_loads_nothing_and_says_so(shipped_policy: Policy) -> None:
    page = matrix_page(lay_out(shipped_policy))
    assert re.search(r"<script|<link|<img|<iframe|javascript:|@import|url\(", page) is None
    assert page.count("style=") == 0
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert policy[1].count("sha256-") == page.count("<style>") == 3


def test_a_filter_that_nothing_can_pass_is_a_mistake_with_the_nearest_name() -> None:
    result = run("--party", "polise", "--lang", "en")
    assert result.exit_code == 2
    assert "--party: no `polise` in this covenant; did you mean `police`?" in result.output
    assert "bedoelt u `police`?" in run("--party", "polise").output
    assert run("--field", "nothing.*").exit_code == 2
    assert run("--field", "incidents.*").exit_code == 0


def test_a_workbook_needs_a_file() -> None:
    assert run("--format", "xlsx").exit_code == 2


# ── what is printed ──


def test_a_cell_says_the_form_the_article_and_what_it_depends_on() -> None:
    text = printed(small())
    assert "0-2, 3+ (7.1·T4D)" in text
    assert "volledig (7.1·T4D)" in text
    assert "alleen met de toestemming die het artikel vraagt" in text
    assert "pas nadat een professional" not in text  # a mark that does not occur is not in the legend


def test_the_table_fits_a_hundred_columns_and_every_phase_that_shields_says_so(shipped_policy: Policy) -> None:
    lines = printed(lay_out(shipped_policy)).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.rstrip().endswith("gesloten") for line in lines) == 40
    assert "  ×  de casus is gesloten: niemand krijgt iets" in lines


def test_it_speaks_english_and_ids(shipped_policy: Policy) -> None:
    english = printed(lay_out(shipped_policy, Only(roles=frozenset({"police.community_officer"})), "en"))
    assert "community officer" in english
    assert "only once a professional at the holder releases it" in english or "(8" in english
    ids = printed(lay_out(shipped_policy, Only(roles=frozenset({"police.community_officer"})), ids=True))
    assert "police.community_officer" in ids
    assert "wijkagent" not in ids


def test_the_workbook_has_a_sheet_for_each_receiver_and_a_legend_with_the_hash(shipped_policy: Policy) -> None:
    found = lay_out(shipped_policy)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(found)))
    assert book.sheetnames == ["legenda", "municipality", "corporation", "police", "care"]
    legend = {row[0].value: row[1].value for row in book["legenda"].iter_rows()}
    assert legend["convenant"] == "waterstad-noord"
    assert legend["sha256"] == shipped_policy.covenant_sha256
    for name in book.sheetnames[1:]:
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
    assert sum(sheet.max_row - 1 for sheet in book.worksheets[1:]) == csv_of(found).count("\n") - 1


def test_the_same_covenant_gives_the_same_bytes() -> None:
    assert xlsx_of(small()) == xlsx_of(small())
    assert matrix_page(small()) == matrix_page(small())


def test_the_page_has_a_language_and_headers_that_can_be_heard() -> None:
    page = matrix_page(small())
    assert '<html lang="nl">' in page
    assert '<th scope="col">plan van aanpak</th>' in page
    assert '<th scope="row">complaints.count' in page or '<th scope="row">' in page
    assert "<caption>" in page
    assert matrix_page(laid(covenant(), "en")).startswith('<!DOCTYPE html>\n<html lang="en">')


def test_json_has_every_cell_in_ids(shipped_policy: Policy) -> None:
    found = matrix_json(lay_out(shipped_policy, Only(fields=frozenset({"incidents.count_12m"}))))
    cells = json.loads(json.dumps(found))["cells"]
    assert {cell["field"] for cell in cells} == {"incidents.count_12m"}
    assert cells[0]["delivery"] == "released_by_holder"
    assert cells[0]["offers"][0]["form"].startswith("bands(")
    assert TENANT in {cell["subject"] for cell in cells}


@pytest.mark.parametrize("name", ["matrix.csv", "matrix.xlsx", "matrix.html", "matrix.json", "matrix.txt"])
def test_the_command_writes_what_the_file_ends_with(tmp_path: Path, name: str) -> None:
    result = run("--role", "police.community_officer", "-o", str(tmp_path / name))
    assert (result.exit_code, result.output.count("\n")) == (0, 1), result.output
    first = (tmp_path / name).read_bytes()[:4]
    assert first == {"csv": b"ontv", "xlsx": b"PK\x03\x04", "html": b"<!DO", "json": b'{\n "', "txt": b"wate"}[name.split(".")[1]]


def test_the_command_prints_a_table_and_nothing_where_nothing_is_given() -> None:
    result = run("--party", "corporation", "--from", "care")
    assert result.exit_code == 0
    assert "Niets: geen artikel geeft dit." in result.output
    assert INCIDENTS not in result.output
