"""Judging one evaluation: first whether it is one that this caller may have decided, then `policies.decide`, field by field.

The covenant is public and the facts are the caller's own, so an answer tells nobody anything that it did not know or say itself. What is
refused all the same is what is none of the caller's business: a party asks for its own roles, and about the fields that it holds itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from broker.access.situations import BadContext, situation_of
from broker.access.values import (
    CATEGORY,
    FIELD,
    FORM_NOT_UNDERSTOOD,
    PROFESSIONAL,
    READ,
    ROLE,
    Entity,
    Question,
    Refused,
    Situation,
    Verdict,
)
from policies.covenant import party_of
from policies.decide import Ask, decide
from policies.policy import Policy
from policies.vocabulary import FULL, Delivery, FieldName, PartyId, PurposeId, Reason, RoleId


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges for one caller under one covenant; pure. `standing`: whose acceptance stands; `may_use`: the purposes of the token."""

    policy: Policy
    party: PartyId
    professional: str
    own_role: RoleId
    standing: frozenset[PartyId]
    may_use: Callable[[PurposeId], bool]

    def judge(self, question: Question) -> Verdict:
        """Judge one evaluation."""
        if question.action != READ:
            return Verdict(refused=Refused.UNKNOWN_ACTION)
        role, fields = self.role_of(question.subject), self.fields_of(question.resource)
        if role is None:
            return Verdict(refused=Refused.UNKNOWN_SUBJECT)
        if not fields:
            return Verdict(role, refused=Refused.UNKNOWN_RESOURCE)
        resource = _named(fields, question.resource)
        try:
            situation = self.situation(question.context)
        except BadContext as bad:
            return Verdict(role, resource, refused=Refused.BAD_CONTEXT, expected=bad.at)
        return self.decide(role, resource, fields, situation)

    def decide(self, role: RoleId, resource: str, fields: tuple[FieldName, ...], situation: Situation) -> Verdict:
        """Decide on fields of the covenant, for a role of the covenant."""
        verdict = Verdict(role, resource, situation)
        holders = {self.policy.covenant.fields[field].holder for field in fields}
        if party_of(role) != self.party and holders != {self.party}:
            return replace(verdict, refused=Refused.NOT_YOURS)
        if not self.may_use(situation.purpose):
            return replace(verdict, refused=Refused.PURPOSE_NOT_IN_SCOPE)
        decision = decide(self.policy, Ask(role, situation.purpose, fields), situation.facts)
        withheld = {one.field: one.reason.value for one in decision.withheld}
        for grant in decision.granted:
            if grant.delivery is Delivery.RELEASED_BY_HOLDER and grant.field not in situation.released:
                # Until somebody at the holder has released a field for the case it is as if there were nothing, as in an exchange.
                withheld[grant.field] = Reason.NOTHING_THERE.value
            elif grant.form != FULL and not situation.reduces:
                withheld[grant.field] = FORM_NOT_UNDERSTOOD
        return replace(
            verdict,
            given=tuple(grant for grant in decision.granted if grant.field not in withheld),
            withheld=tuple((field, withheld[field]) for field in fields if field in withheld),
            forms=tuple(grant for grant in decision.granted if withheld.get(grant.field) == FORM_NOT_UNDERSTOOD),
        )

    def situation(self, context: Mapping[str, object]) -> Situation:
        """The situation that a context describes.

        Raises:
            BadContext: see `situation_of`.
        """
        return situation_of(context, self.policy.covenant, self.standing)

    def role_of(self, subject: Entity) -> RoleId | None:
        """The role that asks: one of the covenant's, or that of the professional for whom this very call is made; of nobody else."""
        if subject.type == PROFESSIONAL and subject.id == self.professional:
            return self.own_role if self.policy.covenant.role(self.own_role) is not None else None
        roles = (role for party in self.policy.covenant.parties.values() for role in party.roles)
        return next((role for role in roles if subject.type == ROLE and role == subject.id), None)

    def fields_of(self, resource: Entity) -> tuple[FieldName, ...]:
        """The fields that a resource is: itself, or those of a category; none where the covenant does not know it."""
        covenant = self.policy.covenant
        if resource.type == CATEGORY:
            return tuple(field for field in covenant.fields if field.partition(".")[0] == resource.id)
        return tuple(field for field in covenant.fields if resource.type == FIELD and field == resource.id)


def _named(fields: tuple[FieldName, ...], resource: Entity) -> str:
    """The covenant's own name of a resource."""
    return fields[0].partition(".")[0] if resource.type == CATEGORY else str(fields[0])
