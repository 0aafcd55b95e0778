"""What a lawyer would look for in the shipped covenant. Each test reads articles, not compiled rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from policies.compile import Policy
from policies.covenant import Article, BasisKind, Covenant, DataClass, PhaseView, party_of
from policies.scenarios import run_scenarios
from policies.vocabulary import Delivery, FieldName, PartyId, Phase, PurposeId, RoleId

CORPORATION, MUNICIPALITY, POLICE, CARE = (PartyId(name) for name in ("corporation", "municipality", "police", "care"))
POLICE_CLASSES = {DataClass.POLICE_8, DataClass.POLICE_9, DataClass.POLICE_10}


def classes_of(covenant: Covenant, article: Article) -> frozenset[DataClass]:
    return frozenset().union(*(covenant.fields[name].classes for name in article.fields))


def receivers(article: Article) -> frozenset[PartyId]:
    return frozenset(party_of(role) for role in article.to)


def kinds(covenant: Covenant, bases: tuple[str, ...]) -> set[BasisKind]:
    return {basis.kind for name, basis in covenant.legal_bases.items() if name in bases}


# what never happens


def test_the_corporation_receives_ordinary_data_and_nothing_else(covenant: Covenant) -> None:
    received = [article for article in covenant.articles if CORPORATION in receivers(article)]
    assert received
    assert {data_class for article in received for data_class in classes_of(covenant, article)} == {DataClass.ORDINARY}


def test_the_corporation_is_shown_neither_phases_nor_police_nor_care(covenant: Covenant) -> None:
    for case_type in covenant.case_types.values():
        shown = case_type.shown_as[CORPORATION]
        assert {shown.phase_in(phase) for phase in case_type.ladder} == {PhaseView.OPEN_OR_CLOSED}
        assert shown.participants == {MUNICIPALITY}


def test_no_citizen_service_number_is_in_it(covenant: Covenant) -> None:
    assert not any(DataClass.BSN in field.classes for field in covenant.fields.values())


def test_nothing_is_given_about_a_minor_a_reporter_or_a_victim(covenant: Covenant) -> None:
    assert {subject for article in covenant.articles for subject in article.about} == {"tenant", "household_adult"}


def test_the_case_director_does_not_collect_what_is_wrong_with_somebody(covenant: Covenant) -> None:
    director = RoleId("municipality.director")
    fields = {name for article in covenant.articles if director in article.to for name in article.fields}
    special = {name for name in fields if DataClass.SPECIAL in covenant.fields[name].classes}
    assert special == {"care_contact.contact", "support.continues_until", "support.frequency"}


def test_whoever_hears_of_police_and_care_is_bound_by_a_statement_of_its_own(covenant: Covenant) -> None:
    police, care = (
        {role for article in covenant.articles if classes_of(covenant, article) & classes for role in article.to}
        for classes in (POLICE_CLASSES, {DataClass.SECRECY})
    )
    bound = {role for never in covenant.never for role in never.to if "." in role}
    assert police & care
    assert (police & care) - bound == set()


def test_offences_that_the_corporation_knows_of_go_to_the_police_and_to_nobody_else(covenant: Covenant) -> None:
    for article in covenant.articles:
        if article.from_ == CORPORATION and DataClass.CRIMINAL in classes_of(covenant, article):
            assert receivers(article) == {POLICE}
            assert article.conditions.four_eyes


# live, or by hand


@pytest.mark.parametrize(
    ("holder", "delivery"),
    [
        (CORPORATION, Delivery.LIVE),
        (MUNICIPALITY, Delivery.LIVE),
        (POLICE, Delivery.RELEASED_BY_HOLDER),
        (CARE, Delivery.RELEASED_BY_HOLDER),
    ],
)
def test_each_party_delivers_in_one_way(covenant: Covenant, holder: PartyId, delivery: Delivery) -> None:
    assert {field.delivery for field in covenant.fields.values() if field.holder == holder} == {delivery}


# grounds


def test_every_police_article_has_a_ground_of_the_wpg_and_the_elements_of_article_20(covenant: Covenant) -> None:
    given = [article for article in covenant.articles if article.from_ == POLICE]
    assert len(given) >= 5
    for article in given:
        assert classes_of(covenant, article) & POLICE_CLASSES
        assert any(covenant.legal_bases[name].gives_only for name in article.basis.giver)
        assert article.wpg20 is not None
        assert article.wpg20.agreed_by
        assert article.wpg20.purpose == article.purpose
        assert article.wpg20.decision.on <= covenant.in_force.from_
        for bases in article.basis.receiver.values():
            assert {BasisKind.GDPR6, BasisKind.GDPR10} <= kinds(covenant, bases)
    references = [article.wpg20.decision.ref for article in given if article.wpg20]
    assert len(set(references)) == len(references)


def test_care_gives_with_consent_that_lifts_secrecy_and_that_may_be_refused(covenant: Covenant) -> None:
    given = [article for article in covenant.articles if article.from_ == CARE]
    assert len(given) >= 5
    for article in given:
        consent = article.conditions.consent
        assert consent is not None
        assert (consent.by, consent.kind) == ("subject", "explicit")
        assert consent.refusal_has_no_effect
        assert consent.help_request
        assert {BasisKind.GDPR6, BasisKind.GDPR9, BasisKind.SECRECY_EXCEPTION} <= kinds(covenant, article.basis.giver)


def test_no_public_body_rests_a_purpose_on_a_legitimate_interest_or_on_consent(covenant: Covenant) -> None:
    for purpose in covenant.purposes.values():
        for name in purpose.legal_basis[MUNICIPALITY]:
            assert covenant.legal_bases[name].article == "6(1)(e)"


def test_every_legitimate_interest_names_its_balancing_test(covenant: Covenant) -> None:
    interests = [basis for basis in covenant.legal_bases.values() if basis.article == "6(1)(f)"]
    assert interests
    assert all(basis.balancing for basis in interests)


def test_every_basis_is_used_and_was_in_force(covenant: Covenant) -> None:
    used = {name for purpose in covenant.purposes.values() for bases in purpose.legal_basis.values() for name in bases}
    for basis in [article.basis for article in covenant.articles] + [emergency.basis for emergency in covenant.emergency]:
        used |= {*basis.giver, *(name for bases in basis.receiver.values() for name in bases)}
    assert covenant.legal_bases.keys() - used == set()
    assert all(basis.valid_from is None or basis.valid_from <= covenant.in_force.from_ for basis in covenant.legal_bases.values())


def test_every_full_field_that_is_not_an_answer_of_yes_or_no_is_justified_somewhere(covenant: Covenant) -> None:
    """One reason per article at least: why no smaller form would do. An article of reduced forms alone needs none."""
    for article in covenant.articles:
        full = {name for name, form in article.fields.items() if form.kind == "full"}
        assert not full or article.necessity.smaller_form, article.id
        assert article.necessity.smaller_form.keys() <= full, article.id


# identification


def test_what_identifies_is_identity_and_nothing_else(covenant: Covenant) -> None:
    identifying = [article for article in covenant.articles if article.identifies]
    assert {name.partition(".")[0] for article in identifying for name in article.fields} == {"identity", "person"}
    others = {name.partition(".")[0] for article in covenant.articles if not article.identifies for name in article.fields}
    assert not others & {"identity", "person"}


def test_nobody_waits_for_a_field_without_a_way_to_know_whom_it_is_about(covenant: Covenant) -> None:
    """Giver and receiver confirm before a field flows, so each is told the identity by then, or holds it."""
    told: set[tuple[PartyId, str, Phase]] = set()
    for party, category in ((CORPORATION, "identity"), (MUNICIPALITY, "person")):
        assert any(name.startswith(f"{category}.") for name, field in covenant.fields.items() if field.holder == party)
    for article in covenant.articles:
        if article.identifies:
            told |= {(party, kind, phase) for party in receivers(article) for kind in article.case_types for phase in article.phases}
    later = {(party, kind, Phase("aftercare")) for party, kind, phase in told if phase != "aftercare"}  # known before, known after
    for article in covenant.articles:
        for party in {article.from_, *receivers(article)} - {MUNICIPALITY, CORPORATION}:
            for kind in article.case_types:
                for phase in article.phases:
                    assert (party, kind, phase) in told | later, (article.id, party, kind, phase)


# what may be read between the lines


def given_to(policy: Policy, party: PartyId) -> Iterator[tuple[str, Phase, tuple[RoleId, PurposeId, str, FieldName]]]:
    for rule in policy.rules:
        if party_of(rule.context.role) == party:
            what = (rule.context.role, rule.context.purpose, rule.context.subject, rule.field)
            yield rule.context.case_type, rule.context.phase, what


@pytest.mark.parametrize("party", [CORPORATION, CARE, POLICE])
def test_a_party_that_is_not_shown_the_phase_cannot_read_it_from_what_it_is_given(policy: Policy, party: PartyId) -> None:
    given: dict[tuple[str, Phase], set[object]] = defaultdict(set)
    for kind, phase, what in given_to(policy, party):
        given[kind, phase].add(what)
    for name, case_type in policy.covenant.case_types.items():
        shown = case_type.shown_as[party]
        hidden = [
            phase
            for phase, step in case_type.ladder.items()
            if not step.shielded
            and shown.phase_in(phase) is PhaseView.OPEN_OR_CLOSED
            # police and care join in consultation and triage is never entered again; the corporation may have given the signal
            and (party == CORPORATION or phase != "triage")
        ]
        assert len({frozenset(given[name, phase]) for phase in hidden}) <= 1, name


def test_triage_is_never_entered_again(covenant: Covenant) -> None:
    for case_type in covenant.case_types.values():
        assert all("triage" not in step.next for step in case_type.ladder.values())
        assert all(step.overdue is None or step.overdue.back_to != "triage" for step in case_type.ladder.values())


def test_a_party_is_shown_that_those_take_part_from_whom_it_receives_without_consent(covenant: Covenant) -> None:
    for article in covenant.articles:
        if article.conditions.consent is None:
            for kind in article.case_types:
                for party in receivers(article) - {article.from_}:
                    assert article.from_ in covenant.case_types[kind].shown_as[party].participants, (article.id, kind, party)


# what the privacy officers expect


def test_it_does_what_its_own_scenarios_say(policy: Policy) -> None:
    results = run_scenarios(policy)
    assert len(results) == len(policy.covenant.scenarios)
    assert [(result.name, result.failures) for result in results if not result.passed] == []


def test_casbin_says_the_same_of_every_rule(policy: Policy) -> None:
    assert policy.verify_all() > len(policy.rules)


# completeness


def test_every_field_is_given_by_some_article_and_by_its_holder(covenant: Covenant) -> None:
    given = {name for article in covenant.articles for name in article.fields}
    assert covenant.fields.keys() - given == set()


def test_every_role_receives_something(covenant: Covenant) -> None:
    receiving = {role for article in covenant.articles for role in article.to}
    roles = {name for party in covenant.parties.values() for name in party.roles}
    assert roles - receiving == set()


def test_every_party_gives_and_receives(covenant: Covenant) -> None:
    assert {article.from_ for article in covenant.articles} == covenant.parties.keys()
    assert {party for article in covenant.articles for party in receivers(article)} == covenant.parties.keys()


def test_care_comes_first_where_there_is_no_offence(covenant: Covenant) -> None:
    assert covenant.signals["concern"].to == ("municipality.social_team",)
    assert all(party_of(role) != POLICE for kind in covenant.signals.values() for role in kind.to)
    assert covenant.case_types[covenant.signals["concern"].opens].lead == MUNICIPALITY
    residents = {name for name, kind in covenant.signals.items() if "resident" in kind.from_}
    assert residents == {"nuisance", "concern", "unsafe"}


def test_an_emergency_opens_on_vital_interest_to_those_on_duty_for_a_day_at_most(covenant: Covenant) -> None:
    duty = {name for party in covenant.parties.values() for name, role in party.roles.items() if role.duty}
    for emergency in covenant.emergency:
        assert emergency.who <= duty
        assert emergency.lasts.total_seconds() <= 24 * 3600
        assert {"holder", "privacy_officer"} <= set(emergency.notify)
        articles = {covenant.legal_bases[name].article for bases in emergency.basis.receiver.values() for name in bases}
        assert articles == {"6(1)(d)", "9(2)(c)"}


def test_nothing_is_kept_longer_than_five_years(covenant: Covenant) -> None:
    assert covenant.retention is not None
    start = covenant.in_force.from_
    for period in (covenant.retention.default, *covenant.retention.categories.values()):
        assert period.after(start) <= start.replace(year=start.year + 5)
