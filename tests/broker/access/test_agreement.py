"""The decision point answers what an exchange decides: on real cases of the registry, and in the covenant's cells."""

from __future__ import annotations

from random import Random

import pytest

from broker.access.replaying import agrees
from broker.cases.state import Condition, ConditionKind
from broker.disclosure import CaseAsk
from broker.errors import RefusedAsk
from broker.replaying import Replaying, facts_of
from policies.covenant import Covenant
from policies.decide import Ask, decide
from policies.policy import Policy
from policies.vocabulary import PurposeId, RoleId
from tests.broker.access.agreeing import answered, decided, every_ask, told
from tests.broker.access.calling import decide as call_to_decide
from tests.broker.seams import TRACE, resident, staged
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


def policy_of(house: Theatre) -> Policy:
    (policy,) = house.broker.covenants.in_force().policies.values()
    return policy


def covenant_of(house: Theatre) -> Covenant:
    return policy_of(house).covenant


CASES = (
    ("consultation", "serious_nuisance", ()),
    ("triage", "serious_nuisance", ((ConditionKind.RESTRICTION, "subject"),)),
    ("plan", "serious_nuisance", ((ConditionKind.CONSENT, "11.1"), (ConditionKind.FIELD_VETO, "complaints.count_12m"))),
    ("escalated", "resident_concern", ((ConditionKind.PARTY_VETO, "police"), (ConditionKind.AGREEMENT, "10.3"))),
    ("aftercare", "serious_nuisance", ((ConditionKind.ADVICE, "10.4"), (ConditionKind.SECOND_EYES, "10.4"))),
)


@pytest.mark.parametrize("role", [DIRECTOR, SOCIAL_MANAGER, OFFICER, CASE_MANAGER])
@pytest.mark.parametrize(("phase", "case_type", "conditions"), CASES)
def test_what_an_exchange_decides_on_a_case_is_answered_to_the_facts_of_its_entry(
    shared_small_house: Theatre, role: RoleId, phase: str, case_type: str, conditions: tuple[tuple[ConditionKind, str], ...]
) -> None:
    house, fields = shared_small_house, tuple(covenant_of(shared_small_house).fields)
    held = frozenset(Condition(kind, resident(house), key) for kind, key in conditions)
    case, mark = staged(house, phase, case_type=case_type, conditions=held).id, house.mark()
    for purpose in covenant_of(house).purposes:
        try:
            house.broker.exchange.disclose(house.caller(role), CaseAsk(case, PurposeId(purpose), fields), TRACE)
        except RefusedAsk:
            continue
    decisions = house.entries("exchange.decision", after=mark)
    assert len(decisions) == len(covenant_of(house).purposes)
    for record in decisions:
        core = record.core
        assert core is not None
        there = dict(answered(house, role, told(facts_of(core.case_facts), PurposeId(core.purpose or ""), covenant_of(house)), fields))
        exchanged = dict(core.released) | dict(core.withheld)
        assert {field: said.partition(" ")[2] or said for field, said in there.items()} == exchanged


def test_a_sample_of_the_covenants_cells_is_answered_as_it_is_decided(shared_small_house: Theatre) -> None:
    house, policy = shared_small_house, policy_of(shared_small_house)
    fields = tuple(policy.covenant.fields)
    sample = Random(20260101).sample(list(every_ask(policy.covenant)), 12)  # noqa: S311 - a sample, the same one each time
    for role, purpose, facts in sample:
        there = dict(answered(house, role, told(facts, purpose, policy.covenant), fields))
        assert there == decided(decide(policy, Ask(role, purpose, fields), facts)), (role, purpose, facts)


def test_a_party_that_took_back_its_acceptance_takes_part_in_nothing_whatever_a_caller_says(small_house: Theatre) -> None:
    assert call_to_decide(small_house)["decision"] is True
    in_force = small_house.broker.covenants.in_force()
    standing = in_force.standing_parties
    in_force.standing_parties = lambda name: standing(name) - {"corporation"}  # type: ignore[method-assign]  # as if it had just left
    answer = call_to_decide(small_house)
    assert (answer["decision"], answer["context"]["reason"]) == (False, "holder_not_participant")
    record = small_house.entries("access.evaluation")[-1]
    assert record.core is not None
    assert ("participant", "corporation") not in record.core.situations[0]
    assert agrees(record, Replaying(small_house.broker.covenants.text))
    its_own = call_to_decide(small_house, SOCIAL_MANAGER, subject={"type": "role", "id": SOCIAL_MANAGER})
    assert (its_own["decision"], its_own["context"]["reason"]) == (False, "unknown_covenant")
    assert small_house.entries("access.evaluation")[-1].envelope.log.partition("/")[2].startswith("house/")


def test_the_decision_is_casbins(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policy_of(small_house)
    policy.forget()
    monkeypatch.setattr(policy._enforcer, "allows", lambda *_: False)
    answer = call_to_decide(small_house)
    assert (answer["decision"], answer["context"]["reason"]) == (False, "engine_failed")
    policy.forget()
