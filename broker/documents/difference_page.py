"""A difference as a document, for Markdown and for a page: two tables per effect, one of fields and one of terms."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.difference import FieldLine, Said, TermLine
from broker.documents.difference_words import EFFECT
from broker.documents.page_parts import Block, Code, Document, Notice, Section, Strong, Table, Terms, Words, joined, tell
from broker.documents.wording import seal_of
from policies.diff import Effect
from policies.policy import Policy
from policies.values import Label


def difference_page(said: Said) -> Document:
    """The document; its words are in the one language of `said`, so print it in that one."""
    diff = said.diff
    lead: tuple[Block, ...] = (
        Terms(((Label("Van", "From"), _version(diff.old)), (Label("Naar", "To"), _version(diff.new)))),
        Notice(Strong(said.verdict)),
    )
    return Document(
        title=Label("Wat deze wijziging doet", "What this change does"),
        subtitle=diff.new.covenant.title,
        seal=seal_of(diff.new.covenant),
        sections=tuple(_sections(said)),
        lead=lead,
        contents=False,
        seal_last=True,
    )


def _version(policy: Policy) -> Words:
    covenant = policy.covenant
    hashed = Code(policy.covenant_sha256)
    words = "{id} {version}, sha256 {hash}"
    return tell(words, words, id=covenant.id, version=covenant.version, hash=hashed)


def _sections(said: Said) -> Iterator[Section]:
    for effect in Effect:
        fields, terms = said.of(effect)
        blocks: list[Block] = []
        if fields:
            blocks.append(_field_table(fields))
        if terms:
            blocks.append(_term_table(terms))
        if blocks:
            yield Section(EFFECT[effect], tuple(blocks))


def _field_table(lines: tuple[FieldLine, ...]) -> Table:
    columns = (
        Label("Wie", "Who"),
        Label("Wat", "What"),
        Label("Waarvoor, waarin, over wie", "For what, in what, about whom"),
        Label("Was", "Was"),
        Label("Wordt", "Becomes"),
    )
    rows = tuple((joined((Strong(line.who), line.what)), "; ".join(line.fields), line.where, line.before, line.after) for line in lines)
    return Table(Label("Wie wat mag zien", "Who may see what"), columns, rows)


def _term_table(lines: tuple[TermLine, ...]) -> Table:
    columns = (Label("Afspraak", "Term"), Label("Waarvan", "Of what"), Label("Wijziging", "Change"))
    rows = tuple((Strong(line.term), line.of, line.change) for line in lines)
    return Table(Label("De afspraken daaromheen", "The terms around it"), columns, rows)
