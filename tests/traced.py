"""Beside an application: each request's entries in the log stand in the trace that its answer tells.

`Traces(house)` puts itself before the application; whatever a test then does over HTTP, one request at a time, is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.stage import Theatre


@dataclass
class Traces:
    """The types of the entries that requests caused, and every entry that stands in no trace or in another request's."""

    house: Theatre
    kinds: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = self.house.app.wsgi_app
        self.house.app.wsgi_app = self._answer  # type: ignore[method-assign]  # Flask's own way to put something before an application

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        before, headers = self.house.mark(), dict[str, str]()

        def hear(status: str, told: list[tuple[str, str]], *rest: object) -> object:
            headers.update(told)
            return start_response(status, told, *rest)

        answered = self._inner(environ, hear)
        body = list(answered)  # an export is on the record when its last piece was taken
        if hasattr(answered, "close"):
            answered.close()
        _, trace_id, span_id, _ = headers["traceparent"].split("-")
        _, _, parent_id, _ = environ.get("HTTP_TRACEPARENT", "---").split("-")
        for record in self.house.entries(after=before):
            core = record.core
            self.kinds.add(record.envelope.typ)
            if core is None or (core.trace_id, core.span_id, core.span_parent or "") != (trace_id, span_id, parent_id):
                self.strays.append(record.envelope.typ)
        return body
