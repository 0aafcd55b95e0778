"""A party's REST API keeps the contract of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest

from connectors.http_json import HttpJsonSource, open_client
from policies.vocabulary import FieldName, Value
from tests.connectors.api import Answer, Api, send
from tests.connectors.contract import HOLDER, PATIENT_S, TYPES, SourceContract, World

NAMES = {field: field.partition(".")[2].upper() for field in TYPES}


class HttpWorld:
    needs_reference = True

    def __init__(self) -> None:
        self.api = Api()
        self._client = open_client(at_once=8)
        self.source = HttpJsonSource("cases", HOLDER, self._client, self.api.start(), NAMES, None, deadline_s=PATIENT_S, max_bytes=65_536)

    def put(self, person: str, values: Mapping[FieldName, Value]) -> None:
        fields = self.api.people.setdefault(person, {})
        for field, value in values.items():
            stated = value.isoformat() if isinstance(value, date) else value
            fields[NAMES[field]] = {"value": stated, "as_of": "2026-03-09"}

    def asked(self) -> set[FieldName]:
        requests, self.api.requests = self.api.requests, []
        names = {asked["name"] for request in requests for asked in request.body["fields"]}
        return {field for field, name in NAMES.items() if name in names}

    @contextmanager
    def stalled(self) -> Iterator[None]:
        with self._answering(lambda *_: self.api.release.wait(PATIENT_S) and None):
            yield
        self.api.release.set()

    def broken(self) -> _Answering:
        return self._answering(lambda handler, body: send(handler, f"no {body}".encode(), 500))

    def _answering(self, answer: Answer) -> _Answering:
        return _Answering(self.api, answer)

    def close(self) -> None:
        self._client.close()
        self.api.stop()


class _Answering:
    def __init__(self, api: Api, answer: Answer) -> None:
        self._api, self._answer = api, answer

    def __enter__(self) -> None:
        self._api.answer = self._answer

    def __exit__(self, *_: object) -> None:
        self._api.answer = None


class TestHttpJson(SourceContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        world = HttpWorld()
        yield world
        world.close()
