"""The essence of the arrangement between the controllers, as it is made available to the people concerned (AVG art. 26(2))."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Bullets, Code, Document, Own, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import absent, called, day, length, phase_title, roles_of, seal_of
from broker.documents.wording_codes import PARTY_KIND, citation, code
from policies.covenant import Covenant, Label, Purpose


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
        lead=(_in_short(covenant),),
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


def _controllers(covenant: Covenant) -> Section:
    columns = (
        Label("Organisatie", "Organisation"),
        Label("Soort", "Kind"),
        Label("Nummer", "Number"),
        Label("Functionaris gegevensbescherming", "Privacy officer"),
    )
    rows = tuple(
        (party.name, PARTY_KIND[party.kind], Code(party.oin or party.kvk or "–"), party.privacy_officer) for party in covenant.parties.values()
    )
    heading = Label("De verantwoordelijken", "The controllers")
    return Section(heading, (Table(heading, columns, rows),))


def _duties(covenant: Covenant) -> Section:
    heading = Label("Wie doet wat", "Who does what")
    columns = (Label("Taak", "Duty"), Label("Wie", "Who"), Label("Hoe", "How"))
    return Section(heading, (Table(heading, columns, tuple(_duty_rows(covenant))), Terms(tuple(_holders(covenant)))))


def _duty_rows(covenant: Covenant) -> Iterator[tuple[Words, Words, Words]]:
    nobody = Label("niet geregeld", "not provided for")
    inform, rights, breach, log = covenant.inform, covenant.rights, covenant.breach, covenant.log
    yield (
        Label("Mensen vertellen dat hun gegevens gedeeld worden (AVG art. 14)", "Telling people that their data are shared (GDPR art. 14)"),
        called(covenant, inform.by) if inform else nobody,
        tell("vanaf de fase {phase}, binnen {time}", "from the phase {phase}, within {time}", phase=phase_title(covenant, inform.from_), time=length(inform.within))
        if inform
        else "–",
    )
    yield (
        Label("Verzoeken behandelen: inzage, verbetering, wissing, bezwaar", "Handling requests: access, rectification, erasure, objection"),
        called(covenant, rights.by) if rights and rights.by else Label("elke organisatie zelf", "each organisation itself"),
        tell("via {contact}, binnen {time}", "through {contact}, within {time}", contact=rights.contact, time=length(rights.within)) if rights else "–",
    )
    yield (
        Label("Datalekken melden", "Reporting data breaches"),
        Label("elke organisatie", "each organisation"),
        tell("aan {contact}, binnen {time}", "to {contact}, within {time}", contact=breach.contact, time=length(breach.within)) if breach else nobody,
    )
    yield (
        Label("Vastleggen wie wat heeft gevraagd en gekregen", "Recording who asked for and received what"),
        listed(called(covenant, party) for party in log.controllers) if log else nobody,
        tell("{time} bewaard, te lezen door {readers}", "kept for {time}, read by {readers}", time=length(log.retention), readers=listed(map(code, log.readers)))
        if log
        else "–",
    )
    if covenant.operator is not None:
        yield (
            Label("Het systeem uitvoeren", "Running the system"),
            tell("een {role} voor {party}", "a {role} for {party}", role=code(covenant.operator.role), party=called(covenant, covenant.operator.for_)),
            tell("op grond van {contract}", "under {contract}", contract=Own(covenant.operator.contract)),
        )
    for case_type in covenant.case_types.values():
        yield (
            tell("De casus leiden: {title}", "Leading the case: {title}", title=case_type.title),
            called(covenant, case_type.lead) if case_type.lead else nobody,
            roles_of(covenant, frozenset({case_type.first.owner})) if case_type.first.owner else "–",
        )
    if covenant.evaluation is not None:
        yield (
            Label("De afspraken evalueren", "Evaluating the arrangement"),
            called(covenant, covenant.evaluation.by),
            tell("elke {time}", "every {time}", time=length(covenant.evaluation.every)),
        )


def _holders(covenant: Covenant) -> Iterator[tuple[Words, Words]]:
    """For which data each party answers: what it holds, and what its people may receive."""
    confidential = {name for name, purpose in covenant.purposes.items() if purpose.confidential}
    for party in covenant.parties.values():
        given = {field.partition(".")[0] for one in covenant.articles if one.from_ == party.id and one.purpose not in confidential for field in one.fields}
        if given:
            titles = listed(category.title for name, category in covenant.categories.items() if name in given)
            yield tell("{party} geeft", "{party} gives", party=called(covenant, party.id)), titles


def _purposes(covenant: Covenant) -> Section:
    return Section(
        Label("Waarvoor, en op welke grond", "For what, and on which ground"),
        (Bullets(tuple(_purpose(covenant, purpose) for purpose in covenant.purposes.values())),),
    )


def _purpose(covenant: Covenant, purpose: Purpose) -> Words:
    if purpose.confidential:
        return tell(
            "{title}. De bijzonderheden hiervan zijn vertrouwelijk.", "{title}. The particulars of this are confidential.", "
            "title=purpose.title
        )
    grounds = (
        tell(
            "{party}: {grounds}",
            "{party}: {grounds}",
            party=called(covenant, party),
            grounds=listed(citation(covenant.legal_bases[basis]) for basis in bases),
        )
        for party, bases in purpose.legal_basis.items()
    )
    return tell("{title}. {grounds}.", "{title}. {grounds}.", title=purpose.title, grounds=joined(grounds, "; "))


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
    heading = Label("Hoe lang het bewaard wordt, en wat er gebeurt als een partij weggaat", "How long it is kept, and what happens when a party leaves")
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


