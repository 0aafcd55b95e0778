"""The covenant to begin with: small and complete, with notes for its reader in Dutch or in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from importlib.resources import files

from policies.editing.setting import set_value
from policies.values import Period

#: what `starter` fills in, and where
NAMES: Mapping[str, str] = {
    "id": "id",
    "title": "title.nl",
    "title_en": "title.en",
    "municipality": "parties.municipality.name",
    "corporation": "parties.corporation.name",
    "care": "parties.care.name",
}
_NOTE = re.compile(r"^( *)#(nl|en)( .*)?\n", re.MULTILINE)
#: what says of a line that it is an example still: the made-up names, and the numbers that nobody has
_EXAMPLE = re.compile(r"voorbeeld|\.example|0000000", re.IGNORECASE)


def starter(language: str, names: Mapping[str, str], starts: date) -> str:
    """The text, with notes in one language, some of `NAMES` filled in, in force for two years from a day.

    Raises:
        policies.editing.EditRefused: a name has a character in it that nobody sees.
        ValueError: there is no such name.
    """
    whole = files("policies").joinpath("starter.yaml").read_text(encoding="utf-8")
    text = _NOTE.sub(lambda note: f"{note[1]}#{note[3] or ''}\n" if note[2] == language else "", whole)
    until = date.fromordinal(Period(2, "year").after(starts).toordinal() - 1)
    review = Period(18, "month").after(starts)
    text = text.replace(_line("in_force", text), f"in_force: {{from: {starts}, until: {until}, review: {review}}}")
    text = text.replace(_line("dpia", text), _line("dpia", text).replace("2025-11-01", str(starts)))
    for name, value in names.items():
        if name not in NAMES:
            raise ValueError(f"expected one of {', '.join(NAMES)}, found {name}")
        if not _says(text, NAMES[name], value):
            text = set_value(text, NAMES[name], value).text
    return text


def _line(key: str, text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{key}:"))


def _says(text: str, path: str, value: str) -> bool:
    """Whether a name is what the text says already; setting it again would be refused."""
    key = path.rpartition(".")[2]
    return path == "id" and f"{key}: {value}\n" in text


def examples(text: str) -> tuple[int, ...]:
    """The lines that still hold an example to be replaced, notes left out."""
    lines = enumerate(text.splitlines(), start=1)
    return tuple(number for number, line in lines if _EXAMPLE.search(line) and not line.lstrip().startswith("#"))
