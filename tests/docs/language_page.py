"""The page on the language, `docs/covenant-language.md`, written from the language itself: `python -m tests.docs.language_page` prints it.

What a key is for stands in `policies.schema`; its example is the first place where a covenant of ours says it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from policies.editing.source import Listing, Part, Source, Table
from policies.editing.source import Word as Written
from policies.scalars import Text, Word
from policies.schema import COVENANT
from policies.schema.parts import LABEL
from policies.shape import REQUIRED, Key, Many, MapOf, Record, Shape
from policies.values import Label
from tests.policies.test_load_whole_language import EVERYTHING
from tests.policies.yaml_edits import edited

ROOT = Path(__file__).resolve().parents[2]
#: where examples are taken from: the covenant to begin with, and then the ones that say more
OTHERS = sorted(f"tests/covenants/{path.name}" for path in (ROOT / "tests/covenants").glob("*.yaml"))
COVENANTS = ("policies/starter.yaml", "covenant.yaml", *OTHERS)
#: longer than this is no example but a text
LONGEST = 140

#: what none of them says on one line
OWN = {
    ("", "partnership"): "partnership: …",
    ("legal_bases.<…>", "title"): "title: {nl: openbare orde, en: public order}",
    ("case_types.<…>", "order"): "order: [triage, plan, closed]",
    ("data.<…>.fields.<…>", "about"): "about: [tenant, minor]",
    ("data.<…>.fields.<…>", "delivery"): "delivery: released_by_holder",
    ("articles.conditions.consent", "kind"): "kind: explicit",
    ("handovers", "wpg20"): "wpg20: …",
    ("never", "purposes"): "purposes: [end_nuisance]",
    ("never", "forms"): "forms: [full, month]",
    ("signals.kinds.<…>.offence", "opens"): "opens: nuisance",
    ("scenarios.given", "vetoed"): "vetoed: [complaints.kind]",
}

HEAD = """\
# De taal van een convenant · The language of a covenant

Elke sleutel die in een `covenant.yaml` kan staan, in de volgorde van het bestand. **Vet** moet er staan; de andere mogen weg.
Begin met `broker covenant init`; lees eerst de [handleiding](covenant-guide.md).
Een *naam* is kort en in kleine letters (`end_nuisance`). Een *periode* is `14 days`, `1 month`. Een *titel* heeft twee talen: `{nl, en}`.

Every key that can stand in a `covenant.yaml`, in the order of the file. **Bold** must be there; the others may be left out.
Begin with `broker covenant init`; read the [guide](covenant-guide-en.md) first.
A *name* is short and in lower case (`end_nuisance`). A *period* is `14 days`, `1 month`. A *title* has two languages: `{nl, en}`.
"""


def page() -> str:
    """The whole page."""
    examples = _examples()
    sections = [_section(name, record, examples) for name, record in _records("", COVENANT, set())]
    return HEAD + "\n" + "\n".join(sections)


def _records(name: str, record: Record[object], seen: set[int]) -> Iterator[tuple[str, Record[object]]]:
    """Every map with known keys, once, each before what stands in it; with where it stands."""
    seen.add(id(record))
    yield name, record
    for key in record.keys:
        inner, within = _inner(key.shape)
        if inner is not None and inner is not LABEL and id(inner) not in seen:
            yield from _records(".".join(filter(None, (name, key.name + within))), inner, seen)


def _inner(shape: Shape[object]) -> tuple[Record[object] | None, str]:
    """The map with known keys that a shape holds, and what stands between: `.<name>` in a map of names, nothing in a list."""
    if isinstance(shape, Record):
        return shape, ""
    if isinstance(shape, Many):
        return _inner(shape.each)
    if isinstance(shape, MapOf):
        inner, within = _inner(shape.each)
        return inner, f".<…>{within}"
    return None, ""


def _section(name: str, record: Record[object], examples: dict[tuple[str, str], str]) -> str:
    title = f"## `{name}` · {record.named.nl} · {record.named.en}" if name else "## Het geheel · The whole"
    law = f"\n*{record.law}*\n" if record.law else ""
    rows = [f"| {_key(key)} | {_cell(key, 'nl')} | {_cell(key, 'en')} | {_shown(examples.get((name, key.name)))} |" for key in record.keys]
    return "\n".join([title, law, "| sleutel | waarvoor | what for | voorbeeld |", "|---|---|---|---|", *rows, ""])


def _key(key: Key) -> str:
    return f"**`{key.name}`**" if key.default is REQUIRED else f"`{key.name}`"


def _cell(key: Key, language: str) -> str:
    said = [_in(key.says, language)]
    inner, _ = _inner(key.shape)
    if inner is None and not isinstance(key.shape, (Text, Word)):
        said.append(_in(key.shape.expected, language))
    return "; ".join(dict.fromkeys(said)).replace("|", "\\|").replace("\n", " ")


def _in(label: Label, language: str) -> str:
    return label.nl if language == "nl" else label.en


def _shown(example: str | None) -> str:
    if example is None:
        return ""
    return f"`{example}`".replace("|", "\\|") if "`" not in example else f"`` {example} ``"


def _examples() -> dict[tuple[str, str], str]:
    """For a map and a key in it: how a covenant of ours says it, on one line."""
    found: dict[tuple[str, str], str] = dict(OWN)
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in COVENANTS]
    for text in (*texts, edited(*EVERYTHING).decode()):
        for (where, key), example in _said(text):
            if len(example) <= LONGEST:
                found.setdefault((where, key), example)
    return found


def _said(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    source = Source(text)
    for where, key, value in _entries("", COVENANT, source.root):
        span = text[key.start : value.end]
        if "\n" not in span:
            yield (where, key.text), span
        elif isinstance(value, (Table, Listing)) and not value.flow:
            yield (where, key.text), f"{key.text}: …"


def _entries(name: str, shape: Shape[object], part: Part) -> Iterator[tuple[str, Written, Part]]:
    if isinstance(shape, Record) and isinstance(part, Table):
        known = {key.name: key for key in shape.keys}
        for word, value in part.entries:
            if word.text in known:
                yield name, word, value
                yield from _entries(".".join(filter(None, (name, word.text))), known[word.text].shape, value)
    elif isinstance(shape, Many) and isinstance(part, Listing):
        for item in part.items:
            yield from _entries(name, shape.each, item)
    elif isinstance(shape, MapOf) and isinstance(part, Table):
        for _, value in part.entries:
            yield from _entries(f"{name}.<…>", shape.each, value)


if __name__ == "__main__":
    sys.stdout.write(page())
