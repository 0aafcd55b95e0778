"""Every attack that anybody tries first has its row in the threat model; tests/docs/test_threat_model.py sees to the rows' tests."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.docs.pages import page, section

#: by attack, what its row begins with
ATTACKS: Mapping[str, str] = {
    "algorithm confusion": "`alg: none`, another algorithm, a public key as a secret",
    "no algorithm": "`alg: none`, another algorithm, a public key as a secret",
    "a key id that is an injection": "`kid`, `jku`, `x5u`, `jwk` in a header lead to another key",
    "a key fetched from where a token says": "`kid`, `jku`, `x5u`, `jwk` in a header lead to another key",
    "a token used again": "a stolen token",
    "a stolen token without its key": "a stolen token",
    "an assertion used again": "an assertion is stolen and used again",
    "a wrong audience": "an assertion for somebody else, or a token, used here",
    "clocks apart": "two clocks differ, or one is set back",
    "a confused deputy between doors": "a token for decisions is used to fetch data, or one for data to decide",
    "request smuggling": "one request hides in another (smuggling)",
    "header injection": "a caller writes a header of ours",
    "huge numbers": "hostile bodies: 10 MB, deep, doubled keys, huge numbers, broken UTF-8",
    "look-alike characters": "a name or id in characters that look the same",
    "doubled keys in JSON": "hostile bodies: 10 MB, deep, doubled keys, huge numbers, broken UTF-8",
    "doubled keys in a token": "doubled members in JOSE JSON: one reader sees the first, another the last",
    "hash flooding": "many names at once make the counting large, or hit another's cell (hash flooding)",
    "a request forged through a configured source": "a source answers with a bomb, a redirect, a cookie",
    "a request forged through a partner's address": "a partner's key address is pointed at our own network, or somebody makes us hammer it",
    "timing of unknown and forbidden cases": "which cases exist",
    "enumerating cases": "which cases exist",
    "log injection": "a caller writes a line of the operator's log",
    "patterns that run for ever": "text that makes a pattern run for ever (ReDoS)",
    "bombs": "bombs: archives, aliases, compressed bodies",
    "a path that climbs": "a path climbs out of the log's tiles (traversal)",
    "SQL injection through filters and names": "SQL through a filter of the log, a field's name or an id",
    "SQL injection through references": "SQL through a reference or a name",
    "mass assignment": "a body brings members that nobody asked for (mass assignment)",
    "cache poisoning": "a cache keeps what one caller poisoned, or what belongs to one (cache poisoning)",
    "an oracle of errors": "errors that tell two things apart (oracle)",
    "entries counted between two receipts": "the log's growth around an answer, or its length, tells what the answer does not",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_its_row_in_the_threat_model(attack: str) -> None:
    rows = [
        line.strip("| ").split(" | ")[0] for line in section(page("docs/threat-model.md"), "Threats").splitlines() if line.startswith("| ")
    ]
    assert rows.count(ATTACKS[attack]) == 1
