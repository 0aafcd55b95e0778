"""The handover: what goes along when a case is continued under another covenant.

It permits nobody to see anything here and is no article: it is not compiled, so no ask is ever answered by it. What it names is held to the
same grounds and the same never statements as an article is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.sharing import Conditions, Necessity, Wpg20
from policies.values import Label, freeze
from policies.vocabulary import ArticleId, BasisId, CaseTypeId, CovenantId, FieldName, Form, PartyId, Phase, RoleId, SubjectKind
from policies.wording import Impossible, say


@dataclass(frozen=True, slots=True)
class Destination:
    """The covenant under which a new case is opened, and who receives there on which grounds. Its names are that covenant's own."""

    covenant: CovenantId
    case_type: CaseTypeId
    receiver: str
    basis: tuple[BasisId, ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """Who may hand a case over to whom, from which phases, with which fields of one holder, and the reason it is then closed for."""

    id: ArticleId
    title: Label
    by: frozenset[RoleId]
    from_: PartyId
    to: Destination
    case_types: frozenset[CaseTypeId]
    phases: frozenset[Phase]
    about: frozenset[SubjectKind]
    fields: Mapping[FieldName, Form]
    giver: tuple[BasisId, ...]
    necessity: Necessity
    conditions: Conditions = field(default_factory=Conditions)
    wpg20: Wpg20 | None = None
    closes_as: str | None = None

    def __post_init__(self) -> None:
        freeze(self, "fields")
        for name in ("by", "case_types", "phases", "about", "fields"):
            if not getattr(self, name):
                raise Impossible(
                    say("een overdracht zonder `{name}` draagt niets over", "a handover without `{name}` hands nothing over", name=name)
                )
