"""A reader who follows a link, or opens a file that a page names, finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, commands_of, is_command, links, pages, paths

PAGES = [pytest.param(one, id=str(one.relative_to(ROOT))) for one in pages()]


@pytest.mark.parametrize("at", PAGES)
def test_every_link_leads_somewhere(at: Path) -> None:
    broken = []
    for link in links(at.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        there = at.parent / target if target else at
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("at", PAGES)
def test_every_file_that_is_named_exists(at: Path) -> None:
    missing = [path for path in paths(at.read_text(encoding="utf-8")) if not any((base / path).exists() for base in (ROOT, at.parent))]
    assert missing == []


@pytest.mark.parametrize("at", PAGES)
def test_every_command_that_is_mentioned_exists_with_its_options(at: Path) -> None:
    assert [" ".join(words) for words in commands_of(at.read_text(encoding="utf-8")) if not is_command(words)] == []


def test_every_page_is_reached_from_the_index() -> None:
    """From README.md over links; a page nobody links to is read by nobody."""
    seen: set[Path] = set()
    queue = [ROOT / "README.md"]
    while queue:
        at = queue.pop()
        if at in seen:
            continue
        seen.add(at)
        targets = (link.partition("#")[0] for link in links(at.read_text(encoding="utf-8")))
        found = [(at.parent / target).resolve() for target in targets if target.endswith(".md") and "://" not in target]
        queue += [target for target in found if target.exists()]
    problems = {one for one in pages() if one.parent.name == "problems"}  # listed by the broker itself, at /v1/problems
    assert sorted(str(one.relative_to(ROOT)) for one in set(pages()) - seen - problems) == []
