"""Setting up a broker with four parties in one folder: keys, databases, sources, a covenant that all have signed and that is in force.

Everything is made by the same code that an operator's commands call; nothing here reaches around it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from joserfc.jwk import Key, OKPKey, RSAKey

from broker.acceptance import sign_acceptance
from broker.authenticate import Door
from broker.bootstrap import Broker, World, migrate, open_broker
from broker.clock import system_random
from broker.config import Settings
from broker.demo.cast import professional as professional  # noqa: PLC0414 - whoever sets a stage finds it here
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from broker.demo.sources.configuration import sources_page
from broker.demo.sources.registers import write_registers
from broker.demo.sources.rental import create_rental_database
from broker.keys import create_keys
from broker.oauth.clients import Client
from broker.oauth.jwks import PublicKeys, read_key_set
from broker.versions.steps import Operator
from policies.vocabulary import PartyId

PARTIES = (MUNICIPALITY, CORPORATION, POLICE, CARE)
COVENANT = Path(__file__).resolve().parents[2] / "covenant.yaml"

#: the two people who put the covenant in force
OPERATORS = (Operator("a.waterman"), Operator("b.visser"))

TOKEN_FILE = "municipality.token"  # noqa: S105 - a file's name

#: the seed of the invented people, so that every run of the demonstration meets the same ones
SEED = 20260101

#: a token for `make serve` lasts an hour, so that a pasted command works for a while
TOKEN_LIFETIME_S = 3600

_IN_FORCE = re.compile(r"(?m)^in_force: \{from: (\S+), until: (\S+), review: \S+\}")
_THUMBPRINT = re.compile(r'(?m)^(    signing_key: ").*(")')


@dataclass(frozen=True, slots=True)
class PartyKeys:
    """A party's two keys: one to get tokens with, one to sign covenants with. The broker only ever sees their public halves."""

    client: RSAKey
    signing: Key


@dataclass(frozen=True, slots=True)
class Stage:
    """A broker that is ready, and what its four parties keep to themselves."""

    folder: Path
    settings: Settings
    parties: Mapping[PartyId, PartyKeys]
    sha256: str
    accepted: frozenset[PartyId] = frozenset()


def settings_for(folder: Path, port: int) -> Settings:
    """Settings of a broker on the loopback address with two workers, and everything it keeps in one folder."""
    return Settings(
        database_url=f"sqlite:///{folder / 'broker.sqlite'}",
        deposit_url=f"sqlite:///{folder / 'deposit.sqlite'}",
        audit_url=f"sqlite:///{folder / 'audit.sqlite'}",
        keystore_url=f"sqlite:///{folder / 'keystore.sqlite'}",
        keys=folder / "keys",
        anchor=folder / "anchor.json",
        sources=folder / "sources.yaml",
        health=folder / "health",
        issuer=f"http://127.0.0.1:{port}",
        log_name="broker.waterstad.example",
        port=port,
        workers=2,
        token_lifetime_s=TOKEN_LIFETIME_S,
        # The story has one director ask in ten seconds what a whole town hall asks in an hour.
        professional_per_minute=1200,
        source_timeout_s=20,
        request_timeout_s=60,
    )


def make_keys() -> Mapping[PartyId, PartyKeys]:
    """Fresh keys for every party: RSA for tokens (which the NL GOV profile demands), Ed25519 for signatures."""
    return {party: PartyKeys(RSAKey.generate_key(2048), OKPKey.generate_key("Ed25519")) for party in PARTIES}


def covenant_with(parties: Mapping[PartyId, PartyKeys], text: str) -> bytes:
    """The shipped covenant with each party's own thumbprint in the place of its placeholder; every comment stays."""
    thumbprints = iter([parties[party].signing.thumbprint() for party in PARTIES])
    return _THUMBPRINT.sub(lambda match: f"{match[1]}{next(thumbprints)}{match[2]}", text).encode()


def covering(text: str, today: date) -> str:
    """The covenant with `today` within its dates: as it is, or once it has ended with this year and the next in their place.

    Raises:
        ValueError: the text does not say from and until when it is in force where a covenant says so.
    """
    match = _IN_FORCE.search(text)
    if match is None:
        raise ValueError("expected a line in_force: {from: …, until: …, review: …}")
    if date.fromisoformat(match[1]) <= today <= date.fromisoformat(match[2]):
        return text
    dates = f"in_force: {{from: {today.year}-01-01, until: {today.year + 1}-12-31, review: {today.year + 1}-06-01}}"
    return text[: match.start()] + dates + text[match.end() :]


def write_systems(folder: Path, today: date) -> None:
    """Make the data of the two source systems that are read live, and the token with which the broker asks the municipality's."""
    random = Random(SEED)  # noqa: S311 - invented people, not secrets
    create_rental_database(f"sqlite:///{folder / 'corporation-rental.sqlite'}", today=today, random=random)
    write_registers(folder / "municipality-persons.json", today=today, random=random)
    token_file = folder / TOKEN_FILE
    if not token_file.exists():
        token_file.write_text(secrets.token_urlsafe(32))
        token_file.chmod(0o600)


def write_sources(folder: Path, municipality_url: str) -> None:
    """Write the broker's `sources.yaml`, once the municipality's system tells where it listens."""
    page = sources_page(rental_url="sqlite:///corporation-rental.sqlite", municipality_url=municipality_url, token_file=TOKEN_FILE)
    (folder / "sources.yaml").write_bytes(page)


def set_up(settings: Settings, parties: Mapping[PartyId, PartyKeys], folder: Path, world: World | None = None) -> Stage:
    """Keys, databases, covenant and clients; `sources.yaml` is there already."""
    create_keys(settings.keys, system_random)
    migrate(settings)
    broker = open_broker(settings, world)
    try:
        text = covenant_with(parties, covering(COVENANT.read_text(), broker.world.clock().date()))
        (folder / "covenant.yaml").write_bytes(text)
        sha256 = put_in_force(broker, parties, text)
        for party in PARTIES:
            broker.clients.add(client_of(broker, party, parties[party].client))
        designate(broker)
        accepted = broker.covenants.version(sha256).accepted
    finally:
        broker.close()
    return Stage(folder, settings, parties, sha256, accepted)


def put_in_force(broker: Broker, parties: Mapping[PartyId, PartyKeys], text: bytes) -> str:
    """Propose a covenant, let every party accept it with its own key, activate it; returns its SHA-256."""
    version = broker.enactment.propose(text, "covenant.yaml")
    for party in PARTIES:
        key = parties[party].signing
        detached = sign_acceptance(version.sha256, party, "accept", key, broker.world.clock())
        broker.enactment.answer(version.sha256, party, "accept", detached, key.as_dict(private=False), None)
    for operator in OPERATORS:
        broker.enactment.activate(version.sha256, operator)
    return version.sha256


def scopes_of(broker: Broker) -> tuple[str, ...]:
    """Every door that a partner's system has here, and every purpose of the covenant."""
    purposes = sorted(f"purpose:{purpose}" for purpose in broker.covenants.in_force().purposes)
    return (*(door.value for door in Door), *purposes)


def client_of(broker: Broker, party: PartyId, key: Key) -> Client:
    """A party's system, as its registration file describes it."""
    return Client(f"{party}-system", party, public_keys(key), frozenset(scopes_of(broker)))


def public_keys(key: Key) -> PublicKeys:
    """The JWK Set that a party sends."""
    key.ensure_kid()
    return read_key_set(json.dumps({"keys": [key.as_dict(private=False, use="sig")]}).encode())


def designate(broker: Broker) -> None:
    """Register the demonstration's professionals for the roles that the covenant opens to designated people only."""
    for policy in broker.covenants.in_force().policies.values():
        for party in policy.covenant.parties.values():
            for role in party.roles.values():
                if role.designated:
                    broker.designations.designate(party.id, professional(role.id), role.id)
