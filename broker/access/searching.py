"""Searching: which subjects, resources or actions would be permitted. Every evaluation there could be is judged; the permitted are kept.

A covenant has tens of roles and tens of fields, so there is nothing to index. Pages are pieces of one list in the covenant's own order; a
page token says how far it came, and names by a digest the search and the covenant that it belongs to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.cursor import search_digest
from audit.entry import SEARCH_ACTION, SEARCH_RESOURCE, SEARCH_SUBJECT
from audit.errors import CursorInvalid
from broker.access.judging import Judge
from broker.access.situations import BadContext
from broker.access.values import CATEGORY, FIELD, PROFESSIONAL, READ, ROLE, Entity, Question, Refused, Situation, Verdict
from policies.vocabulary import FieldName, RoleId

#: results in one page
PAGE_MAX = 200
SEARCHES = (SEARCH_SUBJECT, SEARCH_ACTION, SEARCH_RESOURCE)

_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Sought:
    """A search whose names are the covenant's own: `roles` and `fields` by resource that are tried against each other in one situation."""

    roles: tuple[RoleId, ...]
    resources: tuple[tuple[str, tuple[FieldName, ...]], ...]
    situation: Situation


@dataclass(frozen=True, slots=True)
class Page:
    """Which piece of the results: from `start`, at most `limit`."""

    start: int = 0
    limit: int = PAGE_MAX


class NotSought(Exception):  # noqa: N818 - what it is
    """There is nothing to search for: `refused` says why, `at` the places in the context that are wrong."""

    def __init__(self, refused: Refused, at: tuple[str, ...] = ()) -> None:
        super().__init__(refused.value)
        self.refused = refused
        self.at = at


def sought_of(judge: Judge, typ: str, question: Question) -> Sought:
    """What a search tries.

    Raises:
        NotSought: it names something that the covenant does not know, or a purpose that the token does not, so that nothing is found.
    """
    if typ != SEARCH_ACTION and question.action != READ:
        raise NotSought(Refused.UNKNOWN_ACTION)
    roles = tuple(_subjects(judge, question.subject)) if typ == SEARCH_SUBJECT else tuple(filter(None, [judge.role_of(question.subject)]))
    if not roles:
        raise NotSought(Refused.UNKNOWN_SUBJECT)
    wanted = _resources(judge, question.resource) if typ == SEARCH_RESOURCE else (question.resource,)
    resources = tuple((str(one.id), fields) for one in wanted if (fields := judge.fields_of(one)))
    if not resources:
        raise NotSought(Refused.UNKNOWN_RESOURCE)
    try:
        situation = judge.situation(question.context)
    except BadContext as bad:
        raise NotSought(Refused.BAD_CONTEXT, bad.at) from bad
    if not judge.may_use(situation.purpose):
        raise NotSought(Refused.PURPOSE_NOT_IN_SCOPE)
    return Sought(roles, resources, situation)


def matches(judge: Judge, sought: Sought) -> tuple[Verdict, ...]:
    """Everything that is permitted, in the covenant's own order."""
    tried = (judge.decide(role, name, fields, sought.situation) for role in sought.roles for name, fields in sought.resources)
    return tuple(verdict for verdict in tried if verdict.permitted)


def page_of(token: str | None, limit: int | None, digest: str) -> Page:
    """The page that a request means; a token keeps the limit that it began with.

    Raises:
        CursorInvalid: the token is of another search, or came with another limit than the search began with.
    """
    if not token:
        return Page(0, PAGE_MAX if limit is None else min(limit, PAGE_MAX))
    start, _, rest = token.partition(".")
    kept, _, known = rest.partition(".")
    if len(token) > _LENGTH_MAX or not (start.isdecimal() and kept.isdecimal() and start.isascii() and kept.isascii()) or known != digest:
        raise CursorInvalid("expected a token that a page of this search gave")
    page = Page(int(start), min(int(kept), PAGE_MAX))
    if limit is not None and min(limit, PAGE_MAX) != page.limit:
        raise CursorInvalid("expected the limit with which this search began")
    return page


def next_token(page: Page, total: int, digest: str) -> str:
    """What asks for the page after this one; empty after the last."""
    end = page.start + page.limit
    return f"{end}.{page.limit}.{digest}" if end < total else ""


def digest_of(typ: str, question: Question, policy_sha256: str) -> str:
    """What ties a token to its search and to what was in force when it began; in which order an object has its members says nothing."""
    subject, resource = question.subject, question.resource
    context = json.dumps(question.context, sort_keys=True)
    return search_digest(typ, policy_sha256, subject.type, subject.id, question.action, resource.type, resource.id, context)


def _subjects(judge: Judge, subject: Entity) -> Iterator[RoleId]:
    if subject.type == PROFESSIONAL:
        yield from filter(None, [judge.role_of(Entity(PROFESSIONAL, judge.professional))])
    elif subject.type == ROLE:
        yield from (role for party in judge.policy.covenant.parties.values() for role in party.roles)


def _resources(judge: Judge, resource: Entity) -> Iterable[Entity]:
    names: Iterable[str] = ()
    if resource.type == FIELD:
        names = judge.policy.covenant.fields
    elif resource.type == CATEGORY:
        names = judge.policy.covenant.categories
    return (Entity(resource.type, name) for name in names)
