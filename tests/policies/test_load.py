from __future__ import annotations

from datetime import date, timedelta

import pytest

from policies.covenant import Concerns, NeverKind, Period, PhaseView
from policies.errors import CovenantErrors, Finding, Severity
from policies.load import load_covenant
from policies.values import Label
from policies.vocabulary import Delivery, Form, FormKind
from tests.policies.yaml_edits import SMALL, edited, loaded, mistakes, mistakes_of


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    """Of the document, of its shape, of its names and of what it means (for which the head must be whole)."""
    found = mistakes_of(
        ("title: {nl: Klein, en: Small}", "titel: {nl: Klein, en: Small}"),
        ("kind: municipality", "kind: town"),
        ("organ: mayor}", "organ: council}"),
        ("owner: city.director, next: [closed]", "owner: city.chief, next: [closed]"),
        ("phases: [plan]", "phases: [closed]"),
        ('never_sees: ["help.*"]', "never_sees: &all [help.contact]"),
    )
    assert found == [
        "1:1: error[missing-key]: the covenant lacks `title`: expected a label",
        "4:1: error[unknown-key]: `titel` is not a key of the covenant; did you mean `title`?",
        "9:11: error[wrong-value]: expected one of municipality, housing_corporation, police, care, youth_protection, other, found `town`",
        "51:21: error[unknown-role]: unknown role `city.chief`; did you mean `city.director`?",
        "105:17: error[anchor]: an anchor has no use here; take `&` and its name out",
    ]
    assert mistakes_of(
        ("organ: mayor}", "organ: council}"),
        ("phases: [plan]", "phases: [closed]"),
        ("city.director, next: [closed]", "city.chief, next: [closed]"),
    ) == [
        "15:54: error[unknown-organ]: unknown organ `council` of city",
        "51:21: error[unknown-role]: unknown role `city.chief`; did you mean `city.director`?",
        "89:13: error[shielded-phase]: article 2 gives in phase `closed`, which is shielded: a closed case gives nothing",
    ]


def test_a_part_that_is_missing_is_told_once_and_not_for_every_name_in_it() -> None:
    assert mistakes_of(("parties:\n", "partys:\n")) == [
        "1:1: error[missing-key]: the covenant lacks `parties`: expected a map from a name in lower case to a party",
        "6:1: error[unknown-key]: `partys` is not a key of the covenant; did you mean `parties`?",
    ]


def test_an_unknown_key_far_from_any_known_one_gets_the_list() -> None:
    (found,) = mistakes_of(("in_force: {from: 2026-01-01", "in_force: {zone: nowhere, from: 2026-01-01"))
    assert found == "5:12: error[unknown-key]: `zone` is not a key of in_force; known are from, until, review"


def test_a_finding_has_its_parts_and_its_file() -> None:
    with pytest.raises(CovenantErrors) as caught:
        load_covenant(edited(("kind: gdpr9", "kind: gdpr99")), name="covenants/small.yaml")
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.column, finding.severity, finding.code) == (
        "covenants/small.yaml",
        37,
        20,
        Severity.ERROR,
        "wrong-value",
    )
    assert finding.hint is not None
    assert finding.hint.en == "did you mean `gdpr9`?"
    assert str(finding).startswith("covenants/small.yaml:37:20: error[wrong-value]: expected one of gdpr6, ")


def test_errors_without_a_finding_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="a covenant without mistakes is no error"):
        CovenantErrors([])
    assert (
        str(Finding("f", 1, 2, Severity.WARNING, "c", Label("b", "m"), Label("t", "h"), "AVG art. 6"))
        == "f:1:2: warning[c]: m (AVG art. 6); h"
    )


def test_what_is_loaded_is_what_was_written() -> None:
    covenant = loaded()
    assert (covenant.language, covenant.id, covenant.version) == (1, "small", "1")
    assert covenant.in_force.from_ == date(2026, 1, 1)
    assert covenant.parties["city"].roles["city.director"].organ == "mayor"  # type: ignore[index]  # names as the file has them
    street = covenant.case_types["street"]  # type: ignore[index]
    assert list(street.ladder) == ["triage", "plan", "closed"]
    assert street.first.within == timedelta(days=14)
    assert street.ladder["closed"].purge_for("unfounded") == Period(30, "day")  # type: ignore[index]
    assert street.ladder["closed"].purge_for("resolved") == Period(2, "year")  # type: ignore[index]
    assert street.shown_as["landlord"].phase_in(street.first.phase) is PhaseView.OPEN_OR_CLOSED  # type: ignore[index]
    contact = covenant.fields["help.contact"]  # type: ignore[index]
    assert (contact.holder, contact.delivery, contact.of) == ("care", Delivery.RELEASED_BY_HOLDER, Concerns.SUBJECT)
    assert covenant.fields["complaints.kind"].codes == ("GEL", "VER")  # type: ignore[index]
    assert covenant.fields["complaints.kind"].code_list == "vera:SOORT"  # type: ignore[index]
    first, second = covenant.articles
    assert first.fields == {"complaints.count": Form(FormKind.BANDS, ("0-2", "3+")), "complaints.last_on": Form(FormKind.MONTH)}
    assert first.basis.receiver == {"city": ("task",)}
    assert second.conditions.consent is not None
    assert covenant.never[0].kind is NeverKind.CHOICE


def test_what_is_loaded_cannot_be_changed() -> None:
    covenant = loaded()
    with pytest.raises(TypeError):
        covenant.parties["thief"] = covenant.parties["city"]  # type: ignore[index]
    with pytest.raises(TypeError):
        covenant.articles[0].fields["help.contact"] = Form(FormKind.FULL)  # type: ignore[index]
    with pytest.raises(AttributeError):
        covenant.version = "2"  # type: ignore[misc]


def test_line_ends_of_another_system_change_nothing() -> None:
    assert load_covenant(SMALL.replace("\n", "\r\n").encode()) == loaded()


def test_a_covenant_that_supersedes_itself_and_repeats_itself_is_told_so() -> None:
    assert mistakes_of(('version: "1"', 'version: "1"\nsupersedes: "1"')) == [
        "4:13: error[supersedes-itself]: version 1 cannot supersede itself"
    ]
    twice = SMALL + SMALL[SMALL.index("  - scenario:") :]
    assert mistakes(twice.encode()) == ["106:5: error[repeated]: a map stands here a second time"]
    renamed = twice[: twice.rindex("landlord.caretaker")] + "city.director" + twice[twice.rindex("landlord.caretaker") + 18 :]
    assert mistakes(renamed.encode()) == [
        "106:15: error[duplicate-scenario]: scenario `De beheerder ziet geen hulp` stands here a second time"
    ]
