"""Deciding again what the log says was decided: the same ask, the same facts, under the version that decided then.

Everything comes from the entry: the ask, the facts as codes, the covenant by its hash. No subject is opened, so an entry about somebody who
was erased is replayed like any other. What cannot be replayed is counted with the reason; what comes out otherwise is an alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from audit.codes import Pair
from audit.entry import Core
from audit.records import Record
from broker.disclosure import Refusal
from broker.errors import CovenantUnknown
from policies.compile import compile_covenant
from policies.decide import Ask, Decision, Facts, decide
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.policy import Policy
from policies.vocabulary import COVENANT_REASONS, ArticleId, CaseTypeId, FieldName, PartyId, Phase, PurposeId, RoleId, SubjectKind

#: decisions kept, of asks that are alike; a department asks the same thing all day
REMEMBERED = 4_096


class NotReplayable(StrEnum):
    """Why an entry cannot be decided again."""

    NOT_DECIDED = "refused_before_fields"
    SECTION_GONE = "section_gone"
    UNKNOWN_FACTS = "unknown_facts"
    UNKNOWN_VERSION = "unknown_version"
    UNREADABLE_VERSION = "unreadable_version"
    OTHER_COMPILER = "other_compiler"


class ReplayError(Exception):
    """An entry that cannot be decided again."""

    def __init__(self, why: NotReplayable) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """An ask, its situation, and what its own version decides: one object for all entries that are alike, so told apart by identity."""

    ask: Ask
    facts: Facts
    decision: Decision
    said: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One entry, decided again. `strict`: the asker wanted all or nothing. `refused`: it got nothing but a refusal.

    `agrees`: what is decided again is what the entry says, member for member.
    """

    decided: Decided
    strict: bool
    refused: bool
    agrees: bool


def is_refused(decision: Decision, *, strict: bool) -> bool:
    """Whether an exchange refuses the whole ask: every field is outside the covenant, or any where all or nothing was asked."""
    return decision.all_outside_covenant or (strict and any(one.reason in COVENANT_REASONS for one in decision.withheld))


class Replaying:
    """Replays entries of `exchange.decision`. `text_of` gives the text of a covenant version by its sha256."""

    def __init__(self, text_of: Callable[[str], bytes]) -> None:
        self._text_of = text_of
        self._policies: dict[str, Policy | NotReplayable] = {}
        self._decided = lru_cache(maxsize=REMEMBERED)(self._decide)

    def replay(self, record: Record) -> Replayed:
        """Decide an entry again.

        Raises:
            ReplayError: with the reason.
        """
        core, actor = record.core, record.actor
        if core is None or actor is None:
            raise ReplayError(NotReplayable.SECTION_GONE)
        if not core.case_facts or core.covenant is None or core.purpose is None:
            raise ReplayError(NotReplayable.NOT_DECIDED)
        asked = (actor.role, core.purpose, core.requested, core.case_facts)
        decided = self._decided(core.covenant.sha256, core.policy_sha256, *asked)
        decision = decided.decision
        refused = Refusal.UNAUTHORIZED_FIELD.value in core.reasons
        strict = refused and not decision.all_outside_covenant
        agrees = decided.said == _said(core) and is_refused(decision, strict=strict) is refused
        agrees = agrees and core.outcome == ("deny" if refused else decision.outcome)
        return Replayed(decided, strict, refused, agrees)

    def _decide(
        self, sha256: str, policy_sha256: str | None, role: str, purpose: str, requested: tuple[str, ...], case_facts: tuple[Pair, ...]
    ) -> Decided:
        policy = self.policy(sha256, policy_sha256)
        ask, facts = Ask(RoleId(role), PurposeId(purpose), tuple(map(FieldName, requested))), facts_of(case_facts)
        decision = decide(policy, ask, facts)
        return Decided(ask, facts, decision, _made(decision))

    def policy(self, sha256: str, policy_sha256: str | None) -> Policy:
        """A version, compiled as it was then.

        Raises:
            ReplayError: there is none, or this software makes another policy of it.
        """
        if sha256 not in self._policies:
            self._policies[sha256] = self._compiled(sha256)
        known = self._policies[sha256]
        if isinstance(known, NotReplayable):
            raise ReplayError(known)
        if policy_sha256 != known.sha256:
            raise ReplayError(NotReplayable.OTHER_COMPILER)
        return known

    def _compiled(self, sha256: str) -> Policy | NotReplayable:
        try:
            policy = compile_covenant(load_covenant(self._text_of(sha256)))
        except CovenantUnknown:
            return NotReplayable.UNKNOWN_VERSION
        except CovenantErrors:  # a newer language refuses what an older one took
            return NotReplayable.UNREADABLE_VERSION
        # Another hash of the same text is another way to write it down, and so another software.
        return policy if policy.covenant_sha256 == sha256 else NotReplayable.OTHER_COMPILER


def facts_of(case_facts: tuple[Pair, ...]) -> Facts:
    """The facts of a decision as its entry has them; the inverse of `broker.records.replay_facts`.

    Raises:
        ReplayError: the entry has facts of another kind, or lacks one.
    """
    found: dict[str, list[str]] = {}
    for name, code in case_facts:
        found.setdefault(name, []).append(code)

    def one(name: str) -> str:
        codes = found.pop(name, [])
        if len(codes) != 1:
            raise ReplayError(NotReplayable.UNKNOWN_FACTS)
        return codes[0]

    def parties(name: str) -> frozenset[PartyId]:
        return frozenset(map(PartyId, found.pop(name, ())))

    def articles(name: str) -> frozenset[ArticleId]:
        return frozenset(map(ArticleId, found.pop(name, ())))

    facts = Facts(
        case_type=CaseTypeId(one("case_type")),
        phase=Phase(one("phase")),
        subject=SubjectKind(one("subject")),
        participants=parties("participant"),
        identified=parties("identified"),
        consents=articles("consent"),
        agreements=articles("agreement"),
        second_eyes=articles("second_eyes"),
        advice=articles("advice"),
        hits=parties("hit"),
        vetoed_fields=frozenset(map(FieldName, found.pop("vetoed_field", ()))),
        vetoing_parties=parties("vetoing_party"),
        restricted=one("restricted") == "true",
    )
    if found:
        raise ReplayError(NotReplayable.UNKNOWN_FACTS)
    return facts


def _said(core: Core) -> tuple[object, ...]:
    return core.released, core.withheld, core.articles, core.holders, core.legal_bases


def _made(decision: Decision) -> tuple[object, ...]:
    """What an entry says of a decision: see `broker.records.Records.decision`."""
    granted = decision.granted
    return (
        tuple((grant.field, str(grant.form)) for grant in granted),
        tuple((withheld.field, withheld.reason.value) for withheld in decision.withheld),
        tuple(sorted({grant.article for grant in granted})),
        tuple(sorted({grant.holder for grant in granted})),
        tuple(sorted({basis for grant in granted for basis in (*grant.giver, *grant.receiver)})),
    )
