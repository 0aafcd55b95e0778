"""For residents: what is never shared, what may happen when a life is at risk, and how long things are kept."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Bullets, Own, Paragraph, Section, Terms, Words, joined, tell
from broker.documents.residents_words import classes_plainly, how_much
from broker.documents.wording import called, length, roles_of
from policies.covenant import Covenant, Emergency, Label, Never, Period
from policies.vocabulary import FieldName


def never(covenant: Covenant) -> Section:
    """What never happens, per organisation; statements that bind one role, purpose, phase or form are left to the text itself."""
    heading = Label("Wat delen zij nooit?", "What do they never share?")
    blocks: list[Paragraph | Terms] = [
        Paragraph(Label("Alles wat niet in de afspraken staat, delen zij niet.", "Whatever is not in the agreement, they do not share."))
    ]
    plain = [one for one in covenant.never if _is_plain(one)]
    pairs: list[tuple[Words, list[Words]]] = [(Label("Aan niemand", "To nobody"), _told(covenant, [one for one in plain if not one.to]))]
    pairs += [
        (
            tell("Niet aan {party}", "Not to {party}", party=called(covenant, party)),
            _told(covenant, [one for one in plain if party in one.to]),
        )
        for party in covenant.parties
    ]
    told = tuple((who, joined(what, "; ")) for who, what in pairs if what)
    if told:
        blocks.append(Terms(told))
    if len(plain) < len(covenant.never):
        blocks.append(
            Paragraph(
                Label(
                    "Er zijn nog meer grenzen. Die staan in de volledige tekst van de afspraken.",
                    "There are more limits. They stand in the full text of the agreement.",
                )
            )
        )
    return Section(heading, tuple(blocks))


def _is_plain(one: Never) -> bool:
    """Whether it binds whole organisations, or everybody, whatever the situation."""
    narrowed = one.purposes or one.phases or one.forms or one.from_ or one.about
    return bool(one.classes) != bool(one.fields) and not narrowed and not any("." in each for each in one.to)


def _told(covenant: Covenant, statements: list[Never]) -> list[Words]:
    classes = frozenset(each for one in statements for each in one.classes if not one.fields)
    fields = sorted(field for one in statements for field in one.fields if not one.classes)
    return [*classes_plainly(classes), *_fields(covenant, fields)]


def _fields(covenant: Covenant, patterns: list[str]) -> Iterator[Words]:
    for pattern in patterns:
        category = covenant.categories[pattern.partition(".")[0]].title
        if pattern.endswith(".*"):
            yield category
        else:
            field = covenant.fields[FieldName(pattern)].title
            yield tell("{category}: {field}", "{category}: {field}", field=field, category=category)


def elsewhere(covenant: Covenant) -> Iterator[Section]:
    """What goes along when a case is continued under another covenant."""
    if covenant.handovers:
        intro = Label(
            "Soms gaat een zaak verder bij andere organisaties. Dan gaan deze gegevens mee:",
            "Sometimes a case is continued by other organisations. Then these data go along:",
        )
        lines = tuple(
            tell(
                "{data}, van {party} aan {receiver}",
                "{data}, from {party} to {receiver}",
                data=joined((how_much(covenant.fields[name].title, (form.kind,)) for name, form in one.fields.items()), ", "),
                party=called(covenant, one.from_),
                receiver=Own(one.to.receiver),
            )
            for one in covenant.handovers
        )
        yield Section(
            Label("Kan een zaak ergens anders verdergaan?", "Can a case be continued elsewhere?"), (Paragraph(intro), Bullets(lines))
        )


def danger(covenant: Covenant) -> Iterator[Section]:
    """What may be seen when a life is at risk."""
    for found in covenant.emergency:
        heading = tell("Bij nood: {title}", "In an emergency: {title}", title=found.title or Label("direct gevaar", "immediate danger"))
        yield Section(heading, tuple(_emergency(covenant, found)))


def _emergency(covenant: Covenant, found: Emergency) -> Iterator[Paragraph | Bullets]:
    yield Paragraph(
        tell(
            "Is iemands leven in gevaar en kan niemand het u vragen? Dan mag iemand met dienst meer zien. Dat mag alleen: {who}. Het "
            "gaat dan om:",
            "Is somebody's life at risk, and can nobody ask you? Then somebody on duty may see more. Only these may: {who}. It is then "
            "about:",
            who=roles_of(covenant, found.who),
        )
    )
    yield Bullets(tuple(covenant.fields[name].title for name in covenant.fields if name in found.fields))
    yield Paragraph(
        tell(
            "Dit duurt hoogstens {time}. Daarna kijkt iemand anders of het terecht was. Dat gebeurt binnen {review}.",
            "This lasts {time} at most. Afterwards somebody else checks whether it was right. That happens within {review}.",
            time=length(found.lasts),
            review=length(found.review_within),
        )
    )


def keeping(covenant: Covenant) -> Section:
    """How long what was received is kept, the same terms together."""
    heading = Label("Hoe lang bewaren zij uw gegevens?", "How long do they keep your data?")
    found = covenant.retention
    if found is None:
        nl, en = "Daarover staat niets in de afspraken.", "The agreement says nothing about that."
        return Section(heading, (Paragraph(tell(nl, en)),))
    by_term: dict[Period, list[Words]] = {}
    for name, term in found.categories.items():
        by_term.setdefault(term, []).append(covenant.categories[name].title)
    by_term.setdefault(found.default, []).append(Label("al het andere", "everything else"))
    lines = tuple(tell("{time}: {data}", "{time}: {data}", time=length(term), data=joined(data, "; ")) for term, data in by_term.items())
    intro = Label(
        "Is de zaak klaar? Dan geven zij niets meer door. Wat een organisatie kreeg, gooit zij weg na:",
        "Is the case finished? Then nothing more is passed on. What an organisation received, it destroys after:",
    )
    return Section(heading, (Paragraph(intro), Bullets(lines)))
