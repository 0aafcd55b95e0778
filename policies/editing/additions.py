"""Adding and removing whole parts: a field, a role, an article, a scenario."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.editing.edit import Edit, EditRefused
from policies.editing.paths import Spot, locate, name_of, unknown
from policies.editing.setting import add_entry, add_item, take, typed
from policies.editing.source import Listing, Source, Table
from policies.editing.words import Bare, Block, Quoted, Said
from policies.schema.sharing import ARTICLE
from policies.values import Label
from policies.vocabulary import Form
from policies.wording import say


@dataclass(frozen=True, slots=True)
class NewField:
    """A field as somebody adds it; what is empty is what its category says."""

    category: str
    name: str
    type: str
    title: Label
    codes: tuple[str, ...] = ()
    code_list: str | None = None
    of: str | None = None
    classes: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    delivery: str | None = None


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article as somebody adds it. `rest` holds keys that few articles have (`conditions`, `wpg20`), typed as YAML."""

    id: str
    title: Label
    from_: str
    to: tuple[str, ...]
    purpose: str
    case_types: tuple[str, ...]
    phases: tuple[str, ...]
    about: tuple[str, ...]
    fields: Mapping[str, Form]
    giver: tuple[str, ...]
    receiver: tuple[str, ...] | Mapping[str, tuple[str, ...]]
    decision: str
    without: str
    subsidiarity: str
    smaller_form: Mapping[str, str] = field(default_factory=dict)
    rest: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewScenario:
    """A scenario as somebody adds it; `given` holds role, purpose, case_type, phase, subject as far as they are given."""

    name: str
    given: Mapping[str, str]
    without: tuple[str, ...] = ()
    sees: Mapping[str, Form] = field(default_factory=dict)
    never_sees: tuple[str, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)


def add_field(text: str, new: NewField) -> Edit:
    """Put a field at the end of its category.

    Raises:
        EditRefused: there is no such category, or it has that field.
        CovenantErrors: the text is no document.
    """
    codes: Said = _bare(new.codes)
    said: dict[str, Said] = {"type": Bare(new.type)}
    if new.codes:
        said["codes"] = {"from": Bare(new.code_list), "only": codes} if new.code_list else codes
    said |= {key: Bare(value) for key, value in (("of", new.of),) if value}
    said |= {key: _bare(values) for key, values in (("classes", new.classes), ("about", new.about)) if values}
    said |= {key: Bare(value) for key, value in (("delivery", new.delivery),) if value}
    said["title"] = _label(new.title)
    source = Source(text)
    _there(source, "data", new.category)
    return _fresh(source, f"data.{new.category}.fields", new.name, said)


def add_role(text: str, party: str, name: str, title: Label, *, organ: str | None, duty: bool, designated: bool) -> Edit:
    """Put a role at the end of a party's.

    Raises:
        EditRefused: there is no such party, or it has that role.
        CovenantErrors: the text is no document.
    """
    said: dict[str, Said] = {**_label(title)}
    if organ:
        said["organ"] = Bare(organ)
    said |= {key: Bare("true") for key, so in (("duty", duty), ("designated", designated)) if so}
    source = Source(text)
    _there(source, "parties", party)
    return _fresh(source, f"parties.{party}.roles", name, said)


def add_article(text: str, new: NewArticle) -> Edit:
    """Put an article after the last one with a lower number.

    Raises:
        EditRefused: there is an article of that number.
        CovenantErrors: the text is no document.
    """
    source = Source(text)
    spot = _list(source, "articles")
    numbers = _names(spot)
    if new.id in numbers:
        raise _twice("articles", new.id)
    after = max((position for position, number in enumerate(numbers) if _order(number) <= _order(new.id)), default=-1)
    return add_item(source, spot, _article(new), after)


def _article(new: NewArticle) -> Said:
    receiver: Said = (
        {party: _bare(bases) for party, bases in new.receiver.items()} if isinstance(new.receiver, Mapping) else _bare(new.receiver)
    )
    necessity = Block(decision=new.decision, without=new.without)
    if new.smaller_form:
        necessity["smaller_form"] = dict(new.smaller_form)
    necessity["subsidiarity"] = new.subsidiarity
    said: dict[str, Said] = {
        "article": Quoted(new.id),
        "title": _label(new.title),
        "from": Bare(new.from_),
        "to": _bare(new.to),
        "purpose": Bare(new.purpose),
        "case_types": _bare(new.case_types),
        "phases": _bare(new.phases),
        "about": _bare(new.about),
        "fields": Block({name: _form(form) for name, form in new.fields.items()}),
        "basis": {"giver": _bare(new.giver), "receiver": receiver},
        "necessity": necessity,
    }
    shapes = {key.name: key.shape for key in ARTICLE.keys}
    for key, value in new.rest.items():
        if key not in shapes or key in said:
            raise unknown("articles", key, sorted(shapes.keys() - said.keys()))
        given = typed(value, shapes[key])
        said[key] = Block(given) if key == "wpg20" and isinstance(given, Mapping) else given
    return Block({key: said[key] for key in shapes if key in said})


def add_scenario(text: str, new: NewScenario) -> Edit:
    """Put a scenario after the last one; the first brings the list with it.

    Raises:
        EditRefused: there is a scenario of that name.
        CovenantErrors: the text is no document.
    """
    given: dict[str, Said] = {key: Bare(value) for key, value in new.given.items()}
    if new.without:
        given["without"] = _bare(new.without)
    said = Block(scenario=new.name, given=given)
    if new.sees:
        said["sees"] = {name: _form(form) for name, form in new.sees.items()}
    if new.never_sees:
        said["never_sees"] = tuple(Quoted(each) if each.endswith(".*") else Bare(each) for each in new.never_sees)
    if new.withheld:
        said["withheld"] = {name: Bare(reason) for name, reason in new.withheld.items()}
    source = Source(text)
    spot = locate(source, "scenarios")
    if spot.missing:
        return add_entry(source, spot, "scenarios", (dict(said),))
    if new.name in _names(spot):
        raise _twice("scenarios", new.name)
    return add_item(source, spot, said, len(_names(spot)) - 1)


def remove_article(text: str, number: str) -> Edit:
    """Take an article out, with the comments inside it.

    Raises:
        EditRefused: there is no article of that number.
        CovenantErrors: the text is no document.
    """
    source = Source(text)
    spot = _list(source, "articles")
    if number not in _names(spot):
        raise unknown("articles", number, _names(spot))
    return take(source, locate(source, f"articles.{number}"), f"articles.{number}")


def _there(source: Source, section: str, name: str) -> None:
    spot = locate(source, section)
    known = [key.text for key, _ in spot.part.entries] if isinstance(spot.part, Table) else []
    if name not in known:
        raise unknown(section, name, known)


def _fresh(source: Source, path: str, name: str, said: Said) -> Edit:
    """Add a key that is not there."""
    spot = locate(source, path)
    if spot.missing:
        return add_entry(source, spot, spot.missing[0], {name: said})
    if isinstance(spot.part, Table) and spot.part.position(name) is not None:
        raise _twice(path, name)
    return add_entry(source, spot, name, said)


def _list(source: Source, path: str) -> Spot:
    spot = locate(source, path)
    if spot.missing or not isinstance(spot.part, Listing):
        raise EditRefused(say("er is geen lijst `{path}`", "there is no list `{path}`", path=path))
    return spot


def _names(spot: Spot) -> list[str]:
    return [name_of(item) or "" for item in spot.part.items] if isinstance(spot.part, Listing) else []


def _twice(where: str, name: str) -> EditRefused:
    return EditRefused(say("`{where}` heeft al een `{name}`", "`{where}` has a `{name}` already", where=where, name=name))


def _order(number: str) -> tuple[tuple[int, int, str], ...]:
    """How article numbers follow each other: 8.4, 8.5, 8.10, 9.1."""
    parts = re.findall(r"\d+|\D+", number.replace(".", " ")) if number else []
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part.strip())


def _label(label: Label) -> dict[str, Said]:
    return {"nl": label.nl, "en": label.en}


def _bare(words: tuple[str, ...]) -> tuple[Bare, ...]:
    return tuple(map(Bare, words))


def _form(form: Form) -> Said:
    return {"bands": tuple(map(Quoted, form.bands))} if form.bands else Bare(str(form))
