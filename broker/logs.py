"""Events for the operator: a name and a few keys from an allow-list, one JSON object per line.

What is not on the list is dropped and named, so a slip shows in the log without showing what slipped. Values are codes and numbers:
never a token, a record or a subject. The audit log is another thing; see `audit/`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import FilteringBoundLogger

from broker.clock import Clock

#: every key an event may have, beside `event`, `level` and `at`
KEYS = frozenset(
    {
        "article",
        "bytes",
        "case_id",
        "client",
        "command",
        "count",
        "covenant",
        "door",
        "dropped",
        "epoch",
        "error",
        "exchange_id",
        "index",
        "log",
        "method",
        "ms",
        "origin",
        "outcome",
        "party",
        "pid",
        "port",
        "problem",
        "reason",
        "role",
        "room",
        "route",
        "software",
        "source",
        "span_id",
        "status",
        "trace_id",
        "version",
        "where",
        "workers",
    }
)
#: longer text is not a code
MAX_TEXT = 200

#: libraries that write tokens, statements with their parameters or URLs at debug level
TALKATIVE = ("authlib", "joserfc", "httpx", "httpcore", "sqlalchemy", "alembic", "casbin", "urllib3")

Events = FilteringBoundLogger


def keep_listed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Copy what the list allows; name the keys that it does not."""
    kept: dict[str, Any] = {"event": event.pop("event"), "level": event.pop("level"), "at": event.pop("at")}
    dropped = []
    for key, value in event.items():
        if key in KEYS and (isinstance(value, int | float) or (isinstance(value, str) and len(value) <= MAX_TEXT)):
            kept[key] = value
        else:
            dropped.append(key)
    return kept | {"dropped": sorted(dropped)} if dropped else kept


def event_log(stream: TextIO, clock: Clock) -> Events:
    """A logger of events that writes to `stream`; nothing global is configured.

    A key must be on the list and its value a number or a short text; everything else is dropped and its key named under `dropped`.
    """

    def stamp(_logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["level"] = method
        event["at"] = clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return event

    def render(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"))

    logger: Events = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[stamp, keep_listed, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return logger


def quiet_libraries() -> None:
    """Keep libraries from logging what must not be logged, whatever level the root logger has.

    Authlib and SQLAlchemy write tokens and parameters at debug level, so here their floor is a warning.
    """
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
