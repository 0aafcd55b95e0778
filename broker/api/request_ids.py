"""`X-Request-ID` comes back with every answer under the decision point's paths (AuthZEN, "Request Identification"), whoever gives it.

It stands before everything else: what the gate turns away, and what is not there or not offered, never reaches a route.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from broker.api.access_document import METADATA_PATH, ROOT

REQUEST_ID = "X-Request-ID"
#: what is repeated in the answer: printable ASCII, so that it is one value of one header whatever stands between
_REQUEST_ID = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


def repeating_request_ids(application: WSGIApplication) -> WSGIApplication:
    """The same application, with the caller's request id on every answer of the decision point."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        told = environ.get("HTTP_X_REQUEST_ID", "")
        path = environ["PATH_INFO"]
        if not (path.startswith(f"{ROOT}/") or path in {ROOT, METADATA_PATH}) or not _REQUEST_ID.fullmatch(told):
            return application(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, (REQUEST_ID, told)], *error)

        return application(environ, start)

    return answer
