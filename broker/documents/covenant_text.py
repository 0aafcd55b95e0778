"""The covenant as a document, in the order of a paper covenant; everything that is signed stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import ascii_uppercase

from broker.documents.covenant_text_annexes import scenarios, signatures
from broker.documents.covenant_text_articles import articles
from broker.documents.covenant_text_cases import case_types
from broker.documents.covenant_text_data import dictionary
from broker.documents.covenant_text_grounds import legal_bases, purposes
from broker.documents.covenant_text_handovers import handovers
from broker.documents.covenant_text_limits import emergency, never
from broker.documents.covenant_text_parties import definitions, particulars, parties, reading_guide
from broker.documents.covenant_text_running import log, operator, partnership
from broker.documents.covenant_text_signals import insight, signals
from broker.documents.covenant_text_terms import breach, inform, retention, rights, withdrawal
from broker.documents.page_parts import Document, Seal, Section, tell
from broker.documents.wording import seal_of
from policies.covenant import Covenant, Label

#: chapters in the order of a paper covenant; they have letters, because the numbers are the articles' own
CHAPTERS = (
    parties,
    partnership,
    definitions,
    purposes,
    legal_bases,
    case_types,
    dictionary,
    articles,
    handovers,
    never,
    emergency,
    signals,
    insight,
    retention,
    rights,
    inform,
    breach,
    operator,
    log,
    withdrawal,
)


def covenant_text(covenant: Covenant) -> Document:
    """The whole covenant as a document for people."""
    return text_under(seal_of(covenant), covenant)


def text_under(seal: Seal, covenant: Covenant) -> Document:
    """The same, under a seal that is known already."""
    return Document(
        title=covenant.title,
        subtitle=Label("De tekst van het convenant", "The text of the covenant"),
        seal=seal,
        lead=(particulars(covenant), reading_guide()),
        sections=(*_lettered(chapter(covenant) for chapter in CHAPTERS), scenarios(covenant), signatures(covenant, seal)),
    )


def _lettered(sections: Iterable[Section]) -> Iterator[Section]:
    for letter, section in zip(ascii_uppercase, sections, strict=False):
        yield replace(section, heading=tell("{letter}. {heading}", "{letter}. {heading}", letter=letter, heading=section.heading))
