"""A covenant as the rules look at it: with the day on which they look, and what several of them look up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from policies.covenant import Article, Basis, BasisKind, Conditions, Covenant, DataClass, LegalBasis, Party, PartyKind, Step, party_of
from policies.values import Path
from policies.vocabulary import BasisId, CaseTypeId, FieldName, PartyId, Phase, RoleId

POLICE_CLASSES = frozenset({DataClass.POLICE_8, DataClass.POLICE_9, DataClass.POLICE_10})
#: what AVG 9 and medical secrecy protect
CARE_CLASSES = frozenset({DataClass.SPECIAL, DataClass.SECRECY})
PUBLIC_BODIES = frozenset({PartyKind.MUNICIPALITY, PartyKind.POLICE})


@dataclass(frozen=True, slots=True)
class Reliance:
    """One party that rests on grounds at one place; `conditions` is None where there are none to set: a purpose, an emergency."""

    at: Path
    party: Party
    bases: tuple[LegalBasis, ...]
    conditions: Conditions | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One covenant and the day on which it is looked at; without a day the rules about today see nothing."""

    covenant: Covenant
    today: date | None = None

    def articles(self) -> Iterator[tuple[Path, Article]]:
        """Every article with its place."""
        for position, article in enumerate(self.covenant.articles):
            yield ("articles", position), article

    def steps(self) -> Iterator[tuple[Path, CaseTypeId, Step]]:
        """Every phase of every case type with its place."""
        for case_type in self.covenant.case_types.values():
            for phase, step in case_type.ladder.items():
                yield ("case_types", case_type.id, "ladder", phase), case_type.id, step

    def classes(self, fields: Iterable[FieldName]) -> frozenset[DataClass]:
        """Every class that one of these fields has."""
        return frozenset().union(*(self.covenant.fields[field].classes for field in fields))

    def bases(self, names: Iterable[BasisId]) -> tuple[LegalBasis, ...]:
        """The grounds of these names."""
        return tuple(self.covenant.legal_bases[name] for name in names)

    def receivers(self, roles: Iterable[RoleId]) -> tuple[Party, ...]:
        """The parties of these roles, each once."""
        return tuple(self.covenant.parties[party] for party in sorted({party_of(role) for role in roles}))

    def reliances(self) -> Iterator[Reliance]:
        """Every place where a party rests on grounds: its purposes, what it gives, receives and hands over, emergencies."""
        covenant = self.covenant
        for purpose in covenant.purposes.values():
            for party, names in purpose.legal_basis.items():
                yield Reliance(("purposes", purpose.id, "legal_basis", party), covenant.parties[party], self.bases(names))
        for at, article in self.articles():
            yield from self.of_article(at, article)
        for position, handover in enumerate(covenant.handovers):
            giver, at = covenant.parties[handover.from_], ("handovers", position, "basis")
            yield Reliance(at, giver, self.bases(handover.giver), handover.conditions)
        for position, emergency in enumerate(covenant.emergency):
            holders = {covenant.fields[field].holder for field in emergency.fields}
            yield from self._of_basis(("emergency", position), emergency.basis, sorted(holders), None)

    def of_article(self, at: Path, article: Article) -> Iterator[Reliance]:
        """The giver's reliance and then that of each receiving party."""
        yield from self._of_basis(at, article.basis, (article.from_,), article.conditions)

    def _of_basis(self, at: Path, basis: Basis, givers: Iterable[PartyId], conditions: Conditions | None) -> Iterator[Reliance]:
        for giver in givers:
            yield Reliance((*at, "basis", "giver"), self.covenant.parties[giver], self.bases(basis.giver), conditions)
        for party, names in basis.receiver.items():
            yield Reliance((*at, "basis", "receiver", party), self.covenant.parties[party], self.bases(names), conditions)

    def situations(self, article: Article) -> frozenset[tuple[CaseTypeId, Phase]]:
        """The open phases in which an article gives."""
        return frozenset(
            (name, phase)
            for name in article.case_types
            for phase, step in self.covenant.case_types[name].ladder.items()
            if phase in article.phases and not step.shielded
        )


def of_public_body(reliance: Reliance) -> bool:
    """Whether it is a public body that rests on it."""
    return reliance.party.kind in PUBLIC_BODIES


def is_under(basis: LegalBasis, *articles: str) -> bool:
    """Whether a basis of the AVG stands in one of these articles: `6(1)(f)`."""
    return basis.kind in {BasisKind.GDPR6, BasisKind.GDPR9} and basis.article in articles


def is_vital(basis: LegalBasis) -> bool:
    """Whether it is the vital interest of AVG 6(1)(d) or 9(2)(c)."""
    return is_under(basis, "6(1)(d)", "9(2)(c)")


def is_consent(basis: LegalBasis) -> bool:
    """Whether it is the person's own consent, AVG 6(1)(a) or 9(2)(a)."""
    return is_under(basis, "6(1)(a)", "9(2)(a)")
