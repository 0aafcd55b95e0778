"""For residents: when they are told, which rights they have and where to go, and how a report works."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Bullets, Own, Paragraph, Section, Strong, Words, joined, listed, tell
from broker.documents.wording import called, every, length, roles_of
from policies.covenant import Covenant, Label, PartyKind, SignalKind, party_of
from policies.vocabulary import PartyId, RoleId

RESIDENT = "resident"


def telling(covenant: Covenant) -> Section:
    """When a resident hears of it, and that every look is on record."""
    heading = Label("Wanneer hoort u het?", "When are you told?")
    blocks = []
    found = covenant.inform
    if found is not None:
        nl, en = (
            "{party} laat u weten dat er gegevens over u zijn gedeeld. Dat gebeurt binnen {time}.",
            ("{party} tells you that data about you have been shared. That happens within {time}."),
        )
        told: list[Words] = [tell(nl, en, party=called(covenant, found.by), time=length(found.within))]
        if found.how is not None:
            told.append(tell("Dat gaat zo: {how}.", "This is how: {how}.", how=found.how))
        if found.defer is not None:
            told.append(
                tell(
                    "Soms moet dat wachten, omdat het gevaarlijk kan zijn. Zij kijken {time} of dat nog nodig is.",
                    "Sometimes that has to wait, because it could be dangerous. They look {time} whether that is still needed.",
                    time=every(found.defer.recheck),
                )
            )
        blocks.append(Paragraph(joined(told)))
    if covenant.log is not None:
        blocks.append(
            Paragraph(
                tell(
                    "Elke vraag om uw gegevens leggen zij vast. Zo is later na te gaan wie iets heeft gekregen. Dat blijft {time} bewaard.",
                    "Every request for your data is recorded. So it can be checked later who received what. That is kept for {time}.",
                    time=length(covenant.log.retention),
                )
            )
        )
    nothing = Label("Daarover staat niets in de afspraken.", "The agreement says nothing about that.")
    return Section(heading, tuple(blocks) or (Paragraph(nothing),))


def rights(covenant: Covenant) -> Section:
    """The rights of AVG arts. 15 to 21 and 7(3), and where to go."""
    items = (
        Label("U mag vragen welke gegevens er over u zijn.", "You may ask which data there are about you."),
        Label("U mag vragen wie die gegevens heeft gekregen.", "You may ask who received them."),
        Label("Klopt er iets niet? Dan mag u vragen om het te verbeteren.", "Is something wrong? Then you may ask to have it put right."),
        Label("U mag vragen om gegevens weg te halen.", "You may ask to have data removed."),
        Label("U mag zeggen dat u het er niet mee eens bent.", "You may say that you object."),
        Label("Gaf u toestemming? Die mag u altijd weer intrekken.", "Did you consent? You may always take that back."),
    )
    return Section(
        Label("Wat zijn uw rechten?", "What are your rights?"),
        (Bullets(items), *_where(covenant), Paragraph(_each(covenant)), Paragraph(_complaint())),
    )


def _where(covenant: Covenant) -> Iterator[Paragraph]:
    found = covenant.rights
    if found is not None:
        yield Paragraph(
            tell(
                "Mail naar {contact}. Het kost niets. U krijgt binnen {time} antwoord. Soms mag een organisatie nee zeggen. "
                "Dan leest u waarom, als dat kan.",
                "Write to {contact}. It costs nothing. You get an answer within {time}. Sometimes an organisation may say no. "
                "Then you read why, if that is possible.",
                contact=Strong(found.contact),
                time=length(found.within),
            )
        )
        for party, counter in found.counters.items():
            nl, en = "Gaat het om gegevens van {party}? Ga dan naar {counter}.", "Is it about data of {party}? Then go to {counter}."
            yield Paragraph(tell(nl, en, party=called(covenant, party), counter=Own(counter)))


def _each(covenant: Covenant) -> Words:
    contacts = (
        tell("{name}: {contact}", "{name}: {contact}", name=party.name, contact=party.privacy_officer)
        for party in covenant.parties.values()
    )
    nl, en = "U mag ook zelf naar een van de organisaties gaan: {contacts}.", "You may also go to one of the organisations: {contacts}."
    return tell(nl, en, contacts=joined(contacts, "; "))


def _complaint() -> Words:
    return Label(
        "Bent u het niet eens met het antwoord? Dan kunt u klagen bij de Autoriteit Persoonsgegevens. Die let op de regels voor privacy.",
        "Do you disagree with the answer? Then you can complain to the Dutch data protection authority. It watches over the rules on "
        "privacy.",
    )


def to_report(covenant: Covenant) -> Iterator[Section]:
    """What a resident may report, and what others may report about a resident."""
    own = [kind for kind in covenant.signals.values() if RESIDENT in kind.from_]
    others = [kind for kind in covenant.signals.values() if set(kind.from_) - {RESIDENT}]
    if own:
        intro = Label("U kunt zelf iets melden. Zo gaat het:", "You can report something yourself. This is how it goes:")
        heading = Label("Wilt u zelf iets melden?", "Do you want to report something?")
        yield Section(heading, (Paragraph(intro), Bullets(tuple(_taken_up(covenant, kind) for kind in own))))
    if others:
        intro = Label("Deze medewerkers kunnen ook iets melden:", "These members of staff can also make a report:")
        heading = Label("Wie kunnen er nog meer iets melden?", "Who else can make a report?")
        yield Section(heading, (Paragraph(intro), Bullets(tuple(_by_staff(covenant, kind) for kind in others))))


def _taken_up(covenant: Covenant, kind: SignalKind) -> Words:
    told: list[Words] = [
        tell(
            "{title}: {who} kijkt er binnen {time} naar.",
            "{title}: {who} looks at it within {time}.",
            title=Strong(kind.title),
            who=roles_of(covenant, kind.to),
            time=length(kind.within),
        )
    ]
    if kind.anonymous:
        told.append(Label("Dat mag ook zonder uw naam.", "You may do so without your name."))
    if kind.offence is not None:
        nl, en = "Gaat het om een misdrijf? Dan gaat het naar {who}.", "Is it about a crime? Then it goes to {who}."
        told.append(tell(nl, en, who=roles_of(covenant, kind.offence.to)))
    police = {party.id for party in covenant.parties.values() if party.kind is PartyKind.POLICE}
    routes = (*kind.to, *(kind.offence.to if kind.offence else ()))
    if police and not police & {party_of(role) for role in routes}:
        told.append(Label("Uw melding gaat niet naar de politie.", "Your report does not go to the police."))
    return joined(told)


def _by_staff(covenant: Covenant, kind: SignalKind) -> Words:
    parties = [called(covenant, PartyId(name)) for name in kind.from_ if name in covenant.parties]
    roles = [RoleId(name) for name in kind.from_ if "." in name]
    senders = listed((*parties, *([roles_of(covenant, roles)] if roles else [])))
    nl, en = "{title}: {senders}. Zij melden dat bij {who}.", "{title}: {senders}. They report it to {who}."
    return tell(nl, en, title=Strong(kind.title), senders=senders, who=roles_of(covenant, kind.to))
