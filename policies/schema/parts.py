"""What every part of the language uses: texts, labels, names, references."""

from __future__ import annotations

import re
from collections.abc import Callable

from policies.scalars import Flag, Ref, Text, Word, ref
from policies.shape import Key, Many, Record
from policies.values import Path
from policies.wording import Label

TEXT, WORD, FLAG = Text(), Word(), Flag()
TEXTS = Many(TEXT)

PARTY, ROLE, PHASE, SUBJECT, BASIS = ref("party"), ref("role"), ref("phase"), ref("kind of subject"), ref("legal basis")
PURPOSE, CASE_TYPE, FIELD = ref("purpose"), ref("case type"), ref("field")
FIELDS = Ref(("field",), patterns=True)  # also whole categories: incidents.*
SUBJECTS = Many(SUBJECT, frozenset)

LABEL = Record(
    Label("een tekst in twee talen", "a label"),
    Label,
    (
        Key("nl", TEXT, Label("de Nederlandse tekst", "the Dutch text")),
        Key("en", TEXT, Label("de Engelse tekst", "the English text")),
    ),
)

ID = Word(
    Label("een naam van kleine letters, cijfers en streepjes", "a name of lower-case letters, digits and hyphens"),
    re.compile(r"[a-z][a-z0-9-]{0,47}"),
)
VERSION = Text(Label("een versie als `2026.2`", "a version such as `2026.2`"), re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}"))
ARTICLE_NUMBER = Text(
    Label("een artikelnummer als `5.1`", "an article number such as `5.1`"), re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
)


def defines(kind: str, *, with_owner: bool = False) -> Callable[[Path], tuple[str, str]]:
    """What the keys of a map introduce; `with_owner` puts the name two keys up before it: `police.officer`, `complaints.count`."""

    def named(path: Path) -> tuple[str, str]:
        return kind, f"{path[-3]}.{path[-1]}" if with_owner else str(path[-1])

    return named
