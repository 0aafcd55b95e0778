"""The examples in the description are exchanges that took place: played again, they differ in ids, times, hashes and signatures only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interface.recording import KEPT, WITHOUT_ANSWER, WITHOUT_EXCHANGE, alike, record
from tests.stage import Theatre


@pytest.fixture(scope="module")
def document(shared_small_house: Theatre) -> dict[str, Any]:
    document: dict[str, Any] = shared_small_house.http.get("/v1/openapi.json").json()
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def test_what_is_recorded_is_what_happens_still() -> None:
    kept, found = json.loads(KEPT.read_text(encoding="utf-8")), json.loads(json.dumps(record()))
    for kind in ("operations", "problems"):
        assert kept[kind].keys() == found[kind].keys(), "run: python -m tests.interface.recording"
        for name in kept[kind]:
            assert alike(found[kind][name]) == alike(kept[kind][name]), f"{name}: if it is meant, run: python -m tests.interface.recording"


def test_every_operation_shows_what_is_asked_and_answered_and_each_of_its_refusals(document: dict[str, Any]) -> None:
    for operation in operations(document):
        name = operation["operationId"]
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"]["recorded"]["value"] is not None, name
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] != "path" or parameter["example"], name
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                if not status.startswith("2"):
                    assert content["examples"], (name, status)
                elif name not in WITHOUT_ANSWER | WITHOUT_EXCHANGE:
                    assert content["examples"]["recorded"]["value"] is not None, name


def test_each_refusal_is_shown_with_its_own_status(document: dict[str, Any]) -> None:
    shown = document["components"]["examples"]
    for operation in operations(document):
        for status, response in operation["responses"].items():
            for slug in response.get("content", {}).get("application/problem+json", {}).get("examples", ()):
                assert shown[slug]["value"]["status"] == int(status)
                assert shown[slug]["value"]["type"] == f"/v1/problems/{slug}"
