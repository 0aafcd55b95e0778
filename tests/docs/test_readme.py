"""The exchange that the README shows is the one that the broker has, and it opens with two commands that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from audit.export import entry_members
from audit.query import Search, search
from tests.docs.pages import blocks, commands_of, is_command, page
from tests.stage import COVENANT, DIRECTOR, OFFICER, theatre

PAGE = page("README.md")
#: what is another one each time, or was shortened
OWN = frozenset({"id", "case", "sha256", "receipt", "asOf"})


def test_it_opens_with_the_two_commands() -> None:
    assert [words[:2] for words in commands_of(PAGE.partition("\n## ")[0])] == [("make", "demo"), ("make", "test")]
    assert all(is_command(words) for words in commands_of(PAGE))


def test_the_exchange_it_shows_is_the_one_the_broker_has(tmp_path: Path) -> None:
    request, disclosure, entry = (json.loads(block) for block in blocks(PAGE, "json"))
    with theatre(tmp_path) as house:
        case = house.open_case("consultation")
        house.contribute(OFFICER, case, incidents__count_12m=7)
        given = house.post(DIRECTOR, "/v1/connectors/municipality/disclosures", {**request, "case": case})
        (hit,) = search(house.broker.log_engine, Search(log=COVENANT, type="exchange.release"), subject_keys=house.broker.subjects).hits
    assert _comparable(given) == _comparable(disclosure)
    assert given["receipt"].startswith("covenant-broker/receipt/v1\ncovenant-broker.localhost/waterstad-noord/")
    printed = json.loads(json.dumps(entry_members(hit)))
    assert entry.keys() <= printed.keys()
    assert {name: _comparable(value) for name, value in printed["core"].items() if name in entry["core"]} == _comparable(entry["core"])
    assert printed["type"] == entry["type"]
    assert entry["disclosure"] == disclosure["id"]


def _comparable(shown: Any) -> Any:  # noqa: ANN401 - any JSON
    """Without ids, hashes and days."""
    if isinstance(shown, dict):
        return {name: None if name in OWN else _comparable(value) for name, value in shown.items()}
    if isinstance(shown, list):
        return [_comparable(value) for value in shown]
    return "a month" if isinstance(shown, str) and re.fullmatch(r"\d{4}-\d\d", shown) else shown
