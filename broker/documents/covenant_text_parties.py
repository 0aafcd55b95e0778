"""The head of the covenant text: what it is, who takes part, and what its words mean."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Code, Notice, Own, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import called, day, is_called_otherwise, named
from broker.documents.wording_codes import CONCERNS, DATA_CLASS, DELIVERY, FORM_KIND, PARTY_KIND, code_with_id
from policies.covenant import Concerns, Covenant, DataClass, Label, Party, Role
from policies.vocabulary import Delivery, FormKind


def particulars(covenant: Covenant) -> Terms:
    """What a reader needs to know before the first chapter."""
    force, area, dpia = covenant.in_force, covenant.area, covenant.dpia
    return Terms(
        (
            (Label("Vervangt versie", "Supersedes version"), Code(covenant.supersedes) if covenant.supersedes else _none()),
            (
                Label("Geldig", "In force"),
                tell(
                    "van {since} tot en met {until}",
                    "from {since} up to and including {until}",
                    since=day(force.from_),
                    until=day(force.until),
                ),
            ),
            (Label("Opnieuw bezien op", "To be reviewed on"), day(force.review)),
            (
                Label("Gebied", "Area"),
                tell("{place} ({code})", "{place} ({code})", place=Own(area.description), code=Code(area.municipality))
                if area
                else _none(),
            ),
            (
                Label("Effectbeoordeling (DPIA, AVG art. 35)", "Impact assessment (DPIA, GDPR art. 35)"),
                tell("{ref} van {on}", "{ref} of {on}", ref=Own(dpia.ref), on=day(dpia.on)) if dpia else _none(),
            ),
            (
                Label("Taal van het bestand", "Language of the file"),
                tell("covenant: {version}", "covenant: {version}", version=covenant.language),
            ),
        )
    )


def _none() -> Words:
    return Label("niet genoemd", "not named")


def reading_guide() -> Notice:
    """How the text relates to the file that is signed."""
    return Notice(
        tell(
            "Alleen een artikel staat iets toe: wat geen artikel noemt, wordt niet gedeeld. Een convenant schept zelf geen grondslag. "
            "Teksten die de "
            "partijen in één taal schreven, staan hier zoals zij ze schreven.",
            "Only an article permits: what no article names is not shared. A covenant creates no legal basis itself. Texts that the "
            "parties wrote in "
            "one language stand here as they wrote them.",
        )
    )


def parties(covenant: Covenant) -> Section:
    """Parties, their organs, signatories and roles."""
    intro = Paragraph(
        tell(
            "Elke partij is verwerkingsverantwoordelijke voor wat zij geeft en voor wat zij ontvangt. Een functie is een taak, nooit "
            "een persoon; wie "
            "de functie heeft, legt de partij zelf vast.",
            "Each party is a controller for what it gives and for what it receives. A role is a job, never a person; who has the role "
            "is recorded by "
            "the party itself.",
        )
    )
    return Section(
        Label("Partijen en ondertekenaars", "Parties and signatories"),
        (intro,),
        tuple(_party(covenant, party) for party in covenant.parties.values()),
    )


def _party(covenant: Covenant, party: Party) -> Section:
    heading: Words = party.name
    if is_called_otherwise(covenant, party):
        heading = tell("{name}, hierna: {called}", "{name}, hereafter: {called}", name=party.name, called=called(covenant, party.id))
    rows = tuple((role.label, Code(role.id), _organ(party, role), _particular(role)) for role in party.roles.values())
    columns = (
        Label("Functie", "Role"),
        Label("Naam in het bestand", "Id"),
        Label("Orgaan", "Organ"),
        Label("Bijzonderheden", "Particulars"),
    )
    return Section(
        heading,
        (
            Terms(tuple(_of_party(party))),
            Table(tell("Functies bij {name}", "Roles at {name}", name=party.name), columns, rows),
        ),
    )


def _of_party(party: Party) -> Iterator[tuple[Words, Words]]:
    yield Label("Soort", "Kind"), named(PARTY_KIND[party.kind], party.id)
    yield Label("OIN", "OIN"), Code(party.oin) if party.oin else _none()
    yield Label("KvK-nummer", "Chamber of commerce number"), Code(party.kvk) if party.kvk else _none()
    organs = listed(named(Own(name), key) for key, name in party.organs.items())
    yield Label("Organen", "Organs"), organs if party.organs else _none()
    yield Label("Ondertekent", "Signed by"), Own(party.signatory.function)
    yield Label("Mandaat", "Mandate"), Own(party.signatory.mandate) if party.signatory.mandate else _none()
    yield Label("Functionaris gegevensbescherming", "Privacy officer"), party.privacy_officer
    yield Label("Ondertekensleutel (RFC 7638)", "Signing key (RFC 7638)"), Code(party.signing_key) if party.signing_key else _none()
    yield Label("Neemt deel", "Takes part"), _takes_part(party)


def _takes_part(party: Party) -> Words:
    since: Words = Label("vanaf het begin", "from the start")
    if party.accession is not None:
        since = tell("vanaf {on}", "from {on}", on=day(party.accession))
    return since if party.withdrawal is None else tell("{since}, tot {on}", "{since}, until {on}", since=since, on=day(party.withdrawal))


def _organ(party: Party, role: Role) -> Words:
    return "–" if role.organ is None else Own(party.organs.get(role.organ, role.organ))


def _particular(role: Role) -> Words:
    said: list[Words] = []
    if role.duty:
        said.append(Label("piketfunctie, ook buiten kantooruren", "duty role, also out of hours"))
    if role.designated:
        said.append(Label("alleen wie met naam is aangewezen", "only who was designated by name"))
    if role.designated_by:
        said.append(tell("aangewezen door {who}", "designated by {who}", who=Own(role.designated_by)))
    if role.function:
        said.append(tell("taak: {task}", "function: {task}", task=code_with_id(role.function)))
    return listed(said)


def definitions(covenant: Covenant) -> Section:
    """The words of the covenant: whose data, which classes, in which forms, how they come."""
    used_classes = {each for field in covenant.fields.values() for each in field.classes}
    used_forms = {form.kind for article in covenant.articles for form in article.fields.values()}
    return Section(
        Label("Begrippen", "Definitions"),
        (
            Terms(
                (
                    (Label("Casus", "Case"), _CASE),
                    (Label("Houder", "Holder"), _HOLDER),
                    (Label("Gever en ontvanger", "Giver and receiver"), _GIVER),
                )
            ),
            Table(
                Label("Betrokkenen: over wie de gegevens gaan", "Persons concerned: whose data they are"),
                (Label("Betrokkene", "Person"), Label("Naam in het bestand", "Id")),
                tuple((label, Code(kind)) for kind, label in covenant.subjects.items()),
            ),
            Terms(
                (
                    (
                        Label("Klassen van gegevens", "Classes of data"),
                        listed(DATA_CLASS[each] for each in DataClass if each in used_classes),
                    ),
                    (Label("Vormen", "Forms"), listed(FORM_KIND[each] for each in FormKind if each in used_forms)),
                    (Label("Betreft", "Concerns"), listed(CONCERNS[each] for each in Concerns)),
                    (Label("Levering", "Delivery"), joined((_way(way) for way in Delivery), "; ")),
                )
            ),
        ),
    )


_CASE = tell(
    "een woning of plek met een of meer betrokkenen, waarover de partijen onder dit convenant overleggen",
    "a home or place with one or more persons, about which the parties consult under this covenant",
)
_HOLDER = tell(
    "de partij die een gegeven heeft; een gegeven komt alleen van zijn houder", "the party that has a field; it comes from its holder alone"
)
_GIVER = tell(
    "de houder die een gegeven verstrekt, en de functie bij een andere partij die het krijgt",
    "the holder that provides a field, and the role at another party that gets it",
)


def _way(way: Delivery) -> Words:
    return tell("{way}: {words}", "{way}: {words}", way=Code(way), words=DELIVERY[way])
