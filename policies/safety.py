"""What keeps a covenant from being compiled, whatever it says of itself. The lint knows more of the law; this cannot be switched off.

Each check yields findings with the place of the words at fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from policies.covenant import Article, BasisKind, Covenant, Emergency, Party, party_of
from policies.errors import Finding, Severity
from policies.forms import comparable
from policies.grounds import missing_to_give, missing_to_receive
from policies.never import broken_statements
from policies.values import Label, Path
from policies.vocabulary import BasisId, FieldName
from policies.wording import label


def error(
    covenant: Covenant,
    code: str,
    message: str | Label,
    hint: str | Label | None = None,
    *,
    at: Path,
    key: bool = False,
    law: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """A finding at a place of the covenant, an error unless said otherwise; `key` points at the key rather than at what stands under it."""
    line, column = covenant.places.of_key(*at) if key else covenant.places.of(*at)
    return Finding(covenant.places.file, line, column, severity, code, label(message), None if hint is None else label(hint), law)


def unsafe(covenant: Covenant) -> Iterator[Finding]:
    """Every reason why this covenant may not be compiled."""
    for position, article in enumerate(covenant.articles):
        yield from _without_ground(covenant, article, ("articles", position))
    for position, emergency in enumerate(covenant.emergency):
        yield from _emergency_without_ground(covenant, emergency, ("emergency", position))
    yield from _incomparable(covenant)
    yield from broken_statements(covenant)


def _without_ground(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    giver, name = covenant.parties[article.from_], f"article {article.id}"
    for field in article.fields:
        holder = covenant.fields[field].holder
        if holder != article.from_:
            message = f"{name} gives `{field}` from {article.from_}, but its holder is {holder}"
            yield error(covenant, "not-the-holder", message, at=(*at, "fields", field), key=True)
            continue
        yield from _not_given(covenant, name, giver, field, article.basis.giver, (*at, "basis", "giver"))
        for party in sorted({*map(party_of, article.to)}):
            bases = article.basis.receiver.get(party, ())
            yield from _not_received(covenant, name, covenant.parties[party], field, bases, (*at, "basis", "receiver", party))
    purpose = covenant.purposes[article.purpose]
    for party in sorted({article.from_, *map(party_of, article.to)}):
        if not purpose.legal_basis.get(party):
            message = f"article {article.id}: {party} has no legal basis for purpose `{article.purpose}`"
            yield error(
                covenant, "no-basis-for-purpose", message, f"purposes.{article.purpose}.legal_basis names none", at=(*at, "purpose")
            )


def _emergency_without_ground(covenant: Covenant, emergency: Emergency, at: Path) -> Iterator[Finding]:
    for field in sorted(emergency.fields):
        giver = covenant.parties[covenant.fields[field].holder]
        yield from _not_given(covenant, "emergency", giver, field, emergency.basis.giver, (*at, "basis", "giver"))
        for party in sorted({*map(party_of, emergency.who)} - {giver.id}):
            bases = emergency.basis.receiver.get(party, ())
            yield from _not_received(covenant, "emergency", covenant.parties[party], field, bases, (*at, "basis", "receiver", party))


def _not_given(covenant: Covenant, name: str, giver: Party, field: FieldName, bases: Iterable[BasisId], at: Path) -> Iterator[Finding]:
    classes = covenant.fields[field].classes
    for kinds in missing_to_give(classes, giver, [covenant.legal_bases[basis] for basis in bases]):
        message = f"{name}: {giver.id} has no ground to give `{field}` ({_words(classes)}): expected a basis of kind {_either(kinds)}"
        yield error(covenant, "no-ground-to-give", message, at=at)


def _not_received(covenant: Covenant, name: str, party: Party, field: FieldName, bases: Iterable[BasisId], at: Path) -> Iterator[Finding]:
    classes = covenant.fields[field].classes
    known = [covenant.legal_bases[basis] for basis in bases]
    for kinds in missing_to_receive(classes, party, known):
        message = f"{name}: {party.id} has no ground to receive `{field}` ({_words(classes)}): expected a basis of kind {_either(kinds)}"
        only = [basis.id for basis in known if basis.gives_only]
        yield error(covenant, "no-ground-to-receive", message, f"`{only[0]}` only gives" if only else None, at=at)


def _words(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _either(kinds: Iterable[BasisKind]) -> str:
    return " or ".join(sorted(kinds))


def _incomparable(covenant: Covenant) -> Iterator[Finding]:
    """Two forms of one field in one context, neither of which shows what the other shows: nobody could say which is the wider."""
    giving: dict[FieldName, list[tuple[int, Article]]] = {}
    for position, article in enumerate(covenant.articles):
        for field in article.fields:
            giving.setdefault(field, []).append((position, article))
    for field, articles in giving.items():
        for (_, one), (position, other) in combinations(articles, 2):
            if not comparable(one.fields[field], other.fields[field]) and _meet(covenant, one, other):
                message = (
                    f"articles {one.id} and {other.id} give `{field}` to the same role in the same situation "
                    f"as {one.fields[field]} and as {other.fields[field]}, of which neither is the wider"
                )
                yield error(covenant, "incomparable-forms", message, at=("articles", position, "fields", field))


def _meet(covenant: Covenant, one: Article, other: Article) -> bool:
    phases = one.phases & other.phases
    return bool(
        one.purpose == other.purpose
        and one.to & other.to
        and one.about & other.about
        and any(phases & covenant.case_types[case_type].ladder.keys() for case_type in one.case_types & other.case_types)
    )
