"""Versions of covenants, their steps and the answers of parties, as messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from broker.api.common import Made
from broker.api.showing import utc
from broker.covenants import Version
from broker.received import ReceivedInCase
from broker.versions.steps import Effect, Step, StepKind
from broker.wire import Message
from policies.document import MAX_BYTES
from policies.vocabulary import PartyId

SHA256 = validate.Regexp(r"[0-9a-f]{64}\Z", error="expected a sha-256 in hexadecimal")
STATES = ("proposed", "requested", "scheduled", "active", "superseded", "ended")
HASH = {"description": "Of the canonical form (RFC 8785) of the whole covenant."}


class PublicKeyMessage(Message):
    """A public JWK (RFC 7517); a private member is refused, since nobody but the party may ever see it."""

    kty = fields.String(required=True, validate=validate.OneOf(("OKP", "EC")))
    crv = fields.String(required=True, validate=validate.OneOf(("Ed25519", "P-256")))
    x = fields.String(required=True, validate=validate.Length(max=1024))
    y = fields.String(validate=validate.Length(max=1024))


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


@dataclass(frozen=True, slots=True)
class ProposalBody:
    """A text to be proposed."""

    text: str


class ProposalQuestion(Made):
    """The YAML of a version."""

    makes = ProposalBody
    text = fields.String(required=True, validate=validate.Length(min=1, max=MAX_BYTES))


@dataclass(frozen=True, slots=True)
class ActivationBody:
    """Which version."""

    sha256: str


class ActivationQuestion(Made):
    """Which version is to be in force."""

    makes = ActivationBody
    sha256 = fields.String(required=True, validate=SHA256, metadata=HASH)


class VersionMessage(Message):
    """A version: who has accepted it, and who took that back."""

    covenant = fields.String(required=True)
    version = fields.String(required=True)
    sha256 = fields.String(required=True, metadata=HASH)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    accepted = fields.List(fields.String(), required=True)
    revoked = fields.List(fields.String(), required=True)


class VersionsMessage(Message):
    """The versions of a covenant that name the caller's party, oldest first."""

    versions = fields.List(fields.Nested(VersionMessage), required=True)


class VersionTextMessage(VersionMessage):
    """A version with the YAML as it was proposed, and the canonical form that is signed."""

    text = fields.String(required=True)
    canonical = fields.String(required=True)


class StepMessage(Message):
    """A step that a version took. `professional` is told to that professional's own party alone; nobody at all for the calendar's steps."""

    id = fields.String(required=True, metadata={"description": "Also the id of its entry in the log."})
    version = fields.String(required=True)
    sha256 = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in StepKind]))
    effect = fields.String(required=True, validate=validate.OneOf([effect.value for effect in Effect]))
    at = fields.String(required=True)
    party = fields.String(required=True, allow_none=True)
    role = fields.String(required=True, allow_none=True)
    professional = fields.String(required=True, allow_none=True)
    key = fields.String(required=True, allow_none=True, metadata={"description": "The thumbprint (RFC 7638) of the key that signed."})
    signed_at = fields.String(required=True, allow_none=True)


class HistoryMessage(Message):
    """Everything that happened to the versions of a covenant that name the caller's party, oldest first."""

    steps = fields.List(fields.Nested(StepMessage), required=True)


class ReceivedMessage(Message):
    """How many disclosures the caller's party received in one case, and the names of their fields."""

    case_id = fields.String(required=True, data_key="case")
    disclosures = fields.Integer(required=True)
    # `fields` would hide marshmallow's own attribute
    names = fields.List(fields.String(), required=True, data_key="fields")


class ReceivedInAllMessage(Message):
    """What a party that leaves must destroy, or have a ground of its own for; as the covenant says."""

    received_data = fields.String(required=True, allow_none=True)
    cases = fields.List(fields.Nested(ReceivedMessage), required=True)


def version_shown(version: Version) -> dict[str, object]:
    """A version, for `VersionMessage`."""
    return {
        "covenant": version.covenant,
        "version": version.version,
        "sha256": version.sha256,
        "state": version.state,
        "accepted": sorted(version.accepted),
        "revoked": sorted(version.revoked),
    }


def step_shown(step: Step, party: PartyId) -> Mapping[str, object]:
    """A step as a party sees it, for `StepMessage`."""
    return {
        "id": step.id,
        "version": step.version,
        "sha256": step.sha256,
        "kind": step.kind.value,
        "effect": step.effect.value,
        "at": utc(step.at_ms),
        "party": step.party or step.who.party,
        "role": step.who.role,
        "professional": step.who.name if step.who.party == party else None,
        "key": step.thumbprint,
        "signed_at": None if step.signed_ms is None else utc(step.signed_ms),
    }


def received_shown(received: ReceivedInCase) -> Mapping[str, object]:
    """What was received in one case, for `ReceivedMessage`."""
    return {"case_id": received.case_id, "disclosures": received.disclosures, "names": received.fields}
