"""The page for residents: what may be shared about them, by whom, with whom, why, when, how long, what never, and where they can go.

What serves a confidential purpose is named and not told: it would warn who must not be warned.
"""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Bullets, Document, Notice, Paragraph, Section, Terms, Words, joined, listed, tell
from broker.documents.register_activities import categories_of
from broker.documents.residents_limits import danger, elsewhere, keeping, never
from broker.documents.residents_rights import rights, telling, to_report
from broker.documents.residents_words import how_much, when
from broker.documents.wording import called, is_called_otherwise, roles_of, seal_of
from policies.covenant import Article, Covenant, Label, Party
from policies.vocabulary import Delivery, FieldName, FormKind, RoleId


def residents(covenant: Covenant) -> Document:
    """What a covenant means for the people who live where it holds."""
    where: Words = covenant.area.description if covenant.area else covenant.title
    return Document(
        title=Label("Wat delen organisaties over u?", "What do organisations share about you?"),
        subtitle=tell("Uitleg voor bewoners: {where}", "For residents: {where}", where=where),
        seal=seal_of(covenant),
        lead=_lead(covenant),
        sections=(
            _who(covenant),
            _whom(covenant),
            *_what(covenant),
            *elsewhere(covenant),
            never(covenant),
            *danger(covenant),
            keeping(covenant),
            telling(covenant),
            rights(covenant),
            *to_report(covenant),
        ),
        contents=True,
        seal_last=True,
    )


def _lead(covenant: Covenant) -> tuple[Paragraph | Bullets | Notice, ...]:
    return (
        Paragraph(
            tell(
                "Soms gaat het thuis of in de buurt niet goed. Dan werken organisaties samen. Dat doen zij bij:",
                "Sometimes things do not go well at home or in the neighbourhood. Then organisations work together. They do so in case of:",
            )
        ),
        Bullets(tuple(case_type.title for case_type in covenant.case_types.values())),
        Paragraph(
            tell(
                "Om u of uw buren te helpen, delen zij soms gegevens over u. Dat mag niet zomaar. Zij hebben hierover afspraken gemaakt. "
                "Alleen wat in die afspraken staat, mag. Op deze pagina leest u wat dat is.",
                "To help you or your neighbours, they sometimes share data about you. They may not do so just like that. They have made "
                "an agreement "
                "on it. Only what is in that agreement is allowed. On this page you read what that is.",
            )
        ),
        Notice(Label("Is er nu gevaar? Bel 112.", "Is there danger now? Call 112.")),
    )


def _who(covenant: Covenant) -> Section:
    items = tuple(_introduced(covenant, party) for party in covenant.parties.values())
    return Section(Label("Wie werken er samen?", "Who work together?"), (Bullets(items),))


def _introduced(covenant: Covenant, party: Party) -> Words:
    if not is_called_otherwise(covenant, party):
        return party.name
    nl, en = "{name}. Op deze pagina: {called}.", "{name}. On this page: {called}."
    return tell(nl, en, name=party.name, called=called(covenant, party.id))


def _whom(covenant: Covenant) -> Section:
    named = {kind for article in covenant.articles for kind in article.about}
    blocks = [Bullets(tuple(label for kind, label in covenant.subjects.items() if kind in named))]
    others = [label for kind, label in covenant.subjects.items() if kind not in named]
    heading = Label("Over wie delen zij gegevens?", "Whose data do they share?")
    if not others:
        return Section(heading, tuple(blocks))
    nl, en = "Over deze mensen zelf delen zij niets: {others}.", "They share nothing about these people themselves: {others}."
    return Section(heading, (*blocks, Paragraph(tell(nl, en, others=listed(others)))))


def _what(covenant: Covenant) -> Iterator[Section]:
    """A section per organisation that gives, with one part for each kind of data."""
    hidden = [purpose for purpose in covenant.purposes.values() if purpose.confidential]
    told = [article for article in covenant.articles if not covenant.purposes[article.purpose].confidential]
    for party in covenant.parties.values():
        gives = [article for article in told if article.from_ == party.id]
        if gives:
            heading = tell("Wat deelt {party}?", "What does {party} share?", party=called(covenant, party.id))
            parts = tuple(_category(covenant, name, gives) for name in categories_of(covenant, gives))
            yield Section(heading, (), parts)
    if hidden:
        yield Section(
            Label("Wat staat niet op deze pagina?", "What is not on this page?"),
            (
                Paragraph(
                    tell(
                        "Soms delen zij ook gegevens met dit doel: {purposes}. Wat zij dan delen, staat hier niet. Anders kan iemand "
                        "gewaarschuwd zijn "
                        "die gevaarlijk is. Ook hiervoor gelden vaste regels.",
                        "Sometimes they also share data for this purpose: {purposes}. What they share then is not told here. It could "
                        "warn somebody who "
                        "is dangerous. There are fixed rules for this too.",
                        purposes=listed(purpose.title for purpose in hidden),
                    )
                ),
            ),
        )


def _category(covenant: Covenant, name: str, gives: list[Article]) -> Section:
    category = covenant.categories[name]
    those = [article for article in gives if any(field.startswith(f"{name}.") for field in article.fields)]
    purposes = {article.purpose for article in those}
    pairs = list(_by_receiver(covenant, name, those))
    pairs.append((Label("Waarom", "Why"), listed(purpose.title for key, purpose in covenant.purposes.items() if key in purposes)))
    pairs.append((Label("Wanneer", "When"), when(covenant, (phase for article in those for phase in article.phases))))
    consent = _consent(those)
    if consent is not None:
        pairs.append((Label("Uw toestemming", "Your consent"), consent))
    if category.delivery is Delivery.RELEASED_BY_HOLDER:
        nl, en = "een medewerker van {party} kijkt elke keer of het mag", "staff of {party} look each time whether it is allowed"
        pairs.append((Label("Eerst", "First"), tell(nl, en, party=called(covenant, category.holder))))
    return Section(category.title, (Terms(tuple(pairs)),))


def _by_receiver(covenant: Covenant, name: str, those: list[Article]) -> Iterator[tuple[Words, Words]]:
    """Who receives which fields, and how much of each; roles that receive the same are named together."""
    received: dict[RoleId, dict[FieldName, set[FormKind]]] = {}
    for article in those:
        for role in article.to:
            for field, form in article.fields.items():
                if field.startswith(f"{name}."):
                    received.setdefault(role, {}).setdefault(field, set()).add(form.kind)
    roles = [role for party in covenant.parties.values() for role in party.roles if role in received]
    alike: list[tuple[list[RoleId], dict[FieldName, set[FormKind]]]] = []
    for role in roles:
        group = next((members for members, fields in alike if fields == received[role]), None)
        if group is None:
            alike.append(([role], received[role]))
        else:
            group.append(role)
    for members, fields in alike:
        ordered = [field for field in covenant.fields if field in fields]
        told = joined((how_much(covenant.fields[field].title, fields[field]) for field in ordered), ", ")
        yield tell("Aan {who}", "To {who}", who=roles_of(covenant, members)), told


def _consent(those: list[Article]) -> Words | None:
    asked = [article.conditions.consent for article in those if article.conditions.consent is not None]
    if not asked:
        return None
    freely = all(consent.refusal_has_no_effect for consent in asked)
    if len(asked) < len(those):
        return Label("soms nodig; dan vragen zij het u eerst", "sometimes needed; then they ask you first")
    if freely:
        return Label("altijd nodig; nee zeggen mag en heeft geen gevolgen", "always needed; you may say no, without any consequences")
    return Label("altijd nodig; nee zeggen mag", "always needed; you may say no")
