"""Setting one value and taking one out."""

from __future__ import annotations

from policies.document import Mistakes, read_document
from policies.editing.edit import Edit, EditRefused
from policies.editing.outcome import with_item, with_value, without
from policies.editing.paths import Spot, locate
from policies.editing.source import Listing, Source, Table
from policies.editing.splices import insert_entry, insert_item, read_again, remove_part, replace_part, spliced
from policies.editing.words import Bare, Said, said_of
from policies.errors import CovenantErrors
from policies.scalars import OneOf, Ref, Text, Word
from policies.shape import Many, MapOf, Record, Shape
from policies.wording import say


def set_value(text: str, path: str, value: str) -> Edit:
    """Give a path another value, or its first.

    Text is taken as it is typed, without regard to YAML. What is not text (a list, a form, a label) is typed as YAML, and a list of names
    may be typed with commas alone: `plan,escalated`.

    Raises:
        EditRefused: there is no such path, or the value cannot be written there.
        CovenantErrors: the text is no document.
    """
    source = Source(text)
    spot = locate(source, path)
    said = typed(value, spot.shape)
    if spot.shape is None and isinstance(spot.part, Listing) and not spot.missing and isinstance(said, str):
        said = tuple(Bare(each.strip()) for each in value.split(","))  # a list stays a list where only its own shape knows what it is
    return put(source, spot, said)


def new_version(edit: Edit, version: str) -> Edit:
    """The edited text as another version, which supersedes the one that it was; where it has that name already, as it is.

    Raises:
        EditRefused: the text has no version.
    """
    root = Source(edit.text).root.plain
    was = root.get("version") if isinstance(root, dict) else None
    if not isinstance(was, str):
        raise EditRefused(say("dit convenant noemt geen versie", "this covenant names no version"))
    if was == version:
        return edit
    text = set_value(edit.text, "version", version).text
    if not isinstance(root, dict) or root.get("supersedes") != was:
        text = set_value(text, "supersedes", was).text
    return Edit(text, edit.notes)


def put(source: Source, spot: Spot, said: Said) -> Edit:
    """Write a value at a spot.

    Raises:
        EditRefused: see `set_value`.
    """
    if spot.missing:
        for key in reversed(spot.missing[1:]):
            said = {key: said}
        return add_entry(source, spot, spot.missing[0], said)
    splice = replace_part(source, spot.holder, spot.steps[-1], said)
    if source.text[splice.start : splice.end] == splice.new:
        raise EditRefused(say("dat staat er al", "that is what it says already"))
    expected = with_value(spot.steps, source.root.plain, said)
    return Edit(read_again(source, spliced(source.text, splice), expected, source.line(splice.start)))


def add_entry(source: Source, spot: Spot, key: str, said: Said) -> Edit:
    """Put a new key in the map at a spot, where the language has it: after the key that comes before it on paper.

    Raises:
        EditRefused: a value stands there that is no map.
    """
    if not isinstance(spot.part, Table):
        raise EditRefused(say("`{key}` kan hier niet staan", "`{key}` cannot stand here", key=key))
    after = _before(spot.part, spot.around if spot.missing else spot.shape, key)
    splice = insert_entry(source, spot.part, key, said, after)
    expected = with_value((*spot.steps, key), source.root.plain, said)
    return Edit(read_again(source, spliced(source.text, splice), expected, source.line(splice.start)))


def _before(table: Table, shape: Shape[object] | None, key: str) -> int:
    if not isinstance(shape, Record):
        return len(table.entries) - 1
    order = [each.name for each in shape.keys]
    if key not in order:
        return len(table.entries) - 1
    earlier = set(order[: order.index(key)])
    return max((position for position, (word, _) in enumerate(table.entries) if word.text in earlier), default=-1)


def add_item(source: Source, spot: Spot, said: Said, after: int) -> Edit:
    """Put a new item in the list at a spot, after the item at a position.

    Raises:
        EditRefused: the list is laid out in a way that has no place for it.
    """
    if not isinstance(spot.part, Listing):
        raise EditRefused(say("hier staat geen lijst", "there is no list here"))
    splice = insert_item(source, spot.part, said, after)
    expected = with_item(spot.steps, source.root.plain, said, after)
    return Edit(read_again(source, spliced(source.text, splice), expected, source.line(splice.start)))


def typed(value: str, shape: Shape[object] | None) -> Said:
    """What somebody typed for a place with this shape.

    Raises:
        EditRefused: it was to be YAML and is none.
    """
    if isinstance(shape, Text):
        return value.strip()
    if value[:1] in {"{", "["}:
        return _yaml(value)
    if isinstance(shape, Many) and not (shape.lone and "," not in value):
        if isinstance(shape.each, Text):
            return (value.strip(),)
        if isinstance(shape.each, (Ref, OneOf, Word)) or "," in value:
            return tuple(Bare(each.strip()) for each in value.split(","))
    if isinstance(shape, (Record, MapOf, Many)):
        raise EditRefused(
            say(
                "`{value}` kan hier niet: verwacht {shape} tussen accolades of haken",
                "`{value}` cannot stand here: expected {shape} in braces or brackets",
                value=value,
                shape=shape.expected,
            )
        )
    return Bare(value.strip())


def _yaml(value: str) -> Said:
    mistakes = Mistakes("VALUE")
    try:
        node = read_document(value.encode(), mistakes)
        mistakes.end()
    except CovenantErrors as errors:
        first = errors.findings[0]
        raise EditRefused(say("de waarde is geen YAML: {why}", "the value is no YAML: {why}", why=first.message)) from None
    return said_of(node)


def unset(text: str, path: str) -> Edit:
    """Take out what stands at a path, with its key. Comments above it stay, and are named.

    Raises:
        EditRefused: nothing stands there.
        CovenantErrors: the text is no document.
    """
    source = Source(text)
    return take(source, locate(source, path), path)


def take(source: Source, spot: Spot, path: str) -> Edit:
    """Take out what stands at a spot.

    Raises:
        EditRefused: nothing stands there, or it cannot be taken out alone.
    """
    if spot.missing:
        raise EditRefused(say("`{path}` staat er niet", "`{path}` is not there", path=path))
    splice = remove_part(source, spot.holder, spot.steps[-1])
    expected = without(spot.steps, source.root.plain)
    edited = read_again(source, spliced(source.text, splice), expected, source.line(splice.start))
    above = source.line_start(max(splice.start - 1, 0))
    if source.text[splice.start - 1 : splice.start] == "\n" and source.text[above : splice.start].lstrip().startswith("#"):
        note = say(
            "het commentaar boven de plek (regel {line}) is blijven staan: kijk of het nog klopt",
            "the comment above the place (line {line}) was kept: see whether it still holds",
            line=source.line(above),
        )
        return Edit(edited, (note,))
    return Edit(edited)
