"""The page to read: everything that the descriptions say, and nothing that loads, runs or sticks out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.interface.fuzzing import documents_in
from tests.stage import Theatre

#: one that runs without a screen; Debian's
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and every text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name)) is not None]


@pytest.fixture(scope="module")
def page(shared_small_house: Theatre) -> str:
    return shared_small_house.http.get("/v1/docs").text


def test_nothing_runs_and_nothing_comes_from_elsewhere(shared_small_house: Theatre, page: str) -> None:
    answer = shared_small_house.http.get("/v1/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src( 'sha256-[A-Za-z0-9+/=]+')+; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", policy
    )
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    tags = Tags(page)
    assert not {tag for tag, _ in tags.tags} & {"script", "img", "link", "iframe", "object", "form", "base"}
    assert tags.open == []
    assert {
        *tags.all("src"),
        *tags.all("style"),
        *(name for _, attributes in tags.tags for name in attributes if name.startswith("on")),
    } == set()
    assert all(href.startswith(("#", "/")) for href in tags.all("href"))


def test_every_operation_of_every_description_is_there_and_can_be_found(shared_small_house: Theatre, page: str) -> None:
    tags = Tags(page)
    ids, links = Counter(tags.all("id")), set(tags.all("href"))
    assert set(ids.values()) == {1}
    articles = [attributes["id"] for tag, attributes in tags.tags if tag == "article"]
    described = 0
    for url in documents_in(shared_small_house.app):
        document = shared_small_house.http.get(url).json()
        assert url in links
        for path, methods in document["paths"].items():
            for operation in methods.values():
                described += 1
                assert operation["summary"].replace("'", "&#39;") in page, path
    assert described == len(articles) > 50
    assert {f"#{one}" for one in articles} <= links
    assert {link[1:] for link in links if link.startswith("#")} <= ids.keys()


def test_every_link_leads_somewhere(shared_small_house: Theatre, page: str) -> None:
    for link in {link for link in Tags(page).all("href") if link.startswith("/")}:
        assert shared_small_house.http.get(link).status_code == 200, link


def test_it_begins_in_dutch_and_in_english_and_says_which_is_which(page: str) -> None:
    tags = Tags(page)
    assert [attributes["lang"] for _, attributes in tags.tags if "lang" in attributes] == ["en", "nl"]
    assert "Elke uitwisseling, ook een weigering" in page
    assert "Every exchange, a refusal too" in page


def test_no_heading_stands_there_twice_and_no_cell_is_empty(page: str) -> None:
    headings = re.findall(r"<h[12][^>]*>(.*?)</h[12]>", page)
    assert len(headings) == len(set(headings)) == 1 + len(re.findall(r">As OpenAPI</a>", page))
    assert re.findall(r"<t[dh][^>]*>\s*</t[dh]>", page) == []


def test_on_a_small_screen_the_menu_is_closed_and_comes_after_the_title(page: str) -> None:
    assert page.index("<h1>") < page.index('<details class="above"><summary>Operations</summary>') < page.index("<article")
    assert '<details class="above" open' not in page
    small = page[page.index("@media(max-width:60rem){") :]
    assert ".beside{display:none}" in small
    assert ".above{display:block" in small


def test_what_scrolls_can_be_reached_with_the_keyboard(page: str) -> None:
    for tag, attributes in Tags(page).tags:
        if tag in {"pre", "nav"} or attributes.get("class") == "wide":
            assert attributes["tabindex"] == "0"
            assert attributes["aria-label"]


@pytest.mark.parametrize("width", [320, 1400])
def test_nothing_sticks_out_on_a_screen_of_any_size(page: str, tmp_path: Path, width: int) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        assert not os.environ.get("CI"), "in CI a browser must be there"
        pytest.skip("no browser is installed (Debian: apt-get install chromium)")
    # a window may be no smaller than the browser likes; a frame may
    script = """
        const frame = document.querySelector("iframe");
        onload = () => {
            const shown = frame.contentDocument.documentElement;
            document.title = shown.scrollWidth + "/" + shown.clientWidth;
        };
    """
    framed = f'<title></title><iframe style="border:0;width:{width}px" srcdoc="{escape(page)}"></iframe><script>{script}</script>'
    (tmp_path / "page.html").write_text(framed, encoding="utf-8")
    arguments = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=5000",
        "--dump-dom",
    )
    dumped = subprocess.run([browser, *arguments, f"file://{tmp_path}/page.html"], capture_output=True, text=True, check=True)
    found = re.search(r"<title>(\d+)/(\d+)</title>", dumped.stdout)
    assert found is not None
    assert int(found[1]) == int(found[2]) <= width
