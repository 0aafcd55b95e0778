"""Parties, roles, subjects and purposes."""

# ruff: noqa: D103 - each reader is its row of `policies.effects.terms`

from __future__ import annotations

from collections.abc import Callable

from policies.covenant import Covenant, Party, Role
from policies.effects.changes import Value
from policies.effects.offers import grounds_named
from policies.effects.readers.keyed import Keyed, grounds_in_words


def _of_party(covenant: Covenant, read: Callable[[Party], Value]) -> Keyed:
    return (((name,), read(party)) for name, party in covenant.parties.items())


def _of_role(covenant: Covenant, read: Callable[[Role], Value]) -> Keyed:
    return (((name,), read(role)) for party in covenant.parties.values() for name, role in party.roles.items())


def each_party(covenant: Covenant) -> Keyed:
    return _of_party(covenant, lambda _: True)


def kind(covenant: Covenant) -> Keyed:
    return _of_party(covenant, lambda party: party.kind)


def number(covenant: Covenant) -> Keyed:
    """The OIN and the KvK number: another number is another organisation."""
    return _of_party(covenant, lambda party: " ".join(filter(None, (party.oin and f"OIN {party.oin}", party.kvk and f"KvK {party.kvk}"))))


def signing(covenant: Covenant) -> Keyed:
    """Who signs, by which mandate, with which key."""
    return _of_party(covenant, _signing)


def _signing(party: Party) -> Value:
    return ", ".join(filter(None, (party.signatory.function, party.signatory.mandate, party.signing_key)))


def privacy_officer(covenant: Covenant) -> Keyed:
    return _of_party(covenant, lambda party: party.privacy_officer)


def organs(covenant: Covenant) -> Keyed:
    return _of_party(covenant, lambda party: frozenset(party.organs))


def accession(covenant: Covenant) -> Keyed:
    return _of_party(covenant, lambda party: party.accession)


def withdrawal(covenant: Covenant) -> Keyed:
    return _of_party(covenant, lambda party: party.withdrawal)


def each_role(covenant: Covenant) -> Keyed:
    return _of_role(covenant, lambda _: True)


def designated(covenant: Covenant) -> Keyed:
    return _of_role(covenant, lambda role: role.designated)


def designated_by(covenant: Covenant) -> Keyed:
    return _of_role(covenant, lambda role: role.designated_by)


def function(covenant: Covenant) -> Keyed:
    return _of_role(covenant, lambda role: role.function)


def duty(covenant: Covenant) -> Keyed:
    return _of_role(covenant, lambda role: role.duty)


def organ(covenant: Covenant) -> Keyed:
    return _of_role(covenant, lambda role: role.organ)


def each_subject(covenant: Covenant) -> Keyed:
    return (((name,), True) for name in covenant.subjects)


def each_purpose(covenant: Covenant) -> Keyed:
    return (((name,), True) for name in covenant.purposes)


def confidential(covenant: Covenant) -> Keyed:
    return (((name,), purpose.confidential) for name, purpose in covenant.purposes.items())


def purpose_grounds(covenant: Covenant) -> Keyed:
    """Each party's own grounds for a purpose; the ones for which the purpose names none are silent."""
    return (
        ((name, party), grounds_in_words(grounds_named(covenant, purpose.legal_basis.get(party, ()))))
        for name, purpose in covenant.purposes.items()
        for party in covenant.parties
    )
