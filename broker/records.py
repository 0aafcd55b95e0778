"""What the log is told: one function per kind of entry. Names and codes only; no value, no word that a person wrote, no local reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from audit.codes import sorted_pairs
from audit.entry import DECISION, FAILED, HOUSE, REFUSED, RELEASE, Actor, Core, Covenant, Draft, Outcome, Subject
from audit.errors import SubjectKeyGone
from broker.cases.rules import By
from broker.cases.state import CaseState, Event
from broker.subjects import Subjects
from broker.trace import Trace
from policies.compile import Policy
from policies.decide import Decision, Facts, Grant
from policies.mask import Masked
from policies.vocabulary import FieldName, PurposeId, Reason

#: situations whose codes are kept, as many as a policy remembers the answers of
REMEMBERED = 512

#: the version that stands in every record, so that a decision can be replayed by the software that made it
SOFTWARE = "covenant-broker/0.1.0"
#: the retention class of the log itself: an entry goes with its year, after the `log.retention` of its covenant
LOG = "log"


@dataclass(frozen=True, slots=True)
class Asked:
    """What every record of one exchange says the same: who asked for what, under which covenant, about whom.

    `sought` is the id of a case that was asked about and is not there.
    """

    by: By
    purpose: PurposeId | None
    fields: tuple[FieldName, ...]
    trace: Trace
    state: CaseState | None
    subject: str | None
    policy: Policy | None
    facts: Facts | None
    sought: str | None = None


class Records:
    """Drafts for the log."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def decision(self, entry_id: str, asked: Asked, decision: Decision | None, refusals: tuple[str, ...], ref: str | None) -> Draft:
        """Step 2 of an exchange: what was decided, before any source is read."""
        granted = decision.granted if decision else ()
        withheld = {w.field: w.reason.value for w in decision.withheld} if decision else {}
        core = self._core(
            asked,
            outcome=Outcome(decision.outcome) if decision and not refusals else Outcome.DENY,
            reasons=refusals,
            granted=granted,
            released=tuple((grant.field, str(grant.form)) for grant in granted),
            withheld=tuple(withheld.items()),
        )
        return self._draft(DECISION, entry_id, asked, core, ref)

    def refused(self, entry_id: str, asked: Asked, refusals: tuple[str, ...], ref: str) -> Draft:
        """The end of an exchange in which nothing was released, because it was refused."""
        return self._draft(REFUSED, entry_id, asked, self._core(asked, outcome=Outcome.DENY, reasons=refusals), ref)

    def failed(self, entry_id: str, asked: Asked, reason: str, ref: str) -> Draft:
        """The end of an exchange in which nothing was released, because something broke."""
        return self._draft(FAILED, entry_id, asked, self._core(asked, outcome=Outcome.DENY, reasons=(reason,)), ref)

    def release(
        self,
        entry_id: str,
        asked: Asked,
        granted: tuple[Grant, ...],
        masked: Mapping[FieldName, Masked],
        withheld: Mapping[FieldName, Reason],
        unavailable: Mapping[str, str],
        ref: str,
    ) -> Draft:
        """Step 6 of an exchange: which fields leave, in which form; never what is in them."""
        given = tuple(grant for grant in granted if grant.field in masked)
        outcome = Outcome.PERMIT if len(given) == len(asked.fields) else Outcome.PARTIAL if given else Outcome.DENY
        core = self._core(
            asked,
            outcome=outcome,
            granted=given,
            released=tuple((grant.field, str(masked[grant.field].form)) for grant in given),
            withheld=tuple((field, reason.value) for field, reason in withheld.items()),
            unavailable=tuple(sorted(unavailable.items())),
        )
        return self._draft(RELEASE, entry_id, asked, core, ref)

    def case_event(self, entry_id: str, state: CaseState, event: Event, by: By) -> Draft:
        """A change of a case; `state` is the case after it."""
        details = {("phase", state.phase), ("case_type", state.case_type)}
        if event.phase:
            details.add(("to", event.phase))
        if event.reason:
            details.add(("reason", event.reason))
        if event.party:
            details.add(("party", event.party))
        details |= {(condition.kind.value, condition.key.replace(" ", "/")) for condition in event.conditions}
        details |= {("field", field) for field in event.fields}
        subject = event.conditions[0].subject if event.conditions else event.subject or state.subjects[0][0]
        core = Core(requester=by.party, command=event.kind.value, details=sorted_pairs(details), software=SOFTWARE)
        return self.about_case(f"case.{event.kind.value}", entry_id, state, subject, by, core)

    def lapsed(self, entry_id: str, ref: str, state: CaseState | None, trace: Trace | None = None) -> Draft:
        """An entry that this refers to was never acknowledged and never took effect; `trace` is of the request that was overtaken."""
        core = traced(Core(command="lapsed", reasons=("interrupted",), software=SOFTWARE), trace)
        subject = self._subject(state, state.subjects[0][0]) if state else None
        return Draft("case.lapsed", entry_id, state.covenant if state else HOUSE, ref, core, None, subject)

    def about_case(self, typ: str, entry_id: str, state: CaseState, subject: str, by: By, core: Core) -> Draft:
        """Anything else about one subject of a case, such as a contribution."""
        return Draft(typ, entry_id, state.covenant, None, traced(core, by.trace), _actor(by), self._subject(state, subject))

    def of_covenant(self, typ: str, entry_id: str, covenant: str, core: Core, by: By | None) -> Draft:
        """Anything about a covenant or a key, in which no person is the subject."""
        return Draft(typ, entry_id, covenant, None, traced(core, by.trace) if by else core, _actor(by) if by else None, None)

    def _core(
        self,
        asked: Asked,
        *,
        outcome: Outcome,
        reasons: tuple[str, ...] = (),
        granted: Iterable[Grant] = (),
        released: tuple[tuple[str, str], ...] = (),
        withheld: tuple[tuple[str, str], ...] = (),
        unavailable: tuple[tuple[str, str], ...] = (),
    ) -> Core:
        policy = asked.policy
        covenant = policy.covenant if policy else None
        purpose = covenant.purposes.get(asked.purpose) if covenant and asked.purpose else None
        bases = {basis for grant in granted for basis in (*grant.giver, *grant.receiver)}
        return Core(
            outcome=outcome,
            reasons=reasons,
            articles=tuple(sorted({grant.article for grant in granted})),
            requester=asked.by.party,
            holders=tuple(sorted({grant.holder for grant in granted})),
            purpose=asked.purpose,
            legal_bases=tuple(sorted(bases)),
            activity=purpose.activity if purpose else None,
            covenant=Covenant(covenant.id, covenant.version, policy.covenant_sha256) if covenant and policy else None,
            policy_sha256=policy.sha256 if policy else None,
            requested=asked.fields,
            released=released,
            withheld=withheld,
            unavailable=unavailable,
            case_facts=replay_facts(asked.facts) if asked.facts else (),
            trace_id=asked.trace.trace_id,
            span_id=asked.trace.span_id,
            span_parent=asked.trace.parent_id,
            retention=retention_of(policy),
            software=SOFTWARE,
        )

    def _draft(self, typ: str, entry_id: str, asked: Asked, core: Core, ref: str | None) -> Draft:
        subject = None
        if asked.state and asked.subject:
            subject = self._subject(asked.state, asked.subject)
        elif asked.sought:
            # A case that is not there is recorded with the same work as one that is, or the time of the answer would tell them apart;
            # and whoever tries ids one after the other shows in the log.
            nobody = self._subjects.nobody()
            subject = Subject(self._subjects.pseudonym(nobody), self._subjects.case_pseudonym(asked.sought), nobody)
        return Draft(typ, entry_id, asked.state.covenant if asked.state else HOUSE, ref, core, _actor(asked.by), subject)

    def _subject(self, state: CaseState, subject: str) -> Subject:
        try:
            return Subject(self._subjects.pseudonym(subject), self._subjects.case_pseudonym(state.id), subject)
        except SubjectKeyGone:
            # Somebody who was erased is nobody from then on: what still happens in the case is on the record like all else.
            nobody = self._subjects.nobody()
            return Subject(self._subjects.pseudonym(nobody), self._subjects.case_pseudonym(state.id), nobody)


def retention_of(policy: Policy | None) -> str | None:
    """The retention class of an exchange's entries: `log` where the covenant says how long; None where none does, as in the house's log."""
    return LOG if policy is not None and policy.covenant.log is not None else None


@lru_cache(maxsize=REMEMBERED)
def replay_facts(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Everything that a decision depended on besides covenant and ask, as sorted codes: enough to decide the same again."""
    restricted = "true" if facts.restricted else "false"
    pairs = {("case_type", facts.case_type), ("phase", facts.phase), ("subject", facts.subject), ("restricted", restricted)}
    sets = {
        "participant": facts.participants,
        "identified": facts.identified,
        "consent": facts.consents,
        "agreement": facts.agreements,
        "second_eyes": facts.second_eyes,
        "advice": facts.advice,
        "hit": facts.hits,
        "vetoed_field": facts.vetoed_fields,
        "vetoing_party": facts.vetoing_parties,
    }
    return sorted_pairs(pairs | {(name, code) for name, codes in sets.items() for code in codes})


def traced(core: Core, trace: Trace | None) -> Core:
    """What an entry says, in the trace of the request that it comes from; as it was where no request brought it."""
    if trace is None:
        return core
    return replace(core, trace_id=trace.trace_id, span_id=trace.span_id, span_parent=trace.parent_id)


def _actor(by: By) -> Actor:
    return Actor(pseudonym=by.professional, role=by.role, on_behalf_of=by.party)
