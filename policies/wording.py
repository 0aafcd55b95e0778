"""Sentences in both languages of the covenant, for whoever writes one: Dutch and English are made in one place and cannot drift apart."""

from __future__ import annotations

from policies.values import Label

#: the languages that a reader can choose; the first is the default
LANGUAGES = ("nl", "en")


def say(nl: str, en: str, **parts: str | int | Label) -> Label:
    """Fill the `{names}` of both sentences with the same parts; a part that is itself a label gives each language its own words."""
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


def label(words: str | Label) -> Label:
    """Words that may still be in one language only, as a label."""
    return words if isinstance(words, Label) else Label(words, words)
