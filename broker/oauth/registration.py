"""The registration file: what a partner sends by mail to have a system admitted, and the checksum that is read out over the telephone.

Mail proves nothing about who sent it. The checksum is over everything in the file, so that two people who read each other the same one,
over a connection that they trust, speak of the same keys, scopes and party.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785
from marshmallow import fields, validate

from broker import wire
from broker.oauth.clients import Client
from broker.oauth.fetching_keys import check_uri
from broker.oauth.jwks import MAX_BYTES, PublicKeys, read_key_set
from policies.vocabulary import PartyId

VERSION = 1
#: 128 bits, in groups that can be read out
CHECKSUM_DIGITS = 32
_LIMITS = wire.WireLimits(max_bytes=2 * MAX_BYTES, max_depth=6)
_MAX_SCOPES = 50


class UnusableRegistration(Exception):  # noqa: N818 - what it is
    """A file is no registration; the message says where and what was expected."""


class _File(wire.Message):
    version = wire.Whole(required=True, validate=validate.Equal(VERSION))
    party = fields.String(required=True, validate=validate.Regexp(r"\A[a-z][a-z0-9_-]{0,63}\Z"))
    # Shown on the operator's terminal: nothing that a terminal or a table could read as more than text.
    contact = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9 .,@+()_/-]{3,200}\Z"))
    client_id = fields.String(required=True)
    jwks = fields.Dict()
    jwks_uri = fields.String()
    scopes = fields.List(fields.String(), required=True, validate=validate.Length(1, _MAX_SCOPES))
    certificate_bound = wire.Flag(required=True)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a partner asks: `scopes` are those it wants, `keys` are None where they stand at `jwks_uri`. `contact` is shown, never kept."""

    party: PartyId
    contact: str
    client_id: str
    keys: PublicKeys | None
    jwks_uri: str | None
    scopes: frozenset[str]
    certificate_bound: bool

    @property
    def text(self) -> str:
        """The file."""
        keys: dict[str, object] = {"jwksUri": self.jwks_uri} if self.keys is None else {"jwks": json.loads(self.keys.text)}
        members = {
            "version": VERSION,
            "party": self.party,
            "contact": self.contact,
            "clientId": self.client_id,
            **keys,
            "scopes": sorted(self.scopes),
            "certificateBound": self.certificate_bound,
        }
        return json.dumps(members, indent=1) + "\n"

    @property
    def checksum(self) -> str:
        """The first 128 bits of SHA-256 over the file's canonical form (RFC 8785), in groups of four hexadecimal digits."""
        digits = hashlib.sha256(rfc8785.dumps(json.loads(self.text))).hexdigest()[:CHECKSUM_DIGITS]
        return " ".join(digits[place : place + 4] for place in range(0, CHECKSUM_DIGITS, 4))

    def client(self, keys: PublicKeys, fetched_ms: int) -> Client:
        """The system that it asks for, with the keys that it has now.

        Raises:
            broker.oauth.clients.UnusableClient: it cannot be registered like this.
        """
        return Client(
            client_id=self.client_id,
            party=self.party,
            keys=keys,
            scopes=self.scopes,
            jwks_uri=self.jwks_uri,
            fetched_ms=fetched_ms,
            tried_ms=fetched_ms,
            certificate_required=self.certificate_bound,
        )


def read_registration(document: bytes) -> Registration:
    """Read a file strictly; its keys are checked like any that are registered.

    Raises:
        UnusableRegistration: it is no registration file.
        UnusableKeys: its keys, or the address of its keys, cannot be registered.
    """
    try:
        read: Mapping[str, Any] = wire.parse(_File(), wire.loads(document, _LIMITS))
    except wire.InvalidInput as error:
        raise UnusableRegistration("; ".join(f"{flaw.pointer or '/'}: {flaw.detail}" for flaw in error.flaws)) from None
    except wire.WireError as error:
        raise UnusableRegistration(f"expected a registration file: {error}") from None
    if ("jwks" in read) == ("jwks_uri" in read):
        raise UnusableRegistration("/jwks: expected either jwks or jwksUri")
    uri = read.get("jwks_uri")
    if uri is not None:
        check_uri(uri)
    return Registration(
        party=PartyId(read["party"]),
        contact=read["contact"],
        client_id=read["client_id"],
        keys=None if uri is not None else read_key_set(json.dumps(read["jwks"]).encode()),
        jwks_uri=uri,
        scopes=frozenset(read["scopes"]),
        certificate_bound=read["certificate_bound"],
    )
