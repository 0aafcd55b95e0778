"""The ways to change a text by replacing a span, and reading it again afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from policies.editing.edit import EditRefused, by_hand
from policies.editing.source import Listing, Part, Plain, Source, Table, Word
from policies.editing.words import Said, entry, inline, item, word
from policies.errors import CovenantErrors
from policies.wording import say


@dataclass(frozen=True, slots=True)
class Splice:
    """What stands from `start` up to `end` becomes `new`."""

    start: int
    end: int
    new: str


def spliced(text: str, *splices: Splice) -> str:
    """The text with each span replaced; spans do not overlap."""
    for splice in sorted(splices, key=lambda splice: splice.start, reverse=True):
        text = text[: splice.start] + splice.new + text[splice.end :]
    return text


def read_again(source: Source, text: str, expected: Plain, line: int) -> str:
    """The edited text, once it is certain that it says what it said with one difference.

    Raises:
        EditRefused: it says something else.
    """
    # INVARIANT: no edit leaves this package whose text was not read again. A layout that nobody thought of is refused, never damaged.
    try:
        found = Source(text).root.plain
    except CovenantErrors:
        raise by_hand(line) from None
    if found != expected or source.text == text:
        raise by_hand(line)
    return text


def replace_part(source: Source, holder: Part, step: str | int, value: Said) -> Splice:
    """Write another value where a value stands.

    Raises:
        EditRefused: comments stand inside what would go.
    """
    before, part, flow = _beside(source, holder, step)
    if isinstance(part, Word):
        # An empty value has no span of its own; a quoted one keeps its quotes.
        written = word(value, style=part.style, flow=flow) if isinstance(value, str) else inline(value, flow=flow)
        return Splice(part.start, part.end, written if part.end > part.start else f" {written}")
    if source.comment_within(before, part.end):
        raise EditRefused(
            say(
                "bij `{step}` (regel {line}) staat commentaar dat verloren zou gaan: wijzig de delen apart, of doe het met de hand",
                "`{step}` (line {line}) holds comments, which would be lost: change its parts one by one, or do it by hand",
                step=step,
                line=source.line(before),
            )
        )
    return Splice(part.start if part.flow else before, part.end, inline(value, flow=flow) if part.flow else f" {inline(value, flow=flow)}")


def _beside(source: Source, holder: Part, step: str | int) -> tuple[int, Part, bool]:
    """Where a value's own span may begin, the value, and whether it stands in brackets."""
    if isinstance(holder, Table) and (position := holder.position(str(step))) is not None:
        key, value = holder.entries[position]
        return source.text.index(":", key.end) + 1, value, holder.flow
    if isinstance(holder, Listing) and isinstance(step, int):
        return holder.items[step].start, holder.items[step], holder.flow
    raise TypeError(f"expected `{step}` in a list or a map")


def insert_entry(source: Source, table: Table, key: str, value: Said, after: int) -> Splice:
    """Put a key after the entry at a position, or first where that is -1."""
    if table.flow:
        written = f"{word(key)}: {inline(value)}"
        if not table.entries:
            return Splice(table.start + 1, table.start + 1, written)
        if after < 0:
            return Splice(table.entries[0][0].start, table.entries[0][0].start, f"{written}, ")
        return Splice(table.entries[after][1].end, table.entries[after][1].end, f", {written}")
    first = table.entries[0][0].start
    indent = first - source.line_start(first)
    written = entry(key, value, indent, source.newline)
    if after < 0:
        return Splice(first, first, written + source.newline + " " * indent)
    at = source.line_end(_last(table.entries[after]))
    return Splice(at, at, source.newline + " " * indent + written)


def _last(pair: tuple[Word, Part]) -> int:
    """The last character of an entry; of a key without a value, its colon."""
    return max(pair[0].end, pair[1].end)


def insert_item(source: Source, listing: Listing, value: Said, after: int) -> Splice:
    """Put an item after the one at a position, or first where that is -1, with an empty line between where its neighbours have one."""
    if listing.flow:
        written = inline(value)
        if not listing.items:
            return Splice(listing.start + 1, listing.start + 1, written)
        if after < 0:
            return Splice(listing.items[0].start, listing.items[0].start, f"{written}, ")
        return Splice(listing.items[after].end, listing.items[after].end, f", {written}")
    dash, lead = _dash(source, listing.items[max(after, 0)])
    margin = " " * (dash - source.line_start(dash))
    written = lead + item(value, len(margin) + len(lead), source.newline)
    if after < 0:
        return Splice(dash, dash, written + source.newline + margin)
    at = source.line_end(listing.items[after].end)
    between = source.newline if _spaced(source, listing) else ""
    return Splice(at, at, between + source.newline + margin + written)


def _dash(source: Source, part: Part) -> tuple[int, str]:
    """Where the dash of an item is, and the dash with the spaces after it."""
    before = source.text[source.line_start(part.start) : part.start]
    lead = before.lstrip(" ")
    if lead.rstrip(" ") != "-":
        raise by_hand(source.line(part.start))
    return part.start - len(lead), lead


def _spaced(source: Source, listing: Listing) -> bool:
    """Whether the items of a list have an empty line between them."""
    if len(listing.items) < 2:  # noqa: PLR2004 - between needs two
        return False
    before = source.line_start(listing.items[1].start)
    return not source.text[source.line_start(before - 1) : before].strip()


def remove_part(source: Source, holder: Part, step: str | int) -> Splice:
    """Take out a key with its value, or an item of a list. Without brackets whole lines go, with the comment that ends them."""
    if isinstance(holder, Table) and (position := holder.position(str(step))) is not None:
        spans = [(key.start, _last((key, value))) for key, value in holder.entries]
    elif isinstance(holder, Listing) and isinstance(step, int):
        position = step
        spans = [(part.start if holder.flow else _dash(source, part)[0], part.end) for part in holder.items]
    else:
        raise TypeError(f"expected `{step}` in a list or a map")
    if holder.flow:
        return _remove_between(source, spans, position)
    start, end = spans[position]
    begin = source.line_start(start)
    if source.text[begin:start].strip():  # the first key of an item shares its line with the dash: the next key takes its place
        if position + 1 == len(spans) or source.comment_within(start, spans[position + 1][0]):
            raise by_hand(source.line(start))
        return Splice(start, spans[position + 1][0], "")
    after = source.line_end(end)
    return Splice(begin, min(len(source.text), after + len(source.newline)), "")


def _remove_between(source: Source, spans: list[tuple[int, int]], position: int) -> Splice:
    start, end = spans[position]
    if position + 1 < len(spans):
        return Splice(start, spans[position + 1][0], "")
    if position == 0 or source.comment_within(spans[position - 1][1], start):
        return Splice(start, end, "")
    return Splice(spans[position - 1][1], end, "")
