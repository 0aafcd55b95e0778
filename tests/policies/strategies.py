"""Covenants, asks and facts that Hypothesis makes up: everything an article can say, about the small covenant's parties and fields."""

from __future__ import annotations

from hypothesis import strategies as st

from policies.covenant import Article, Basis, BasisKind, Conditions, Consent, Covenant
from policies.decide import Ask, Facts
from policies.vocabulary import (
    FULL,
    PRESENT,
    ArticleId,
    BasisId,
    CaseTypeId,
    FieldName,
    Form,
    FormKind,
    PartyId,
    Phase,
    PurposeId,
    RoleId,
    SubjectKind,
)
from tests.policies.builders import (
    ADVISER,
    ALL_PARTIES,
    CARE,
    CARETAKER,
    CITY,
    CLOSED,
    CONTACT,
    COUNT,
    DIRECTOR,
    HOME,
    INCIDENTS,
    KIND,
    LANDLORD,
    LAST_ON,
    MINOR,
    NAME,
    NUISANCE,
    OFFICER,
    PLAN,
    POLICE,
    STREET,
    SUPPORT,
    TENANT,
    TRIAGE,
    WORKER,
    article,
    basis,
    covenant,
)

_EVERY_GROUND = Basis(
    (BasisId("task"), BasisId("police_gives"), BasisId("explicit"), BasisId("waiver")),
    dict.fromkeys(sorted(ALL_PARTIES), (BasisId("task"), BasisId("explicit"), BasisId("offences"))),
)
_BASES = (
    basis("task", BasisKind.GDPR6),
    basis("police_gives", BasisKind.WPG, gives_only=True),
    basis("offences", BasisKind.GDPR10),
    basis("explicit", BasisKind.GDPR9),
    basis("waiver", BasisKind.SECRECY_EXCEPTION),
)

_INTEGER = [FULL, Form(FormKind.BANDS, ("0-2", "3-9", "10+")), Form(FormKind.BANDS, ("0-9", "10+")), PRESENT]
_FORMS: dict[FieldName, list[Form]] = {
    NAME: [FULL, Form(FormKind.INITIALS), PRESENT],
    COUNT: _INTEGER,
    LAST_ON: [FULL, Form(FormKind.MONTH), Form(FormKind.YEAR), PRESENT],
    KIND: [FULL, PRESENT],
    INCIDENTS: _INTEGER,
    CONTACT: [FULL, PRESENT],
}
_HELD: dict[PartyId, list[FieldName]] = {LANDLORD: [NAME, COUNT, LAST_ON, KIND], POLICE: [INCIDENTS], CARE: [CONTACT]}

_ROLES = [DIRECTOR, ADVISER, CARETAKER, OFFICER, WORKER]
_PURPOSES, _CASE_TYPES, _PHASES, _SUBJECTS = [NUISANCE, SUPPORT], [STREET, HOME], [TRIAGE, PLAN], [TENANT, MINOR]
_ARTICLES = [ArticleId(str(number)) for number in range(1, 7)]


def _some(values: list[object], *, least: int = 0) -> st.SearchStrategy[frozenset[object]]:
    return st.frozensets(st.sampled_from(values), min_size=least)


def _conditions() -> st.SearchStrategy[Conditions]:
    consent = st.sampled_from([None, Consent("subject", refusal_has_no_effect=True)])
    return st.builds(Conditions, consent, st.booleans(), st.booleans(), st.booleans(), st.booleans())


@st.composite
def _articles(draw: st.DrawFn) -> tuple[Article, ...]:
    made = []
    for identifier in _ARTICLES[: draw(st.integers(1, len(_ARTICLES)))]:
        giver = draw(st.sampled_from(sorted(_HELD)))
        fields = draw(st.dictionaries(st.sampled_from(_HELD[giver]), st.integers(0, 3), min_size=1))
        made.append(
            article(
                identifier,
                giver,
                draw(_some(_ROLES, least=1)),  # type: ignore[arg-type]  # drawn from one list of roles
                {name: _FORMS[name][which % len(_FORMS[name])] for name, which in fields.items()},
                purpose=draw(st.sampled_from(_PURPOSES)),
                case_types=draw(_some(_CASE_TYPES, least=1)),  # type: ignore[arg-type]
                phases=draw(_some([*_PHASES, CLOSED], least=1)),  # type: ignore[arg-type]
                about=draw(_some(_SUBJECTS, least=1)),  # type: ignore[arg-type]
                grounds=_EVERY_GROUND,
                conditions=draw(_conditions()),
                identifies=draw(st.booleans()),
            )
        )
    return tuple(made)


def covenants() -> st.SearchStrategy[Covenant]:
    """Covenants in which every article has every ground, so that what is compared is who may see what."""
    return _articles().map(lambda articles: covenant(*articles, legal_bases={one.id: one for one in _BASES}))


def asks() -> st.SearchStrategy[Ask]:
    """Asks by known and unknown roles, for known and unknown fields."""
    fields = st.lists(st.sampled_from([*_FORMS, FieldName("complaints.secret")]), min_size=1, unique=True).map(tuple)
    roles = st.sampled_from([*_ROLES, RoleId("city.stranger"), RoleId("")])
    return st.builds(Ask, roles, st.sampled_from([*_PURPOSES, PurposeId("gossip")]), fields)


def facts() -> st.SearchStrategy[Facts]:
    """Any facts at all, mostly of cases that can exist."""
    parties, articles = _some(sorted(ALL_PARTIES)), _some(_ARTICLES)  # type: ignore[arg-type]
    return st.builds(
        Facts,
        st.sampled_from([*_CASE_TYPES, CaseTypeId("flood")]),
        st.sampled_from([*_PHASES, CLOSED, Phase("limbo")]),
        st.sampled_from([*_SUBJECTS, SubjectKind("passer_by")]),
        participants=st.one_of(st.just(ALL_PARTIES), parties),
        identified=st.one_of(st.just(ALL_PARTIES), parties),
        consents=articles,
        agreements=articles,
        second_eyes=articles,
        advice=articles,
        hits=st.one_of(st.just(frozenset({CITY})), parties),
        vetoed_fields=_some(list(_FORMS)),
        vetoing_parties=st.one_of(st.just(frozenset()), parties),
        restricted=st.sampled_from([False, False, False, True]),
    )
