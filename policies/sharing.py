"""What there is, and the only thing that permits: the data dictionary, the articles, and what must never be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from policies.values import Label, freeze
from policies.vocabulary import (
    ArticleId,
    BasisId,
    CaseTypeId,
    Delivery,
    FieldName,
    Form,
    FormKind,
    PartyId,
    Phase,
    PurposeId,
    RoleId,
    SubjectKind,
    ValueType,
)
from policies.wording import Impossible, say


class DataClass(StrEnum):
    """The legal class of a field; a field may have several, and needs a ground for each."""

    ORDINARY = "ordinary"
    SPECIAL = "special"
    CRIMINAL = "criminal"
    BSN = "bsn"
    POLICE_8 = "police_8"
    POLICE_9 = "police_9"
    POLICE_10 = "police_10"
    SECRECY = "secrecy"


#: never pulled live: a person at the holder releases these for the case (design: content 7)
RELEASED_CLASSES = frozenset({DataClass.POLICE_8, DataClass.POLICE_9, DataClass.POLICE_10, DataClass.SECRECY})


class Concerns(StrEnum):
    """Whom or what a field is of."""

    SUBJECT = "subject"
    HOUSEHOLD = "household"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Category:
    """A group of fields of one holder; what it says holds for each of its fields that does not say otherwise.

    `law` is the category of a law that this is, such as `Wgs 2.30(g)`.
    """

    id: str
    holder: PartyId
    classes: frozenset[DataClass]
    about: frozenset[SubjectKind]
    title: Label
    delivery: Delivery = Delivery.LIVE
    of: Concerns = Concerns.SUBJECT
    dpv: str | None = None
    law: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field, with everything its category says worked in. `code_list` names the public list its codes are from.

    `means` is its definition, for whoever reads the value.
    """

    name: FieldName
    holder: PartyId
    type: ValueType
    classes: frozenset[DataClass]
    about: frozenset[SubjectKind]
    title: Label
    of: Concerns = Concerns.SUBJECT
    delivery: Delivery = Delivery.LIVE
    codes: tuple[str, ...] = ()
    code_list: str | None = None
    dpv: str | None = None
    means: Label | None = None

    def __post_init__(self) -> None:
        if not self.classes:
            raise Impossible(
                say("een gegeven zonder klasse heeft geen grond om op te rusten", "a field without a legal class has no ground to rest on")
            )
        if (self.type is ValueType.CODE) != bool(self.codes):
            raise Impossible(say("codes horen bij het type `code`, en bij geen ander", "a field has codes exactly when its type is code"))


@dataclass(frozen=True, slots=True)
class Basis:
    """On which grounds the holder gives, and each receiving party receives."""

    giver: tuple[BasisId, ...]
    receiver: Mapping[PartyId, tuple[BasisId, ...]]

    def __post_init__(self) -> None:
        freeze(self, "receiver")


@dataclass(frozen=True, slots=True)
class Necessity:
    """Which decision the data serve, what goes wrong without them, why no smaller form would do, and what was tried first."""

    decision: str
    without: str
    subsidiarity: str
    smaller_form: Mapping[FieldName, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self, "smaller_form")


@dataclass(frozen=True, slots=True)
class Consent:
    """Whose consent, of which sort. A public body's consent holds only where refusing it has no effect (AVG recital 43)."""

    by: str
    kind: str = "explicit"
    refusal_has_no_effect: bool = False
    help_request: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must be so in the case before an article gives anything."""

    consent: Consent | None = None
    known_to_receiver: bool = False
    agreement_of_source: bool = False
    four_eyes: bool = False
    advice: bool = False


@dataclass(frozen=True, slots=True)
class DecisionReference:
    """Where and when a decision was recorded."""

    ref: str
    on: date


@dataclass(frozen=True, slots=True)
class Wpg20:
    """The elements that Wpg art. 20(1) and 20(2) ask of a decision to provide police data to a partnership."""

    interest: str
    partnership: str
    purpose: PurposeId
    conditions: str
    decided_by: str
    agreed_by: tuple[str, ...]
    decision: DecisionReference


class Onward(StrEnum):
    """Whether a receiver may pass on what it received."""

    NO = "no"
    WITH_AGREEMENT = "with_agreement"


@dataclass(frozen=True, slots=True)
class Article:
    """A sharing rule: the only thing that permits.

    `identifies`: its fields tell who the person is, so they may flow before the receiver has confirmed that it means the same one.
    """

    id: ArticleId
    title: Label
    from_: PartyId
    to: frozenset[RoleId]
    purpose: PurposeId
    case_types: frozenset[CaseTypeId]
    phases: frozenset[Phase]
    about: frozenset[SubjectKind]
    fields: Mapping[FieldName, Form]
    basis: Basis
    necessity: Necessity
    conditions: Conditions = field(default_factory=Conditions)
    onward: Onward = Onward.NO
    wpg20: Wpg20 | None = None
    identifies: bool = False

    def __post_init__(self) -> None:
        freeze(self, "fields")
        for name in ("to", "case_types", "phases", "about", "fields"):
            if not getattr(self, name):
                raise Impossible(
                    say("een artikel zonder `{name}` staat niets toe", "an article without `{name}` permits nothing", name=name)
                )


class NeverKind(StrEnum):
    """Whether the law forbids it, or the parties chose to."""

    LAW = "law"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Never:
    """What must hold whatever the articles say. Each member that is given narrows it; one that is not given means any.

    `to` names parties or roles. `fields` names fields or whole categories (`incidents.*`). Checked when the covenant is compiled.
    `law` is where a statement of the kind `law` is written, such as `UAVG art. 46`.
    """

    statement: str
    kind: NeverKind
    because: str
    to: frozenset[str] = frozenset()
    from_: frozenset[PartyId] = frozenset()
    classes: frozenset[DataClass] = frozenset()
    fields: frozenset[str] = frozenset()
    about: frozenset[SubjectKind] = frozenset()
    purposes: frozenset[PurposeId] = frozenset()
    phases: frozenset[Phase] = frozenset()
    forms: frozenset[FormKind] = frozenset()
    law: str | None = None

    def __post_init__(self) -> None:
        if not (self.to or self.from_ or self.classes or self.fields or self.about):
            raise Impossible(
                say("hier hoort ten minste een van {keys}", "expected at least one of {keys}", keys="to, from, classes, fields, about")
            )


@dataclass(frozen=True, slots=True)
class Emergency:
    """Who may see which fields when a life is at risk, on grounds of their own, and what that asks of them.

    `statements` are the words of what `requires` names, `reasons` the codes that may be given, `reviewed_by` who looks back at it.
    """

    who: frozenset[RoleId]
    fields: frozenset[FieldName]
    basis: Basis
    requires: tuple[str, ...]
    lasts: timedelta
    review_within: timedelta
    notify: tuple[str, ...] = ()
    title: Label | None = None
    statements: Mapping[str, Label] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    reviewed_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, "statements")
