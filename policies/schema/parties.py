"""Parties with their roles, legal bases and purposes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from policies.covenant import BasisKind, LegalBasis, Party, PartyKind, Purpose, Role, Signatory
from policies.parsed import DAY
from policies.scalars import Among, OneOf, Text
from policies.schema.parts import BASIS, FLAG, LABEL, PARTY, TEXT, TEXTS, WORD, defines
from policies.shape import Key, Many, MapOf, Record
from policies.vocabulary import PartyId, RoleId
from policies.wording import Label

_OIN = Text(Label("een OIN van 20 cijfers", "an OIN of 20 digits"), re.compile(r"[0-9]{20}"))
_KVK = Text(Label("een KvK-nummer van 8 cijfers", "a KvK number of 8 digits"), re.compile(r"[0-9]{8}"))
_THUMBPRINT = Text(
    Label("een SHA-256-vingerafdruk (RFC 7638) van 43 base64url-tekens", "a SHA-256 thumbprint (RFC 7638) of 43 base64url characters"),
    re.compile(r"[A-Za-z0-9_-]{43}"),
)


def _role(id: RoleId, nl: str, en: str, **rest: object) -> Role:  # noqa: A002 - the argument that the key above becomes
    return Role(id, Label(nl, en), **rest)  # type: ignore[arg-type]  # each key below has its own shape


def _party(id: PartyId, roles: Mapping[str, Role], **rest: object) -> Party:  # noqa: A002 - see _role
    named = {RoleId(f"{id}.{short}"): replace(role, id=RoleId(f"{id}.{short}")) for short, role in roles.items()}
    return Party(id=id, roles=named, **rest)  # type: ignore[arg-type]  # each key below has its own shape


ROLE_OF_PARTY = Record(
    Label("een functie", "a role"),
    _role,
    (
        Key("nl", TEXT, Label("de functie in het Nederlands", "the role in Dutch"), get=lambda role: role.label.nl),
        Key("en", TEXT, Label("de functie in het Engels", "the role in English"), get=lambda role: role.label.en),
        Key("organ", WORD, Label("het orgaan waarvoor de functie werkt", "the organ that the role works for"), None),
        Key("duty", FLAG, Label("een functie met dienst, ook 's nachts", "a role on duty, at night too"), default=False),
        Key("designated", FLAG, Label("alleen voor wie op naam is aangewezen", "only for those designated by name"), default=False),
        Key("designated_by", TEXT, Label("wie aanwijst, en bij welk besluit", "who designates, by which decision"), None),
        Key(
            "function",
            Among(("execution", "lawfulness_review", "system_maintenance")),
            Label("welke van de drie taken van Wgs 1.8(2)", "which of the three functions of Wgs 1.8(2)"),
            None,
        ),
    ),
    keyed="id",
)

_SIGNATORY = Record(
    Label("een ondertekenaar", "a signatory"),
    Signatory,
    (
        Key("function", TEXT, Label("de functie van wie tekent", "the function of who signs")),
        Key("mandate", TEXT, Label("het mandaat of de volmacht", "the mandate"), None),
    ),
)

PARTY_OF_COVENANT = Record(
    Label("een partij", "a party"),
    _party,
    (
        Key("name", TEXT, Label("de naam van de organisatie", "the name of the organisation")),
        Key("kind", OneOf(PartyKind), Label("wat voor organisatie het is", "what sort of organisation it is")),
        Key("oin", _OIN, Label("het organisatie-identificatienummer (overheid)", "the identification number of a public body"), None),
        Key("kvk", _KVK, Label("het nummer in het handelsregister", "the number in the trade register"), None),
        Key(
            "organs",
            MapOf(WORD, TEXT),
            Label("de bestuursorganen: de burgemeester is niet het college", "the organs: the mayor is not the executive"),
            {},
        ),
        Key("signatory", _SIGNATORY, Label("wie voor de partij tekent", "who signs for the party")),
        Key(
            "signing_key",
            _THUMBPRINT,
            Label("de vingerafdruk van de sleutel waarmee de partij tekent", "the thumbprint of its signing key"),
            None,
        ),
        Key("privacy_officer", TEXT, Label("waar de FG of privacyfunctionaris te bereiken is", "where its privacy officer is reached")),
        Key("accession", DAY, Label("de dag waarop de partij toetrad", "the day on which the party joined"), None),
        Key(
            "withdrawal",
            DAY,
            Label("de dag vanaf wanneer de partij niet meer meedoet", "the day from which the party no longer takes part"),
            None,
        ),
        Key(
            "roles",
            MapOf(WORD, ROLE_OF_PARTY, defines("role", with_owner=True)),
            Label("de functies; een functie is nooit een persoon", "the roles; a role is never a person"),
            get=lambda party: {name.partition(".")[2]: role for name, role in party.roles.items()},
        ),
    ),
    keyed="id",
    also={"anyOf": [{"required": ["oin"]}, {"required": ["kvk"]}]},
)

LEGAL_BASIS = Record(
    Label("een grondslag", "a legal basis"),
    LegalBasis,
    (
        Key("kind", OneOf(BasisKind), Label("in welke wet de grondslag staat", "which law the basis stands in")),
        Key("law", TEXT, Label("de wet: een BWB-nummer of een CELEX-nummer", "the law: a BWB or a CELEX number")),
        Key("article", TEXT, Label("het artikel", "the article"), None),
        Key("title", LABEL, Label("hoe de grondslag heet", "what the basis is called"), None),
        Key("rests_on", TEXTS, Label("de wettelijke taken waarop een 6(1)(e) rust", "the legal tasks that a 6(1)(e) rests on"), ()),
        Key("with", TEXT, Label("samen met welke andere bepaling", "together with which other provision"), None, attr="with_"),
        Key("balancing", TEXT, Label("waar de belangenafweging van een 6(1)(f) staat", "where the balancing test of a 6(1)(f) is"), None),
        Key("balanced_on", DAY, Label("de dag van die belangenafweging", "the day of that balancing test"), None),
        Key("valid_from", DAY, Label("vanaf wanneer de bepaling geldt", "from when the provision holds"), None),
        Key("valid_until", DAY, Label("tot en met wanneer de bepaling geldt", "until when the provision holds"), None),
        Key("dpv", TEXT, Label("de IRI in het Data Privacy Vocabulary", "the IRI in the Data Privacy Vocabulary"), None),
        Key(
            "gives_only",
            FLAG,
            Label("alleen om te verstrekken, nooit om te ontvangen (Wpg 20)", "a ground to give, never to receive (Wpg 20)"),
            default=False,
        ),
    ),
    keyed="id",
)

PURPOSE_OF_COVENANT = Record(
    Label("een doel", "a purpose"),
    Purpose,
    (
        Key("title", LABEL, Label("hoe het doel heet", "what the purpose is called")),
        Key("dpv", TEXT, Label("de IRI in het Data Privacy Vocabulary", "the IRI in the Data Privacy Vocabulary"), None),
        Key("activity", TEXT, Label("de verwerking in het register (AVG 30)", "the processing in the register (AVG 30)"), None),
        Key(
            "activities",
            MapOf(PARTY, TEXT),
            Label("de verwerking in het register van een andere partij", "the processing in another party's register"),
            {},
        ),
        Key("confidential", FLAG, Label("niet in het openbare register", "not in the open register"), default=False),
        Key(
            "legal_basis",
            MapOf(PARTY, Many(BASIS)),
            Label("de grondslag van elke partij voor dit doel", "each party's own ground for this purpose"),
        ),
    ),
    keyed="id",
    law="AVG art. 5(1)(b)",
)
