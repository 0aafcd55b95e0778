"""A small covenant that stands on its own, and ways to bend one thing of it; no YAML involved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from policies.covenant import (
    Article,
    Basis,
    BasisKind,
    CaseType,
    Category,
    Conditions,
    Covenant,
    DataClass,
    Field,
    InForce,
    Label,
    LegalBasis,
    Necessity,
    Party,
    PartyKind,
    PhaseView,
    Purpose,
    Role,
    ShownAs,
    Signatory,
    Step,
    party_of,
)
from policies.decide import Ask, Facts
from policies.vocabulary import (
    FULL,
    ArticleId,
    BasisId,
    CaseTypeId,
    CovenantId,
    Delivery,
    FieldName,
    Form,
    PartyId,
    Phase,
    PurposeId,
    RoleId,
    SubjectKind,
    ValueType,
)

CITY, LANDLORD, POLICE, CARE = PartyId("city"), PartyId("landlord"), PartyId("police"), PartyId("care")
ALL_PARTIES = frozenset({CITY, LANDLORD, POLICE, CARE})
DIRECTOR, ADVISER = RoleId("city.director"), RoleId("city.adviser")
CARETAKER = RoleId("landlord.caretaker")
OFFICER, NIGHT_OFFICER = RoleId("police.officer"), RoleId("police.night_officer")
WORKER = RoleId("care.worker")
NUISANCE, SUPPORT = PurposeId("nuisance"), PurposeId("support")
STREET, HOME = CaseTypeId("street"), CaseTypeId("home")
TRIAGE, PLAN, CLOSED = Phase("triage"), Phase("plan"), Phase("closed")
TENANT, MINOR = SubjectKind("tenant"), SubjectKind("minor")

COUNT, LAST_ON, KIND = FieldName("complaints.count"), FieldName("complaints.last_on"), FieldName("complaints.kind")
NAME, INCIDENTS, CONTACT = FieldName("identity.name"), FieldName("incidents.count"), FieldName("help.contact")


def label(text: str) -> Label:
    return Label(text, text)


def role(identifier: RoleId, *, duty: bool = False, designated: bool = False) -> Role:
    return Role(identifier, label(identifier), duty=duty, designated=designated)


def party(identifier: PartyId, kind: PartyKind, *roles: RoleId) -> Party:
    return Party(
        identifier,
        kind,
        name=identifier.title(),
        signatory=Signatory("director"),
        privacy_officer=f"fg@{identifier}.example",
        roles={name: role(name) for name in roles},
        kvk="00000000",
    )


def basis(identifier: str, kind: BasisKind, *, gives_only: bool = False) -> LegalBasis:
    return LegalBasis(BasisId(identifier), kind, law="32016R0679", article="6(1)(e)", gives_only=gives_only)


def field(
    name: FieldName,
    holder: PartyId,
    type_: ValueType = ValueType.INTEGER,
    classes: frozenset[DataClass] = frozenset({DataClass.ORDINARY}),
    *,
    about: frozenset[SubjectKind] = frozenset({TENANT, MINOR}),
    delivery: Delivery = Delivery.LIVE,
) -> Field:
    codes = ("GEL", "VER") if type_ is ValueType.CODE else ()
    return Field(name, holder, type_, classes, about, label(name), delivery=delivery, codes=codes)


def case_type(identifier: CaseTypeId) -> CaseType:
    return CaseType(
        identifier,
        label(identifier),
        ladder={
            TRIAGE: Step(TRIAGE, owner=DIRECTOR, next=(PLAN, CLOSED)),
            PLAN: Step(PLAN, owner=DIRECTOR, next=(TRIAGE, CLOSED)),
            CLOSED: Step(CLOSED, reasons=("resolved",), shielded=True),
        },
        shown_as={LANDLORD: ShownAs(PhaseView.OPEN_OR_CLOSED, {}, frozenset({CITY}))},
    )


ORDINARY = Basis(
    (BasisId("task"),), {CITY: (BasisId("task"),), POLICE: (BasisId("task"),), LANDLORD: (BasisId("task"),), CARE: (BasisId("task"),)}
)


def article(
    identifier: str,
    from_: PartyId,
    to: frozenset[RoleId],
    fields: dict[FieldName, Form],
    *,
    purpose: PurposeId = NUISANCE,
    case_types: frozenset[CaseTypeId] = frozenset({STREET}),
    phases: frozenset[Phase] = frozenset({TRIAGE, PLAN}),
    about: frozenset[SubjectKind] = frozenset({TENANT}),
    grounds: Basis = ORDINARY,
    conditions: Conditions | None = None,
    identifies: bool = False,
) -> Article:
    return Article(
        ArticleId(identifier),
        label(f"article {identifier}"),
        from_,
        to,
        purpose,
        case_types,
        phases,
        about,
        fields,
        Basis(grounds.giver, {name: grounds.receiver[name] for name in sorted({party_of(each) for each in to})}),
        Necessity("decision", "without", "subsidiarity"),
        conditions or Conditions(),
        identifies=identifies,
    )


def covenant(*articles: Article, **changes: object) -> Covenant:
    fields = (
        field(NAME, LANDLORD, ValueType.STRING),
        field(COUNT, LANDLORD),
        field(LAST_ON, LANDLORD, ValueType.DATE, about=frozenset({TENANT})),
        field(KIND, LANDLORD, ValueType.CODE),
        field(INCIDENTS, POLICE, classes=frozenset({DataClass.POLICE_8}), delivery=Delivery.RELEASED_BY_HOLDER),
        field(CONTACT, CARE, ValueType.STRING, frozenset({DataClass.SPECIAL, DataClass.SECRECY}), delivery=Delivery.RELEASED_BY_HOLDER),
    )
    bases = (
        basis("task", BasisKind.GDPR6),
        basis("police_gives", BasisKind.WPG, gives_only=True),
        basis("offences", BasisKind.GDPR10),
        basis("explicit", BasisKind.GDPR9),
        basis("waiver", BasisKind.SECRECY_EXCEPTION),
        basis("police_task", BasisKind.WPG),
    )
    whole = Covenant(
        language=1,
        id=CovenantId("small"),
        version="1",
        title=label("a small covenant"),
        in_force=InForce(date(2026, 1, 1), date(2027, 12, 31), date(2027, 6, 1)),
        parties={
            CITY: party(CITY, PartyKind.MUNICIPALITY, DIRECTOR, ADVISER),
            LANDLORD: party(LANDLORD, PartyKind.HOUSING_CORPORATION, CARETAKER),
            POLICE: party(POLICE, PartyKind.POLICE, OFFICER, NIGHT_OFFICER),
            CARE: party(CARE, PartyKind.CARE, WORKER),
        },
        subjects={TENANT: label("tenant"), MINOR: label("minor")},
        legal_bases={one.id: one for one in bases},
        purposes={name: Purpose(name, label(name), dict.fromkeys(sorted(ALL_PARTIES), (BasisId("task"),))) for name in (NUISANCE, SUPPORT)},
        case_types={name: case_type(name) for name in (STREET, HOME)},
        categories=_categories(fields),
        fields={one.name: one for one in fields},
        articles=articles or (article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}),),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # a test names a member of the covenant


def _categories(fields: tuple[Field, ...]) -> dict[str, Category]:
    found: dict[str, Category] = {}
    for one in fields:
        name = one.name.partition(".")[0]
        found.setdefault(name, Category(name, one.holder, one.classes, one.about, label(name), one.delivery))
    return found


def facts(**changes: object) -> Facts:
    """A street case in triage about a tenant, in which everybody takes part and has confirmed whom they mean."""
    return replace(Facts(STREET, TRIAGE, TENANT, participants=ALL_PARTIES, identified=ALL_PARTIES), **changes)  # type: ignore[arg-type]


def ask(*fields: FieldName, role: RoleId = DIRECTOR, purpose: PurposeId = NUISANCE) -> Ask:
    return Ask(role, purpose, fields or (COUNT,))
