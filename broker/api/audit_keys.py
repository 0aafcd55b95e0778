"""The public keys of the log, present and former, for whoever checks a receipt or a checkpoint."""

from __future__ import annotations

from flask import Blueprint
from marshmallow import fields
from sqlalchemy import Engine

from audit.note import VerifierKey, base64_text
from audit.succession import Succession
from broker.api.spec import documented
from broker.authenticate import Door
from broker.rotating import KnownKey, Moment, history
from broker.wire import Message


class MomentMessage(Message):
    """A place in the house log: from there on, or until there."""

    index = fields.Integer(required=True)
    ts = fields.String(required=True)


class IntroductionMessage(Message):
    """The key before this one, and what both signed (Ed25519, base64; the bytes are in `audit/succession.py`)."""

    by = fields.String(required=True)
    signed_by_old = fields.String(required=True)
    signed_by_new = fields.String(required=True)


class KeyMessage(Message):
    """One key: of receipts as C2SP writes a verifier key, of checkpoints 32 bytes of Ed25519 in base64.

    `certified`: the key before it signed for it (`introduction`, which the house log's `key.rotated` has too), or it is the first.
    """

    use = fields.String(required=True)
    key = fields.String(required=True)
    since = fields.Nested(MomentMessage, required=True, allow_none=True)
    until = fields.Nested(MomentMessage, required=True, allow_none=True)
    certified = fields.Boolean(required=True)
    introduction = fields.Nested(IntroductionMessage, required=True, allow_none=True)


class KeysMessage(Message):
    """Every key that the log knows, oldest first per use."""

    keys = fields.List(fields.Nested(KeyMessage), required=True)


def add_keys(routes: Blueprint, log_engine: Engine, receipts: VerifierKey) -> None:
    """Put the route into the blueprint of the log. `receipts` is the key that signs them now, `<log name>/receipts`."""
    log_name = receipts.name.removesuffix("/receipts")

    @routes.get("/keys")
    @documented(summary="The public keys of receipts and checkpoints", tag="audit", door=Door.AUDIT, answer=KeysMessage())
    def list_keys() -> object:
        """Hold the first of them against what you were given on paper; each later one is signed for by the one before it."""
        return {"keys": [_members(one, receipts.name) for one in history(log_engine, log_name, {"receipt": receipts.key})]}


def _members(one: KnownKey, name: str) -> dict[str, object]:
    written = _written(one.use, bytes.fromhex(one.public_key), name)
    return {
        "use": one.use,
        "key": written,
        "since": _place(one.since),
        "until": _place(one.until),
        "certified": one.certified,
        "introduction": _introduction(one.introduced, name),
    }


def _introduction(introduced: Succession | None, name: str) -> dict[str, str] | None:
    if introduced is None:
        return None
    return {
        "by": _written(introduced.use, introduced.old, name),
        "signed_by_old": base64_text(introduced.signed_by_old),
        "signed_by_new": base64_text(introduced.signed_by_new),
    }


def _written(use: str, octets: bytes, name: str) -> str:
    return str(VerifierKey(name, octets)) if use == "receipt" else base64_text(octets)


def _place(moment: Moment | None) -> dict[str, object] | None:
    return None if moment is None else {"index": moment.index, "ts": moment.ts}
