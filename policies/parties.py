"""Who takes part, on which ground, and what for: parties, roles, legal bases and purposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from policies.values import Label, freeze
from policies.vocabulary import BasisId, PartyId, PurposeId, RoleId
from policies.wording import Impossible, say


class PartyKind(StrEnum):
    """What sort of organisation a party is; some law looks at it."""

    MUNICIPALITY = "municipality"
    HOUSING_CORPORATION = "housing_corporation"
    POLICE = "police"
    CARE = "care"
    YOUTH_PROTECTION = "youth_protection"
    OTHER = "other"


class BasisKind(StrEnum):
    """Which law a basis stands in: what a class of data needs is counted in kinds (see `policies.grounds`)."""

    GDPR6 = "gdpr6"
    GDPR9 = "gdpr9"
    GDPR10 = "gdpr10"
    WPG = "wpg"
    WGS = "wgs"
    SECRECY_EXCEPTION = "secrecy_exception"
    BSN = "bsn"
    DUTY = "duty"


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who may sign for a party, and by which mandate."""

    function: str
    mandate: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A job function at a party. `duty` roles work nights; a `designated` role is open to registered professionals only.

    `designated_by` is who designates them, by which decision; `function` is which of the three functions of Wgs 1.8(2) it is.
    """

    id: RoleId
    label: Label
    organ: str | None = None
    duty: bool = False
    designated: bool = False
    designated_by: str | None = None
    function: str | None = None

    def __post_init__(self) -> None:
        if self.designated_by is not None and not self.designated:
            raise Impossible(
                say(
                    "`designated_by` hoort bij `designated: true`, en bij niets anders",
                    "`designated_by` goes with `designated: true`, and with nothing else",
                )
            )


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation that takes part. `signing_key` is the RFC 7638 SHA-256 thumbprint of the key it signs covenants with."""

    id: PartyId
    kind: PartyKind
    name: str
    signatory: Signatory
    privacy_officer: str
    roles: Mapping[RoleId, Role]
    oin: str | None = None
    kvk: str | None = None
    organs: Mapping[str, str] = field(default_factory=dict)
    signing_key: str | None = None
    accession: date | None = None
    withdrawal: date | None = None

    def __post_init__(self) -> None:
        freeze(self, "roles", "organs")
        if self.accession is not None and self.withdrawal is not None:
            _in_order("accession", self.accession, "withdrawal", self.withdrawal)


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One ground in law, named once. `gives_only`: a ground to provide, never to receive (Wpg art. 20)."""

    id: BasisId
    kind: BasisKind
    law: str
    article: str | None = None
    title: Label | None = None
    rests_on: tuple[str, ...] = ()
    with_: str | None = None
    balancing: str | None = None
    dpv: str | None = None
    gives_only: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
    balanced_on: date | None = None

    def __post_init__(self) -> None:
        if self.valid_from is not None and self.valid_until is not None:
            _in_order("valid_from", self.valid_from, "valid_until", self.valid_until)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What data are used for, with each party's own ground for it.

    `activity` is the processing in the register of whoever leads it, `activities` that in the register of other parties (AVG art. 30).
    """

    id: PurposeId
    title: Label
    legal_basis: Mapping[PartyId, tuple[BasisId, ...]]
    dpv: str | None = None
    activity: str | None = None
    confidential: bool = False
    activities: Mapping[PartyId, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze(self, "legal_basis", "activities")


def _in_order(first: str, start: date, last: str, end: date) -> None:
    if end < start:
        raise Impossible(
            say(
                "`{last}` ligt voor `{first}`: {end} en {start}",
                "expected {first} <= {last}, found {start} and {end}",
                first=first,
                last=last,
                start=start,
                end=end,
            )
        )


def party_of(role: RoleId) -> PartyId:
    """The party a role belongs to: what stands before the dot of `municipality.director`."""
    return PartyId(role.partition(".")[0])
