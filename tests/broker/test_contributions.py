"""Giving by hand: only what an article releases, only what fits, on the record before it can be read; and taken back for good."""

from __future__ import annotations

from datetime import date

import pytest

from audit.errors import LogUnavailable
from broker.cases.errors import BadCommand, UnknownCase
from broker.clock import new_id
from broker.contributions import GivenValue
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from connectors.errors import DepositUnavailable
from policies.vocabulary import FieldName, RoleId, Value
from tests.broker.seams import down_for, staged, swapped
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

COUNT, LAST_ON, KIND = (FieldName(f"incidents.{name}") for name in ("count_12m", "last_on", "kind"))
BANDS = "bands(0-2,3-9,10+)"


def give(house: Theatre, case: str, *, role: RoleId = OFFICER, number: int | None = None, **values: GivenValue | Value) -> str:
    given = {
        FieldName(name.replace("__", ".")): value if isinstance(value, GivenValue) else GivenValue(value, "full", None)
        for name, value in values.items()
    }
    return house.broker.contributions.contribute(case, house.by(role), number, given)


def take_back(house: Theatre, case: str, *fields: str, role: RoleId = OFFICER) -> tuple[str, ...]:
    return house.broker.contributions.withdraw(case, house.by(role), None, tuple(map(FieldName, fields)))


def held(house: Theatre, case: str, party: str = POLICE) -> frozenset[str]:
    """Which fields the deposit has of a party for a case."""
    state = house.broker.casework._cases.snapshot(case).state
    return house.broker.contributions._deposit.contributed(case, state.subjects[0][0], party)


def refused(house: Theatre, case: str, role: RoleId = OFFICER, **values: GivenValue | Value) -> str:
    """The path of the mistake; nothing was kept of it and nothing is on the record."""
    before = house.mark()
    with pytest.raises(BadCommand) as error:
        give(house, case, role=role, **values)
    assert (house.since(before), held(house, case, role.partition(".")[0])) == ([], frozenset())
    return error.value.path


@pytest.fixture
def case(playhouse: Theatre) -> str:
    return staged(playhouse, "plan").id


@pytest.mark.parametrize(
    ("role", "field", "why"),
    [
        (OFFICER, "care_contact__contact", "care holds it"),
        (CASE_MANAGER, "incidents__count_12m", "the police hold it"),
        (SOCIAL_MANAGER, "complaints__kind", "it is read from the corporation's own system"),
        (OFFICER, "incidents__worrying_12m", "no article releases it in this type of case"),
        (OFFICER, "suspicion__substance", "no article releases it in this type of case"),
        (OFFICER, "incidents__nothing", "no covenant has it"),
    ],
)
def test_what_is_not_ones_own_to_give_here_is_refused(playhouse: Theatre, case: str, role: RoleId, field: str, why: str) -> None:
    assert refused(playhouse, case, role, **{field: 1}).startswith("fields"), why


WRONG: tuple[tuple[str, GivenValue], ...] = (
    ("count_12m", GivenValue("seven", "full", None)),
    ("count_12m", GivenValue(True, "full", None)),
    ("count_12m", GivenValue("7", "full", None)),
    ("last_on", GivenValue("3 oktober", "full", None)),
    ("last_on", GivenValue("2026-13-01", "full", None)),
    ("last_on", GivenValue(20261003, "full", None)),
    ("kind", GivenValue("moord", "full", None)),
    ("kind", GivenValue("", "full", None)),
    ("count_12m", GivenValue(7, "half", None)),
    ("count_12m", GivenValue(7, "bands(", None)),
    ("count_12m", GivenValue(7, BANDS, None)),
    ("count_12m", GivenValue("4-8", BANDS, None)),
    ("count_12m", GivenValue("whatever one likes to write", BANDS, None)),
    ("last_on", GivenValue("october", "month", None)),
    ("last_on", GivenValue("2026-10-03", "month", None)),
    ("kind", GivenValue("geluid", "present", None)),
)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_does_not_fit_its_field_in_the_form_given_is_refused(
    playhouse: Theatre, case: str, name: str, value: GivenValue
) -> None:
    assert refused(playhouse, case, **{f"incidents__{name}": value}) == f"fields[incidents.{name}]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count_12m", GivenValue("0-4", "bands(0-4,5+)", None)),
        ("last_on", GivenValue("2026", "year", None)),
        ("kind", GivenValue(True, "present", None)),
    ],
)
def test_a_form_in_which_no_article_gives_the_field_is_not_collected(playhouse: Theatre, case: str, name: str, value: GivenValue) -> None:
    """It could never leave: an item leaves in full reduced, or in exactly the form of an article."""
    assert refused(playhouse, case, **{f"incidents__{name}": value}) == f"fields[incidents.{name}]"


def test_one_wrong_field_keeps_the_right_ones_out_as_well(playhouse: Theatre, case: str) -> None:
    assert refused(playhouse, case, incidents__count_12m=7, incidents__kind="moord") == "fields[incidents.kind]"


def test_a_case_that_is_not_there_closed_foreign_or_only_offered_takes_nothing(playhouse: Theatre) -> None:
    offered = staged(playhouse, participants=frozenset({MUNICIPALITY, CORPORATION}), invited=frozenset({POLICE})).id
    foreign = staged(playhouse, participants=frozenset({MUNICIPALITY, CARE})).id
    closed = staged(playhouse).id
    playhouse.post(DIRECTOR, f"/v1/cases/{closed}/closures", {"reason": "resolved"})
    before = playhouse.mark()
    for case in (offered, foreign, closed, new_id()):
        for act in (lambda case=case: give(playhouse, case, incidents__count_12m=7), lambda case=case: take_back(playhouse, case, COUNT)):
            with pytest.raises(UnknownCase):
                act()
    assert playhouse.since(before) == []


@pytest.mark.parametrize("number", [0, 2])
def test_a_subject_that_the_case_does_not_concern_is_refused(playhouse: Theatre, case: str, number: int) -> None:
    with pytest.raises(BadCommand, match="subject"):
        give(playhouse, case, number=number, incidents__count_12m=7)


def test_with_the_log_down_nothing_is_kept(playhouse: Theatre, case: str) -> None:
    with swapped(playhouse.broker.contributions, down_for("contribution")), pytest.raises(LogUnavailable):
        give(playhouse, case, incidents__count_12m=7)
    assert held(playhouse, case) == frozenset()


def test_it_is_on_the_record_before_it_can_be_read_and_the_record_holds_no_value(playhouse: Theatre, case: str) -> None:
    seen: list[frozenset[str]] = []
    before = playhouse.mark()
    with swapped(playhouse.broker.contributions, lambda _types: seen.append(held(playhouse, case))):
        entry = give(playhouse, case, incidents__count_12m=471_100_004_711, incidents__last_on="2026-10-03")
    assert (seen, held(playhouse, case)) == ([frozenset()], {COUNT, LAST_ON})
    (record,) = playhouse.entries(after=before)
    assert (record.envelope.typ, record.envelope.id) == ("contribution", entry)
    assert record.core.requested == (COUNT, LAST_ON)
    assert (record.core.holders, record.actor.role) == ((POLICE,), OFFICER)
    assert "471100004711" not in repr(record)
    assert "2026-10-03" not in repr(record.core)


def test_a_value_is_kept_in_full_in_an_articles_form_or_as_known_to_be_empty(playhouse: Theatre, case: str) -> None:
    give(playhouse, case, incidents__count_12m=GivenValue("3-9", BANDS, date(2026, 11, 1)), incidents__last_on=None)
    shown = playhouse.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "incidents.last_on")["fields"]
    assert (shown["incidents.count_12m"]["value"], shown["incidents.last_on"]["value"]) == ("3-9", None)
    give(playhouse, case, incidents__last_on=GivenValue("2026-09", "month", None))
    assert playhouse.ask(DIRECTOR, case, "end_nuisance", "incidents.last_on")["fields"]["incidents.last_on"]["value"] == "2026-09"


def test_a_field_given_again_replaces_what_it_was_and_leaves_the_others(playhouse: Theatre, case: str) -> None:
    give(playhouse, case, incidents__count_12m=1, incidents__last_on="2026-10-03")
    give(playhouse, case, incidents__count_12m=12)
    shown = playhouse.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "incidents.last_on")["fields"]
    assert {name: field["value"] for name, field in shown.items()} == {"incidents.count_12m": "10+", "incidents.last_on": "2026-10"}


def test_what_was_given_for_one_case_is_nothing_in_another(playhouse: Theatre, case: str) -> None:
    give(playhouse, case, incidents__count_12m=7)
    other = staged(playhouse, "plan").id
    assert playhouse.ask(DIRECTOR, other, "end_nuisance", "incidents.count_12m")["fields"] == {}


def test_only_the_holder_takes_back_and_only_what_is_its_own(playhouse: Theatre, case: str) -> None:
    give(playhouse, case, incidents__count_12m=7)
    before = playhouse.mark()
    for role, fields in ((CASE_MANAGER, [COUNT]), (DIRECTOR, [COUNT]), (OFFICER, [LAST_ON, "care_contact.contact"]), (OFFICER, ["x.y"])):
        with pytest.raises(BadCommand, match="fields"):
            take_back(playhouse, case, *fields, role=role)
    assert (held(playhouse, case), playhouse.since(before)) == ({COUNT}, [])


def test_what_is_taken_back_is_gone_and_what_was_never_given_is_not_told_as_taken_back(playhouse: Theatre, case: str) -> None:
    give(playhouse, case, incidents__count_12m=7, incidents__kind="ruzie")
    before = playhouse.mark()
    assert take_back(playhouse, case, COUNT, LAST_ON) == (COUNT,)
    assert held(playhouse, case) == {KIND}
    assert playhouse.since(before) == ["case.withdrawn"]
    assert playhouse.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")["fields"] == {}


def test_with_the_log_down_what_is_taken_back_is_gone_all_the_same(playhouse: Theatre, case: str) -> None:
    give(playhouse, case, incidents__count_12m=7)
    with swapped(playhouse.broker.contributions._registry._outbox, down_for("case.withdrawn")), pytest.raises(LogUnavailable):
        take_back(playhouse, case, COUNT)
    assert held(playhouse, case) == frozenset()
    assert take_back(playhouse, case, COUNT) == (), "the repeat acknowledges it"
    playhouse.broker.contributions._registry._outbox.drain()


def test_with_the_deposit_down_nothing_is_given_and_the_record_over_states(playhouse: Theatre, case: str) -> None:
    contributions, before = playhouse.broker.contributions, playhouse.mark()
    real, held_before = contributions._deposit, held(playhouse, case)

    class Down:
        def contribute(self, *_arguments: object) -> None:
            raise DepositUnavailable

    contributions._deposit = Down()
    try:
        with pytest.raises(DepositUnavailable):
            give(playhouse, case, incidents__count_12m=7)
    finally:
        contributions._deposit = real
    assert (playhouse.since(before), held(playhouse, case)) == (["contribution"], held_before)
