"""The web application of a broker that has been put together: which doors it has, and what stands behind each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Flask, g

from broker.api import access as access_api
from broker.api import audit as audit_api
from broker.api import audit_reading as audit_reading_api
from broker.api import audit_report as audit_report_api
from broker.api import audit_witness as audit_witness_api
from broker.api import cases as cases_api
from broker.api import connectors as connectors_api
from broker.api import covenants as covenants_api
from broker.api import health as health_api
from broker.api import session as session_api
from broker.api.request_ids import repeating_request_ids
from broker.app import Parts, create_app
from broker.authenticate import Authenticator, Caller, Door
from broker.bootstrap import Broker
from broker.certificates import CertificateHeader
from broker.covenants import Covenants
from broker.disclosure import Refusal
from broker.gate import Gate, narrowing_segments, places_of
from broker.oauth.endpoints import OAuthParts
from broker.oauth.endpoints import blueprint as oauth_blueprint
from broker.oauth.private_key_jwt import Vouching
from broker.people import routes as people_routes
from broker.people.routes import PeopleParts
from policies.vocabulary import PartyId


def create_service(broker: Broker, stopping: Callable[[], bool] = lambda: False) -> Flask:
    """The web application of a broker, behind its gate; `stopping` tells whether the server is about to stop."""
    parts = Parts(
        issuer=broker.settings.issuer,
        max_body_bytes=broker.settings.max_body_bytes,
        authenticator=_authenticator(broker),
        blueprints=(
            oauth_blueprint(_oauth_parts(broker)),
            connectors_api.blueprint(
                exchange=broker.exchange,
                casework=broker.casework,
                contributions=broker.contributions,
                signals=broker.signals,
                receipts=broker.receipts,
                recalls=broker.recalls,
                repeats=broker.repeats,
            ),
            cases_api.blueprint(commands=broker.commands, casework=broker.casework, repeats=broker.repeats),
            covenants_api.blueprint(covenants=broker.covenants, enactment=broker.enactment, received=broker.received),
            audit_api.blueprint(log_engine=broker.log_engine, receipts=broker.receipt_signer.verifier),
            *audit_reading_api.blueprints(broker.auditing),
            audit_witness_api.blueprint(log_engine=broker.log_engine, policy=broker.quorum.policy, clock=broker.world.clock),
            *audit_report_api.blueprints(broker.reporting, broker.auditing.readers),
            access_api.blueprint(broker.decision_point, broker.tokens, broker.settings.issuer),
            health_api.blueprint(check_ready=broker.watcher.check_ready, stopping=stopping),
            people_routes.blueprint(_people_parts(broker)),
            session_api.blueprint(visitors=broker.people.visitors, tally=broker.tally, limits=broker.limits, origin=broker.settings.issuer),
        ),
        events=broker.events,
        random=broker.world.random,
        limits=broker.limits,
        certificates=CertificateHeader(broker.settings.certificate_header, broker.settings.certificate_proxies),
        meter=broker.meter,
        contact=broker.settings.contact,
    )
    app = create_app(parts)
    app.wsgi_app = repeating_request_ids(_gate(app, broker))  # type: ignore[method-assign, assignment]  # Flask's own way
    return app


def _gate(app: Flask, broker: Broker) -> Gate:
    return Gate(
        app.wsgi_app,
        narrowing=narrowing_segments(app),
        limits=broker.limits,
        tally=broker.tally,
        meter=broker.meter,
        places=places_of(broker.settings.threads),
        max_body_bytes=broker.settings.max_body_bytes,
        timeout_s=broker.settings.request_timeout_s,
    )


def _authenticator(broker: Broker) -> Authenticator:
    def turned_away(caller: Caller, _door: Door) -> None:
        broker.exchange.refuse(caller, Refusal.WRONG_DOOR, g.trace)

    return Authenticator(
        broker.tokens.read,
        broker.standing.scopes_now,
        broker.tally,
        turned_away,
        broker.auditing.readers.only_reads,
        broker.people.visitors.caller,
    )


def _oauth_parts(broker: Broker) -> OAuthParts:
    return OAuthParts(
        issuer=broker.settings.issuer,
        clients=broker.clients,
        used=broker.used,
        tokens=broker.tokens,
        vouching=Vouching(broker.auditing.readers.roles_of, broker.designations.may_hold),
        keys_of=broker.partner_keys.of,
        revoke=broker.admissions.revoke_token,
        tally=broker.tally,
        clock=broker.world.clock,
        limits=broker.limits,
        binds=bool(broker.settings.certificate_proxies),
    )


def _people_parts(broker: Broker) -> PeopleParts:
    return PeopleParts(
        signing_in=broker.people.signing_in,
        visitors=broker.people.visitors,
        tally=broker.tally,
        events=broker.events,
        random=broker.world.random,
        limits=broker.limits,
        origin=broker.settings.issuer,
        name_of=partial(_name_of, broker.covenants),
    )


def _name_of(covenants: Covenants, party: PartyId) -> str:
    policies = covenants.in_force().policies.values()
    return next((str(policy.covenant.parties[party].name) for policy in policies if party in policy.covenant.parties), party)
