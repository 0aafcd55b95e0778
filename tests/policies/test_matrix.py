"""Who may see what: every cell is a decision, and laying cells out for reading loses none and makes up none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

from hypothesis import HealthCheck, assume, given, settings

from policies.compile import compile_covenant, rules_of
from policies.covenant import Conditions, Consent, Covenant, Onward
from policies.effects.offers import Need
from policies.matrix import Block, Cell, Only, blocks, matrix
from policies.policy import Policy
from policies.rules import Context
from policies.vocabulary import FULL, PRESENT, ArticleId, FieldName
from tests.policies import strategies
from tests.policies.builders import (
    ADVISER,
    CLOSED,
    COUNT,
    DIRECTOR,
    HOME,
    INCIDENTS,
    LANDLORD,
    MINOR,
    NAME,
    NUISANCE,
    PLAN,
    STREET,
    TENANT,
    TRIAGE,
    article,
    covenant,
)


def cells_of(covenant_: Covenant, only: Only = Only()) -> tuple[Cell, ...]:  # noqa: B008 - a frozen value
    return matrix(compile_covenant(covenant_), only)


def spread(found: tuple[Block, ...]) -> set[tuple[Context, FieldName, ArticleId]]:
    """What the blocks say, cell by cell again."""
    return {
        (Context(block.role, block.purpose, case_type, phase, subject), row.field, offer.article)
        for block in found
        for section in block.sections
        for case_type, subject in product(section.case_types, section.subjects)
        for row in section.rows
        for column, offers in zip(section.columns, row.offers, strict=True)
        for phase in column.phases
        for offer in offers
    }


def test_a_cell_has_the_widest_form_first_with_what_each_needs() -> None:
    free = article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: PRESENT}, phases=frozenset({PLAN}))
    asked = replace(free, id=ArticleId("2"), fields={COUNT: FULL}, conditions=Conditions(Consent("subject"), four_eyes=True))
    (cell,) = cells_of(covenant(free, replace(asked, onward=Onward.WITH_AGREEMENT)))
    assert [(str(offer.form), offer.article, offer.onward) for offer in cell.offers] == [("full", "2", True), ("present", "1", False)]
    assert cell.offers[0].needs >= {Need.CONSENT, Need.CONSENT_BY_SUBJECT, Need.FOUR_EYES}
    assert cell.offers[1].needs == {Need.RECEIVER_IDENTIFIED}


def test_nothing_stands_in_a_phase_that_shields() -> None:
    cells = cells_of(covenant(article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, phases=frozenset({TRIAGE, PLAN, CLOSED}))))
    assert {cell.context.phase for cell in cells} == {TRIAGE, PLAN}


def test_each_filter_keeps_what_it_names_and_nothing_else(shipped_policy: Policy) -> None:
    whole = matrix(shipped_policy)
    holders = shipped_policy.covenant.fields
    kept: dict[Only, Callable[[Cell], bool]] = {
        Only(parties=frozenset({"police"})): lambda cell: cell.context.role.startswith("police."),
        Only(roles=frozenset({"care.case_manager"})): lambda cell: cell.context.role == "care.case_manager",
        Only(purposes=frozenset({"end_nuisance"})): lambda cell: cell.context.purpose == "end_nuisance",
        Only(case_types=frozenset({"resident_concern"})): lambda cell: cell.context.case_type == "resident_concern",
        Only(phases=frozenset({"plan"})): lambda cell: cell.context.phase == "plan",
        Only(subjects=frozenset({"tenant"})): lambda cell: cell.context.subject == "tenant",
        Only(fields=frozenset({"incidents.*_12m"})): lambda cell: cell.field.startswith("incidents.") and cell.field.endswith("_12m"),
        Only(categories=frozenset({"arrears"})): lambda cell: cell.field.startswith("arrears."),
        Only(from_=frozenset({"care"})): lambda cell: holders[cell.field].holder == "care",
    }
    for only, wanted in kept.items():
        found = matrix(shipped_policy, only)
        assert found == tuple(cell for cell in whole if wanted(cell)), only
        assert 0 < len(found) < len(whole), only


def test_the_filter_on_articles_leaves_the_offers_of_others_out(shipped_policy: Policy) -> None:
    found = matrix(shipped_policy, Only(articles=frozenset({"7.1"})))
    assert {offer.article for cell in found for offer in cell.offers} == {"7.1"}


def test_blocks_of_the_shipped_covenant_say_every_rule_once(shipped_policy: Policy) -> None:
    found = blocks(shipped_policy.covenant, matrix(shipped_policy))
    assert spread(found) == {(rule.context, rule.field, rule.article) for rule in shipped_policy.rules}
    assert len({(block.role, block.purpose) for block in found}) == len(found)
    rows = sum(len(section.rows) for block in found for section in block.sections)
    assert rows < len(shipped_policy.rules) / 5


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.covenants())
def test_laying_out_loses_nothing_and_makes_up_nothing(generated: Covenant) -> None:
    assume(any(True for _ in rules_of(generated)))
    policy = compile_covenant(generated)
    found = blocks(generated, matrix(policy))
    assert spread(found) == {(rule.context, rule.field, rule.article) for rule in policy.rules}


def test_situations_that_give_the_same_are_said_once_and_phases_that_do_are_one_column() -> None:
    both = article(
        "1",
        LANDLORD,
        frozenset({DIRECTOR}),
        {COUNT: FULL, NAME: FULL},
        case_types=frozenset({STREET, HOME}),
        about=frozenset({TENANT, MINOR}),
    )
    (block,) = blocks(covenant(both), cells_of(covenant(both)))
    (section,) = block.sections
    assert (block.role, block.purpose) == (DIRECTOR, NUISANCE)
    assert (section.case_types, section.subjects) == ((STREET, HOME), (TENANT, MINOR))
    assert [(column.phases, column.shielded) for column in section.columns] == [((TRIAGE, PLAN), False), ((CLOSED,), True)]
    assert [row.field for row in section.rows] == [NAME, COUNT]


def test_receivers_come_in_the_order_of_the_covenant() -> None:
    whole = covenant(article("1", LANDLORD, frozenset({ADVISER, DIRECTOR}), {COUNT: FULL}))
    assert [block.role for block in blocks(whole, cells_of(whole))] == [DIRECTOR, ADVISER]
    assert INCIDENTS not in {cell.field for cell in cells_of(whole)}
