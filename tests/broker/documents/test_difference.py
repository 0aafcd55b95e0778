"""A difference as people and programs read it: alike changes once, what widens first, nothing of a covenant that could run or load."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli.covenant.diff import show_diff
from broker.documents.difference import said
from broker.documents.difference_json import difference_json
from broker.documents.difference_page import difference_page
from broker.documents.difference_text import difference_text
from broker.documents.difference_words import CONSENT, EFFECT, NEED, RESPECT, SIGN, TERM, WHAT
from broker.documents.markdown import markdown
from broker.documents.page import html
from policies.compile import compile_covenant
from policies.covenant import Article, Conditions, Consent, Covenant, Emergency, Insight, Label, Never, NeverKind
from policies.diff import Diff, Effect, What, diff
from policies.effects.offers import Need
from policies.effects.statements import RESPECTS
from policies.effects.terms import PARTS
from policies.vocabulary import FULL, PRESENT, FieldName
from tests.policies.builders import (
    ADVISER,
    COUNT,
    DIRECTOR,
    HOME,
    LANDLORD,
    LAST_ON,
    NIGHT_OFFICER,
    ORDINARY,
    PLAN,
    POLICE,
    STREET,
    article,
    covenant,
)

SHIPPED = Path(__file__).parents[3] / "covenant.yaml"
MARKUP = '<script>alert("x")</script>'


def between(old: Covenant, new: Covenant) -> Diff:
    return diff(compile_covenant(old), compile_covenant(new))


def one(**changes: object) -> Article:
    return replace(article("8.1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, phases=frozenset({PLAN})), **changes)  # type: ignore[arg-type]


def text(old: Covenant, new: Covenant, language: str = "nl") -> str:
    return difference_text(said(between(old, new), language))


def run(tmp_path: Path, *edit: tuple[str, str], options: tuple[str, ...] = ()) -> Result:
    """Compare the shipped covenant with itself after some edits."""
    words = SHIPPED.read_text(encoding="utf-8")
    for old, new in edit:
        assert old in words
        words = words.replace(old, new)
    changed = tmp_path / "covenant.yaml"
    changed.write_text(words, encoding="utf-8")
    return CliRunner().invoke(show_diff, [str(SHIPPED), str(changed), *options])


# ── the exit code ──


def test_a_covenant_with_mistakes_is_not_compared(tmp_path: Path) -> None:
    result = run(tmp_path, ("minimum_cell: 10", "minimum_cell: many"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "covenant.yaml:" in result.stderr
    assert "er staat `many`" in result.stderr


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    assert CliRunner().invoke(show_diff, [str(SHIPPED), "nowhere.yaml"]).exit_code == 2


@pytest.mark.parametrize(
    ("edits", "code", "words"),
    [
        ((), 0, "De teksten zijn gelijk."),
        ((('article: "8.1"', 'article: "8.99"'),), 0, "De tekst is gewijzigd, het gevolg niet."),
        ((("datalek@", "lek@"),), 0, "Deze wijziging verruimt niets en versmalt niets."),
        ((("minimum_cell: 10", "minimum_cell: 11"),), 10, "Deze wijziging versmalt."),
        ((("minimum_cell: 10", "minimum_cell: 9"),), 11, "Deze wijziging verruimt."),
        ((("minimum_cell: 10", "minimum_cell: 9"), ("round_to: 5", "round_to: 10")), 11, "Deze wijziging verruimt en versmalt."),
    ],
)
def test_the_exit_code_tells_what_the_change_does(tmp_path: Path, edits: tuple[tuple[str, str], ...], code: int, words: str) -> None:
    result = run(tmp_path, *edits)
    assert (result.exit_code, result.output.splitlines()[1]) == (code, words)


# ── what is printed ──


def test_alike_changes_are_one_line_and_what_widens_comes_first() -> None:
    new = one(
        to=frozenset({DIRECTOR, ADVISER}),
        fields={COUNT: PRESENT, LAST_ON: FULL},
        case_types=frozenset({STREET, HOME}),
        conditions=Conditions(Consent("subject", refusal_has_no_effect=True), four_eyes=True),
    )
    assert text(covenant(one()), covenant(new)) == (
        f"small 1 ({compile_covenant(covenant(one())).covenant_sha256[:12]}) → "
        f"small 1 ({compile_covenant(covenant(new)).covenant_sha256[:12]})\n"
        "Deze wijziging verruimt en versmalt.\n"
        "\n"
        "Verruimt (7)\n"
        "+ City: city.director gaat zien\n"
        "    complaints: complaints.count (of het er is)\n"
        "    voor nuisance · in home · fase plan van aanpak · over tenant\n"
        "    was: niets\n"
        "    wordt: artikel 8.1; met uitdrukkelijke toestemming van de betrokkene zelf [weigeren heeft geen\n"
        "      gevolg], een tweede paar ogen\n"
        "+ City: city.director gaat zien\n"
        "    complaints: complaints.last_on (volledig)\n"
        "    voor nuisance · in street, home · fase plan van aanpak · over tenant\n"
        "    was: niets\n"
        "    wordt: artikel 8.1; met uitdrukkelijke toestemming van de betrokkene zelf [weigeren heeft geen\n"
        "      gevolg], een tweede paar ogen\n"
        "+ City: city.adviser gaat zien\n"
        "    complaints: complaints.count (of het er is), complaints.last_on (volledig)\n"
        "    voor nuisance · in street, home · fase plan van aanpak · over tenant\n"
        "    was: niets\n"
        "    wordt: artikel 8.1; met uitdrukkelijke toestemming van de betrokkene zelf [weigeren heeft geen\n"
        "      gevolg], een tweede paar ogen\n"
        "\n"
        "Versmalt (1)\n"
        "- City: city.director ziet minder van\n"
        "    complaints: complaints.count\n"
        "    voor nuisance · in street · fase plan van aanpak · over tenant\n"
        "    was: volledig (artikel 8.1)\n"
        "    wordt: of het er is (artikel 8.1; met uitdrukkelijke toestemming van de betrokkene zelf\n"
        "      [weigeren heeft geen gevolg], een tweede paar ogen)\n"
    )


def test_terms_are_said_in_english_too() -> None:
    need = Emergency(frozenset({NIGHT_OFFICER}), frozenset({COUNT}), ORDINARY, ("call_back",), timedelta(days=1), timedelta(days=3))
    never = Never("N1", NeverKind.CHOICE, "because", to=frozenset({POLICE}), fields=frozenset({"help.*"}))
    old = covenant(one(), emergency=(need,), never=(never,), insight=Insight("block"))
    new = covenant(one(), emergency=(replace(need, lasts=timedelta(days=2)),), insight=Insight("block", readers=(DIRECTOR,)))
    lines = text(old, new, "en").splitlines()
    assert lines[1] == "This change widens."
    assert "+ Never statement (N1): no longer forbids: to police, field help.*" in lines
    assert "+ Who sees the counts: added: city.director, City" in lines
    assert any(line.startswith("+ In an emergency (Police: police.night_officer") for line in lines)
    assert "at most 1 day → 2 days" in text(old, new, "en").replace("\n    ", " ")


def test_other_grounds_are_one_line_by_article_with_the_law_by_name(tmp_path: Path) -> None:
    """A ground that ten articles rest on is said once, and only the grounds that come or go."""
    result = run(tmp_path, ('"Gemeentewet 172", "Gemeentewet 151d"', '"Gemeentewet 172"'))
    assert result.exit_code == 0
    assert (
        "· artikel 7.1, 8.1, 8.3, 8.4, 9.9, 10.1, 10.2, 10.8, 10.9, 11.1 rust op andere gronden\n"
        "    was: ontvanger: AVG 6(1)(e) Gemeentewet 151d; Gemeentewet 172 2018-05-25\n"
        "    wordt: ontvanger: AVG 6(1)(e) Gemeentewet 172 2018-05-25\n"
    ) in result.output


def test_everything_that_can_change_has_a_name() -> None:
    assert set(TERM) == set(PARTS)
    assert set(WHAT) == set(What)
    assert set(EFFECT) == set(SIGN) == set(Effect)
    assert set(NEED) | set(CONSENT) | {Need.RECEIVER_IDENTIFIED} == set(Need)
    assert tuple(RESPECT) == RESPECTS


def test_json_has_every_single_change_and_its_grounds() -> None:
    found = json.loads(json.dumps(difference_json(between(covenant(one()), covenant(one(case_types=frozenset({STREET, HOME})))))))
    assert found["counts"] == {"widens": 1, "both": 0, "narrows": 0, "neutral": 0}
    (change,) = found["changes"]
    assert {name: change[name] for name in ("kind", "effect", "what", "role", "caseType", "field", "before")} == {
        "kind": "field",
        "effect": "widens",
        "what": "gains",
        "role": DIRECTOR,
        "caseType": HOME,
        "field": COUNT,
        "before": [],
    }
    assert change["after"][0]["article"] == "8.1"
    assert change["after"][0]["grounds"]["giver"] == ["gdpr6 32016R0679 6(1)(e)"]


def test_a_label_that_looks_like_markup_is_a_label() -> None:
    whole = covenant(one())
    fields = {name: replace(field, title=Label(MARKUP, f"| {MARKUP} |")) for name, field in whole.fields.items()}
    found = between(whole, replace(whole, fields=fields, articles=(one(fields={COUNT: FULL, LAST_ON: FULL}),)))
    page = html(difference_page(said(found, "nl")), "nl")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\\<script\\>" in markdown(difference_page(said(found, "en")), "en")


def test_the_page_has_a_language_and_loads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "diff.html"
    result = run(tmp_path, ("minimum_cell: 10", "minimum_cell: 9"), options=("--format", "html", "--lang", "en", "-o", str(path)))
    assert (result.exit_code, result.output) == (11, "")
    page = path.read_text(encoding="utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert re.search(r"<script|<link|<img|javascript:|@import|url\(", page) is None
    assert "Smallest count that is shown" in page


def test_a_large_change_is_few_lines(tmp_path: Path) -> None:
    """A phase that is added to an article of five fields for two roles is one line and not ten."""
    result = run(
        tmp_path, ("phases: [triage, consultation, plan, escalated]\n", "phases: [triage, consultation, plan, escalated, aftercare]\n")
    )
    assert result.exit_code == 11
    found = int(re.search(r"Verruimt \((\d+)\)", result.output)[1])  # type: ignore[index]
    assert result.output.count("\n+ ") < found / 3
    assert FieldName("complaints.count_12m") not in result.output  # labels for people, ids for programs
