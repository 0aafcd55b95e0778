"""What each party does under a covenant, counted out per purpose: the rows of a register of processing activities.

Worked out from the articles alone, so that nothing stands in a register that the covenant does not permit, and nothing that it does is
left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policies.covenant import Article, Covenant, Purpose, party_of
from policies.vocabulary import BasisId, FieldName, PartyId, RoleId, SubjectKind


@dataclass(frozen=True, slots=True)
class Activity:
    """What one party does for one purpose: what it gives to whom, and what its own people receive."""

    party: PartyId
    purpose: Purpose
    gives: tuple[Article, ...]
    receives: tuple[Article, ...]

    @property
    def articles(self) -> tuple[Article, ...]:
        """Every article in which the party has a part, once."""
        return (*self.gives, *(article for article in self.receives if article not in self.gives))

    @property
    def bases(self) -> tuple[BasisId, ...]:
        """The party's grounds: for the purpose, for giving, and for receiving."""
        giving = [basis for article in self.gives for basis in article.basis.giver]
        receiving = [basis for article in self.receives for basis in article.basis.receiver.get(self.party, ())]
        return tuple(dict.fromkeys((*self.purpose.legal_basis.get(self.party, ()), *giving, *receiving)))

    @property
    def subjects(self) -> frozenset[SubjectKind]:
        """Whose data."""
        return frozenset(kind for article in self.articles for kind in article.about)

    @property
    def receivers(self) -> frozenset[RoleId]:
        """The roles to which the party gives."""
        return frozenset(role for article in self.gives for role in article.to)

    @property
    def own_roles(self) -> frozenset[RoleId]:
        """The party's own roles that receive."""
        return frozenset(role for article in self.receives for role in article.to if party_of(role) == self.party)


def activities(covenant: Covenant, party: PartyId) -> Iterator[Activity]:
    """The purposes for which the party gives or receives anything, in the covenant's order."""
    for purpose in covenant.purposes.values():
        its_own = [article for article in covenant.articles if article.purpose == purpose.id]
        gives = tuple(article for article in its_own if article.from_ == party)
        receives = tuple(article for article in its_own if any(party_of(role) == party for role in article.to))
        if gives or receives:
            yield Activity(party, purpose, gives, receives)


def categories_of(covenant: Covenant, articles: Iterable[Article]) -> tuple[str, ...]:
    """The categories of the fields that some articles give, in the covenant's order."""
    found = {field.partition(".")[0] for article in articles for field in article.fields}
    return tuple(name for name in covenant.categories if name in found)


def fields_of(covenant: Covenant, articles: Iterable[Article]) -> tuple[FieldName, ...]:
    """The fields that some articles give, in the covenant's order."""
    found = {field for article in articles for field in article.fields}
    return tuple(name for name in covenant.fields if name in found)
