"""What a professional can do to a case: the covenant is looked up, content goes to the deposit, the rule decides, the registry keeps.

Content (a local reference, the words of a reason) is always kept first. A crash after that leaves content that nothing refers to; the
other order would leave a case that refers to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from broker.cases import rules
from broker.cases.errors import BadCommand, CommandRefused, UnknownCase
from broker.cases.reading import Snapshot
from broker.cases.registry import CaseRegistry
from broker.cases.rules import By
from broker.cases.state import CaseState, Condition, ConditionKind, Event
from broker.clock import Clock, Ids, epoch_ms
from broker.covenants import Covenants
from broker.recalls import Recalls
from broker.subjects import Subjects
from connectors.deposit import Deposit, TextKind
from connectors.errors import ReferenceTaken
from policies.covenant import Covenant
from policies.vocabulary import ArticleId, CaseTypeId, CovenantId, FieldName, PartyId, Phase, SubjectKind

ArticleRule = Callable[[Covenant, CaseState, By, str, ArticleId, bool], Event]

#: the commands that set or lift a condition of one article, by the name the interface gives them
ARTICLE_RULES: dict[str, ArticleRule] = {
    "consent": lambda covenant, _, by, subject, article, given: rules.consent(covenant, by, subject, article, given=given),
    "agreement": lambda covenant, _, by, subject, article, given: rules.agree_as_source(covenant, by, subject, article, given=given),
    "advice": lambda covenant, _, by, subject, article, given: rules.advise(covenant, by, subject, article, given=given),
    "four_eyes": lambda covenant, state, by, subject, article, given: rules.approve(covenant, state, by, subject, article, given=given),
}


class CaseCommands:
    """The commands on cases, one method each. All raise what `rules` and `CaseRegistry.change` raise."""

    def __init__(
        self,
        *,
        covenants: Covenants,
        registry: CaseRegistry,
        recalls: Recalls,
        deposit: Deposit,
        subjects: Subjects,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._covenants = covenants
        self._registry = registry
        self._recalls = recalls
        self._deposit = deposit
        self._subjects = subjects
        self._clock = clock
        self._ids = ids

    def covenant(self, covenant: CovenantId) -> Covenant:
        """The version of a covenant that is in force.

        Raises:
            broker.errors.CovenantUnknown: none is.
        """
        return self._covenants.in_force().policy(covenant).covenant

    def open(
        self, by: By, covenant_id: CovenantId, case_type: CaseTypeId, subjects: tuple[tuple[SubjectKind, str | None], ...]
    ) -> CaseState:
        """Open a case about these subjects, each with the opener's own reference where it has one."""
        covenant = self.covenant_of(by, covenant_id)
        known = tuple((self.subject(covenant_id, by.party, reference), kind) for kind, reference in subjects)
        if len({subject for subject, _ in known}) != len(known):
            raise BadCommand("subjects", "expected every subject once")
        return self.open_about(covenant, by, self._ids(), case_type, known, frozenset({by.party}))

    def open_about(
        self,
        covenant: Covenant,
        by: By,
        case_id: str,
        case_type: CaseTypeId,
        subjects: tuple[tuple[str, SubjectKind], ...],
        participants: frozenset[PartyId],
    ) -> CaseState:
        """Open a case about subjects that are known already; whoever has a reference to one is identified from the start."""
        state = rules.opened(covenant, by, case_id, case_type, subjects, epoch_ms(self._clock()))
        known = {
            Condition(kind, subject, party)
            for subject, _ in subjects
            for party in participants
            if self._deposit.reference_of(covenant.id, party, subject) is not None
            for kind in (ConditionKind.IDENTIFIED, ConditionKind.HIT)
        }
        state = replace(state, participants=participants, conditions=frozenset(known))
        self._registry.open(state, by)
        return state

    def subject(self, covenant: CovenantId, party: PartyId, reference: str | None) -> str:
        """The subject that a party knows under its own reference, made where it is new; the reference itself goes to the deposit."""
        known = None if reference is None else self._deposit.subject_of(covenant, party, reference)
        if known is not None:
            return known
        subject = self._ids()
        self._subjects.make(subject)
        if reference is not None:
            # Two commands that do this at once make two subjects of one person, as two parties do; whoever knows the person matches both.
            self._deposit.register_reference(covenant, party, subject, reference)
        return subject

    def exists(self, case_id: str) -> bool:
        """Whether the registry has a case of this id, open or closed."""
        return self._registry.exists(case_id)

    def invite(self, case_id: str, by: By, party: PartyId) -> CaseState:
        """Ask another party to take part.

        Whoever is there or was asked already is asked in vain and answered for alike: the inviter may not be shown who takes part.
        """
        try:
            return self._as_participant(case_id, by, lambda covenant, state: rules.invite(covenant, state, by, party))
        except CommandRefused as refused:
            if refused.code != "already_there":
                raise
            return self._participant(case_id, by).state

    def join(self, case_id: str, by: By) -> CaseState:
        """Take part, after an invitation."""
        self.covenant_of(by, self._registry.visible(case_id, by.party).state.covenant)
        return self._registry.change(case_id, by, lambda state: rules.join(state, by))

    def leave(self, case_id: str, by: By) -> CaseState:
        """Take part no longer."""
        return self._as_participant(case_id, by, lambda covenant, state: rules.leave(covenant, state, by))

    def identify(self, case_id: str, by: By, number: int | None, outcome: str, reference: str | None) -> CaseState:
        """Say whether this is the person one means; `match` and `registered` come with one's own reference."""
        state = self._participant(case_id, by).state
        subject = rules.subject_at(state, number)
        event = rules.identify(by, subject, outcome)
        if outcome == "mismatch":
            # What this party gave was about somebody else, so that it must not come back when the right person is found. It goes first:
            # a crash after this leaves less than there was, never more.
            self._deposit.recall(case_id, subject, by.party, self._deposit.contributed(case_id, subject, by.party))
            changed = self._as_participant(case_id, by, lambda *_: event)
            self._deposit.forget_reference(state.covenant, by.party, subject)
            fields = self.covenant(state.covenant).fields
            self._recalls.mismatched(state, subject, by, lambda name: fields[name].holder if name in fields else None)
            return changed
        if reference is None:
            raise BadCommand("localReference", "expected this party's own reference to the person")
        self._register(state, by.party, subject, reference)
        return self._as_participant(case_id, by, lambda *_: event)

    def _register(self, state: CaseState, party: PartyId, subject: str, reference: str) -> None:
        """Keep a party's reference to one subject of a case; elsewhere it may stand for a subject that another party reported apart."""
        others = (other for other, _ in state.subjects if other != subject)
        if any(self._deposit.reference_of(state.covenant, party, other) == reference for other in others):
            raise CommandRefused("reference_taken", "the reference stands for another person of this case")
        try:
            self._deposit.register_reference(state.covenant, party, subject, reference)
        except ReferenceTaken:
            raise CommandRefused("reference_taken", "this party knows the person by another reference") from None

    def condition(self, case_id: str, by: By, kind: str, number: int | None, article: ArticleId, *, given: bool) -> CaseState:
        """Set or lift a condition of an article for one subject."""
        if kind not in ARTICLE_RULES:
            raise BadCommand("kind", f"expected one of {', '.join(sorted(ARTICLE_RULES))}")
        rule = ARTICLE_RULES[kind]
        return self._as_participant(
            case_id, by, lambda covenant, state: rule(covenant, state, by, rules.subject_at(state, number), article, given)
        )

    def veto(self, case_id: str, by: By, number: int | None, fields: tuple[FieldName, ...], *, lifted: bool) -> CaseState:
        """Veto what this party holds, or lift that."""
        return self._as_participant(
            case_id, by, lambda covenant, state: rules.veto(covenant, by, rules.subject_at(state, number), fields, lifted=lifted)
        )

    def restrict(self, case_id: str, by: By, number: int | None, *, lifted: bool) -> CaseState:
        """Restrict processing for a subject (AVG art. 18), or lift that."""
        return self._as_participant(
            case_id, by, lambda covenant, state: rules.restrict(covenant, state, by, rules.subject_at(state, number), lifted=lifted)
        )

    def move(self, case_id: str, by: By, to: Phase, words: str | None) -> CaseState:
        """Move the case along the ladder, or propose to; the words of the reason go to the deposit."""
        self._participant(case_id, by)
        reason = self._ids() if words else ""
        if words:
            self._deposit.keep_text(TextKind.REASON, reason, words)
        return self._as_participant(
            case_id, by, lambda covenant, state: rules.move(covenant, state, by, to, reason, epoch_ms(self._clock()))
        )

    def agree(self, case_id: str, by: By) -> CaseState:
        """Agree to the move that was proposed; the last agreement that it needs makes the move."""
        state = self._as_participant(case_id, by, lambda covenant, state: rules.agree(covenant, state, by))
        try:
            return self._as_participant(case_id, by, lambda covenant, now: rules.complete(covenant, now, epoch_ms(self._clock())))
        except CommandRefused:
            return state  # others must still agree, or somebody else's agreement has just made the move

    def close(self, case_id: str, by: By, reason: str) -> CaseState:
        """Close the case; everything in it is shielded from then on."""
        return self._as_participant(case_id, by, lambda covenant, state: rules.close(covenant, state, by, reason, epoch_ms(self._clock())))

    def covenant_of(self, by: By, covenant_id: CovenantId) -> Covenant:
        """The version in force of a covenant in which the caller's role stands.

        Raises:
            broker.errors.CovenantUnknown: none is in force.
            CommandRefused: the role is not one of it, or its party took back its acceptance.
        """
        in_force = self._covenants.in_force()
        covenant = in_force.policy(covenant_id).covenant
        if not in_force.admits(covenant_id, by.party, by.role):
            raise CommandRefused("not_a_party", "only a role of the covenant may do this")
        return covenant

    def _participant(self, case_id: str, by: By) -> Snapshot:
        snapshot = self._registry.visible(case_id, by.party)
        if by.party not in snapshot.state.participants:
            raise UnknownCase
        self.covenant_of(by, snapshot.state.covenant)
        return snapshot

    def _as_participant(self, case_id: str, by: By, rule: Callable[[Covenant, CaseState], Event]) -> CaseState:
        covenant = self.covenant(self._participant(case_id, by).state.covenant)

        def judged(state: CaseState) -> Event:
            if by.party not in state.participants:
                raise UnknownCase
            return rule(covenant, state)

        return self._registry.change(case_id, by, judged)
