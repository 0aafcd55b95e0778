"""The covenant that is shipped, and the sketch that the language was designed by."""

from __future__ import annotations

from pathlib import Path

from policies.compile import compile_covenant
from policies.covenant import Covenant, DataClass
from policies.load import load_covenant
from policies.policy import Policy
from policies.scenarios import run_scenarios


def test_it_is_as_rich_as_a_real_one(shipped: Covenant) -> None:
    assert set(shipped.parties) == {"municipality", "corporation", "police", "care"}
    assert sum(len(party.roles) for party in shipped.parties.values()) >= 10
    assert len(shipped.purposes) >= 4
    assert len(shipped.case_types) >= 3
    assert len(shipped.fields) >= 60
    assert len(shipped.categories) >= 10
    assert len(shipped.articles) >= 25
    assert len(shipped.never) >= 5
    assert len(shipped.scenarios) >= 10
    assert {form.kind.value for article in shipped.articles for form in article.fields.values()} >= {"full", "month", "bands", "present"}


def test_casbin_says_in_every_context_what_its_articles_say(shipped_policy: Policy) -> None:
    assert shipped_policy.verify_all() > len(shipped_policy.rules)


def test_the_corporation_is_given_nothing_of_police_or_care_in_any_form(shipped: Covenant, shipped_policy: Policy) -> None:
    forbidden = {DataClass.SPECIAL, DataClass.CRIMINAL, DataClass.POLICE_8, DataClass.POLICE_9, DataClass.POLICE_10, DataClass.SECRECY}
    given = {rule.field for rule in shipped_policy.rules if rule.context.role.startswith("corporation.")}
    assert given
    assert [field for field in sorted(given) if shipped.fields[field].classes & forbidden] == []


def test_the_sketch_loads_compiles_and_passes_its_scenarios(shared: Path) -> None:
    sketch = load_covenant(
        (shared / "design" / "covenant-sketch.yaml").read_bytes().replace(b"sha256-thumbprint-of-the-police-signing-key", b"A" * 43)
    )
    assert all(result.passed for result in run_scenarios(compile_covenant(sketch)))
