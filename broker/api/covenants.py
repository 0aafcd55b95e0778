"""The covenants: the text in force is public, a party's acceptance or its taking back comes through its own door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g
from marshmallow import fields, validate

from audit.errors import LogUnavailable
from broker.api.common import Made
from broker.api.connectors import by_of
from broker.api.spec import BASE, documented
from broker.authenticate import Door
from broker.covenants import Covenants, Version
from broker.enactment import Enactment
from broker.errors import CovenantRefused, CovenantUnknown
from broker.wire import Message

TAG = "covenants"
SHA256 = validate.Regexp(r"[0-9a-f]{64}\Z", error="expected a sha-256 in hexadecimal")


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


class PublicKeyMessage(Message):
    """A public JWK (RFC 7517); a private member is refused, since nobody but the party may ever see it."""

    kty = fields.String(required=True, validate=validate.OneOf(("OKP", "EC", "RSA")))
    crv = fields.String()
    x = fields.String(validate=validate.Length(max=1024))
    y = fields.String(validate=validate.Length(max=1024))
    n = fields.String(validate=validate.Length(max=4096))
    e = fields.String(validate=validate.Length(max=64))


@dataclass(frozen=True, slots=True)
class AcceptanceBody:
    """A party's answer to a version."""

    sha256: str
    kind: str
    signature: str
    public_key: dict[str, Any]


class AcceptanceQuestion(Made):
    """A detached JWS by the key whose thumbprint stands in the covenant (see the partner's guide)."""

    makes = AcceptanceBody
    sha256 = fields.String(required=True, validate=SHA256)
    kind = fields.String(required=True, validate=validate.OneOf(("accept", "revoke")))
    signature = fields.String(required=True, validate=validate.Length(min=1, max=16_384))
    public_key = fields.Nested(PublicKeyMessage, required=True)


class VersionMessage(Message):
    """Who has accepted a version, and who took that back."""

    covenant = fields.String(required=True)
    version = fields.String(required=True)
    sha256 = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("proposed", "active", "superseded")))
    accepted = fields.List(fields.String(), required=True)
    revoked = fields.List(fields.String(), required=True)


def blueprint(*, covenants: Covenants, enactment: Enactment) -> Blueprint:
    """The routes of this door."""
    routes = Blueprint("covenants", __name__, url_prefix=f"{BASE}/covenants")

    @routes.get("", endpoint="in_force")
    @documented(summary="The covenants in force", tag=TAG, door=None, answer=CovenantsMessage())
    def list_covenants() -> object:
        return {"covenants": [_shown(covenants, name) for name in sorted(covenants.in_force().policies)]}

    @routes.get("/<covenant>", endpoint="text")
    @documented(summary="A covenant in force, with its text", tag=TAG, door=None, answer=CovenantMessage(), refuses=(CovenantUnknown,))
    def get_covenant(covenant: str) -> object:
        shown = _shown(covenants, covenant)
        return {**shown, "text": covenants.text(str(shown["sha256"])).decode()}

    @routes.post("/acceptances")
    @documented(
        summary="Accept a version, or take that back",
        tag=TAG,
        door=Door.COVENANTS,
        body=AcceptanceQuestion(),
        answer=VersionMessage(),
        refuses=(CovenantUnknown, CovenantRefused, LogUnavailable),
    )
    def accept_version(body: AcceptanceBody) -> object:
        """A party that takes back its acceptance neither gives nor gets a field from that moment on; the others go on."""
        by = by_of(g.caller)
        return _version(enactment.answer(body.sha256, by.party, body.kind, body.signature, body.public_key, by))

    return routes


def _shown(covenants: Covenants, name: str) -> Mapping[str, object]:
    policies = covenants.in_force().policies
    policy = next((policy for covenant, policy in policies.items() if covenant == name), None)
    if policy is None:
        raise CovenantUnknown("no version of this covenant is in force")
    covenant = policy.covenant
    return {
        "id": covenant.id,
        "version": covenant.version,
        "sha256": policy.covenant_sha256,
        "policy_sha256": policy.sha256,
        "title_nl": covenant.title.nl,
        "title_en": covenant.title.en,
    }


def _version(version: Version) -> Mapping[str, object]:
    return {
        "covenant": version.covenant,
        "version": version.version,
        "sha256": version.sha256,
        "state": version.state,
        "accepted": sorted(version.accepted),
        "revoked": sorted(version.revoked),
    }
