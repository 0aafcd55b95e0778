"""Giving a thing another name wherever the covenant mentions it: as a key, in lists, in patterns such as `incidents.*`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from policies.document import Mistakes, read_document
from policies.editing.edit import Edit, EditRefused
from policies.editing.paths import unknown
from policies.editing.source import Source
from policies.editing.splices import Splice, spliced
from policies.editing.words import Bare, word
from policies.errors import CovenantErrors
from policies.reading import Reading
from policies.schema import COVENANT
from policies.values import Label, Path
from policies.wording import say

#: what can be renamed, and how the language calls it (`policies.schema` defines names of these kinds)
KINDS = {
    "field": "field",
    "role": "role",
    "article": "article",
    "phase": "phase",
    "party": "party",
    "category": "category",
    "purpose": "purpose",
    "case_type": "case type",
    "subject": "kind of subject",
    "legal_basis": "legal basis",
}
#: where the keys stand that give things their names, from the root; None stands for any key
_DEFINED_AT: dict[str, tuple[str | None, ...]] = {
    "field": ("data", None, "fields", None),
    "role": ("parties", None, "roles", None),
    "phase": ("case_types", None, "ladder", None),
    "party": ("parties", None),
    "category": ("data", None),
    "purpose": ("purposes", None),
    "case type": ("case_types", None),
    "kind of subject": ("subjects", None),
    "legal basis": ("legal_bases", None),
}
#: names that another name begins with: a party's roles, a category's fields
_OWNED = {"party": "role", "category": "field"}
#: more places in comments than this are not listed one by one
_LISTED = 12


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One place where a name stands, as one of `kinds`; `name` is the whole name, of which a key may show the last part."""

    kinds: tuple[str, ...]
    name: str
    index: int
    defining: bool = False


def rename(text: str, kind: str, old: str, new: str) -> Edit:
    """Rename one thing; what comments and sentences still call by its old name is in the notes.

    Raises:
        EditRefused: the covenant has no such thing, has one of the new name, or would have to move it elsewhere.
        CovenantErrors: the text is no document.
    """
    if kind not in KINDS:
        raise unknown("rename", kind, KINDS)
    meant = KINDS[kind]
    source = Source(text)
    spoken, wrong = _spoken(source)
    _check_names(spoken, meant, old, new)
    splices = [
        Splice(place.start, place.end, word(_as_written(each, place.text, renamed), style=place.style))
        for each in spoken
        if (renamed := _renamed(each, meant, old, new)) != each.name
        for place in (source.words[each.index],)
    ]
    edited = spliced(text, *splices)
    _check_names_moved(spoken, wrong, edited, meant, old, new)
    return Edit(edited, tuple(_left(Source(edited), old)))


def _spoken(source: Source) -> tuple[tuple[_Spoken, ...], Counter[str]]:
    """Every place that names something, whatever else is wrong with the covenant, and the codes of what is wrong with its shape."""
    mistakes = Mistakes("covenant.yaml")
    reading = Reading(mistakes)
    try:
        COVENANT.read(read_document(source.text.encode(), mistakes), (), reading)
    except CovenantErrors:
        raise EditRefused(
            say("er is te veel mis met dit convenant om iets te hernoemen", "too much is wrong with this covenant to rename anything")
        ) from None
    return tuple(_places(source, reading)), Counter(finding.code for finding in mistakes.findings)


def _places(source: Source, reading: Reading) -> Iterator[_Spoken]:
    for mention in reading.mentions:
        yield _Spoken(mention.kinds, mention.name, source.index(mention.place))
    for path, place in reading.keys.items():
        kind = next((kind for kind, pattern in _DEFINED_AT.items() if _fits(path, pattern)), None)
        if kind is not None:
            owner = f"{path[1]}." if kind in _OWNED.values() else ""
            yield _Spoken((kind,), f"{owner}{path[-1]}", source.index(place), defining=True)
    for path, place in reading.values.items():
        if _fits(path, ("articles", None, "article")):
            index = source.index(place)
            yield _Spoken(("article",), source.words[index].text, index, defining=True)


def _fits(path: Path, pattern: tuple[str | None, ...]) -> bool:
    return len(path) == len(pattern) and all(wanted in {None, step} for step, wanted in zip(path, pattern, strict=True))


def _renamed(spoken: _Spoken, meant: str, old: str, new: str) -> str:
    """The name that will stand there."""
    if meant in spoken.kinds and spoken.name == old:
        return new
    owned = _OWNED.get(meant)
    if owned in spoken.kinds and spoken.name.startswith(f"{old}."):
        return new + spoken.name[len(old) :]
    return spoken.name


def _as_written(spoken: _Spoken, written: str, renamed: str) -> Bare:
    """The new name in the way in which the old one stood there: with `.*`, or its last part alone where it is a key under its owner."""
    if written.endswith(".*"):
        return Bare(f"{renamed}.*")
    under_its_owner = spoken.defining and spoken.kinds[0] in _OWNED.values()
    return Bare(renamed.rpartition(".")[2] if under_its_owner else renamed)


def _check_names(spoken: tuple[_Spoken, ...], meant: str, old: str, new: str) -> None:
    known = [each.name for each in spoken if each.defining and meant in each.kinds]
    if old not in known:
        raise unknown(meant, old, dict.fromkeys(known))
    if new in known or new == old:
        raise EditRefused(say("er is al een {kind} `{new}`", "there is a {kind} `{new}` already", kind=_word(meant), new=new))
    owner, _, last = old.rpartition(".")
    if meant in _OWNED.values() and (new.rpartition(".")[0] != owner or not last):
        raise EditRefused(
            say(
                "verwacht een naam die met `{owner}.` begint, gevonden `{new}`: hernoemen is niet verplaatsen",
                "expected a name that begins with `{owner}.`, found `{new}`: renaming is not moving",
                owner=owner,
                new=new,
            )
        )


def _check_names_moved(spoken: tuple[_Spoken, ...], wrong: Counter[str], edited: str, meant: str, old: str, new: str) -> None:
    """Refuse a result in which anything is called otherwise than was asked.

    Raises:
        EditRefused: the new name is no name of this kind, or does not read back.
    """
    before = Counter((each.kinds, _renamed(each, meant, old, new), each.defining) for each in spoken)
    try:
        found, wrong_now = _spoken(Source(edited))
    except CovenantErrors:
        found, wrong_now = (), Counter()
    if before != Counter((each.kinds, each.name, each.defining) for each in found) or wrong != wrong_now:
        raise EditRefused(say("`{new}` kan geen naam van {kind} zijn", "`{new}` cannot be the name of {kind}", new=new, kind=_word(meant)))


def _left(source: Source, old: str) -> Iterator[Label]:
    """Where comments and sentences still have the old name."""
    name = re.compile(rf"(?<![\w.-]){re.escape(old)}(?![\w-]|\.\w)")
    comments = [(start, source.text[start:end]) for start, end in source.comments]
    sentences = [(each.start, each.text) for each in source.words.values() if " " in each.text]
    lines = sorted({source.line(start) for start, words in (*comments, *sentences) if name.search(words)})
    if lines:
        shown = ", ".join(map(str, lines[:_LISTED])) + (" …" if len(lines) > _LISTED else "")
        yield say(
            "in commentaar of tekst staat nog `{old}` (regel {lines}): kijk of dat moet blijven",
            "a comment or a sentence still says `{old}` (line {lines}): see whether it should",
            old=old,
            lines=shown,
        )


_WORDS = {
    "field": "veld",
    "role": "functie",
    "article": "artikel",
    "phase": "fase",
    "party": "partij",
    "category": "categorie",
    "purpose": "doel",
    "case type": "soort casus",
    "kind of subject": "soort betrokkene",
    "legal basis": "grondslag",
}


def _word(kind: str) -> Label:
    return Label(_WORDS[kind], kind)
