"""The decision point: decides for a caller's own system, on what that system says of the case, and puts each call on the record first.

(1) judge     every evaluation, from the covenant in force and the call; no case and no source is read
(2) record    one entry for the whole call, durable, or 503 and nothing is answered
(3) answer    what was judged; a refusal is an answer
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from audit.codes import Pair, TooManyCodes
from audit.entry import EVALUATION, EVALUATIONS, HOUSE, Core
from audit.errors import CursorInvalid, LogUnavailable
from audit.log import Log
from broker.access.judging import Judge
from broker.access.recording import core_of
from broker.access.searching import NotSought, Page, digest_of, matches, next_token, page_of, sought_of
from broker.access.values import CATEGORY, FIELD, PROFESSIONAL, READ, ROLE, Question, Refused, Semantic, Situation, Verdict
from broker.authenticate import Caller
from broker.cases.rules import By
from broker.clock import Ids
from broker.covenants import Covenants, InForce
from broker.ending import UNEXPECTED
from broker.errors import CallTooWide
from broker.records import Records
from broker.trace import Trace
from broker.witnessing_policy import Quorum
from policies.policy import Policy
from policies.vocabulary import CovenantId

#: the reason on the record of a call that its entry could not have named whole
TOO_WIDE = "too_wide"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search: what is permitted, out of `total`; or `refused`, and `expected` as a `Verdict` has it."""

    policy: Policy | None
    verdicts: tuple[Verdict, ...]
    total: int
    next_token: str
    refused: Refused | None = None
    expected: tuple[str, ...] = ()


class DecisionPoint:
    """Answers AuthZEN's five questions. One instance serves all threads of a process."""

    def __init__(self, *, covenants: Covenants, log: Log, records: Records, ids: Ids, quorum: Quorum) -> None:
        self._covenants = covenants
        self._log = log
        self._records = records
        self._ids = ids
        self._quorum = quorum

    def evaluate(self, caller: Caller, question: Question, trace: Trace) -> tuple[Policy | None, Verdict]:
        """Decide on one evaluation; the policy is the one that decided, None where there is none for this caller.

        Raises:
            CallTooWide: it touches more than one entry can name, and was not answered.
            audit.errors.LogUnavailable: it is not on the record, so it is not answered.
        """
        with self._on_record(EVALUATION, caller, trace):
            judge = self._judge(caller, [question])
            verdict = self._judged(judge, question)
            core = core_of(caller.party, trace, _policy(judge), [verdict])
        self._record(EVALUATION, caller, judge, core)
        return _policy(judge), verdict

    def evaluate_all(
        self, caller: Caller, questions: Sequence[Question | None], semantic: Semantic, trace: Trace
    ) -> tuple[Policy | None, tuple[Verdict, ...]]:
        """Decide on a list of evaluations, in their order, as far as `semantic` goes; None stands for one that cannot be read.

        Raises:
            CallTooWide, audit.errors.LogUnavailable: see `evaluate`.
        """
        with self._on_record(EVALUATIONS, caller, trace):
            judge = self._judge(caller, [question for question in questions if question is not None])
            verdicts: list[Verdict] = []
            for question in questions:
                verdicts.append(self._judged(judge, question))
                if verdicts[-1].permitted and semantic is Semantic.PERMIT_ON_FIRST_PERMIT:
                    break
                if not verdicts[-1].permitted and semantic is Semantic.DENY_ON_FIRST_DENY:
                    break
            core = core_of(caller.party, trace, _policy(judge), verdicts, details=[("semantic", semantic.value)])
        self._record(EVALUATIONS, caller, judge, core)
        return _policy(judge), tuple(verdicts)

    def search(self, typ: str, caller: Caller, question: Question, token: str | None, limit: int | None, trace: Trace) -> Found:
        """A page of what is permitted; `typ` is the entry type of the search.

        Raises:
            audit.errors.CursorInvalid: the token is of another search.
            CallTooWide, audit.errors.LogUnavailable: see `evaluate`.
        """
        with self._on_record(typ, caller, trace):
            judge = self._judge(caller, [question])
            found, situation, details = self._search(typ, judge, question, token, limit)
            reasons = () if found.refused is None else (found.refused.value,)
            core = core_of(caller.party, trace, found.policy, found.verdicts, sought=situation, details=details, reasons=reasons)
        self._record(typ, caller, judge, core)
        return found

    def _search(
        self, typ: str, judge: Judge | None, question: Question, token: str | None, limit: int | None
    ) -> tuple[Found, Situation | None, list[Pair]]:
        if judge is None:
            return Found(None, (), 0, "", Refused.UNKNOWN_COVENANT), None, []
        digest = digest_of(typ, question, judge.policy.sha256)
        page = page_of(token, limit, digest)
        details = [("start", str(page.start)), ("limit", str(page.limit)), *_named(judge, question)]
        if not self._quorum.permits():
            return Found(judge.policy, (), 0, "", Refused.UNWITNESSED), None, details
        try:
            sought = sought_of(judge, typ, question)
        except NotSought as nothing:
            return Found(judge.policy, (), 0, "", nothing.refused, nothing.at), None, details
        every = matches(judge, sought)
        return Found(judge.policy, _piece(every, page), len(every), next_token(page, len(every), digest)), sought.situation, details

    def _judge(self, caller: Caller, questions: Sequence[Question]) -> Judge | None:
        """Who judges a call: one covenant for all of it, the first that is named and that the caller has a part in."""
        in_force = self._covenants.in_force()
        named = (_covenant_of(in_force, question) for question in questions)
        ours = (one for one in named if one is not None and in_force.admits(one, caller.party, caller.role))
        covenant = next(ours, None)
        if covenant is None:
            return None
        policy, standing = in_force.policies[covenant], in_force.standing_parties(covenant)
        return Judge(policy, caller.party, caller.professional, caller.role, standing, caller.may_use)

    def _judged(self, judge: Judge | None, question: Question | None) -> Verdict:
        if question is None:
            return Verdict(refused=Refused.BAD_REQUEST)
        if judge is None:
            return Verdict(refused=Refused.UNKNOWN_COVENANT)
        if question.context.get("covenant") != judge.policy.covenant.id:
            known = _covenant_of(self._covenants.last_read(), question) is not None
            return Verdict(refused=Refused.OTHER_COVENANT if known else Refused.UNKNOWN_COVENANT)
        # The log goes on, and this refusal with it; what nobody vouches for is not added to by what follows from a permit.
        return judge.judge(question) if self._quorum.permits() else Verdict(refused=Refused.UNWITNESSED)

    def _record(self, typ: str, caller: Caller, judge: Judge | None, core: Core) -> None:
        log = CovenantId(HOUSE) if judge is None else judge.policy.covenant.id
        by = By(caller.party, caller.role, caller.professional)
        self._log.append(self._records.of_covenant(typ, self._ids(), log, core, by))

    @contextmanager
    def _on_record(self, typ: str, caller: Caller, trace: Trace) -> Iterator[None]:
        """Hold the judging; where it breaks, that somebody asked is on the record all the same, as a failure."""
        try:
            yield
        except CursorInvalid:
            raise  # a request that cannot be read is no call: nothing was decided
        except TooManyCodes as more:
            self._record(typ, caller, None, core_of(caller.party, trace, None, [], reasons=(TOO_WIDE,)))
            raise CallTooWide from more
        except Exception:
            with suppress(LogUnavailable):  # with the log down an error goes on as what it was
                self._record(typ, caller, None, core_of(caller.party, trace, None, [], reasons=(UNEXPECTED,)))
            raise


def _policy(judge: Judge | None) -> Policy | None:
    return None if judge is None else judge.policy


def _covenant_of(in_force: InForce, question: Question) -> CovenantId | None:
    told = question.context.get("covenant")
    return next((name for name in in_force.policies if name == told), None)


def _piece(every: tuple[Verdict, ...], page: Page) -> tuple[Verdict, ...]:
    return every[page.start : page.start + page.limit]


def _named(judge: Judge, question: Question) -> Iterator[Pair]:
    """What a search named that the covenant knows; what it does not know is nobody's code."""
    subject, resource = question.subject, question.resource
    if subject.type in {ROLE, PROFESSIONAL}:
        yield "subject_type", subject.type
    if (role := judge.role_of(subject)) is not None:
        yield "subject", role
    if question.action == READ:
        yield "action", READ
    if resource.type in {FIELD, CATEGORY}:
        yield "resource_type", resource.type
    if judge.fields_of(resource):
        yield "resource", str(resource.id)
