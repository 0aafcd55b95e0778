"""Cases and events that Hypothesis makes up: everything that a state can hold, about few enough names that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

from broker.cases.state import CLOSING, CaseState, Condition, ConditionKind, Event, EventKind, Proposal

PARTIES = ("municipality", "corporation", "police", "care")
PHASES = ("triage", "consultation", "plan", "escalated", "aftercare", "closed")
SUBJECTS = ("s1", "s2")
KEYS = (*PARTIES, "11.1", "8.10", "8.10 p1", "8.10 p2", "incidents.count_12m", "subject")

parties = st.sampled_from(PARTIES)
phases = st.sampled_from(PHASES)
moments = st.integers(0, 2**45)
conditions = st.builds(Condition, st.sampled_from(ConditionKind), st.sampled_from(SUBJECTS), st.sampled_from(KEYS))
of_one_side = st.booleans().flatmap(
    lambda closing: st.lists(conditions.filter(lambda one: (one.kind in CLOSING) is closing), min_size=1, max_size=3).map(tuple)
)
reasons = st.sampled_from(["", "resolved", "overdue", "0190a5d0-ac96-774b-bcce-b302099a8057"])

#: events of every kind that hold what their kind needs
events = st.one_of(
    st.builds(Event, st.sampled_from([EventKind.INVITED, EventKind.JOINED, EventKind.LEFT, EventKind.AGREED]), party=parties),
    st.builds(Event, st.sampled_from([EventKind.SET, EventKind.LIFTED]), party=parties, conditions=of_one_side),
    st.builds(
        Event,
        st.just(EventKind.PROPOSED),
        party=st.none() | parties,
        phase=phases,
        reason=reasons.map(lambda one: one or None),
        at_ms=moments,
    ),
    st.builds(
        Event, st.just(EventKind.MOVED), party=st.none() | parties, phase=phases, reason=reasons.map(lambda one: one or None), at_ms=moments
    ),
    st.builds(Event, st.just(EventKind.CLOSED), party=parties, phase=st.just("closed"), reason=st.just("resolved"), at_ms=moments),
    st.builds(
        Event, st.just(EventKind.WITHDRAWN), party=parties, fields=st.just(("incidents.count_12m",)), subject=st.sampled_from(SUBJECTS)
    ),
)

proposals = st.builds(Proposal, phases, reasons, st.frozensets(parties), moments)
states = st.builds(
    CaseState,
    id=st.just("0190a5d0-ac96-774b-bcce-b302099a8057"),
    covenant=st.just("waterstad-noord"),
    case_type=st.sampled_from(["serious_nuisance", "resident_concern"]),
    phase=phases,
    phase_since_ms=moments,
    subjects=st.sampled_from([(("s1", "tenant"),), (("s1", "tenant"), ("s2", "household_adult"))]),
    invited=st.frozensets(parties),
    participants=st.frozensets(parties, min_size=1),
    conditions=st.frozensets(conditions, max_size=10),
    proposal=st.none() | proposals,
    closed_for=st.none() | st.just("resolved"),
)
