"""What an entry can be found by: the rows of the query index, computed from the bodies and from nothing else.

The index is derived, so it proves nothing: `verify` computes it again and names what was hidden or added.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from audit.entry import Actor, Core, Subject

#: (kind, value)
Term: TypeAlias = tuple[str, str]


class Kind(StrEnum):
    """What a term says about its entry."""

    TYPE = "type"
    REF = "ref"
    OUTCOME = "outcome"
    PARTY = "party"
    PURPOSE = "purpose"
    FIELD = "field"
    ARTICLE = "article"
    COVENANT = "covenant"
    PROFESSIONAL = "professional"
    SUBJECT = "subject"
    CASE = "case"


#: terms that only the opened subject section can confirm
SEALED_KINDS = frozenset({Kind.SUBJECT.value, Kind.CASE.value})


def terms_of(typ: str, ref: str | None, core: Core, actor: Actor | None, subject: Subject | None) -> frozenset[Term]:
    """Every term of one entry; `subject` None leaves out the kinds in `SEALED_KINDS`."""
    terms: set[Term] = {(Kind.TYPE.value, typ)}
    terms.update((Kind.FIELD.value, field) for field in core.requested)
    terms.update((Kind.FIELD.value, field) for field, _ in core.released)
    terms.update((Kind.FIELD.value, field) for field, _ in core.withheld)
    terms.update((Kind.ARTICLE.value, article) for article in core.articles)
    terms.update((Kind.PARTY.value, holder) for holder in core.holders)
    if ref is not None:
        terms.add((Kind.REF.value, ref))
    if core.outcome is not None:
        terms.add((Kind.OUTCOME.value, core.outcome.value))
    if core.requester is not None:
        terms.add((Kind.PARTY.value, core.requester))
    if core.purpose is not None:
        terms.add((Kind.PURPOSE.value, core.purpose))
    if core.covenant is not None:
        terms.add((Kind.COVENANT.value, covenant_term(core.covenant.id, core.covenant.version)))
    if actor is not None:
        terms.add((Kind.PROFESSIONAL.value, actor.pseudonym))
        terms.add((Kind.PARTY.value, actor.on_behalf_of))
    if subject is not None:
        terms.add((Kind.SUBJECT.value, subject.pseudonym))
        terms.add((Kind.CASE.value, subject.case_pseudonym))
    return frozenset(terms)


def covenant_term(covenant: str, version: str) -> str:
    """How the index names one version of a covenant."""
    return f"{covenant}/{version}"
