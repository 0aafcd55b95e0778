"""What is asked and what is answered: the values that go into `decide` and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.vocabulary import (
    COVENANT_REASONS,
    ArticleId,
    BasisId,
    CaseTypeId,
    Delivery,
    FieldName,
    Form,
    PartyId,
    Phase,
    PurposeId,
    Reason,
    RoleId,
    SubjectKind,
    ValueType,
)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for which fields, and what for. Fields are always named: an ask for everything does not exist (AVG art. 5(1)(c))."""

    role: RoleId
    purpose: PurposeId
    fields: tuple[FieldName, ...]

    def __post_init__(self) -> None:
        if not self.fields:
            raise ValueError("an ask names at least one field")
        if len(set(self.fields)) != len(self.fields):
            raise ValueError("an ask names a field once")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision may know of a case; codes only, so that a decision can be logged with its facts and replayed.

    `consents`, `agreements`, `second_eyes` and `advice` hold the articles whose condition is met, `hits` the parties that know the person,
    `identified` the parties that have confirmed whom they mean.
    """

    case_type: CaseTypeId
    phase: Phase
    subject: SubjectKind
    participants: frozenset[PartyId] = frozenset()
    identified: frozenset[PartyId] = frozenset()
    consents: frozenset[ArticleId] = frozenset()
    agreements: frozenset[ArticleId] = frozenset()
    second_eyes: frozenset[ArticleId] = frozenset()
    advice: frozenset[ArticleId] = frozenset()
    hits: frozenset[PartyId] = frozenset()
    vetoed_fields: frozenset[FieldName] = frozenset()
    vetoing_parties: frozenset[PartyId] = frozenset()
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """One field that is given: in which form, by which article, on whose grounds. `codes` lists what a code field may hold."""

    field: FieldName
    form: Form
    article: ArticleId
    holder: PartyId
    delivery: Delivery
    type: ValueType
    giver: tuple[BasisId, ...] = ()
    receiver: tuple[BasisId, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """One field that is not given, with the precise reason; what of it is told outward is `outward`'s to say."""

    field: FieldName
    reason: Reason


@dataclass(frozen=True, slots=True)
class Permission:
    """One field that could be asked for, in which form, by which article."""

    field: FieldName
    form: Form
    article: ArticleId


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one ask; every field asked is in exactly one of the two, in the order asked."""

    granted: tuple[Grant, ...]
    withheld: tuple[Withheld, ...]

    @property
    def outcome(self) -> Literal["permit", "partial", "deny"]:
        """In one word, as the log has it."""
        if not self.granted:
            return "deny"
        return "partial" if self.withheld else "permit"

    @property
    def all_outside_covenant(self) -> bool:
        """Whether no article would ever give any of these fields to this role for this purpose: the one answer with a status of its own."""
        return not self.granted and all(withheld.reason in COVENANT_REASONS for withheld in self.withheld)
