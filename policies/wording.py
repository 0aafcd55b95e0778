"""Sentences in both languages of the covenant, for whoever writes one: Dutch and English are made in one place and cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: the languages that a reader can choose; the first is the default
LANGUAGES = ("nl", "en")


@dataclass(frozen=True, slots=True)
class Label:
    """A text in both languages of the covenant."""

    nl: str
    en: str


def say(nl: str, en: str, **parts: object) -> Label:
    """Fill the `{names}` of both sentences with the same parts; a part that is itself a label gives each language its own words.

    The sentences are ours and are format strings; what somebody else wrote is always a part, never pasted into a sentence.
    """
    dutch = {name: part.nl if isinstance(part, Label) else part for name, part in parts.items()}
    english = {name: part.en if isinstance(part, Label) else part for name, part in parts.items()}
    return Label(nl.format(**dutch), en.format(**english))


def in_language(label: Label, language: str) -> str:
    """The words of a label in one of `LANGUAGES`.

    Raises:
        ValueError: it is another language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"expected one of {', '.join(LANGUAGES)}, found {language}")
    return label.nl if language == "nl" else label.en


def listed(words: Iterable[str]) -> str:
    """The words in alphabetical order, for a sentence in either language."""
    return ", ".join(sorted(words))


def either(words: Iterable[str]) -> Label:
    """`a of b` and `a or b`, in the order given."""
    alternatives = list(words)
    return Label(" of ".join(alternatives), " or ".join(alternatives))


class Impossible(ValueError):  # noqa: N818 - it says of a value what a value says of itself
    """A value refuses what cannot be. `said` tells whoever wrote it, in both languages; as text it is English."""

    def __init__(self, said: Label) -> None:
        super().__init__(said.en)
        self.said = said
