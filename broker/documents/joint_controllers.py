"""The essence of the arrangement between the controllers, as it is made available to the people concerned (AVG art. 26(2))."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Bullets, Code, Document, Own, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.register_activities import categories_of
from broker.documents.wording import absent, called, day, every, length, phase_title, roles_of, seal_of
from broker.documents.wording_codes import PARTY_KIND, citation_with_national_law, code
from policies.covenant import Covenant, Label, Purpose, party_of


def joint_controllers(covenant: Covenant) -> Document:
    """Who is responsible for what towards the people whose data they are, and where those turn to."""
    return Document(
        title=Label("Wie is waarvoor verantwoordelijk", "Who is responsible for what"),
        subtitle=tell(
            "De hoofdlijnen van de afspraken tussen de partijen (AVG art. 26, lid 2), bij: {title}",
            "The essence of the arrangement between the parties (GDPR art. 26(2)), under: {title}",
            title=covenant.title,
        ),
        seal=seal_of(covenant),
        lead=(_in_short(covenant), *_together(covenant)),
        sections=(_controllers(covenant), _duties(covenant), _purposes(covenant), _rights(covenant), _keeping(covenant)),
        contents=False,
        seal_last=True,
    )


def _in_short(covenant: Covenant) -> Paragraph:
    told = tell(
        "{count} organisaties delen onder dit convenant gegevens met elkaar. Elke organisatie is verantwoordelijk voor wat zij geeft en "
        "voor wat zij "
        "ontvangt. Samen bepalen zij waarvoor en op welke manier dat gaat. Dit convenant geldt van {since} tot en met {until}.",
        "{count} organisations share data with each other under this covenant. Each is responsible for what it gives and for what it "
        "receives. "
        "Together they determine for what and in which way. This covenant is in force from {since} up to and including {until}.",
        count=len(covenant.parties),
        since=day(covenant.in_force.from_),
        until=day(covenant.in_force.until),
    )
    return Paragraph(told)


def _together(covenant: Covenant) -> Iterator[Paragraph]:
    """What they are together in law, where the covenant says so."""
    found = covenant.partnership
    if found is not None:
        nl, en = "Samen heten zij {name}. In de wet is dat: {kind}.", "Together they are called {name}. In law that is: {kind}."
        yield Paragraph(tell(nl, en, name=Own(found.name), kind=code(found.kind)))
        if found.coordinating_officer:
            nl, en = "De coördinerend functionaris is te bereiken via {who}.", "The coordinating officer can be reached through {who}."
            yield Paragraph(tell(nl, en, who=Own(found.coordinating_officer)))


def _controllers(covenant: Covenant) -> Section:
    columns = (
        Label("Organisatie", "Organisation"),
        Label("Soort", "Kind"),
        Label("Nummer", "Number"),
        Label("Functionaris gegevensbescherming", "Privacy officer"),
    )
    parties = covenant.parties.values()
    rows = tuple((party.name, PARTY_KIND[party.kind], Code(party.oin or party.kvk or "–"), party.privacy_officer) for party in parties)
    heading = Label("De verantwoordelijken", "The controllers")
    return Section(heading, (Table(heading, columns, rows),))


def _duties(covenant: Covenant) -> Section:
    heading = Label("Wie doet wat", "Who does what")
    columns = (Label("Taak", "Duty"), Label("Wie", "Who"), Label("Hoe", "How"))
    return Section(heading, (Table(heading, columns, tuple(_duty_rows(covenant))), Terms(tuple(_holders(covenant)))))


Row = tuple[Words, Words, Words]

_NOBODY = Label("niet geregeld", "not provided for")


def _duty_rows(covenant: Covenant) -> Iterator[Row]:
    yield _informing(covenant)
    yield _answering(covenant)
    yield _breaches(covenant)
    yield _recording(covenant)
    if covenant.operator is not None:
        who = tell(
            "een {role} voor {party}",
            "a {role} for {party}",
            role=code(covenant.operator.role),
            party=called(covenant, covenant.operator.for_),
        )
        how = tell("op grond van {contract}", "under {contract}", contract=Own(covenant.operator.contract))
        yield Label("Het systeem uitvoeren", "Running the system"), who, how
    for case_type in covenant.case_types.values():
        duty = tell("De casus leiden: {title}", "Leading the case: {title}", title=case_type.title)
        owner = case_type.first.owner
        yield duty, called(covenant, party_of(owner)) if owner else _NOBODY, roles_of(covenant, frozenset({owner})) if owner else "–"
    if covenant.evaluation is not None:
        often = every(covenant.evaluation.every)
        yield Label("De afspraken evalueren", "Evaluating the arrangement"), called(covenant, covenant.evaluation.by), often


def _informing(covenant: Covenant) -> Row:
    duty = Label(
        "Mensen vertellen dat hun gegevens gedeeld worden (AVG art. 14)", "Telling people that their data are shared (GDPR art. 14)"
    )
    found = covenant.inform
    if found is None:
        return duty, _NOBODY, "–"
    phase = phase_title(covenant, found.from_)
    how = tell("vanaf de fase {phase}, binnen {time}", "from the phase {phase}, within {time}", phase=phase, time=length(found.within))
    return duty, called(covenant, found.by), how


def _answering(covenant: Covenant) -> Row:
    duty = Label("Verzoeken om inzage, verbetering, wissing en bezwaar", "Requests for access, rectification, erasure and objection")
    each = Label("elke organisatie zelf", "each organisation itself")
    found = covenant.rights
    if found is None:
        return duty, each, "–"
    how = tell("via {contact}, binnen {time}", "through {contact}, within {time}", contact=found.contact, time=length(found.within))
    return duty, called(covenant, found.by) if found.by else each, how


def _breaches(covenant: Covenant) -> Row:
    duty, found = Label("Datalekken melden", "Reporting data breaches"), covenant.breach
    if found is None:
        return duty, _NOBODY, "–"
    how = tell("aan {contact}, binnen {time}", "to {contact}, within {time}", contact=found.contact, time=length(found.within))
    if found.by is None:
        return duty, Label("elke organisatie", "each organisation"), how
    nl, en = "elke organisatie; {party} licht de toezichthouder in", "each organisation; {party} tells the supervisory authority"
    return duty, tell(nl, en, party=called(covenant, found.by)), how


def _recording(covenant: Covenant) -> Row:
    duty, found = Label("Vastleggen wie wat heeft gevraagd en gekregen", "Recording who asked for and received what"), covenant.log
    if found is None:
        return duty, _NOBODY, "–"
    readers = listed(map(code, found.readers))
    how = tell(
        "{time} bewaard, te lezen door {readers}", "kept for {time}, read by {readers}", time=length(found.retention), readers=readers
    )
    return duty, listed(called(covenant, party) for party in found.controllers), how


def _holders(covenant: Covenant) -> Iterator[tuple[Words, Words]]:
    """What each party gives; what is given for a confidential purpose alone is not told."""
    told = [article for article in covenant.articles if not covenant.purposes[article.purpose].confidential]
    for party in covenant.parties.values():
        given = categories_of(covenant, (article for article in told if article.from_ == party.id))
        if given:
            titles = listed(covenant.categories[name].title for name in given)
            yield tell("{party} geeft", "{party} gives", party=called(covenant, party.id)), titles


def _purposes(covenant: Covenant) -> Section:
    return Section(
        Label("Waarvoor, en op welke grond", "For what, and on which ground"),
        (Bullets(tuple(_purpose(covenant, purpose) for purpose in covenant.purposes.values())),),
    )


def _purpose(covenant: Covenant, purpose: Purpose) -> Words:
    if purpose.confidential:
        nl, en = "{title}. De bijzonderheden hiervan zijn vertrouwelijk.", "{title}. The particulars of this are confidential."
        return tell(nl, en, title=purpose.title)
    grounds = (
        tell(
            "{party}: {grounds}",
            "{party}: {grounds}",
            party=called(covenant, party),
            grounds=listed(citation_with_national_law(covenant.legal_bases[basis]) for basis in bases),
        )
        for party, bases in purpose.legal_basis.items()
    )
    return tell("{title}. Grondslag: {grounds}.", "{title}. Legal basis: {grounds}.", title=purpose.title, grounds=joined(grounds, "; "))


def _rights(covenant: Covenant) -> Section:
    heading = Label("Waar u terechtkunt", "Where you can go")
    found = covenant.rights
    blocks = [
        Paragraph(
            tell(
                "U kunt uw rechten uitoefenen bij elk van de organisaties, wat zij onderling ook afspraken (AVG art. 26, lid 3).",
                "You may exercise your rights against each of the organisations, whatever they agreed among themselves (GDPR art. 26(3)).",
            )
        )
    ]
    if found is None:
        blocks.append(Paragraph(absent("één loket voor alle organisaties", "one counter for all organisations")))
    else:
        exceptions = listed(map(Own, found.exceptions)) if found.exceptions else Label("geen genoemd", "none named")
        one_counter = tell(
            "Eén loket: {contact}. U krijgt binnen {time} antwoord. Gronden waarop iets geweigerd kan worden: {exceptions}.",
            "One counter: {contact}. You get an answer within {time}. Grounds on which something may be refused: {exceptions}.",
            contact=found.contact,
            time=length(found.within),
            exceptions=exceptions,
        )
        blocks.append(Paragraph(one_counter))
        for party, counter in found.counters.items():
            nl, en = "{party} heeft een eigen loket: {counter}.", "{party} has a counter of its own: {counter}."
            blocks.append(Paragraph(tell(nl, en, party=called(covenant, party), counter=Own(counter))))
    blocks.append(
        Paragraph(
            tell(
                "Bent u het niet eens met het antwoord, dan kunt u klagen bij de Autoriteit Persoonsgegevens (AVG art. 77).",
                "If you disagree with the answer, you may complain to the Dutch data protection authority (GDPR art. 77).",
            )
        )
    )
    return Section(heading, tuple(blocks))


def _keeping(covenant: Covenant) -> Section:
    heading = Label("Bewaren, en een partij die weggaat", "Keeping, and a party that leaves")
    kept: Words = absent("hoe lang ontvangen gegevens bewaard worden", "how long received data are kept")
    if covenant.retention is not None:
        terms = (
            tell("{data}: {time}", "{data}: {time}", data=covenant.categories[name].title, time=length(period))
            for name, period in covenant.retention.categories.items()
        )
        rest = tell("al het andere: {time}", "everything else: {time}", time=length(covenant.retention.default))
        kept = tell("Na sluiting van de casus: {terms}.", "After the case is closed: {terms}.", terms=joined((*terms, rest), "; "))
    left: Words = absent("wat er gebeurt als een partij weggaat", "what happens when a party leaves")
    if covenant.withdrawal is not None:
        left = tell(
            "Een partij die weggaat zegt {time} tevoren op: {effect}. Wat zij ontving, {data}.",
            "A party that leaves gives {time} notice: {effect}. What it received {data}.",
            time=length(covenant.withdrawal.notice),
            effect=code(covenant.withdrawal.effect),
            data=code(covenant.withdrawal.received_data),
        )
    return Section(heading, (Paragraph(kept), Paragraph(left)))
