"""Judging again what the log says was judged at the decision point: the same covenant by its hash, the same situations, the same answers.

An evaluation that was refused before its fields were looked at depended on the caller's token, of which the log keeps no scope; it is not
judged again. A search is made again as a whole, so that a result which was left out shows as well.
"""

from __future__ import annotations

from audit.entry import ACCESS, EVALUATION, EVALUATIONS, Actor, Core
from audit.evaluations import Evaluation
from audit.records import Record
from broker.access.judging import Judge
from broker.access.recording import evaluation_of
from broker.access.searching import Page, Sought, matches
from broker.access.situations import situation_from
from broker.access.values import CATEGORY, FIELD, ROLE, Entity, Situation
from broker.replaying import NotReplayable, ReplayError, Replaying
from policies.vocabulary import FieldName, PartyId, RoleId


def agrees(record: Record, replaying: Replaying) -> bool:
    """Whether what is judged again is what the entry says, member for member.

    Raises:
        ReplayError: with the reason why it cannot be judged again.
    """
    core, actor = record.core, record.actor
    if core is None or actor is None:
        raise ReplayError(NotReplayable.SECTION_GONE)
    if record.envelope.typ not in ACCESS or core.covenant is None or not core.situations:
        raise ReplayError(NotReplayable.NOT_DECIDED)
    policy = replaying.policy(core.covenant.sha256, core.policy_sha256)
    # A party that no longer took part stands in no situation of the entry, and whose purposes the token named is past.
    judge = Judge(
        policy,
        PartyId(core.requester or ""),
        actor.pseudonym,
        RoleId(actor.role),
        frozenset(policy.covenant.parties),
        lambda _: True,
    )
    situations = tuple(situation_from(codes) for codes in core.situations)
    if record.envelope.typ in {EVALUATION, EVALUATIONS}:
        decided = [one for one in core.evaluations if one.reason is None]
        return all(one == _again(judge, one, situations) for one in decided)
    return core.evaluations == _found_again(judge, core, actor, situations)


def _again(judge: Judge, one: Evaluation, situations: tuple[Situation, ...]) -> Evaluation | None:
    if one.role is None or one.resource is None or one.situation is None:
        return None
    fields = _fields(judge, one.resource)
    return evaluation_of(judge.decide(RoleId(one.role), one.resource, fields, situations[one.situation]), situations) if fields else None


def _fields(judge: Judge, resource: str) -> tuple[FieldName, ...]:
    return judge.fields_of(Entity(FIELD if "." in resource else CATEGORY, resource))


def _found_again(judge: Judge, core: Core, actor: Actor, situations: tuple[Situation, ...]) -> tuple[Evaluation, ...]:
    """The same piece of the same search."""
    details, covenant = dict(core.details), judge.policy.covenant
    if "subject" in details:
        roles: tuple[RoleId, ...] = (RoleId(details["subject"]),)
    elif details.get("subject_type") == ROLE:
        roles = tuple(role for party in covenant.parties.values() for role in party.roles)
    else:
        roles = (RoleId(actor.role),)
    names = (details["resource"],) if "resource" in details else _all(judge, details.get("resource_type"))
    resources = tuple((name, fields) for name in names if (fields := _fields(judge, name)))
    every = matches(judge, Sought(roles, resources, situations[0]))
    page = Page(int(details["start"]), int(details["limit"]))
    return tuple(evaluation_of(one, situations) for one in every[page.start : page.start + page.limit])


def _all(judge: Judge, resource_type: str | None) -> tuple[str, ...]:
    return tuple(judge.policy.covenant.categories if resource_type == CATEGORY else judge.policy.covenant.fields)
