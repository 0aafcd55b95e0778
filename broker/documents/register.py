"""The register of processing activities (AVG art. 30): per party what it gives and receives, and what the processor does for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from broker.documents.covenant_text_data import subjects_of
from broker.documents.covenant_text_grounds import basis_named
from broker.documents.page_parts import Code, Document, Notice, Own, Paragraph, Section, Terms, Words, joined, listed, tell
from broker.documents.register_activities import Activity, activities, categories_of, fields_of
from broker.documents.register_besides import besides_articles, provisions
from broker.documents.wording import day, length, named, roles_of, seal_of, yes_no
from broker.documents.wording_codes import classes, code_with_id
from policies.covenant import Article, Covenant, Label, Party, PartyKind
from policies.vocabulary import PartyId

#: who is asked for when the register of the processor is meant
OPERATOR = "operator"


def register(covenant: Covenant, only: str | None = None, *, to_publish: bool = False) -> Document:
    """The register of every party and of the operator, or of `only` one of them.

    `to_publish` leaves the details of confidential purposes out.

    Raises:
        ValueError: `only` is neither a party nor `OPERATOR`.
    """
    if only is not None and only not in {*covenant.parties, OPERATOR}:
        raise ValueError(f"expected one of {', '.join((*covenant.parties, OPERATOR))}, found {only}")
    sections = [_of_party(covenant, party, to_publish=to_publish) for name, party in covenant.parties.items() if only in {None, name}]
    if only in {None, OPERATOR} and OPERATOR not in covenant.parties:
        sections.append(_of_operator(covenant))
    return Document(
        title=Label("Register van verwerkingsactiviteiten", "Register of processing activities"),
        subtitle=tell("AVG art. 30, bij: {title}", "GDPR art. 30, under: {title}", title=covenant.title),
        seal=seal_of(covenant),
        lead=(_scope(),),
        sections=tuple(sections),
        contents=len(sections) > 1,
    )


def _scope() -> Notice:
    return Notice(
        tell(
            "Dit register zegt wat onder dit convenant wordt verwerkt. Wat een partij daarbuiten verwerkt, staat in haar eigen "
            "register. Letters verwijzen "
            "naar AVG art. 30, lid 1 (voor de verwerker: lid 2).",
            "This register says what is processed under this covenant. What a party processes besides stands in its own register. "
            "Letters refer to GDPR "
            "art. 30(1) (for the processor: 30(2)).",
        )
    )


def _of_party(covenant: Covenant, party: Party, *, to_publish: bool) -> Section:
    entries = [
        _confidential(activity) if to_publish and activity.purpose.confidential else _entry(covenant, activity)
        for activity in activities(covenant, party.id)
    ]
    entries += besides_articles(covenant, party)
    if party.kind is PartyKind.POLICE and not to_publish:
        entries += provisions(covenant, party)
    return Section(party.name, (Terms(tuple(_controller(covenant, party))),), tuple(entries), new_sheet=True)


def _controller(covenant: Covenant, party: Party) -> Iterator[tuple[Words, Words]]:
    number = party.oin or party.kvk
    yield (
        Label("(a) Verantwoordelijke", "(a) Controller"),
        tell("{name}, {number}", "{name}, {number}", name=party.name, number=Code(number or "–")),
    )
    yield Label("(a) Functionaris gegevensbescherming", "(a) Privacy officer"), party.privacy_officer
    others = listed(other.name for other in covenant.parties.values() if other.id != party.id)
    yield Label("(a) Samen met", "(a) Together with"), others
    yield (
        Label("(e) Derde landen", "(e) Third countries"),
        Label(
            "het convenant voorziet niet in doorgifte aan een derde land of een internationale organisatie",
            "the covenant provides for no transfer to a third country or an international organisation",
        ),
    )
    yield Label("(g) Beveiliging", "(g) Security"), _security(covenant)


def _security(covenant: Covenant) -> Words:
    said: list[Words] = [
        Label(
            "per vraag wordt beslist, alleen toegestane velden gaan mee, elke vraag wordt vastgelegd",
            "each ask is decided, only permitted fields are passed on, every ask is recorded",
        )
    ]
    if covenant.operator is not None:
        said.append(
            tell(
                "overeenkomst met de uitvoerder: {contract}",
                "contract with the operator: {contract}",
                contract=Own(covenant.operator.contract),
            )
        )
    if covenant.dpia is not None:
        said.append(tell("DPIA {ref} van {on}", "DPIA {ref} of {on}", ref=Own(covenant.dpia.ref), on=day(covenant.dpia.on)))
    return joined(said, "; ")


def _confidential(activity: Activity) -> Section:
    return Section(
        activity.purpose.title,
        (
            Paragraph(
                tell(
                    "Deze verwerking is vertrouwelijk. De bijzonderheden staan in het register dat de toezichthouder kan inzien.",
                    "This processing is confidential. Its particulars stand in the register that the supervisory authority can inspect.",
                )
            ),
        ),
    )


def _entry(covenant: Covenant, activity: Activity) -> Section:
    return Section(named(activity.purpose.title, activity.purpose.id), (Terms(tuple(_terms(covenant, activity))),))


def _terms(covenant: Covenant, activity: Activity) -> Iterator[tuple[Words, Words]]:
    purpose = activity.purpose
    yield Label("(b) Doel", "(b) Purpose"), purpose.title
    uri = purpose.activities.get(activity.party, purpose.activity)
    if uri:
        yield Label("Verwerkingsactiviteit", "Processing activity"), Code(uri)
    bases = activity.bases
    yield (
        Label("Grondslag", "Legal basis"),
        joined((basis_named(covenant, basis) for basis in bases), "; ") if bases else Label("niet genoemd", "not named"),
    )
    yield Label("(c) Betrokkenen", "(c) Persons concerned"), subjects_of(covenant, activity.subjects)
    if activity.gives:
        yield Label("(c) Geeft", "(c) Gives"), _data(covenant, activity.gives)
        yield Label("(d) Ontvangers", "(d) Recipients"), roles_of(covenant, activity.receivers)
    if activity.receives:
        yield Label("(c) Ontvangt", "(c) Receives"), _data(covenant, activity.receives)
        yield Label("(d) Binnen de eigen organisatie", "(d) Within the organisation"), roles_of(covenant, activity.own_roles)
    yield Label("(f) Bewaartermijn", "(f) Retention"), _kept(covenant, activity)
    yield Label("Vertrouwelijk", "Confidential"), yes_no(purpose.confidential)
    yield Label("Artikelen", "Articles"), listed(article.id for article in activity.articles)


def _data(covenant: Covenant, articles: Iterable[Article]) -> Words:
    """Categories with the classes of exactly the fields that are given."""
    given = tuple(articles)
    fields = fields_of(covenant, given)
    told = []
    for name in categories_of(covenant, given):
        found = {each for field in fields if field.partition(".")[0] == name for each in covenant.fields[field].classes}
        told.append(tell("{title}: {classes}", "{title}: {classes}", title=covenant.categories[name].title, classes=classes(found)))
    return joined(told, "; ")


def _kept(covenant: Covenant, activity: Activity) -> Words:
    said: list[Words] = []
    if activity.gives:
        said.append(
            Label(
                "wat de partij zelf heeft: haar eigen termijn, buiten dit convenant",
                "what the party holds itself: its own term, outside this covenant",
            )
        )
    received = categories_of(covenant, activity.receives)
    if received and covenant.retention is None:
        said.append(Label("wat zij ontvangt: niet geregeld", "what it receives: not provided for"))
    elif covenant.retention is not None:
        by_term: dict[Words, list[Words]] = {}
        for name in received:
            term = covenant.retention.categories.get(name, covenant.retention.default)
            by_term.setdefault(length(term), []).append(covenant.categories[name].title)
        said += [
            tell("{term} na sluiting: {data}", "{term} after closing: {data}", term=term, data=listed(data))
            for term, data in by_term.items()
        ]
    return joined(said, "; ")


def _of_operator(covenant: Covenant) -> Section:
    heading = Label("De uitvoerder (AVG art. 30, lid 2)", "The operator (GDPR art. 30(2))")
    found = covenant.operator
    if found is None:
        told: Words = Label("Het convenant noemt geen uitvoerder.", "The covenant names no operator.")
        return Section(heading, (Paragraph(told),), new_sheet=True)
    to_complete = Label(
        "vul in: naam en contactgegevens van de uitvoerder; het convenant noemt die niet",
        "to complete: name and contact details of the operator; the covenant does not name them",
    )
    return Section(
        heading,
        (
            Terms(
                (
                    (Label("(a) Uitvoerder", "(a) Operator"), to_complete),
                    (Label("(a) Hoedanigheid", "(a) Capacity"), code_with_id(found.role)),
                    (Label("(a) In opdracht van", "(a) On behalf of"), _principals(covenant, found.for_)),
                    (
                        Label("(b) Verwerkingen", "(b) Processing"),
                        Label(
                            "vragen beslissen, toegestane velden doorgeven, casussen en signalen bijhouden, het logboek voeren",
                            "deciding asks, passing on permitted fields, keeping cases and signals, keeping the log",
                        ),
                    ),
                    (Label("(b) Ziet de waarden", "(b) Sees the values"), code_with_id(found.sees_values)),
                    (
                        Label("(c) Derde landen", "(c) Third countries"),
                        Label("het convenant voorziet niet in doorgifte", "the covenant provides for no transfer"),
                    ),
                    (Label("(d) Beveiliging", "(d) Security"), _security(covenant)),
                )
            ),
        ),
        new_sheet=True,
    )


def _principals(covenant: Covenant, party: PartyId) -> Words:
    found = covenant.parties[party]
    others = listed(f"{other.name}, {other.privacy_officer}" for other in covenant.parties.values() if other.id != party)
    return tell(
        "{name}, {officer}; gegevens zijn van: {others}",
        "{name}, {officer}; the data are of: {others}",
        name=found.name,
        officer=found.privacy_officer,
        others=others,
    )
