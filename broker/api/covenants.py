"""The covenants: the text in force is public; a party proposes, answers, activates and looks back through its own door."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, g
from marshmallow import fields

from audit.errors import LogUnavailable
from broker.api.connectors import by_of
from broker.api.spec import BASE, documented
from broker.api.versions import (
    AcceptanceBody,
    AcceptanceQuestion,
    ActivationBody,
    ActivationQuestion,
    HistoryMessage,
    ProposalBody,
    ProposalQuestion,
    ReceivedInAllMessage,
    VersionMessage,
    VersionsMessage,
    VersionTextMessage,
    received_shown,
    step_shown,
    version_shown,
)
from broker.authenticate import Door
from broker.covenants import Covenants, Version
from broker.enactment import Enactment
from broker.errors import CovenantRefused, CovenantUnknown
from broker.received import Received
from broker.wire import Message
from policies.compile import Policy
from policies.errors import CovenantErrors
from policies.vocabulary import CovenantId, PartyId

TAG = "covenants"


class CovenantMessage(Message):
    """A covenant in force; its text is the YAML that the parties accepted."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of the canonical form (RFC 8785) of the whole covenant."})
    policy_sha256 = fields.String(required=True)
    title_nl = fields.String(required=True)
    title_en = fields.String(required=True)
    text = fields.String()


class CovenantsMessage(Message):
    """The covenants in force."""

    covenants = fields.List(fields.Nested(CovenantMessage), required=True)


def blueprint(*, covenants: Covenants, enactment: Enactment, received: Received) -> Blueprint:
    """The routes of this door."""
    routes = Blueprint("covenants", __name__, url_prefix=f"{BASE}/covenants")
    _show(routes, covenants)
    _enact(routes, covenants, enactment)
    _look_back(routes, covenants, received)
    return routes


def _show(routes: Blueprint, covenants: Covenants) -> None:
    @routes.get("", endpoint="in_force")
    @documented(summary="The covenants in force", tag=TAG, door=None, answer=CovenantsMessage())
    def list_covenants() -> object:
        policies = covenants.in_force().policies
        return {"covenants": [_shown(policies[name]) for name in sorted(policies)]}

    @routes.get("/<covenant_name:covenant>", endpoint="text")
    @documented(summary="A covenant in force, with its text", tag=TAG, door=None, answer=CovenantMessage(), refuses=(CovenantUnknown,))
    def get_covenant(covenant: str) -> object:
        policy = covenants.in_force().policy(CovenantId(covenant))
        return {**_shown(policy), "text": covenants.text(policy.covenant_sha256).decode()}


def _enact(routes: Blueprint, covenants: Covenants, enactment: Enactment) -> None:
    @routes.post("/versions")
    @documented(
        summary="Propose a version",
        tag=TAG,
        door=Door.COVENANTS,
        body=ProposalQuestion(),
        answer=VersionMessage(),
        status=HTTPStatus.CREATED,
        refuses=(CovenantErrors, CovenantRefused, LogUnavailable),
    )
    def propose_version(body: ProposalBody) -> object:
        """Stored for the parties to accept: no mistakes, every scenario passes, and the party that proposes is one of those it names."""
        return version_shown(enactment.propose(body.text.encode(), "text", by_of(g.caller)))

    @routes.post("/acceptances")
    @documented(
        summary="Accept a version, or take that back",
        tag=TAG,
        door=Door.COVENANTS,
        body=AcceptanceQuestion(),
        answer=VersionMessage(),
        refuses=(CovenantUnknown, CovenantRefused, LogUnavailable),
        narrows=True,
    )
    def accept_version(body: AcceptanceBody) -> object:
        """A party that takes back its acceptance neither gives nor gets a field from that moment on; the others go on."""
        by = by_of(g.caller)
        _visible(covenants.version(body.sha256), by.party)
        return version_shown(enactment.answer(body.sha256, by.party, body.kind, body.signature, body.public_key, by))

    @routes.post("/activations")
    @documented(
        summary="Put a version in force, two people together",
        tag=TAG,
        door=Door.COVENANTS,
        body=ActivationQuestion(),
        answer=VersionMessage(),
        refuses=(CovenantUnknown, CovenantErrors, CovenantRefused, LogUnavailable),
    )
    def activate_version(body: ActivationBody) -> object:
        """The first professional asks for it; another one, of any party of the covenant, puts it in force: now or on its first day."""
        _visible(covenants.version(body.sha256), g.caller.party)
        return version_shown(enactment.activate(body.sha256, by_of(g.caller)))


def _look_back(routes: Blueprint, covenants: Covenants, received: Received) -> None:
    @routes.get("/<covenant>/versions")
    @documented(summary="The versions of a covenant", tag=TAG, door=Door.COVENANTS, answer=VersionsMessage(), refuses=(CovenantUnknown,))
    def list_versions(covenant: str) -> object:
        """Those that name the caller's party, also what is proposed and what was in force before."""
        return {"versions": [version_shown(version) for version in _versions(covenants, covenant, g.caller.party)]}

    @routes.get("/<covenant>/versions/<version>")
    @documented(summary="One version, with its text", tag=TAG, door=Door.COVENANTS, answer=VersionTextMessage(), refuses=(CovenantUnknown,))
    def get_version(covenant: str, version: str) -> object:
        """The YAML to read, and the canonical form (RFC 8785) whose SHA-256 is what a party signs."""
        found = next((one for one in _versions(covenants, covenant, g.caller.party) if one.version == version), None)
        if found is None:
            raise CovenantUnknown("no such version names this party")
        text, canonical = covenants.text(found.sha256).decode(), covenants.canonical(found.sha256).decode()
        return {**version_shown(found), "text": text, "canonical": canonical}

    @routes.get("/<covenant>/history")
    @documented(summary="The history of a covenant", tag=TAG, door=Door.COVENANTS, answer=HistoryMessage(), refuses=(CovenantUnknown,))
    def get_history(covenant: str) -> object:
        """Who proposed, accepted, took back and activated which version, when and with which key, and what each step changed."""
        named = {version.sha256 for version in _versions(covenants, covenant, g.caller.party)}
        steps = covenants.history(CovenantId(covenant))
        return {"steps": [step_shown(step, g.caller.party) for step in steps if step.sha256 in named]}

    @routes.get("/<covenant>/received")
    @documented(summary="What this party received", tag=TAG, door=Door.COVENANTS, answer=ReceivedInAllMessage(), refuses=(CovenantUnknown,))
    def get_received(covenant: str) -> object:
        """For a party that leaves: the cases in which it received anything, how often, and the names of the fields; no values."""
        withdrawal = covenants.policy(_bound_by(_versions(covenants, covenant, g.caller.party)).sha256).covenant.withdrawal
        cases = [received_shown(one) for one in received.of(g.caller.party, CovenantId(covenant))]
        return {"received_data": withdrawal.received_data if withdrawal else None, "cases": cases}


def _versions(covenants: Covenants, covenant: str, party: PartyId) -> tuple[Version, ...]:
    """The versions that name a party; a covenant that does not is one that does not exist."""
    found = tuple(version for version in covenants.versions(CovenantId(covenant)) if party in version.parties)
    if not found:
        raise CovenantUnknown("no version of this covenant names this party")
    return found


def _bound_by(versions: tuple[Version, ...]) -> Version:
    """The version in force, else the last that was: what somebody only proposes binds nobody."""
    active = [version for version in versions if version.state == "active"]
    return (active or [version for version in versions if version.state in {"ended", "superseded"}] or versions)[-1]


def _visible(version: Version, party: PartyId) -> None:
    if party not in version.parties:
        raise CovenantUnknown("no version of a covenant that names this party has this hash")


def _shown(policy: Policy) -> Mapping[str, object]:
    covenant = policy.covenant
    return {
        "id": covenant.id,
        "version": covenant.version,
        "sha256": policy.covenant_sha256,
        "policy_sha256": policy.sha256,
        "title_nl": covenant.title.nl,
        "title_en": covenant.title.en,
    }
