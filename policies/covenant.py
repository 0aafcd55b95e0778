"""The covenant as frozen values: what a privacy officer wrote, with every name resolved and every inheritance worked out.

Nothing here knows YAML; tests build covenants without it. The values of each part stand in a module of their own and are named here,
so that one import gives the whole vocabulary of a covenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.handover import Destination, Handover
from policies.ladder import SHOWN_LEAST, CaseType, Needs, Overdue, PhaseView, ShownAs, Step
from policies.parties import BasisKind, LegalBasis, Party, PartyKind, Purpose, Role, Signatory, party_of
from policies.sharing import (
    RELEASED_CLASSES,
    Article,
    Basis,
    Category,
    Concerns,
    Conditions,
    Consent,
    DataClass,
    DecisionReference,
    Emergency,
    Field,
    Necessity,
    Never,
    NeverKind,
    Onward,
    Wpg20,
)
from policies.terms import (
    Accession,
    Area,
    Breach,
    Deferral,
    Dpia,
    Evaluation,
    InForce,
    Inform,
    Insight,
    LogRules,
    Operator,
    Partnership,
    Retention,
    Rights,
    Route,
    SignalKind,
    Withdrawal,
)
from policies.values import NOWHERE, Label, Period, Places, freeze
from policies.vocabulary import (
    BasisId,
    CaseTypeId,
    CovenantId,
    FieldName,
    Form,
    PartyId,
    Phase,
    PurposeId,
    Reason,
    RoleId,
    SubjectKind,
)
from policies.wording import Impossible, say

__all__ = [
    "RELEASED_CLASSES",
    "SHOWN_LEAST",
    "Accession",
    "Area",
    "Article",
    "Basis",
    "BasisKind",
    "Breach",
    "CaseType",
    "Category",
    "Concerns",
    "Conditions",
    "Consent",
    "Covenant",
    "DataClass",
    "DecisionReference",
    "Deferral",
    "Destination",
    "Dpia",
    "Emergency",
    "Evaluation",
    "Expectation",
    "Field",
    "Given",
    "Handover",
    "InForce",
    "Inform",
    "Insight",
    "Label",
    "LegalBasis",
    "LogRules",
    "Necessity",
    "Needs",
    "Never",
    "NeverKind",
    "Onward",
    "Operator",
    "Overdue",
    "Partnership",
    "Party",
    "PartyKind",
    "Period",
    "PhaseView",
    "Places",
    "Purpose",
    "Retention",
    "Rights",
    "Role",
    "Route",
    "ShownAs",
    "SignalKind",
    "Signatory",
    "Step",
    "Withdrawal",
    "Wpg20",
    "party_of",
]


@dataclass(frozen=True, slots=True)
class Given:
    """The situation of a scenario. What is not given means any; `without` names conditions of the case that are not met."""

    role: RoleId
    purpose: PurposeId | None = None
    case_type: CaseTypeId | None = None
    phase: Phase | None = None
    subject: SubjectKind | None = None
    without: tuple[str, ...] = ()
    vetoed: tuple[FieldName, ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """A scenario: a test that the privacy officer wrote. `never_sees` names fields or whole categories (`incidents.*`)."""

    name: str
    given: Given
    sees: Mapping[FieldName, Form] = field(default_factory=dict)
    never_sees: tuple[str, ...] = ()
    withheld: Mapping[FieldName, Reason] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self, "sees", "withheld")
        if not (self.sees or self.never_sees or self.withheld):
            raise Impossible(
                say("hier hoort ten minste een van {keys}", "expected at least one of {keys}", keys="sees, never_sees, withheld")
            )


@dataclass(frozen=True, slots=True)
class Covenant:
    """A whole covenant. `places` says where each part stood in its file and is no part of what was agreed."""

    language: int
    id: CovenantId
    version: str
    title: Label
    in_force: InForce
    parties: Mapping[PartyId, Party]
    subjects: Mapping[SubjectKind, Label]
    legal_bases: Mapping[BasisId, LegalBasis]
    purposes: Mapping[PurposeId, Purpose]
    case_types: Mapping[CaseTypeId, CaseType]
    categories: Mapping[str, Category]
    fields: Mapping[FieldName, Field]
    articles: tuple[Article, ...]
    handovers: tuple[Handover, ...] = ()
    never: tuple[Never, ...] = ()
    emergency: tuple[Emergency, ...] = ()
    signals: Mapping[str, SignalKind] = field(default_factory=dict)
    scenarios: tuple[Expectation, ...] = ()
    supersedes: str | None = None
    area: Area | None = None
    dpia: Dpia | None = None
    operator: Operator | None = None
    inform: Inform | None = None
    withdrawal: Withdrawal | None = None
    accession: Accession | None = None
    partnership: Partnership | None = None
    log: LogRules | None = None
    insight: Insight | None = None
    retention: Retention | None = None
    rights: Rights | None = None
    breach: Breach | None = None
    evaluation: Evaluation | None = None
    places: Places = field(default=NOWHERE, compare=False, repr=False)

    def __post_init__(self) -> None:
        freeze(self, "parties", "subjects", "legal_bases", "purposes", "case_types", "categories", "fields", "signals")
        for name in ("parties", "purposes", "case_types", "fields", "articles"):
            if not getattr(self, name):
                raise Impossible(
                    say("een convenant zonder `{name}` staat niets toe", "a covenant without `{name}` permits nothing", name=name)
                )

    def role(self, role: RoleId) -> Role | None:
        """The role of that name, or None where no party has it."""
        party = self.parties.get(party_of(role))
        return None if party is None else party.roles.get(role)
