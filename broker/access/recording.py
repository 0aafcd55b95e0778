"""What the log keeps of a call at the decision point: one entry, in codes, from which the same can be decided again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit.codes import Pair, sorted_pairs
from audit.entry import Core, Covenant, Outcome
from audit.evaluations import Evaluation
from broker.access.situations import codes_of
from broker.access.values import Situation, Verdict
from broker.records import SOFTWARE
from broker.trace import Trace
from policies.policy import Policy
from policies.vocabulary import PartyId


def core_of(
    party: PartyId,
    trace: Trace,
    policy: Policy | None,
    verdicts: Sequence[Verdict],
    *,
    sought: Situation | None = None,
    details: Iterable[Pair] = (),
    reasons: tuple[str, ...] = (),
) -> Core:
    """The core of the entry. Beside each evaluation stand the sums that the log is searched by: fields, forms, articles, holders, grounds.

    `sought` is the situation of a search, which is on record also where nothing was found.
    """
    covenant = None if policy is None else policy.covenant
    used = [one for one in (sought, *(verdict.situation for verdict in verdicts)) if one is not None]
    situations = tuple(dict.fromkeys(used))
    grants = [grant for verdict in verdicts for grant in verdict.given]
    withheld = [field for verdict in verdicts for field, _ in verdict.withheld]
    released = tuple(dict.fromkeys((str(grant.field), str(grant.form)) for grant in grants))
    purposes = {situation.purpose for situation in situations}
    purpose = next(iter(purposes)) if len(purposes) == 1 else None
    return Core(
        outcome=_outcome(verdicts),
        reasons=reasons,
        articles=tuple(sorted({grant.article for grant in grants})),
        requester=party,
        holders=tuple(sorted({grant.holder for grant in grants})),
        purpose=purpose,
        legal_bases=tuple(sorted({basis for grant in grants for basis in (*grant.giver, *grant.receiver)})),
        activity=covenant.purposes[purpose].activity if covenant and purpose else None,
        covenant=Covenant(covenant.id, covenant.version, policy.covenant_sha256) if covenant and policy else None,
        policy_sha256=policy.sha256 if policy else None,
        requested=tuple(dict.fromkeys([*(grant.field for grant in grants), *withheld])),
        released=released,
        trace_id=trace.trace_id,
        span_id=trace.span_id,
        span_parent=trace.parent_id,
        software=SOFTWARE,
        details=sorted_pairs(details),
        situations=tuple(codes_of(situation) for situation in situations),
        evaluations=tuple(evaluation_of(verdict, situations) for verdict in verdicts),
    )


def evaluation_of(verdict: Verdict, situations: tuple[Situation, ...]) -> Evaluation:
    """One evaluation as the log has it."""
    return Evaluation(
        role=verdict.role,
        resource=verdict.resource,
        situation=None if verdict.situation is None else situations.index(verdict.situation),
        given=tuple((grant.field, str(grant.form), grant.article) for grant in verdict.given),
        withheld=verdict.withheld,
        reason=None if verdict.refused is None else verdict.refused.value,
    )


def _outcome(verdicts: Sequence[Verdict]) -> Outcome:
    permitted = sum(verdict.permitted for verdict in verdicts)
    if not permitted:
        return Outcome.DENY
    return Outcome.PERMIT if permitted == len(verdicts) else Outcome.PARTIAL
