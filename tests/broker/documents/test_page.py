"""The two renderers: whatever a label says, it is text; and a page needs nothing that is not in it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from broker.documents.covenant_text import covenant_text
from broker.documents.joint_controllers import joint_controllers
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.page_parts import (
    Bullets,
    Code,
    Document,
    Notice,
    Own,
    Paragraph,
    Seal,
    Section,
    Strong,
    Table,
    Terms,
    Words,
    listed,
    tell,
)
from broker.documents.register import register
from broker.documents.residents import residents
from policies.covenant import Covenant, Label
from policies.wording import LANGUAGES
from tests.broker.documents.papers import Page, every_key
from tests.policies.builders import covenant as small_covenant

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "[klik](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "a | b || c",
    "einde\n\n# kop\n\n| x |\n| --- |",
    "`code` en ``meer``",
    "- punt",
    "1. nummer",
    "> citaat",
    "**vet** _schuin_ ~~door~~ $x$",
    "&lt;b&gt; &amp; &#60;",
    "https://evil.example en www.evil.example en <https://evil.example>",
    '" onmouseover="alert(1)',
    "{{ seven }} {0} {name!r} {% raw %}",
    "\\",
    "ends with backslash\\",
    "===",
)
PAPERS = (covenant_text, register, joint_controllers, residents)
SEAL = Seal("test", "1", "0" * 64)


def everywhere(words: Words) -> Document:
    """A document with the words in every place that words can have."""
    blocks = (
        Paragraph(words),
        Paragraph(tell("voor {x} na", "before {x} after", x=words)),
        Notice(words),
        Bullets((words, listed((words, words)))),
        Terms(((words, words),)),
        Table(words, (words, "b"), ((words, words), ("c", words))),
    )
    return Document(words, words, SEAL, (Section(words, blocks, (Section(words, blocks),)),), lead=blocks)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("manner", [str, Own, Code, Strong])
def test_no_text_becomes_markup_in_html(text: str, manner: type) -> None:
    page = Page(html(everywhere(manner(text)), "en"))
    harmless = Page(html(everywhere(manner("harmless")), "en"))
    assert [name for name, _ in page.elements] == [name for name, _ in harmless.elements]
    for name, attributes in page.elements:
        assert not {key for key in attributes if key.startswith("on")} | ({"style", "src"} & attributes.keys())
        assert name != "a" or re.fullmatch(r"#[a-z0-9-]+", attributes["href"] or "")
    assert " ".join(text.split()) in page.text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("manner", [str, Own, Code, Strong])
def test_no_text_becomes_markup_in_markdown(text: str, manner: type) -> None:
    """An independent reader of Markdown, with raw HTML allowed, sees the same elements as for a harmless word, and the text as it was."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    page, harmless = (Page(reader.render(markdown(everywhere(manner(each)), "nl"))) for each in (text, "harmless"))
    structure = [name for name, _ in page.elements if name != "code"]
    assert structure == [name for name, _ in harmless.elements if name != "code"]
    assert " ".join(text.split()) in re.sub(r"\s+", " ", page.text)


def test_a_bare_address_is_not_made_a_link_by_markdown() -> None:
    text = markdown(everywhere("https://evil.example www.evil.example iemand@evil.example"), "nl")
    assert not re.search(r"https?://|www\.|\w@\w", text)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_labels_of_a_covenant_are_inert_in_every_paper(paper: object, language: str) -> None:
    assert callable(paper)
    page = Page(html(paper(poisoned(every_key())), language))
    assert [name for name, _ in page.elements] == [name for name, _ in Page(html(paper(every_key()), language)).elements]
    assert "<script>alert(1)</script>" in page.text


def poisoned(covenant: Covenant) -> Covenant:
    """The covenant with a script in its titles and in what its parties wrote."""
    script = "<script>alert(1)</script>"
    return replace(
        covenant,
        title=Label(script, script),
        parties={name: replace(party, name=f"{party.name} {script}") for name, party in covenant.parties.items()},
        purposes={name: replace(purpose, title=Label(script, script)) for name, purpose in covenant.purposes.items()},
        categories={name: replace(category, title=Label(script, script)) for name, category in covenant.categories.items()},
        subjects={name: Label(f"{name} {script}", f"{name} {script}") for name in covenant.subjects},
    )


@pytest.mark.parametrize("paper", PAPERS)
def test_a_page_needs_nothing_from_elsewhere_and_its_policy_says_so(paper: object) -> None:
    assert callable(paper)
    text = html(paper(every_key()), "nl")
    page = Page(text)
    assert {name for name, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert "url(" not in text
    assert "@import" not in text
    sheets = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()}'" for sheet in sheets)
    policies = [attributes["content"] for attributes in page.named("meta") if "http-equiv" in attributes]
    assert policies == [f"default-src 'none'; style-src {hashes}; base-uri 'none'; form-action 'none'"]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_can_be_read_out(paper: object, language: str) -> None:
    """One h1, no level skipped, header cells with a scope, captions, and a language."""
    assert callable(paper)
    page = Page(html(paper(every_key()), language))
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attributes.get("scope") in {"col", "row"} for attributes in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table"))
    assert page.named("html")[0]["lang"] == language
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"] for attributes in page.named("a")} <= {f"#{each}" for each in ids}


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("print_it", [markdown, html])
def test_the_same_covenant_gives_the_same_bytes(paper: object, print_it: object) -> None:
    assert callable(paper)
    assert callable(print_it)
    assert print_it(paper(every_key()), "nl") == print_it(paper(replace(every_key())), "nl")
    text = print_it(paper(small_covenant()), "nl")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_sets_are_written_in_an_order_of_the_covenant_and_not_of_the_machine() -> None:
    """Sets of words are walked in another order in a process with another hash seed."""
    lines = "from tests.broker.documents.test_page import fingerprint; print(fingerprint())"
    root = Path(__file__).resolve().parents[3]
    other = {"PYTHONHASHSEED": "1"}
    found = subprocess.run([sys.executable, "-c", lines], cwd=root, env=other, capture_output=True, text=True, check=True)
    assert found.stdout == f"{fingerprint()}\n"


def fingerprint() -> str:
    """Over every paper in both languages."""
    texts = [markdown(paper(every_key()), language) for paper in PAPERS for language in LANGUAGES]
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def test_the_foot_of_a_sheet_holds_nothing_that_a_style_could_read() -> None:
    document = replace(everywhere("x"), seal=Seal('a"}body{display:none}', "1</style>", "0" * 64))
    assert '@bottom-left{content:"a??body?display:none? 1??style? · sha256 0000000000000000"}' in html(document, "nl")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of nl, en"):
        markdown(everywhere(Label("a", "b")), "de")


def test_a_table_whose_row_misses_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 cells in a row, found 1"):
        Table("t", ("a", "b"), (("a",),))
