"""For whoever sends requests here or not, such as a load balancer: whether the log can promise. Codes, never a number or a name."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint

from broker.api.spec import BASE, documented
from broker.errors import NotReady

TAG = "publications"
#: beside the codes of `broker.health`: nothing is wrong with the log, and this process ends
STOPPING = "stopping"


def blueprint(*, check_ready: Callable[[], None], stopping: Callable[[], bool]) -> Blueprint:
    """The public route beside `/v1/live`, which asks nothing of any database."""
    routes = Blueprint("health", __name__, url_prefix=BASE)

    @routes.get("/ready", endpoint="ready")
    @documented(summary="Whether the log can promise", tag=TAG, door=None, status=HTTPStatus.NO_CONTENT, refuses=(NotReady,))
    def get_ready() -> None:
        """Send requests elsewhere while this says 503; what was seen is kept for two seconds, so ask as often as you like."""
        if stopping():
            raise NotReady((STOPPING,))
        check_ready()

    return routes
