"""Parties with their roles, legal bases and purposes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from policies.covenant import BasisKind, LegalBasis, Party, PartyKind, Purpose, Role, Signatory
from policies.parsed import DAY
from policies.scalars import OneOf, Text
from policies.schema.parts import BASIS, FLAG, LABEL, PARTY, TEXT, TEXTS, WORD, defines
from policies.shape import Key, Many, MapOf, Record
from policies.vocabulary import PartyId, RoleId
from policies.wording import Label


def _role(id: RoleId, nl: str, en: str, **rest: object) -> Role:  # noqa: A002 - the argument that the key above becomes
    return Role(id, Label(nl, en), **rest)  # type: ignore[arg-type]  # each key below has its own shape


def _party(id: PartyId, roles: Mapping[str, Role], **rest: object) -> Party:  # noqa: A002 - see _role
    named = {RoleId(f"{id}.{short}"): replace(role, id=RoleId(f"{id}.{short}")) for short, role in roles.items()}
    return Party(id=id, roles=named, **rest)  # type: ignore[arg-type]  # each key below has its own shape


ROLE_OF_PARTY = Record(
    Label("een functie", "a role"),
    _role,
    (
        Key("nl", TEXT, get=lambda role: role.label.nl),
        Key("en", TEXT, get=lambda role: role.label.en),
        Key("organ", WORD, None),
        Key("duty", FLAG, False),
        Key("designated", FLAG, False),
    ),
    keyed="id",
)

PARTY_OF_COVENANT = Record(
    Label("een partij", "a party"),
    _party,
    (
        Key("name", TEXT),
        Key("kind", OneOf(PartyKind)),
        Key("oin", Text(Label("een OIN van 20 cijfers", "an OIN of 20 digits"), re.compile(r"[0-9]{20}")), None),
        Key("kvk", Text(Label("een KvK-nummer van 8 cijfers", "a KvK number of 8 digits"), re.compile(r"[0-9]{8}")), None),
        Key("organs", MapOf(WORD, TEXT), {}),
        Key("signatory", Record(Label("een ondertekenaar", "a signatory"), Signatory, (Key("function", TEXT), Key("mandate", TEXT, None)))),
        Key(
            "signing_key",
            Text(
                Label(
                    "een SHA-256-vingerafdruk (RFC 7638) van 43 base64url-tekens",
                    "a SHA-256 thumbprint (RFC 7638) of 43 base64url characters",
                ),
                re.compile(r"[A-Za-z0-9_-]{43}"),
            ),
            None,
        ),
        Key("privacy_officer", TEXT),
        Key("accession", DAY, None),
        Key("withdrawal", DAY, None),
        Key(
            "roles",
            MapOf(WORD, ROLE_OF_PARTY, defines("role", with_owner=True)),
            get=lambda party: {name.partition(".")[2]: role for name, role in party.roles.items()},
        ),
    ),
    keyed="id",
)

LEGAL_BASIS = Record(
    Label("een grondslag", "a legal basis"),
    LegalBasis,
    (
        Key("kind", OneOf(BasisKind)),
        Key("law", TEXT),
        Key("article", TEXT, None),
        Key("title", LABEL, None),
        Key("rests_on", TEXTS, ()),
        Key("with", TEXT, None, attr="with_"),
        Key("balancing", TEXT, None),
        Key("valid_from", DAY, None),
        Key("dpv", TEXT, None),
        Key("gives_only", FLAG, False),
    ),
    keyed="id",
)

PURPOSE_OF_COVENANT = Record(
    Label("een doel", "a purpose"),
    Purpose,
    (
        Key("title", LABEL),
        Key("dpv", TEXT, None),
        Key("activity", TEXT, None),
        Key("confidential", FLAG, False),
        Key("legal_basis", MapOf(PARTY, Many(BASIS))),
    ),
    keyed="id",
)
