"""Three covenants as others would write them: nuisance under AVG and Wpg 20, a Zorg- en Veiligheidshuis, three tiers against crime.

They are fictional. What is asked of each is what an owner would ask of a covenant that somebody hands in.
"""

from __future__ import annotations

import csv
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from policies.compile import compile_covenant
from policies.covenant import Covenant, DataClass, PartyKind, party_of
from policies.decide import Ask, decide
from policies.errors import CovenantErrors, Severity
from policies.legal import lint
from policies.load import load_covenant
from policies.policy import Policy
from policies.scenarios import run_scenarios
from policies.vocabulary import Phase
from tests.policies.reference import answer
from tests.policies.test_reference_agreement import answers_of, every_asker, every_case, favourable

HERE = Path(__file__).parent
NUISANCE, SAFETY_HOUSE, TIERS = "woonoverlast-krimpenveld", "zorg-en-veiligheidshuis-oostmeer", "ondermijning-delta"
NAMES = (NUISANCE, SAFETY_HOUSE, TIERS)


@pytest.fixture(scope="session")
def written() -> dict[str, Policy]:
    """The three, compiled once."""
    return {name: compile_covenant(load_covenant((HERE / f"{name}.yaml").read_bytes(), f"{name}.yaml")) for name in NAMES}


@pytest.fixture(params=NAMES)
def policy(request: pytest.FixtureRequest, written: dict[str, Policy]) -> Policy:
    return written[request.param]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_in_its_first_lines_that_it_is_fictional(name: str) -> None:
    lines = (HERE / f"{name}.yaml").read_text("utf-8").splitlines()
    assert lines[0].startswith("# FICTIEF.")
    assert lines[1].startswith("# FICTIONAL.")
    assert 200 <= len(lines) <= 500


def test_a_label_with_a_comma_is_told_to_stand_in_quotes() -> None:
    """What the writer of one of these three met first: to YAML the words behind the comma are a key."""
    text = (HERE / f"{NUISANCE}.yaml").read_text("utf-8")
    old = "title: {nl: Wat de gemeente doet, en: What the municipality does}"
    assert text.count(old) == 1
    with pytest.raises(CovenantErrors) as caught:
        load_covenant(text.replace(old, old.replace("gemeente doet", "gemeente doet, en wanneer")).encode())
    (finding,) = caught.value.findings
    assert finding.line == text[: text.index(old)].count("\n") + 1
    assert (
        "`en wanneer` is geen onderdeel van een tekst in twee talen; zet een tekst met een komma tussen aanhalingstekens"
        in finding.text("nl")
    )
    assert "`en wanneer` is not a key of a label; put a text with a comma in quotes" in finding.text("en")


def test_it_is_as_rich_as_a_real_one(policy: Policy) -> None:
    covenant = policy.covenant
    assert len(covenant.parties) >= 4
    assert len(covenant.articles) >= 10
    assert len(covenant.scenarios) >= 8
    assert len(covenant.never) >= 4
    assert covenant.dpia
    assert covenant.inform
    assert covenant.inform.defer
    assert covenant.retention
    assert covenant.rights
    assert covenant.breach
    assert covenant.evaluation
    assert covenant.signals


def test_the_lint_finds_no_error_and_every_warning_was_weighed(policy: Policy) -> None:
    """Nobody can sign a fiction, a safety house does put police and care at one table, and two landlords have the same needs."""
    weighed = {
        "signing-key-missing",
        "necessity-copied",
        "accumulation",
        "secrecy-without-consent",
        "owner-is-blind",
        "agreement-may-block",
    }
    found = [finding for finding in lint(policy.covenant, date(2026, 6, 1)) if finding.code not in weighed | {"unused-role"}]
    assert [str(finding) for finding in found] == []
    assert [finding.code for finding in lint(policy.covenant, date(2026, 6, 1)) if finding.severity is Severity.ERROR] == []


def test_every_scenario_passes(policy: Policy) -> None:
    assert [(result.name, result.failures) for result in run_scenarios(policy) if not result.passed] == []


def test_casbin_and_the_obvious_interpreter_agree_in_every_cell(policy: Policy) -> None:
    covenant, fields = policy.covenant, tuple(policy.covenant.fields)
    policy.verify_all()
    for (role, purpose), case in product(every_asker(covenant), every_case(covenant)):
        ask, facts = Ask(role, purpose, fields), favourable(covenant, case)
        assert answers_of(decide(policy, ask, facts)) == answer(covenant, ask, facts), (ask, facts)
        assert answers_of(decide(policy, ask, case)) == answer(covenant, ask, case), (ask, case)


def test_every_dpv_iri_exists(policy: Policy, shared: Path) -> None:
    with (shared / "oracles/dpv/iris-2.3.tsv").open(encoding="utf-8") as lines:
        known = {row["iri"] for row in csv.DictReader(lines, delimiter="\t")}
    covenant = policy.covenant
    said = [field.dpv for field in covenant.fields.values()]
    said += [purpose.dpv for purpose in covenant.purposes.values()]
    said += [basis.dpv for basis in covenant.legal_bases.values()]
    used = set(filter(None, said))
    assert len(used) >= 8
    assert used - known == set()


def test_every_vera_code_exists(written: dict[str, Policy], shared: Path) -> None:
    with (shared / "oracles/vera/referentiedata-signalering.csv").open(encoding="utf-8-sig") as lines:
        known = {(row["Soort"], row["Code"]) for row in csv.DictReader(lines, delimiter=";")}
    fields = [field for field in written[NUISANCE].covenant.fields.values() if (field.code_list or "").startswith("vera:")]
    used = {((field.code_list or "").removeprefix("vera:"), code) for field in fields for code in field.codes}
    assert used
    assert used - known == set()


def test_no_basis_is_younger_than_the_covenant_and_each_is_used(policy: Policy) -> None:
    covenant = policy.covenant
    used = {name for purpose in covenant.purposes.values() for bases in purpose.legal_basis.values() for name in bases}
    used |= set(covenant.log.legal_basis) if covenant.log else set()
    for basis in [*(article.basis for article in covenant.articles), *(emergency.basis for emergency in covenant.emergency)]:
        used |= {*basis.giver, *(name for bases in basis.receiver.values() for name in bases)}
    assert covenant.legal_bases.keys() - used == set()
    assert all(basis.valid_from is None or basis.valid_from <= covenant.in_force.from_ for basis in covenant.legal_bases.values())


# what the law asks of each


def given_to(covenant: Covenant, phase: str) -> dict[str, set[str]]:
    """Per receiving role the fields that some article gives it in a phase."""
    found: dict[str, set[str]] = {}
    for article in covenant.articles:
        if Phase(phase) in article.phases:
            for role in article.to:
                found.setdefault(role, set()).update(article.fields)
    return found


def test_under_avg_and_wpg_police_data_go_to_designated_staff_and_no_landlord_reads_another(written: dict[str, Policy]) -> None:
    covenant = written[NUISANCE].covenant
    landlords = {name for name, party in covenant.parties.items() if party.kind is PartyKind.HOUSING_CORPORATION}
    assert len(landlords) == 2
    for article in covenant.articles:
        classes = {data_class for name in article.fields for data_class in covenant.fields[name].classes}
        if DataClass.POLICE_8 in classes and article.purpose == "overlast_stoppen":
            assert all((role := covenant.role(name)) and role.designated for name in article.to)
            assert article.wpg20
        assert not (article.from_ in landlords and {party_of(role) for role in article.to} & landlords)


def test_under_the_wgs_there_is_a_hit_before_there_is_more(written: dict[str, Policy]) -> None:
    covenant = written[SAFETY_HOUSE].covenant
    assert {field for fields in given_to(covenant, "registration").values() for field in fields} == {
        "identity.last_name",
        "identity.first_names",
        "identity.birth_date",
        "identity.bsn",
    }
    assert all(article.identifies or article.conditions.known_to_receiver or article.conditions.consent for article in covenant.articles)
    assert not any(party.kind is PartyKind.HOUSING_CORPORATION for party in covenant.parties.values())
    assert covenant.log
    assert covenant.log.legal_basis


def test_each_tier_has_fewer_receivers_of_what_weighs_more(written: dict[str, Policy]) -> None:
    covenant = written[TIERS].covenant

    def receivers(*classes: DataClass) -> set[str]:
        found = {name for name, field in covenant.fields.items() if field.classes & set(classes)}
        return {role for article in covenant.articles if found & article.fields.keys() for role in article.to}

    assert len(receivers(DataClass.ORDINARY)) > len(receivers(DataClass.POLICE_8)) > len(receivers(DataClass.POLICE_9)) == 1
    assert {kind: len(case_type.ladder) for kind, case_type in covenant.case_types.items()} == {"persoonscasus": 4, "pandcasus": 4}
