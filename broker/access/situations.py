"""From the context of a call to a situation, from a situation to the codes that the log keeps, and back.

The caller says everything of the case, so what it leaves out must not help it. What opens a field (who takes part, a consent, a release) is
not there unless it is said. What closes one (a restriction, a veto) has to be said either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from audit.codes import Pair, sorted_pairs
from broker.access.values import Situation
from broker.records import replay_facts
from broker.replaying import facts_of
from policies.covenant import Covenant
from policies.decide import Facts
from policies.vocabulary import CaseTypeId, FieldName, PartyId, Phase, PurposeId, SubjectKind

#: by which type of obligation a smaller form is asked for (AuthZEN Obligations Profile, draft of July 2026)
OBLIGATION = "custom"

Name = TypeVar("Name", bound=str)


class BadContext(Exception):  # noqa: N818 - named as its reason
    """The context is not as the covenant has it; `at` holds the places, in names of our own."""

    def __init__(self, at: Iterable[str]) -> None:
        super().__init__("the context is not as the covenant has it")
        self.at = tuple(at)


def situation_of(context: Mapping[str, object], covenant: Covenant, standing: frozenset[PartyId]) -> Situation:
    """The situation that a context describes; a party whose acceptance does not stand takes part in nothing, whatever is said.

    Raises:
        BadContext: with every place that is missing, of another type, or holds a name that the covenant does not know.
    """
    told = _Told(context)
    facts = _Told(context.get("facts"), "/facts")
    articles = {article.id: article.id for article in covenant.articles}
    purpose = told.one("purpose", covenant.purposes)
    case_type = told.one("case_type", covenant.case_types) or CaseTypeId("")
    known = covenant.case_types.get(case_type)
    ladder = {} if known is None else known.ladder
    made = Facts(
        case_type=case_type,
        phase=told.one("phase", ladder) or Phase(""),
        subject=told.one("subject_kind", covenant.subjects) or SubjectKind(""),
        participants=facts.some("participants", covenant.parties) & standing,
        identified=facts.some("identified", covenant.parties),
        consents=facts.some("consents", articles),
        agreements=facts.some("agreements", articles),
        second_eyes=facts.some("second_eyes", articles),
        advice=facts.some("advice", articles),
        hits=facts.some("hits", covenant.parties),
        vetoed_fields=facts.some("vetoed_fields", covenant.fields, required=True),
        vetoing_parties=facts.some("vetoing_parties", covenant.parties, required=True),
        restricted=facts.flag("restricted"),
    )
    released = facts.some("released", covenant.fields)
    if purpose is None or told.wrong or facts.wrong:
        raise BadContext(told.wrong + facts.wrong)
    obligations = context.get("supported_obligations")
    return Situation(purpose, made, released, reduces=isinstance(obligations, list) and OBLIGATION in obligations)


class _Told:
    """Reads members of an object that a caller sent, and keeps the places that are wrong."""

    def __init__(self, members: object, prefix: str = "") -> None:
        self._members: Mapping[str, object] = members if isinstance(members, Mapping) else {}
        self._prefix = f"/context{prefix}"
        self.wrong: list[str] = []

    def one(self, name: str, known: Mapping[Name, object]) -> Name | None:
        found = _known(self._members.get(name), known)
        if found is None:
            self._miss(name)
        return found

    def some(self, name: str, known: Mapping[Name, object], *, required: bool = False) -> frozenset[Name]:
        told = self._members.get(name, None if required else [])
        names = [_known(one, known) for one in told] if isinstance(told, list) else [None]
        found = frozenset(one for one in names if one is not None)
        if len(names) != sum(one is not None for one in names):
            self._miss(name)
        return found

    def flag(self, name: str) -> bool:
        told = self._members.get(name)
        if not isinstance(told, bool):
            self._miss(name)
        return told is not False

    def _miss(self, name: str) -> None:
        self.wrong.append(f"{self._prefix}/{name}")


def _known(told: object, known: Mapping[Name, object]) -> Name | None:
    """The covenant's own name that this is, so that no text of a caller's goes further."""
    return next(iter(known.keys() & {told}), None) if isinstance(told, str) else None


def codes_of(situation: Situation) -> tuple[Pair, ...]:
    """A situation as the log has it: what `broker.records.replay_facts` tells of an exchange, and the rest in the same way."""
    more = {("purpose", str(situation.purpose)), *(("released", str(field)) for field in situation.released)}
    if situation.reduces:
        more.add(("obligations", OBLIGATION))
    return sorted_pairs({*replay_facts(situation.facts), *more})


def situation_from(codes: Iterable[Pair]) -> Situation:
    """The inverse of `codes_of`.

    Raises:
        broker.replaying.ReplayError: these are no codes of a situation.
    """
    pairs = tuple(codes)
    own = {"purpose", "released", "obligations"}
    facts = facts_of(tuple(pair for pair in pairs if pair[0] not in own))
    released = frozenset(FieldName(code) for name, code in pairs if name == "released")
    purpose = next((PurposeId(code) for name, code in pairs if name == "purpose"), PurposeId(""))
    return Situation(purpose, facts, released, reduces=("obligations", OBLIGATION) in pairs)
