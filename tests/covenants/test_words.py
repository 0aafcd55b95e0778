"""What the shipped covenant says, and in whose words: its size, its languages, public code lists and vocabularies."""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from policies.covenant import Covenant
from policies.vocabulary import FormKind, ValueType

#: kinds of signal that say something about care, a guardianship or sexual life: nobody needs them from a landlord
NOBODYS_BUSINESS = {"AMB", "CUR", "PRO", "SEU"}
#: kinds of signal that are offences
OFFENCES = {"HEN", "DRU", "BRA", "FYS"}


def walk(node: object, path: str = "") -> Iterator[tuple[str, object]]:
    yield path, node
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from walk(value, f"{path}/{key}")
    if isinstance(node, list):
        for position, value in enumerate(node):
            yield from walk(value, f"{path}/{position}")


def test_it_says_in_its_first_lines_that_it_is_fictional(text: str) -> None:
    first, second = text.splitlines()[:2]
    assert first.startswith("# FICTIONAL.")
    assert second.startswith("# FICTIEF.")


def test_it_is_as_large_as_a_real_one(covenant: Covenant) -> None:
    assert {party.kind for party in covenant.parties.values()} == {"municipality", "housing_corporation", "police", "care"}
    roles = [role for party in covenant.parties.values() for role in party.roles.values()]
    assert len(roles) >= 10
    assert len(covenant.purposes) == 4
    assert len(covenant.case_types) == 3
    assert len(covenant.fields) >= 60
    assert len(covenant.categories) >= 10
    assert len(covenant.articles) >= 25
    assert len(covenant.never) >= 5
    assert len(covenant.scenarios) >= 10
    assert {statement.kind for statement in covenant.never} == {"law", "choice"}
    assert any(role.duty for role in roles)
    assert any(role.designated for role in roles)


def test_every_form_and_every_condition_is_used(covenant: Covenant) -> None:
    kinds = {form.kind for article in covenant.articles for form in article.fields.values()}
    assert kinds == set(FormKind)
    for name in ("consent", "known_to_receiver", "agreement_of_source", "four_eyes", "advice"):
        assert any(getattr(article.conditions, name) for article in covenant.articles), name


def test_every_purpose_has_a_ground_for_every_party(covenant: Covenant) -> None:
    for purpose in covenant.purposes.values():
        assert purpose.legal_basis.keys() == covenant.parties.keys()
        assert all(purpose.legal_basis.values())
        assert purpose.activity


@pytest.mark.parametrize("phase", ["triage", "consultation", "plan", "escalated", "aftercare", "closed"])
def test_every_ladder_has_the_phase_with_all_it_needs(covenant: Covenant, phase: str) -> None:
    for case_type in covenant.case_types.values():
        step = next(step for name, step in case_type.ladder.items() if name == phase)
        if phase == "closed":
            assert step.shielded
            assert set(step.reasons) == {"resolved", "unfounded", "moved", "transferred"}
            assert "default" in step.purge_after
            continue
        assert step.owner
        assert step.within
        assert step.overdue
        assert step.next
        assert "closed" in step.next
        assert bool(step.needs.agreement) == (phase == "escalated")


def test_every_label_is_there_in_dutch_and_in_english(raw: Mapping[str, Any]) -> None:
    titles = [(path, node) for path, node in walk(raw) if path.endswith("/title") or "/roles/" in path or path.startswith("/subjects/")]
    labels = [(path, node) for path, node in titles if isinstance(node, Mapping)]
    assert len(labels) > 150
    for path, node in walk(raw):
        if isinstance(node, Mapping) and ("nl" in node or "en" in node):
            assert node.get("nl"), path
            assert node.get("en"), path
    for name in ("purposes", "case_types", "data"):
        assert all("title" in part for part in raw[name].values())
    assert all("title" in article for article in raw["articles"])
    assert all("title" in field for category in raw["data"].values() for field in category["fields"].values())


def test_no_dutch_and_english_label_of_two_fields_of_a_category_are_the_same(covenant: Covenant) -> None:
    for category in covenant.categories:
        titles = [field.title for name, field in covenant.fields.items() if name.startswith(f"{category}.")]
        assert len({title.nl for title in titles}) == len(titles)
        assert len({title.en for title in titles}) == len(titles)


def test_it_says_nothing_of_addresses_of_systems_or_of_credentials(raw: Mapping[str, Any]) -> None:
    allowed = ("https://w3id.org/dpv", "https://waterstad.example/", "https://wonenaanhetwater.example/")
    for path, node in walk(raw):
        if isinstance(node, str) and "://" in node:
            assert node.startswith(allowed), path
    keys = {path.rpartition("/")[2] for path, _ in walk(raw)}
    assert not keys & {"url", "password", "token", "secret", "host", "database"}


def test_the_signing_keys_are_placeholders_that_nobody_holds(covenant: Covenant) -> None:
    for name, party in covenant.parties.items():
        digest = hashlib.sha256(f"covenant-broker placeholder signing key of {name}".encode()).digest()
        assert party.signing_key == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_every_dpv_iri_exists(raw: Mapping[str, Any], shared: Path) -> None:
    with (shared / "oracles/dpv/iris-2.3.tsv").open(encoding="utf-8") as lines:
        known = {row["iri"] for row in csv.DictReader(lines, delimiter="\t")}
    used = {node for path, node in walk(raw) if path.endswith("/dpv")}
    assert len(used) > 20
    assert used - known == set()


def test_every_vera_code_exists(covenant: Covenant, shared: Path) -> None:
    with (shared / "oracles/vera/referentiedata-signalering.csv").open(encoding="utf-8-sig") as lines:
        known = {(row["Soort"], row["Code"]) for row in csv.DictReader(lines, delimiter=";")}
    used = {
        (field.code_list.removeprefix("vera:"), code)
        for field in covenant.fields.values()
        if field.code_list and field.code_list.startswith("vera:")
        for code in field.codes
    }
    assert {soort for soort, _ in used} == {"SIGNALERINGDETAILSOORT", "SIGNALERINGSTATUS", "OVEREENKOMSTSTATUS"}
    assert used - known == set()


def test_the_kinds_of_signal_are_split_by_legal_class(covenant: Covenant) -> None:
    for field in covenant.fields.values():
        if field.code_list != "vera:SIGNALERINGDETAILSOORT":
            continue
        assert not NOBODYS_BUSINESS & set(field.codes), field.name
        assert (set(field.codes) <= OFFENCES) == ("criminal" in field.classes), field.name
        assert not OFFENCES & set(field.codes) or set(field.codes) <= OFFENCES, field.name


def test_free_text_is_one_field_and_it_is_not_live(covenant: Covenant) -> None:
    texts = [field for field in covenant.fields.values() if field.type is ValueType.TEXT]
    assert [(field.name, field.delivery) for field in texts] == [("support.approach_advice", "released_by_holder")]
