"""A decision is replayed from the log alone: its covenant by hash, its ask, its facts. The same comes out, bit for bit.

Nothing of the registry is used: the covenant's text is read by the hash in the entry, compiled anew, and decided on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.entry import Core
from audit.records import Record
from broker.cases.state import CaseState, Condition, ConditionKind, facts
from broker.disclosure import CaseAsk
from broker.errors import RefusedAsk
from broker.records import replay_facts
from policies.compile import Policy, compile_covenant
from policies.decide import Ask, Decision, Facts, decide
from policies.load import load_covenant
from policies.vocabulary import FieldName, PartyId, PurposeId, RoleId
from tests.broker.cases import drawing
from tests.broker.seams import TRACE, Bench, once, resident, staged
from tests.stage import DIRECTOR, OFFICER, Theatre


@cache
def policy_of(text: bytes) -> Policy:
    return compile_covenant(load_covenant(text))


def facts_of(core: Core) -> Facts:
    """The facts of an entry, read as an auditor would who only knows the names."""

    def one(name: str) -> str:
        (value,) = (code for key, code in core.case_facts if key == name)
        return value

    def many(name: str) -> frozenset[str]:
        return frozenset(code for key, code in core.case_facts if key == name)

    return Facts(
        case_type=one("case_type"),
        phase=one("phase"),
        subject=one("subject"),
        participants=many("participant"),
        identified=many("identified"),
        consents=many("consent"),
        agreements=many("agreement"),
        second_eyes=many("second_eyes"),
        advice=many("advice"),
        hits=many("hit"),
        vetoed_fields=many("vetoed_field"),
        vetoing_parties=many("vetoing_party"),
        restricted=one("restricted") == "true",
    )


def replayed(house: Theatre, record: Record) -> Decision:
    core = record.core
    policy = policy_of(house.broker.covenants.text(core.covenant.sha256))
    assert (policy.covenant_sha256, policy.sha256) == (core.covenant.sha256, core.policy_sha256)
    assert (policy.covenant.id, policy.covenant.version) == (core.covenant.id, core.covenant.version)
    return decide(policy, Ask(RoleId(record.actor.role), PurposeId(core.purpose), core.requested), facts_of(core))


def check_decision(house: Theatre, record: Record) -> None:
    """What the log says was decided is what is decided again."""
    again, core = replayed(house, record), record.core
    assert core.released == tuple((grant.field, str(grant.form)) for grant in again.granted)
    assert core.withheld == tuple((withheld.field, withheld.reason.value) for withheld in again.withheld)
    assert core.articles == tuple(sorted({grant.article for grant in again.granted}))
    assert core.holders == tuple(sorted({grant.holder for grant in again.granted}))
    assert core.legal_bases == tuple(sorted({basis for grant in again.granted for basis in (*grant.giver, *grant.receiver)}))
    assert core.outcome.value == ("deny" if core.reasons else again.outcome)


def check_release(house: Theatre, record: Record) -> None:
    """What was released was granted, in that form, on the facts that the release itself names."""
    granted = {grant.field: str(grant.form) for grant in replayed(house, record).granted}
    for field, form in record.core.released:
        assert granted[field] == form


def check_all(house: Theatre, records: Sequence[Record]) -> int:
    decided = [record for record in records if record.envelope.typ == "exchange.decision" and record.core.case_facts]
    for record in decided:
        check_decision(house, record)
    for record in records:
        if record.envelope.typ == "exchange.release":
            check_release(house, record)
    return len(decided)


PARTIES = ("municipality", "corporation", "police", "care")
ARTICLES = ("8.9", "8.10", "9.11", "9.12", "9.13", "9.15", "10.3", "10.4", "11.1", "11.2", "11.5")
FIELDS = ("complaints.count_12m", "incidents.count_12m", "care_contact.contact", "person.address", "identity.address")
KEYS = {
    ConditionKind.IDENTIFIED: PARTIES,
    ConditionKind.HIT: PARTIES,
    ConditionKind.MISMATCH: PARTIES,
    ConditionKind.CONSENT: ARTICLES,
    ConditionKind.AGREEMENT: ARTICLES,
    ConditionKind.SECOND_EYES: ARTICLES,
    ConditionKind.ADVICE: ARTICLES,
    ConditionKind.FIELD_VETO: FIELDS,
    ConditionKind.PARTY_VETO: PARTIES,
    ConditionKind.RESTRICTION: ("subject",),
}
CONDITIONS = st.frozensets(
    st.sampled_from([(kind, key) for kind, keys in KEYS.items() if kind is not ConditionKind.RESTRICTION for key in keys]), max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    case_type=st.sampled_from(["serious_nuisance", "resident_concern", "unsafe_premises"]),
    phase=st.sampled_from(["triage", "consultation", "plan", "escalated", "aftercare"]),
    present=st.frozensets(st.sampled_from(PARTIES), min_size=1),
    conditions=CONDITIONS,
    restricted=st.integers(0, 5).map(lambda number: number == 0),
)
def test_any_decision_of_any_case_is_made_again_from_its_entry(
    playhouse: Theatre,
    bench: Bench,
    data: st.DataObject,
    case_type: str,
    phase: str,
    present: frozenset[str],
    conditions: frozenset[tuple[ConditionKind, str]],
    restricted: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    subject, before = resident(playhouse), playhouse.mark()
    held = {Condition(kind, subject, key) for kind, key in conditions}
    if restricted:
        held.add(Condition(ConditionKind.RESTRICTION, subject, "subject"))
    parties = frozenset(map(PartyId, present))
    case = staged(playhouse, phase, case_type=case_type, participants=parties, conditions=frozenset(held)).id
    covenant = policy_of(playhouse.broker.covenants.text(playhouse.stage.sha256)).covenant
    for party in sorted(present):
        role = data.draw(st.sampled_from(sorted(covenant.parties[party].roles)))
        purpose = data.draw(st.sampled_from(sorted(covenant.purposes)))
        fields = data.draw(st.lists(st.sampled_from(sorted(covenant.fields)), min_size=1, max_size=80, unique=True))
        try:
            bench.exchange.disclose(playhouse.caller(role), CaseAsk(case, PurposeId(purpose), tuple(fields)), TRACE)
        except RefusedAsk:
            continue
    records = playhouse.entries(after=before)
    assert check_all(playhouse, records) == len(present)


@settings(deadline=None)
@given(drawing.states)
def test_the_facts_of_any_case_are_read_back_from_an_entry_as_they_were(state: CaseState) -> None:
    codes = frozenset(one for one in state.conditions if " " not in one.key)  # only first eyes have a name in their key, and no fact
    for subject, _ in state.subjects:
        known = facts(replace(state, conditions=codes), subject)
        assert facts_of(Core(case_facts=replay_facts(known))) == known


def test_a_refusal_for_what_is_outside_the_covenant_is_replayed_as_well(playhouse: Theatre, bench: Bench) -> None:
    case, before = staged(playhouse).id, playhouse.mark()
    for strict in (False, True):
        fields = ("support.kind", "complaints.kind") if strict else ("support.kind",)
        ask = CaseAsk(case, PurposeId("end_nuisance"), tuple(map(FieldName, fields)), strict=strict)
        with pytest.raises(RefusedAsk):
            bench.exchange.disclose(playhouse.caller(DIRECTOR), ask, TRACE)
    assert check_all(playhouse, playhouse.entries(after=before)) == 2


def test_a_release_that_was_decided_again_is_replayed_on_its_own_facts(playhouse: Theatre, bench: Bench) -> None:
    case, before = staged(playhouse).id, playhouse.mark()
    playhouse.contribute(OFFICER, case, incidents__count_12m=7)
    bench.log.before = once("exchange.release", lambda: playhouse.post(OFFICER, f"/v1/cases/{case}/vetoes", {"fields": []}))
    fields = tuple(map(FieldName, ("incidents.count_12m", "complaints.count_12m")))
    bench.exchange.disclose(playhouse.caller(DIRECTOR), CaseAsk(case, PurposeId("end_nuisance"), fields), TRACE)
    decision, release = playhouse.entries("exchange.decision", "exchange.release", after=before)
    assert check_all(playhouse, [decision, release]) == 1
    assert {grant.field for grant in replayed(playhouse, decision).granted} == set(fields)
    assert {grant.field for grant in replayed(playhouse, release).granted} == {"complaints.count_12m"}


def test_an_entry_says_which_software_and_which_covenant_decided_and_that_it_goes_with_the_years_of_the_log(
    playhouse: Theatre, bench: Bench
) -> None:
    case, before = staged(playhouse).id, playhouse.mark()
    ask = CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.kind"),))
    bench.exchange.disclose(playhouse.caller(DIRECTOR), ask, TRACE)
    for record in playhouse.entries(after=before):
        assert record.core.software.startswith("covenant-broker/")
        assert record.core.covenant.sha256 == playhouse.stage.sha256
        assert record.core.retention == "log"
