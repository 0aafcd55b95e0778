"""The roll: which providers are trusted to know people, and which of those people have which duty. Values only; `roll_file` reads them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from broker.authenticate import READS_LOG, Door
from policies.vocabulary import PartyId, RoleId
from policies.wording import Label


class Kind(StrEnum):
    """What somebody is at a party. The first three are a covenant's kinds of readers too (`log.readers`)."""

    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"


#: the most that a duty of each kind can open
OPENS: Mapping[Kind, frozenset[Door]] = MappingProxyType(
    {
        Kind.PRIVACY_OFFICER: frozenset({Door.COVENANTS, Door.AUDIT}),
        Kind.AUDITOR: frozenset({Door.AUDIT}),
        Kind.SUPERVISOR: frozenset({Door.AUDIT}),
        Kind.OPERATOR: frozenset({Door.COVENANTS}),
    }
)


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The claim of an ID token that says how somebody proved who they are, and the values that are enough."""

    claim: str
    values: tuple[str, ...]

    def met_by(self, claims: Mapping[str, object]) -> bool:
        """Whether the claim has one of the values; it is a text, or a list of texts."""
        told = claims.get(self.claim)
        return any(value in self.values for value in (told if isinstance(told, list) else [told]))


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider. It vouches for people of `vouches_for` and of no other party.

    Exactly one of `key` (private_key_jwt) and `secret` is a file, read when it is used. `second_factor` is None where the provider asks
    everybody for two factors and does not say so. `groups` is the claim that lists somebody's groups.
    """

    name: str
    issuer: str
    client_id: str
    label: Label
    vouches_for: frozenset[PartyId]
    key: Path | None
    secret: Path | None
    second_factor: SecondFactor | None
    groups: str | None

    @property
    def fingerprint(self) -> str:
        """What a session rests on: one that was begun at another provider, or on easier terms, is over."""
        terms = (self.issuer, self.client_id, self.second_factor, self.groups)
        return hashlib.sha256(repr(terms).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Duty:
    """What one line of the roll gives to one person (`pseudonym`), or to a group of a provider (`group`)."""

    name: str
    provider: str
    party: PartyId
    kind: Kind
    opens: frozenset[Door]
    pseudonym: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        if (self.pseudonym is None) == (self.group is None):
            raise ValueError("expected either a person or a group")
        if not self.opens or not self.opens <= OPENS[self.kind]:
            raise ValueError("expected doors that a duty of this kind can open")

    @property
    def role(self) -> RoleId:
        """The role as log and covenant know it, `<party>.<kind>`."""
        return RoleId(f"{self.party}.{self.kind.value}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts, in seconds: unused, and in all."""

    idle_s: int = 1800
    longest_s: int = 8 * 3600


@dataclass(frozen=True, slots=True)
class Roll:
    """The whole roll; `sha256` is of its text, and stands on the record with each sign-in."""

    sha256: str
    limits: Limits
    providers: Mapping[str, Provider]
    duties: tuple[Duty, ...]

    def duties_of(self, provider: str, pseudonym: str, groups: frozenset[str]) -> tuple[Duty, ...]:
        """Somebody's duties, in the order of the roll."""
        here = (duty for duty in self.duties if duty.provider == provider)
        return tuple(duty for duty in here if duty.pseudonym == pseudonym or duty.group in groups)

    def groups_named(self, provider: str) -> frozenset[str]:
        """The groups of a provider that a duty names; no other is kept of anybody."""
        return frozenset(duty.group for duty in self.duties if duty.provider == provider and duty.group is not None)


#: where nobody signs in
NOBODY = Roll("0" * 64, Limits(), MappingProxyType({}), ())


def by_door(duties: tuple[Duty, ...]) -> Mapping[Door, Duty]:
    """Which duty opens which door: the first in the roll that does, so that somebody acts in one role behind each."""
    return MappingProxyType(dict(_doors(duties)))


def _doors(duties: tuple[Duty, ...]) -> Iterator[tuple[Door, Duty]]:
    for door in Door:
        first = next((duty for duty in duties if door in duty.opens), None)
        if first is not None:
            yield door, first


def scopes_at(duty: Duty, door: Door) -> frozenset[str]:
    """What a duty is worth at a door. The line in the roll is the operator's key to the log, as the scope of a system is (ADR 25)."""
    if door not in duty.opens:
        return frozenset()
    return frozenset({door.value, READS_LOG}) if door is Door.AUDIT else frozenset({door.value})


class Pseudonyms:
    """The name under which the log knows somebody who signed in: who has the key can make it again from issuer and subject, nobody else."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, issuer: str, subject: str) -> str:
        """128 bits of HMAC-SHA-256, in hex."""
        named = f"covenant-broker/person/v1\0{issuer}\0{subject}".encode()
        return f"person-{hmac.digest(self._key, named, hashlib.sha256)[:16].hex()}"
