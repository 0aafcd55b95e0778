"""Whatever is typed and wherever: an edit changes one thing, keeps every other byte, and reads back as what was meant."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from policies.editing import EditRefused, set_value, unset
from policies.editing.source import Listing, Part, Source, Table, Word
from policies.load import load_covenant
from policies.vocabulary import PartyId
from tests.policies.yaml_edits import SMALL, UNTIDY
from tests.policies.yaml_edits import WHOLE as SHIPPED

INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
#: what YAML gives a meaning to, so that it turns up often
HOSTILE = st.sampled_from(
    [": ", " #", "- ", "{", "}", "[", "]", ",", "&a", "*a", "!t", "|", ">", "'", '"', "\\", "%", "@", "`", "?", "\n", "---"]
)
ORDINARY = st.text(st.characters(exclude_categories=INVISIBLE), max_size=8)
TEXTS = st.lists(st.one_of(HOSTILE, ORDINARY), min_size=1, max_size=6).map("".join).map(str.strip).filter(bool)


def other_reader(text: str) -> object:
    """What a YAML reader makes of it that shares no code with ours."""
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


@settings(max_examples=40, deadline=None)
@given(text=TEXTS, path=st.sampled_from(("title.nl", "parties.city.name", "never.N1.because")), untidy=st.booleans())
def test_any_text_reads_back_exactly(text: str, path: str, *, untidy: bool) -> None:
    assume(text not in {"Klein", "City"})
    edited = set_value(UNTIDY if untidy else SMALL, path, text).text
    covenant = load_covenant(edited.encode())
    read = {
        "title.nl": covenant.title.nl,
        "parties.city.name": covenant.parties[PartyId("city")].name,
        "never.N1.because": covenant.never[0].because,
    }
    assert read[path] == text
    found: Any = other_reader(edited)
    for key in (0 if step == "N1" else step for step in path.split(".")):
        found = found[key]
    assert found == text


@settings(max_examples=30, deadline=None)
@given(before=ORDINARY, hidden=st.characters(categories=("Cc", "Cf", "Co", "Zl", "Zp"), exclude_characters="\n"))
def test_a_character_that_nobody_sees_is_never_written(before: str, hidden: str) -> None:
    assume(f"x{before}{hidden}x".strip())
    with pytest.raises(EditRefused):
        set_value(SMALL, "title.nl", f"x{before}{hidden}x")


def paths(part: Part, *before: str) -> list[tuple[str, ...]]:
    """A path to every part of a document, in the words that an edit understands."""
    found = [before] if before else []
    if isinstance(part, Table):
        for key, value in part.entries:
            found += paths(value, *before, key.text)
    elif isinstance(part, Listing):
        for position, item in enumerate(part.items, start=1):
            named = [value.text for key, value in item.entries[:1] if isinstance(value, Word)] if isinstance(item, Table) else [item.text]  # type: ignore[union-attr]
            emergency = before == ("emergency",)
            found += paths(item, *before, str(position) if emergency or not named else named[0])
    return found


EVERYWHERE = {text: [".".join(path) for path in paths(Source(text).root)] for text in (SMALL, UNTIDY)}


@settings(max_examples=80, deadline=None)
@given(data=st.data(), untidy=st.booleans())
def test_whatever_is_taken_out_everything_else_keeps_its_bytes(data: st.DataObject, *, untidy: bool) -> None:
    base = UNTIDY if untidy else SMALL
    path = data.draw(st.sampled_from(EVERYWHERE[base]))
    try:
        edited = unset(base, path).text
    except EditRefused as refused:
        assert "met de hand" in refused.message.nl  # noqa: PT017 - a refusal is one of the two answers
        return
    begin = next(position for position, (old, new) in enumerate(zip(base, edited + "\0", strict=False)) if old != new)
    gone = len(base) - len(edited)
    assert gone > 0
    assert base[:begin] + base[begin + gone :] == edited


def test_every_word_of_the_shipped_covenant_has_its_exact_span() -> None:
    source = Source(SHIPPED)
    for word in source.words.values():
        written = SHIPPED[word.start : word.end]
        assert written == word.text or written[0] in "\"'" or "\n" in written
    assert all(SHIPPED[start] == "#" for start, _ in source.comments)
    assert len(source.comments) == sum(line.lstrip().startswith("#") or " # " in line for line in SHIPPED.splitlines())
