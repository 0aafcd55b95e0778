"""What an exchange is measured against: the least that any service must do to keep the broker's promises, and less than that.

`bare` is a Flask route that answers the same JSON. `floor` also checks the token, looks one row up, and makes the same two durable appends
through the same log, with entries of the same size. It decides nothing, reads no field, filters nothing and signs nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from flask import Flask, Response, g, request

from broker.authenticate import Authenticator, Caller, Door
from broker.bench.ground import Ground
from broker.bench.servers import Grounded
from broker.bootstrap import Broker, World, open_broker
from broker.clock import new_id
from broker.database import open_engine
from broker.reader import Reader
from broker.service import create_service

PATH = "/v1/connectors/<party>/disclosures"
ONE_ROW = "SELECT state, revision FROM covenant_case WHERE id = ?"


def bare(ground: Ground, _events: Path) -> Flask:
    """A route that answers, and nothing else."""
    answer = json.loads(ground.answer)
    app = Flask("bare", static_folder=None)

    @app.post(PATH)
    def ask(party: str) -> Response:  # noqa: ARG001 - the path has it
        return _answered(answer)

    return app


def floor(ground: Ground, events: Path) -> Flask:
    """A route that checks the token, looks one row up, appends twice, and answers."""
    broker = open_in(ground, events)
    reader = Reader(open_engine(ground.settings.database_url))
    authenticator = Authenticator(broker.tokens.read, broker.standing.scopes_now, broker.tally, no_door)
    decision, release = ground.drafts
    answer = json.loads(ground.answer)
    app = Flask("floor", static_folder=None)

    def guard() -> None:
        g.caller = authenticator.caller(request.environ.get("HTTP_AUTHORIZATION"))

    app.before_request(guard)

    @app.post(PATH)
    def ask(party: str) -> Response:  # noqa: ARG001 - the path has it
        exchange = new_id()
        reader.rows(ONE_ROW, ground.case)
        broker.log.append(replace(decision, id=exchange))
        broker.log.append(replace(release, id=new_id(), ref=exchange))
        return _answered(answer)

    return app


def exchange(ground: Ground, events: Path) -> Flask:
    """The broker itself."""
    broker = open_in(ground, events)
    broker.limits.share(ground.settings.health)
    return create_service(broker)


def open_in(ground: Grounded, events: Path) -> Broker:
    """A broker on this ground, whose events are written to a file."""
    return open_broker(ground.settings, World(events_to=events.open("a", encoding="utf-8")))


def _answered(answer: object) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False, separators=(",", ":")), content_type="application/json")


def no_door(_caller: Caller, _door: Door) -> None:
    """There are none here."""
    raise AssertionError("there are no doors here")
