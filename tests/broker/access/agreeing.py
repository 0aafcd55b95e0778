"""The same question put to both doors: what an exchange decides on a case, and what the decision point answers to the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from policies.covenant import Covenant, party_of
from policies.decide import Decision, Facts
from policies.vocabulary import FieldName, FormKind, PartyId, PurposeId, RoleId
from tests.broker.access.calling import EVALUATIONS, READ, answer
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

#: whose token a party calls with, whichever of its roles it asks about
CALLER: Mapping[PartyId, RoleId] = {MUNICIPALITY: DIRECTOR, CORPORATION: SOCIAL_MANAGER, POLICE: OFFICER, CARE: CASE_MANAGER}
#: evaluations in one call
MANY = 100


def told(facts: Facts, purpose: PurposeId, covenant: Covenant) -> dict[str, Any]:
    """The context in which a caller would tell these facts, with everything released and every obligation understood."""
    return {
        "covenant": COVENANT,
        "purpose": purpose,
        "case_type": facts.case_type,
        "phase": facts.phase,
        "subject_kind": facts.subject,
        "supported_obligations": ["custom"],
        "facts": {
            "participants": sorted(facts.participants),
            "identified": sorted(facts.identified),
            "consents": sorted(facts.consents),
            "agreements": sorted(facts.agreements),
            "second_eyes": sorted(facts.second_eyes),
            "advice": sorted(facts.advice),
            "hits": sorted(facts.hits),
            "released": sorted(covenant.fields),
            "vetoed_fields": sorted(facts.vetoed_fields),
            "vetoing_parties": sorted(facts.vetoing_parties),
            "restricted": facts.restricted,
        },
    }


def answered(house: Theatre, role: RoleId, context: Mapping[str, Any], fields: tuple[FieldName, ...]) -> Iterator[tuple[FieldName, str]]:
    """Each field with the form and article that the decision point permits, or with the reason why not."""
    for start in range(0, len(fields), MANY):
        some = fields[start : start + MANY]
        evaluations = [{"resource": {"type": "field", "id": field}} for field in some]
        body = {"subject": {"type": "role", "id": role}, "action": READ, "context": context, "evaluations": evaluations}
        for field, one in zip(some, answer(house, EVALUATIONS, body, CALLER[party_of(role)])["evaluations"], strict=True):
            context_told = one["context"]
            form = context_told.get("form", {})
            bands = f"({','.join(form['bands'])})" if form.get("kind") == FormKind.BANDS else ""
            yield field, f"{context_told['article']} {form['kind']}{bands}" if one["decision"] else context_told["reason"]


def decided(decision: Decision) -> dict[FieldName, str]:
    """The same of a decision."""
    given = {grant.field: f"{grant.article} {grant.form}" for grant in decision.granted}
    return given | {withheld.field: withheld.reason.value for withheld in decision.withheld}


def every_ask(covenant: Covenant) -> Iterator[tuple[RoleId, PurposeId, Facts]]:
    """Every role, purpose and sort of case of a covenant, in the most favourable circumstances."""
    parties, articles = frozenset(covenant.parties), frozenset(article.id for article in covenant.articles)
    roles = [role for party in covenant.parties.values() for role in party.roles]
    situations = [(name, phase) for name, described in covenant.case_types.items() for phase in described.ladder]
    for role, purpose, (case_type, phase), subject in product(roles, covenant.purposes, situations, covenant.subjects):
        yield role, purpose, Facts(case_type, phase, subject, parties, parties, articles, articles, articles, articles, parties)
