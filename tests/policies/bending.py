"""A covenant that says everything that the language can say, and every way to change or take out a part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from policies.canonical import canonical_bytes
from policies.values import Period
from tests.policies.test_load_whole_language import EVERYTHING
from tests.policies.yaml_edits import loaded

Step = tuple[str | int, ...]
#: JSON as it comes out of `json.loads`
Tree = Any


#: what the covenant of the loader's tests leaves at what it is when nothing is said, by where it stands
SAID_TOO: dict[Step, object] = {
    ("area",): {"municipality": "GM0001", "description": "Noord"},
    ("dpia",): {"ref": "DPIA-1", "on": "2025-11-01"},
    ("operator",): {"role": "processor", "for": "city", "contract": "AVG 28", "sees_values": "in_transit"},
    ("supersedes",): "0",
    ("parties", "city", "signing_key"): "gQZgPbr2PkpaHPzccW6pdUHyjK9lA0ljmqevw1Sqx3I",
    ("parties", "city", "signatory", "mandate"): "besluit 1",
    ("parties", "care", "roles", "worker", "duty"): True,
    ("legal_bases", "explicit", "with"): "UAVG 30",
    ("legal_bases", "explicit", "balancing"): "https://city.example/afweging",
    ("legal_bases", "explicit", "rests_on"): ["BW 7:446", "BW 7:454"],
    ("purposes", "nuisance", "confidential"): True,
    ("case_types", "street", "ladder", "plan", "within"): "10 days",
    ("case_types", "street", "ladder", "plan", "overdue"): {"back_to": "triage", "warn": "1 day"},
    ("case_types", "street", "ladder", "plan", "needs"): {"reason": True, "agreement": ["care"], "or_after": "2 hours"},
    ("case_types", "street", "ladder", "plan", "next"): ["triage", "closed"],
    ("data", "complaints", "fields", "count", "of"): "address",
    ("data", "complaints", "dpv"): "https://w3id.org/dpv/pd#SocialBehaviour",
    ("articles", 0, "identifies"): True,
    ("articles", 0, "onward"): "with_agreement",
    ("articles", 0, "conditions"): {"known_to_receiver": True, "agreement_of_source": True, "four_eyes": True},
    ("articles", 0, "necessity", "smaller_form"): {"complaints.last_on": "een maand is genoeg"},
    ("articles", 1, "conditions", "consent", "help_request"): True,
    ("never", 1): {
        "statement": "N2",
        "kind": "choice",
        "to": ["landlord.caretaker", "care"],
        "from": ["landlord"],
        "fields": ["complaints.count", "help.*"],
        "about": ["minor"],
        "purposes": ["nuisance"],
        "phases": ["triage", "plan"],
        "forms": ["full"],
        "because": "daarom",
    },
    ("emergency", 0, "notify"): ["holder"],
    ("insight", "minimum_cell"): 20,
    ("insight", "round_to"): 10,
    ("insight", "complementary_suppression"): False,
    ("insight", "readers"): ["city.director"],
    ("retention", "categories"): {"complaints": "1 year"},
    ("rights", "exceptions"): ["UAVG 41(1)(d)"],
    ("scenarios", 1): {
        "scenario": "De regisseur ziet een band",
        "given": {"role": "city.director", "phase": "plan", "subject": "tenant", "without": ["consent"], "vetoed": ["complaints.last_on"]},
        "sees": {"complaints.count": {"bands": ["0-2", "3+"]}},
        "withheld": {"help.contact": "no_consent"},
    },
}


def bend() -> dict[str, Tree]:
    """The covenant that says everything, as JSON."""
    found: dict[str, Tree] = json.loads(canonical_bytes(loaded(*EVERYTHING)))
    for path, value in SAID_TOO.items():
        at: Tree = found
        for part in path[:-1]:
            at = at[part]
        if isinstance(at, list) and path[-1] == len(at):
            at.append(value)
        else:
            at[path[-1]] = value
    return found


WHOLE = bend()
BENT = json.dumps(WHOLE).encode()


def leaves(tree: Tree, path: Step = ()) -> Iterator[tuple[Step, str | int | bool]]:
    """Every leaf with where it stands."""
    match tree:
        case dict():
            for key, value in tree.items():
                yield from leaves(value, (*path, key))
        case list():
            for position, value in enumerate(tree):
                yield from leaves(value, (*path, position))
        case _:
            yield path, tree


def parts(tree: Tree, path: Step = ()) -> Iterator[Step]:
    """Every part that could be taken out."""
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from parts(value, (*path, key))


def others(leaf: str | int | bool) -> Iterator[str | int | bool]:  # noqa: FBT001 - a leaf of a covenant
    """Other values of the same sort, of which one may be allowed where the leaf stands."""
    if isinstance(leaf, bool):
        yield not leaf
    elif isinstance(leaf, int):
        yield from (leaf + 1, leaf - 1)
    else:
        with suppress(ValueError):
            yield (date.fromisoformat(leaf) + timedelta(days=1)).isoformat()
        with suppress(ValueError):
            period = Period.parse(leaf)
            yield str(Period(period.number + 1, period.unit))
        yield from KIN.get(leaf, ())
        yield from (f"{leaf}x", f"{leaf[:-1]}9")


def _kin(*families: str) -> dict[str, tuple[str, ...]]:
    """For each word the others of its family."""
    return {word: tuple(other for other in family.split() if other != word) for family in families for word in family.split()}


KIN = _kin(
    "city landlord care",
    "city.director landlord.caretaker care.worker",
    "triage plan closed",
    "tenant minor",
    "task explicit waiver given",
    "complaints.count complaints.last_on complaints.kind help.contact",
    "full present",
    "live released_by_holder",
    "subject household address",
    "no with_agreement",
    "law choice",
    "processor joint_controller",
    "never in_transit stored",
    "destroy own_ground destroy_or_own_ground",
    "party_only covenant_ends",
    "hand_over close",
    "neighbourhood street block stairwell",
    "municipality housing_corporation care other",
    "ordinary special criminal secrecy",
    "auditor privacy_officer supervisor",
    "wgs_zvh wgs_riec wpg_20 joint_controllers",
    "explicit unambiguous",
)


def without(path: Step) -> dict[str, Tree]:
    found = deepcopy(WHOLE)
    at: Tree = found
    for part in path[:-1]:
        at = at[part]
    del at[path[-1]]
    return found


def instead(path: Step, value: str | int | bool) -> dict[str, Tree]:  # noqa: FBT001 - see others
    found = deepcopy(WHOLE)
    at: Tree = found
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return found
