"""What keeps a covenant from being compiled, whatever it says of itself. The lint knows more of the law; this cannot be switched off.

Each check yields findings with the place of the words at fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from policies.covenant import Article, Basis, Covenant, Emergency, Handover, Party, party_of
from policies.errors import Finding, Severity
from policies.forms import comparable
from policies.grounds import law_of, missing_to_give, missing_to_receive
from policies.never import broken_statements
from policies.values import Path
from policies.vocabulary import BasisId, FieldName, PartyId
from policies.wording import Label, either, listed, say

_EMERGENCY = Label("de noodregeling", "emergency")


def error(
    covenant: Covenant,
    code: str,
    message: Label,
    hint: Label | None = None,
    *,
    at: Path,
    key: bool = False,
    law: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """A finding at a place of the covenant, an error unless said otherwise; `key` points at the key rather than at what stands under it."""
    line, column = covenant.places.of_key(*at) if key else covenant.places.of(*at)
    return Finding(covenant.places.file, line, column, severity, code, message, hint, law)


def unsafe(covenant: Covenant) -> Iterator[Finding]:
    """Every reason why this covenant may not be compiled."""
    for position, article in enumerate(covenant.articles):
        yield from _without_ground(covenant, article, ("articles", position))
    for position, emergency in enumerate(covenant.emergency):
        yield from _emergency_without_ground(covenant, emergency, ("emergency", position))
    for position, handover in enumerate(covenant.handovers):
        yield from _handover_without_ground(covenant, handover, ("handovers", position))
    yield from _incomparable(covenant)
    yield from broken_statements(covenant)


def _without_ground(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    giver, name = covenant.parties[article.from_], say("artikel {article}", "article {article}", article=article.id)
    for field in article.fields:
        holder = covenant.fields[field].holder
        if holder != article.from_:
            yield _not_the_holder(covenant, name, article.from_, field, at)
            continue
        yield from _not_given(covenant, name, giver, field, article.basis.giver, (*at, "basis", "giver"))
        for party in sorted({*map(party_of, article.to)}):
            bases = article.basis.receiver.get(party, ())
            yield from _not_received(covenant, name, party, field, bases, (*at, "basis", "receiver", party))
    yield from _received_on_what_gives(covenant, name, article.basis, article.fields, at)
    purpose = covenant.purposes[article.purpose]
    for party in sorted({article.from_, *map(party_of, article.to)}):
        if not purpose.legal_basis.get(party):
            message = say(
                "{name}: {party} heeft geen grondslag voor doel `{purpose}`",
                "{name}: {party} has no legal basis for purpose `{purpose}`",
                name=name,
                party=party,
                purpose=article.purpose,
            )
            hint = say("purposes.{purpose}.legal_basis noemt er geen", "purposes.{purpose}.legal_basis names none", purpose=article.purpose)
            yield error(covenant, "no-basis-for-purpose", message, hint, at=(*at, "purpose"), law="AVG art. 5(1)(b), 6(1)")


def _emergency_without_ground(covenant: Covenant, emergency: Emergency, at: Path) -> Iterator[Finding]:
    for field in sorted(emergency.fields):
        giver = covenant.parties[covenant.fields[field].holder]
        yield from _not_given(covenant, _EMERGENCY, giver, field, emergency.basis.giver, (*at, "basis", "giver"))
        for party in sorted({*map(party_of, emergency.who)} - {giver.id}):
            bases = emergency.basis.receiver.get(party, ())
            yield from _not_received(covenant, _EMERGENCY, party, field, bases, (*at, "basis", "receiver", party))
    yield from _received_on_what_gives(covenant, _EMERGENCY, emergency.basis, emergency.fields, at)


def _received_on_what_gives(covenant: Covenant, name: Label, basis: Basis, fields: Iterable[FieldName], at: Path) -> Iterator[Finding]:
    """A ground that only gives, beside others that would do: it reads as if the receiver had it. Where they would not, that is told."""
    for receiver, bases in basis.receiver.items():
        party, known = covenant.parties[receiver], [covenant.legal_bases[each] for each in bases]
        if any(missing_to_receive(covenant.fields[field].classes, party, known) for field in fields):
            continue
        for position, one in enumerate(known):
            if one.gives_only:
                message = say(
                    "{name}: {party} ontvangt op `{basis}`, en dat is alleen een grondslag om te verstrekken",
                    "{name}: {party} receives on `{basis}`, which only gives",
                    name=name,
                    party=receiver,
                    basis=one.id,
                )
                place = (*at, "basis", "receiver", receiver, position)
                yield error(covenant, "no-ground-to-receive", message, at=place, law=law_of(frozenset({one.kind})))


def _handover_without_ground(covenant: Covenant, handover: Handover, at: Path) -> Iterator[Finding]:
    giver, name = covenant.parties[handover.from_], say("overdracht {handover}", "handover {handover}", handover=handover.id)
    for field in handover.fields:
        if covenant.fields[field].holder != giver.id:
            yield _not_the_holder(covenant, name, giver.id, field, at)
            continue
        yield from _not_given(covenant, name, giver, field, handover.giver, (*at, "basis"))
        yield from _not_received(covenant, name, handover.to.receiver, field, handover.to.basis, (*at, "to", "basis"))


def _not_the_holder(covenant: Covenant, name: Label, giver: PartyId, field: FieldName, at: Path) -> Finding:
    message = say(
        "{name} laat {giver} `{field}` verstrekken, maar de bronhouder is {holder}",
        "{name} gives `{field}` from {giver}, but its holder is {holder}",
        name=name,
        giver=giver,
        field=field,
        holder=covenant.fields[field].holder,
    )
    return error(covenant, "not-the-holder", message, at=(*at, "fields", field), key=True)


def _not_given(covenant: Covenant, name: Label, giver: Party, field: FieldName, bases: Iterable[BasisId], at: Path) -> Iterator[Finding]:
    classes = covenant.fields[field].classes
    for kinds in missing_to_give(classes, giver, [covenant.legal_bases[basis] for basis in bases]):
        message = say(
            "{name}: {giver} heeft geen grondslag om `{field}` ({classes}) te verstrekken: daar hoort een grondslag van de soort {kinds}",
            "{name}: {giver} has no ground to give `{field}` ({classes}): expected a basis of kind {kinds}",
            name=name,
            giver=giver.id,
            field=field,
            classes=listed(classes),
            kinds=either(sorted(kinds)),
        )
        yield error(covenant, "no-ground-to-give", message, at=at, law=law_of(kinds))


def _not_received(
    covenant: Covenant, name: Label, receiver: str, field: FieldName, bases: Iterable[BasisId], at: Path
) -> Iterator[Finding]:
    """`receiver` is a party of this covenant, or the words for one of another covenant."""
    party = covenant.parties.get(PartyId(receiver))
    classes = covenant.fields[field].classes
    known = [covenant.legal_bases[basis] for basis in bases]
    for kinds in missing_to_receive(classes, party, known):
        message = say(
            "{name}: {party} heeft geen grondslag om `{field}` ({classes}) te ontvangen: daar hoort een grondslag van de soort {kinds}",
            "{name}: {party} has no ground to receive `{field}` ({classes}): expected a basis of kind {kinds}",
            name=name,
            party=receiver,
            field=field,
            classes=listed(classes),
            kinds=either(sorted(kinds)),
        )
        only = [basis.id for basis in known if basis.gives_only]
        hint = say("`{basis}` is alleen een grondslag om te verstrekken", "`{basis}` only gives", basis=only[0]) if only else None
        yield error(covenant, "no-ground-to-receive", message, hint, at=at, law=law_of(kinds))


def _incomparable(covenant: Covenant) -> Iterator[Finding]:
    """Two forms of one field in one context, neither of which shows what the other shows: nobody could say which is the wider."""
    giving: dict[FieldName, list[tuple[int, Article]]] = {}
    for position, article in enumerate(covenant.articles):
        for field in article.fields:
            giving.setdefault(field, []).append((position, article))
    for field, articles in giving.items():
        for (_, one), (position, other) in combinations(articles, 2):
            if not comparable(one.fields[field], other.fields[field]) and _meet(covenant, one, other):
                message = say(
                    "artikelen {one} en {other} geven `{field}` aan dezelfde functie in dezelfde situatie als {form} en als {other_form}, "
                    "en geen van beide is de ruimste",
                    "articles {one} and {other} give `{field}` to the same role in the same situation "
                    "as {form} and as {other_form}, of which neither is the wider",
                    one=one.id,
                    other=other.id,
                    field=field,
                    form=one.fields[field],
                    other_form=other.fields[field],
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
