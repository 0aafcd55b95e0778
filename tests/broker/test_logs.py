"""Events: what is not on the list is dropped and named, and libraries keep quiet."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from broker.logs import KEYS, TALKATIVE, event_log, quiet_libraries

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def written(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever somebody may log
    stream = io.StringIO()
    event_log(stream, lambda: NOON).info("exchange.refused", **keys)
    event: dict[str, Any] = json.loads(stream.getvalue())
    return event


@pytest.mark.parametrize("key", ["token", "subject", "name", "body", "path", "exc_info", "authorization"])
def test_a_key_that_is_not_listed_is_dropped_and_named(key: str) -> None:
    event = written(**{key: "canary", "reason": "no_consent"})
    assert event["dropped"] == [key]
    assert event["reason"] == "no_consent"
    assert "canary" not in json.dumps(event)


@pytest.mark.parametrize("value", ["x" * 201, {"a": "canary"}, ["canary"], b"canary", ValueError("canary"), None])
def test_a_value_that_is_no_code_and_no_number_is_dropped_and_its_key_named(value: object) -> None:
    event = written(reason=value)
    assert event["dropped"] == ["reason"]
    assert "reason" not in event
    assert "canary" not in json.dumps(event)


def test_a_caller_cannot_break_out_of_its_line() -> None:
    stream = io.StringIO()
    event_log(stream, lambda: NOON).info("exchange.refused", reason='a\n{"event": "forged"}')
    assert len(stream.getvalue().splitlines()) == 1


def test_an_event_is_one_line_of_json_with_its_time_first_names_as_given() -> None:
    stream = io.StringIO()
    log = event_log(stream, lambda: NOON)
    log.debug("exchange.detail")
    log.warning("exchange.failed", exchange_id="018f", status=503, ms=1.5)
    assert stream.getvalue() == (
        '{"event":"exchange.failed","level":"warning","at":"2026-11-22T12:00:00.000Z","exchange_id":"018f","status":503,"ms":1.5}\n'
    )


def test_no_key_names_a_person_or_a_secret() -> None:
    assert KEYS & {"subject", "professional", "token", "jti", "assertion", "password", "body", "value", "path", "query", "url"} == set()


@pytest.mark.parametrize("name", TALKATIVE)
def test_a_talkative_library_writes_nothing_whatever_the_root_logger_wants(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    quiet_libraries()
    seen: list[logging.LogRecord] = []
    root = logging.getLogger()
    handler = logging.Handler(logging.DEBUG)
    handler.emit = seen.append  # type: ignore[method-assign]
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for level in (logging.DEBUG, logging.INFO, logging.ERROR):
            logging.getLogger(f"{name}.deep.inside").log(level, "token %s", "canary")
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    assert seen == []
    assert "canary" not in "".join(capfd.readouterr())
