"""What an entry can be found by: the rows of the query index, computed from the bodies and from nothing else.

The index is derived, so it proves nothing: `verify` computes it again and names what was hidden or added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from audit.entry import ACCESS, DECISION, FAILED, REFUSED, RELEASE, Actor, Core, Subject

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
    TRACE = "trace"
    OWN = "own"


# Plain strings: an entry has dozens of terms, and a database driver wants nothing else.
_TYPE, _REF, _OUTCOME, _PARTY, _PURPOSE, _FIELD, _ARTICLE, _COVENANT, _PROFESSIONAL, _SUBJECT, _CASE, _TRACE, _OWN = (
    kind.value for kind in Kind
)

#: terms that only the opened subject section can confirm
SEALED_KINDS = frozenset({Kind.SUBJECT.value, Kind.CASE.value})

#: what the party that asked is not shown as its own: a refused ask stands in the covenant's log where the case was there, and in the
#: house's where it was not, so that finding it, or its decision, would tell which
NOT_OWN = frozenset({DECISION, REFUSED, FAILED})
#: the types in which a party is shown who else is in what it asked; of every other, such as a recall, it is not told to whom it went
SHOWS_OTHERS = ACCESS | {RELEASE}


def terms_of(typ: str, ref: str | None, core: Core, actor: Actor | None, subject: Subject | None) -> frozenset[Term]:
    """Every term of one entry; `subject` None leaves out the kinds in `SEALED_KINDS`."""
    terms: set[Term] = {(_TYPE, typ)}
    terms.update([(_FIELD, field) for field in core.requested])
    terms.update([(_FIELD, field) for field, _ in core.released])
    terms.update([(_FIELD, field) for field, _ in core.withheld])
    terms.update([(_ARTICLE, article) for article in core.articles])
    terms.update([(_PARTY, holder) for holder in core.holders])
    if ref is not None:
        terms.add((_REF, ref))
    if core.outcome is not None:
        terms.add((_OUTCOME, core.outcome.value))
    if core.requester is not None:
        terms.add((_PARTY, core.requester))
    if core.purpose is not None:
        terms.add((_PURPOSE, core.purpose))
    terms.update((_PURPOSE, code) for situation in core.situations for name, code in situation if name == "purpose")
    if core.covenant is not None:
        terms.add((_COVENANT, covenant_term(core.covenant.id, core.covenant.version)))
    if core.trace_id is not None:
        terms.add((_TRACE, core.trace_id))
    terms.update([(_OWN, capacity) for capacity in _own(typ, core)])
    if actor is not None:
        terms.add((_PROFESSIONAL, actor.pseudonym))
        terms.add((_PARTY, actor.on_behalf_of))
    if subject is not None:
        terms.add((_SUBJECT, subject.pseudonym))
        terms.add((_CASE, subject.case_pseudonym))
    return frozenset(terms)


def as_requester(party: str) -> str:
    """How the index names what a party did or asked for itself, as far as it may read that."""
    return f"requester/{party}"


def as_holder(party: str) -> str:
    """How the index names what was given of a party's fields to another."""
    return f"holder/{party}"


def _own(typ: str, core: Core) -> Iterator[str]:
    """For which parties this entry is one of their own; a party stands here in one capacity at most."""
    if core.requester is not None and typ not in NOT_OWN:
        yield as_requester(core.requester)
    if typ == RELEASE:
        yield from (as_holder(holder) for holder in core.holders if holder != core.requester)


def pack_terms(terms: frozenset[Term]) -> str:
    """Terms as they wait in `audit_recent`: a JSON list of [kind, value], which both databases can take apart themselves.

    Codes hold nothing that JSON would escape, so it is written out: every append does this.
    """
    return "[" + ",".join([f'["{kind}","{value}"]' for kind, value in sorted(terms)]) + "]"


def unpack_terms(text: str) -> frozenset[Term]:
    """The inverse of `pack_terms`; what is no such list gives terms that no entry has."""
    try:
        return frozenset((str(kind), str(value)) for kind, value in json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return frozenset({("", text)})


def covenant_term(covenant: str, version: str) -> str:
    """How the index names one version of a covenant."""
    return f"{covenant}/{version}"
