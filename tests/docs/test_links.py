"""A reader who follows a link, or opens a file that a page names, finds it."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import ROOT, anchors, commands_of, is_command, links, pages, paths

PAGES = {str(one.relative_to(ROOT)): (one, one.read_text(encoding="utf-8")) for one in pages()}


def leads_somewhere(at: Path, link: str) -> bool:
    target, _, anchor = link.partition("#")
    if target.startswith(("http://", "https://", "mailto:")):
        return True
    there = at.parent / target if target else at
    return there.exists() and (not anchor or anchor in anchors(there.read_text(encoding="utf-8")))


def test_every_link_leads_somewhere() -> None:
    found = [(name, at, link) for name, (at, text) in PAGES.items() for link in links(text)]
    assert len(found) > len(PAGES)
    assert [(name, link) for name, at, link in found if not leads_somewhere(at, link)] == []


def test_every_file_that_is_named_exists() -> None:
    named = [(name, at, path) for name, (at, text) in PAGES.items() for path in paths(text)]
    assert len(named) > 50
    assert [(name, path) for name, at, path in named if not any((base / path).exists() for base in (ROOT, at.parent))] == []


def test_every_command_that_is_mentioned_exists_with_its_options() -> None:
    mentioned = [(name, words) for name, (_, text) in PAGES.items() for words in commands_of(text)]
    assert len(mentioned) > len(PAGES)
    assert [(name, " ".join(words)) for name, words in mentioned if not is_command(words)] == []


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
