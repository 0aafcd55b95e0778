"""The exchange: how one ask becomes one disclosure, in seven numbered steps. Start reading the broker here.

    (1) decide    which fields, in which form, and why not: pure, from the covenant and the case
    (2) record    durable, or 503 and nothing has happened
    (3) refuse    after recording, so that refusals are on the record too
    (4) fetch     only the granted fields are asked of each source
    (5) filter    copy what is granted, in its form; never delete what is not
    (6) record    what leaves, by name, while the case is still as it was decided on; durable, or nothing leaves
    (7) respond   the disclosure, what is withheld, and a signed receipt

docs/life-of-an-exchange.md has the same numbers and says what is true if the process dies after each. The log can over-state for a moment
(decided, and then a source failed: the second record says so); it can never under-state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from audit.errors import FenceMoved
from audit.growth import Position
from audit.log import Log
from audit.receipt import ReceiptSigner
from broker.authenticate import Caller
from broker.cases.errors import BadCommand, CaseChanged
from broker.cases.reading import CaseReader, Snapshot
from broker.cases.rules import By, subject_at
from broker.cases.state import facts
from broker.clock import Ids
from broker.covenants import Covenants, InForce
from broker.deadline import NEVER, Deadline
from broker.disclosure import CaseAsk, Disclosure, Given, Question, Refusal
from broker.ending import Beginning, Ending
from broker.fetching import Fetched, Fetching
from broker.records import Asked, Records
from broker.trace import Trace
from broker.witnessing_policy import Quorum
from policies.covenant import PhaseView
from policies.decide import Ask, decide, outward
from policies.mask import Masked, mask
from policies.vocabulary import COVENANT_REASONS, FieldName, Reason

#: how often an exchange decides again because its case changed under it, before it gives up
ATTEMPTS = 5


class Exchange:
    """Everything an exchange needs is named here; nothing is looked up elsewhere. One instance serves all threads of a process."""

    def __init__(
        self,
        *,
        covenants: Covenants,
        cases: CaseReader,
        fetching: Fetching,
        log: Log,
        records: Records,
        receipts: ReceiptSigner,
        ids: Ids,
        quorum: Quorum,
    ) -> None:
        self._covenants = covenants
        self._cases = cases
        self._fetching = fetching
        self._log = log
        self._records = records
        self._receipts = receipts
        self._ids = ids
        self._quorum = quorum

    def disclose(self, caller: Caller, ask: CaseAsk, trace: Trace, deadline: Deadline = NEVER) -> Disclosure:
        """Give the caller what the covenant permits of what it asks, and name the rest.

        Raises:
            RefusedAsk: one of its subclasses, each of which is a problem of its own; the refusal is in the log.
            CaseChanged: the case kept changing while it was asked about.
            OutOfTime: it took longer than a request may; that it failed is in the log.
            audit.errors.LogUnavailable: the log cannot promise; nothing was released.
        """
        exchange = self._ids()
        with Beginning(self._log, self._records, self._ids, exchange, _unseen(caller, trace)):
            question = self._decide(caller, ask, trace)  # (1)
        self._record_decision(exchange, ask, question)  # (2)
        if question.refusal is not None:
            raise question.refusal.error()  # (3)
        with Ending(self._log, self._records, self._ids, exchange) as ending:
            ending.asked = question.asked
            for _ in range(ATTEMPTS):
                reading = self._fetching.fetch(question, trace, deadline)  # (4)
                # Nobody waits for the answer any more, so nothing is said to have left.
                deadline.check()
                masked = mask(question.granted, reading.items)  # (5)
                withheld = _withheld(question, reading, masked)
                try:
                    position = ending.release(question, masked, withheld, reading.unavailable)  # (6)
                except FenceMoved:
                    # Somebody changed the case between (1) and (6): nothing was appended. Decide on what is true now.
                    question = self._decide(caller, ask, trace)
                    ending.asked = question.asked
                    if question.refusal is not None:
                        ending.refuse(question.refusal)
                        raise question.refusal.error() from None
                    continue
                return self._respond(exchange, question, masked, withheld, reading, position)  # (7)
            raise CaseChanged

    def refuse(self, caller: Caller, refusal: Refusal, trace: Trace) -> None:
        """Put a refusal on the record that came before there was an ask to decide on, such as a wrong door.

        Raises:
            audit.errors.LogUnavailable: it is not on the record; the caller is told so instead.
        """
        self._append_refusal(self._ids(), None, Question(refusal, _unseen(caller, trace)))

    def _decide(self, caller: Caller, ask: CaseAsk, trace: Trace) -> Question:
        """Step 1. What depends on the token alone is judged before the case, and the case before its fields."""
        epoch, snapshot = self._cases.look(ask.case)
        in_force = self._covenants.in_force(epoch)
        asked = Asked(_by(caller), None, ask.fields, trace, None, None, None, None)
        if caller.role not in in_force.roles_of(caller.party):
            return Question(Refusal.UNKNOWN_ROLE, asked)
        if ask.purpose not in in_force.purposes or not caller.may_use(ask.purpose):
            return Question(Refusal.PURPOSE_NOT_IN_SCOPE, asked)
        asked = replace(asked, purpose=ask.purpose)
        if snapshot is None:
            return Question(Refusal.UNKNOWN_CASE, replace(asked, sought=ask.case))
        return self._decide_on(snapshot, in_force, replace(asked, state=snapshot.state), ask)

    def _decide_on(self, snapshot: Snapshot, in_force: InForce, asked: Asked, ask: CaseAsk) -> Question:
        state, party = snapshot.state, asked.by.party
        policy = in_force.policies.get(state.covenant)
        asked = replace(asked, subject=state.subjects[0][0], policy=policy)
        if state.closed_for is not None or party not in state.participants:
            return Question(Refusal.CLOSED_CASE if state.closed_for else Refusal.FOREIGN_CASE, asked)
        if policy is None:
            return Question(Refusal.NOT_IN_FORCE, asked)
        try:
            subject = subject_at(state, ask.subject)
        except BadCommand:
            return Question(Refusal.UNKNOWN_SUBJECT, asked)
        # The log goes on, and this refusal with it; what nobody vouches for is not added to by giving something away.
        if not self._quorum.permits():
            return Question(Refusal.UNWITNESSED, asked)
        here = facts(state, subject)
        # A party that took back its acceptance takes part no longer, on either side, from this very ask on.
        here = replace(here, participants=here.participants & in_force.standing_parties(state.covenant))
        decision = decide(policy, Ask(asked.by.role, ask.purpose, ask.fields), here)
        outside = decision.all_outside_covenant or (ask.strict and any(w.reason in COVENANT_REASONS for w in decision.withheld))
        refusal = Refusal.UNAUTHORIZED_FIELD if outside else None
        return Question(refusal, replace(asked, subject=subject, facts=here), decision, snapshot.fence)

    def _record_decision(self, exchange: str, ask: CaseAsk, question: Question) -> None:
        """Step 2. A refusal and its end are one commit, so that no crash can part them."""
        if question.refusal is not None:
            self._append_refusal(exchange, ask.repeats, question)
            return
        self._log.append(self._records.decision(exchange, question.asked, question.decision, (), ask.repeats))

    def _append_refusal(self, exchange: str, repeats: str | None, question: Question) -> None:
        codes = () if question.refusal is None else (question.refusal.value,)
        self._log.append(
            self._records.decision(exchange, question.asked, question.decision, codes, repeats),
            self._records.refused(self._ids(), question.asked, codes, exchange),
        )

    def _respond(
        self,
        exchange: str,
        question: Question,
        masked: Mapping[FieldName, Masked],
        withheld: dict[FieldName, Reason],
        reading: Fetched,
        position: Position,
    ) -> Disclosure:
        """Step 7. What is told beside the fields depends on the covenant, and on what this caller is shown of the case anyway."""
        state, policy, party = question.state, question.policy, question.asked.by.party
        shown = policy.covenant.case_types[state.case_type].shown_to(party, state.participants)
        phase_shown = shown.phase_in(state.phase) is PhaseView.FULL
        articles = {grant.field: grant.article for grant in question.granted}
        return Disclosure(
            id=exchange,
            case=state.id,
            covenant=(policy.covenant.id, policy.covenant.version, policy.covenant_sha256),
            fields=tuple(Given(field, value, articles[field], reading.sources[field]) for field, value in masked.items()),
            withheld=tuple((field, outward(reason, phase_shown=phase_shown)) for field, reason in withheld.items()),
            unavailable=tuple(
                (source, reason)
                for source, reason in sorted(reading.unavailable.items())
                if reading.holders[source] in shown.participants | {party}
            ),
            receipt=self._receipts.sign(position),
        )


def _withheld(question: Question, reading: Fetched, masked: Mapping[FieldName, Masked]) -> dict[FieldName, Reason]:
    """Every field asked that is not given, in the order asked, with the precise reason for the log."""
    reasons = {withheld.field: withheld.reason for withheld in question.withheld}
    for grant in question.granted:
        if grant.field not in masked:
            reasons[grant.field] = Reason.SOURCE_UNAVAILABLE if grant.field in reading.unread else Reason.NOTHING_THERE
    return {field: reasons[field] for field in question.asked.fields if field in reasons}


def _unseen(caller: Caller, trace: Trace) -> Asked:
    """What is known of an ask that nobody could look at: who asked, and no name that was not checked."""
    return Asked(_by(caller), None, (), trace, None, None, None, None)


def _by(caller: Caller) -> By:
    return By(caller.party, caller.role, caller.professional)
