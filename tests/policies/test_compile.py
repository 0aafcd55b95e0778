# ruff: noqa: E501 - a message stands on one line, as it is printed
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.canonical import covenant_sha256
from policies.compile import COMPILER, compile_covenant, rules_of
from policies.covenant import (
    Article,
    Basis,
    CaseType,
    DataClass,
    Emergency,
    Needs,
    Never,
    NeverKind,
    PhaseView,
    ShownAs,
    Step,
)
from policies.errors import CovenantErrors
from policies.vocabulary import FULL, PRESENT, BasisId, FieldName, Form, FormKind
from tests.policies.builders import (
    CITY,
    CLOSED,
    CONTACT,
    COUNT,
    DIRECTOR,
    INCIDENTS,
    LANDLORD,
    LAST_ON,
    MINOR,
    NAME,
    NIGHT_OFFICER,
    OFFICER,
    PLAN,
    POLICE,
    STREET,
    SUPPORT,
    TENANT,
    TRIAGE,
    article,
    covenant,
    label,
)
from tests.policies.yaml_edits import refusals_of

TO_DIRECTOR = frozenset({DIRECTOR})
NEVER_CARE = Never("N1", NeverKind.LAW, "no task", to=frozenset({"landlord"}), classes=frozenset({DataClass.SPECIAL, DataClass.SECRECY}))
HELP = Basis((BasisId("task"), BasisId("explicit"), BasisId("waiver")), {CITY: (BasisId("task"), BasisId("explicit"))})
HELP_TO_LANDLORD = Basis(HELP.giver, {LANDLORD: (BasisId("task"), BasisId("explicit"))})


def refusals(*articles: Article, **changes: object) -> list[str]:
    with pytest.raises(CovenantErrors) as caught:
        compile_covenant(covenant(*articles, **changes))
    return [str(finding).split(": ", 1)[1] for finding in caught.value.findings]


def gives(field: FieldName, giver: tuple[str, ...], receiver: tuple[str, ...], *, from_: str, to: str = "city.director") -> Article:
    basis = Basis(tuple(map(BasisId, giver)), {to.partition(".")[0]: tuple(map(BasisId, receiver))})  # type: ignore[dict-item]
    return article("1", from_, frozenset({to}), {field: FULL}, grounds=basis)  # type: ignore[arg-type]


def test_a_rule_is_one_field_of_one_article_in_one_context() -> None:
    wide = article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL, LAST_ON: FULL}, about=frozenset({TENANT, MINOR}))
    policy = compile_covenant(covenant(wide))
    assert len(policy.rules) == 2 * (2 + 1)  # two phases; the count is about two kinds of subject, the date about one
    assert policy.rules[0].row == ("city.director|nuisance|street|plan|minor", "complaints.count", "1|full")


def test_a_closed_phase_and_a_phase_of_another_ladder_give_no_rule() -> None:
    stray = article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL}, phases=frozenset({TRIAGE, CLOSED}))
    assert {rule.context.phase for rule in rules_of(covenant(stray))} == {TRIAGE}


def test_a_covenant_whose_articles_give_nothing_is_not_compiled() -> None:
    closed = article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL}, phases=frozenset({CLOSED}))
    assert refusals(closed) == ["error[permits-nothing]: no article gives anything in any open phase"]


def test_words_are_in_the_hash_of_the_covenant_and_only_what_decides_in_that_of_the_policy() -> None:
    plain = covenant()
    worded, widened = (
        replace(plain, title=label("other words")),
        covenant(article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL, LAST_ON: FULL})),
    )
    one, two, three = (compile_covenant(each) for each in (plain, worded, widened))
    assert one.sha256 == two.sha256 != three.sha256
    assert one.covenant_sha256 == covenant_sha256(plain) != two.covenant_sha256
    assert one.compiler == COMPILER == "covenant-broker/compile/1"


def test_the_order_of_articles_is_not_in_the_hash_of_the_policy() -> None:
    first, second = article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL}), article("2", LANDLORD, TO_DIRECTOR, {LAST_ON: FULL})
    assert compile_covenant(covenant(first, second)).sha256 == compile_covenant(covenant(second, first)).sha256


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (
            gives(CONTACT, ("task", "waiver"), ("task", "explicit"), from_="care"),
            [
                "error[no-ground-to-give]: article 1: care has no ground to give `help.contact` (secrecy, special): expected a basis of kind gdpr9 or wgs (AVG art. 9(2))"
            ],
        ),
        (
            gives(CONTACT, ("task", "explicit"), ("task", "explicit"), from_="care"),
            [
                "error[no-ground-to-give]: article 1: care has no ground to give `help.contact` (secrecy, special): expected a basis of kind duty or secrecy_exception (BW 7:457)"
            ],
        ),
        (
            gives(CONTACT, ("task", "explicit", "waiver"), ("task",), from_="care"),
            [
                "error[no-ground-to-receive]: article 1: city has no ground to receive `help.contact` (secrecy, special): expected a basis of kind gdpr9 or wgs (AVG art. 9(2))"
            ],
        ),
        (
            gives(INCIDENTS, ("task",), ("task", "offences"), from_="police"),
            [
                "error[no-ground-to-give]: article 1: police has no ground to give `incidents.count` (police_8): expected a basis of kind wpg (Wpg art. 16-20)"
            ],
        ),
        (
            gives(INCIDENTS, ("police_gives",), ("task",), from_="police"),
            [
                "error[no-ground-to-receive]: article 1: city has no ground to receive `incidents.count` (police_8): expected a basis of kind gdpr10 or wgs (AVG art. 10; UAVG art. 31-33)"
            ],
        ),
        (
            gives(COUNT, ("task",), ("police_gives",), from_="landlord"),
            [
                "error[no-ground-to-receive]: article 1: city has no ground to receive `complaints.count` (ordinary): expected a basis of kind gdpr6 or wgs (AVG art. 6(1)); `police_gives` only gives"
            ],
        ),
        (
            gives(COUNT, ("task",), ("police_gives",), from_="landlord", to="police.officer"),
            [
                "error[no-ground-to-receive]: article 1: police has no ground to receive `complaints.count` (ordinary): expected a basis of kind gdpr6 or wgs or wpg (AVG art. 6(1); Wpg art. 3); `police_gives` only gives"
            ],
        ),
        (
            gives(COUNT, ("police_task",), ("police_task",), from_="landlord"),
            [
                "error[no-ground-to-give]: article 1: landlord has no ground to give `complaints.count` (ordinary): expected a basis of kind gdpr6 or wgs (AVG art. 6(1))",
                "error[no-ground-to-receive]: article 1: city has no ground to receive `complaints.count` (ordinary): expected a basis of kind gdpr6 or wgs (AVG art. 6(1))",
            ],
        ),
        (
            gives(COUNT, ("explicit",), ("task",), from_="landlord"),
            [
                "error[no-ground-to-give]: article 1: landlord has no ground to give `complaints.count` (ordinary): expected a basis of kind gdpr6 or wgs (AVG art. 6(1))"
            ],
        ),
        (
            gives(INCIDENTS, ("task",), ("task",), from_="landlord"),
            ["error[not-the-holder]: article 1 gives `incidents.count` from landlord, but its holder is police"],
        ),
    ],
)
def test_every_class_of_a_field_needs_a_ground_on_both_sides(made: Article, expected: list[str]) -> None:
    assert refusals(made) == expected


def test_with_all_its_grounds_each_class_compiles() -> None:
    police = gives(INCIDENTS, ("police_gives",), ("task", "offences"), from_="police")
    care = replace(gives(CONTACT, ("task", "explicit", "waiver"), ("task", "explicit"), from_="care"), id="2")  # type: ignore[arg-type]
    assert len(compile_covenant(covenant(police, care)).rules) == 4


def test_the_wpg_is_a_ground_of_the_police_and_of_nobody_else() -> None:
    to_police = gives(COUNT, ("task",), ("police_task",), from_="landlord", to="police.officer")
    assert len(compile_covenant(covenant(to_police)).rules) == 2
    whole = covenant()
    passed_on = {**whole.fields, INCIDENTS: replace(whole.fields[INCIDENTS], holder=LANDLORD)}
    assert refusals(gives(INCIDENTS, ("task", "police_task"), ("task", "offences"), from_="landlord"), fields=passed_on) == [
        "error[no-ground-to-give]: article 1: landlord has no ground to give `incidents.count` (police_8): expected a basis of kind wpg (Wpg art. 16-20)"
    ]


def test_a_party_without_a_basis_for_the_purpose_takes_no_part_in_it() -> None:
    whole = covenant()
    support = {**whole.purposes, SUPPORT: replace(whole.purposes[SUPPORT], legal_basis={CITY: (BasisId("task"),)})}
    assert refusals(article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL}, purpose=SUPPORT), purposes=support) == [
        "error[no-basis-for-purpose]: article 1: landlord has no legal basis for purpose `support` (AVG art. 5(1)(b), 6(1)); purposes.support.legal_basis names none"
    ]


def test_two_forms_of_which_neither_is_the_wider_cannot_stand_in_one_situation() -> None:
    initials = article("1", LANDLORD, TO_DIRECTOR, {NAME: Form(FormKind.INITIALS)})
    postcode = article("2", LANDLORD, TO_DIRECTOR, {NAME: Form(FormKind.POSTCODE4)})
    assert refusals(initials, postcode) == [
        "error[incomparable-forms]: articles 1 and 2 give `identity.name` to the same role in the same situation as initials and as postcode4, of which neither is the wider"
    ]
    elsewhere = replace(postcode, phases=frozenset({PLAN}))
    assert len(compile_covenant(covenant(replace(initials, phases=frozenset({TRIAGE})), elsewhere)).rules) == 2


def test_a_never_statement_is_broken_by_an_article_in_any_form() -> None:
    care_to_landlord = article("1", "care", frozenset({"landlord.caretaker"}), {CONTACT: PRESENT}, grounds=HELP_TO_LANDLORD)  # type: ignore[arg-type]
    assert refusals(care_to_landlord, never=(NEVER_CARE,)) == [
        "error[never-broken]: never N1 (law) is broken: article 1 gives `help.contact` to landlord.caretaker; no task"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": frozenset({"police"})},
        {"classes": frozenset({DataClass.CRIMINAL})},
        {"fields": frozenset({"complaints.*"})},
        {"from_": frozenset({POLICE})},
        {"about": frozenset({MINOR})},
        {"purposes": frozenset({SUPPORT})},
        {"phases": frozenset({CLOSED})},
        {"forms": frozenset({FormKind.FULL})},
    ],
)
def test_a_never_statement_that_says_something_else_is_not_broken(changes: dict[str, object]) -> None:
    care_to_landlord = article("1", "care", frozenset({"landlord.caretaker"}), {CONTACT: PRESENT}, grounds=HELP_TO_LANDLORD)  # type: ignore[arg-type]
    compile_covenant(covenant(care_to_landlord, never=(replace(NEVER_CARE, **changes),)))  # type: ignore[arg-type]


def test_a_never_statement_binds_an_emergency() -> None:
    emergency = Emergency(
        frozenset({NIGHT_OFFICER}),
        frozenset({CONTACT}),
        Basis(HELP.giver, {POLICE: (BasisId("task"), BasisId("explicit"))}),
        ("person_at_risk",),
        lasts=timedelta(days=1),
        review_within=timedelta(days=1),
    )
    compile_covenant(covenant(emergency=(emergency,)))
    for never in (replace(NEVER_CARE, to=frozenset({"police"})), replace(NEVER_CARE, to=frozenset(), purposes=frozenset({SUPPORT}))):
        assert refusals(emergency=(emergency,), never=(never,)) == [
            "error[never-broken]: never N1 (law) is broken: the emergency gives `help.contact` to police.night_officer; no task"
        ]
    assert refusals(emergency=(replace(emergency, basis=Basis(HELP.giver, {})),)) == [
        "error[no-ground-to-receive]: emergency: police has no ground to receive `help.contact` (secrecy, special): expected a basis of kind gdpr6 or wgs or wpg (AVG art. 6(1); Wpg art. 3)",
        "error[no-ground-to-receive]: emergency: police has no ground to receive `help.contact` (secrecy, special): expected a basis of kind gdpr9 or wgs or wpg (AVG art. 9(2); Wpg art. 5)",
    ]


def test_a_never_statement_binds_what_is_shown_of_a_case() -> None:
    never = replace(NEVER_CARE, classes=frozenset({DataClass.POLICE_8}))
    shown = ShownAs(PhaseView.OPEN_OR_CLOSED, {}, frozenset({CITY, POLICE}))
    whole = covenant()
    street = replace(whole.case_types[STREET], shown_as={LANDLORD: shown})
    assert refusals(never=(never,), case_types={STREET: street}) == [
        "error[never-broken]: never N1 (law) is broken: landlord is shown that police takes part in street, and police holds nothing that landlord may know of; no task"
    ]


def test_a_phase_that_gives_away_who_takes_part_may_not_be_shown() -> None:
    never = replace(NEVER_CARE, classes=frozenset({DataClass.POLICE_8}))
    ladder = {
        TRIAGE: Step(TRIAGE, owner=DIRECTOR, next=(PLAN,)),
        PLAN: Step(PLAN, owner=DIRECTOR, needs=Needs(reason=True, agreement=frozenset({POLICE})), next=(CLOSED,)),
        CLOSED: Step(CLOSED, shielded=True),
    }
    full = ShownAs(PhaseView.FULL, {}, frozenset({CITY}))
    street = CaseType(STREET, label("street"), ladder, {LANDLORD: full})
    assert refusals(never=(never,), case_types={STREET: street}) == [
        "error[never-broken]: never N1 (law) is broken: landlord is shown phase `plan` of street, which gives away that police takes part; no task"
    ]
    hidden = replace(street, shown_as={LANDLORD: ShownAs(PhaseView.FULL, {PLAN: PhaseView.OPEN_OR_CLOSED}, frozenset({CITY}))})
    compile_covenant(covenant(never=(never,), case_types={STREET: hidden}))


def test_a_statement_about_one_role_does_not_hide_the_case_from_its_whole_party() -> None:
    never = replace(NEVER_CARE, to=frozenset({OFFICER}), classes=frozenset({DataClass.SPECIAL}))
    shown = {POLICE: ShownAs(PhaseView.FULL, {}, frozenset({CITY, "care"}))}  # type: ignore[arg-type]
    whole = covenant()
    compile_covenant(covenant(never=(never,), case_types={STREET: replace(whole.case_types[STREET], shown_as=shown)}))
    assert (
        refusals(never=(replace(never, to=frozenset({POLICE})),), case_types={STREET: replace(whole.case_types[STREET], shown_as=shown)})
        != []
    )


def test_what_a_file_says_wrongly_is_told_at_its_place() -> None:
    assert refusals_of(("receiver: {city: [task, explicit]}", "receiver: {city: [given]}")) == [
        "92:63: error[no-ground-to-receive]: article 2: city has no ground to receive `help.contact` (secrecy, special): expected a basis of kind gdpr6 or wgs (AVG art. 6(1)); `given` only gives",
        "92:63: error[no-ground-to-receive]: article 2: city has no ground to receive `help.contact` (secrecy, special): expected a basis of kind gdpr9 or wgs (AVG art. 9(2)); `given` only gives",
    ]
    assert refusals_of(("    to: landlord\n    classes: [special, secrecy]", "    to: city.director\n    classes: [special, secrecy]")) == [
        "91:28: error[never-broken]: never N1 (choice) is broken: article 2 gives `help.contact` to city.director; een verhuurder heeft daar geen taak"
    ]
    assert refusals_of(("fields: {help.contact: full}", "fields: {help.contact: full, complaints.count: full}")) == [
        "91:34: error[not-the-holder]: article 2 gives `complaints.count` from care, but its holder is landlord"
    ]
