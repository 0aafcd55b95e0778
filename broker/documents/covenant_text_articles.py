"""The chapters that permit and forbid: articles as sentences, what never happens, and mortal danger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from broker.documents.covenant_text_data import subjects_of
from broker.documents.covenant_text_grounds import basis_named
from broker.documents.page_parts import Own, Paragraph, Section, Strong, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import called, day, named, phase_title, phases_in_order, roles_of
from broker.documents.wording_codes import ONWARD, classes, code_with_id, form
from policies.covenant import Article, Basis, Conditions, Consent, Covenant, Label, Necessity, Wpg20
from policies.vocabulary import FieldName, Form, PartyId


def articles(covenant: Covenant) -> Section:
    """Who gives what to whom."""
    intro = tell(
        "Alleen dit hoofdstuk staat toe. Een artikel geeft alleen wat het noemt, in de vorm die het noemt, aan de functie die het noemt.",
        "This chapter alone permits. An article gives only what it names, in the form it names, to the role it names.",
    )
    return Section(
        Label("Wie geeft wat aan wie", "Who gives what to whom"),
        (Paragraph(intro),),
        tuple(_article(covenant, each) for each in covenant.articles),
    )


def _article(covenant: Covenant, article: Article) -> Section:
    caption = tell("Wat artikel {number} geeft", "What article {number} gives", number=article.id)
    blocks = (
        Paragraph(_gives(covenant, article)),
        field_rows(covenant, caption, article.fields, article.necessity),
        Terms(tuple(_terms(covenant, article))),
    )
    heading = tell("Artikel {number}. {title}", "Article {number}. {title}", number=article.id, title=article.title)
    return Section(heading, blocks if article.wpg20 is None else (*blocks, decision(covenant, article.wpg20)))


def _gives(covenant: Covenant, article: Article) -> Words:
    kinds = listed((kind.title for name, kind in covenant.case_types.items() if name in article.case_types), "of", "or")
    return tell(
        "{giver} geeft aan {receivers} gegevens over {subjects}, voor het doel {purpose}, in casussen van de soort {kinds}, in de fasen "
        "{phases}.",
        "{giver} gives {receivers} data about {subjects}, for the purpose {purpose}, in cases of the type {kinds}, in the phases {phases}.",
        giver=Strong(called(covenant, article.from_)),
        receivers=Strong(roles_of(covenant, article.to)),
        subjects=subjects_of(covenant, article.about),
        purpose=Strong(covenant.purposes[article.purpose].title),
        kinds=kinds,
        phases=listed(phase_title(covenant, phase) for phase in phases_in_order(covenant, article.phases)),
    )


def field_named(covenant: Covenant, field: FieldName) -> Words:
    """A field where it is used: category, title and id."""
    category = covenant.categories[field.partition(".")[0]].title
    return named(tell("{category}: {title}", "{category}: {title}", category=category, title=covenant.fields[field].title), field)


def field_rows(covenant: Covenant, caption: Words, given: Mapping[FieldName, Form], needed: Necessity) -> Table:
    """What is given, in which form, of which class, and why no smaller form would do."""
    columns = (
        Label("Gegeven", "Field"),
        Label("Vorm", "Form"),
        Label("Klasse", "Class"),
        Label("Waarom geen kleinere vorm", "Why no smaller form"),
    )
    rows = tuple(
        (
            field_named(covenant, field),
            form(how),
            classes(covenant.fields[field].classes),
            Own(needed.smaller_form[field]) if field in needed.smaller_form else "–",
        )
        for field, how in given.items()
    )
    return Table(caption, columns, rows)


def necessity(found: Necessity) -> Iterator[tuple[Words, Words]]:
    """Why it is needed, in the parties' own words."""
    yield Label("Dient het besluit", "Serves the decision"), Own(found.decision)
    yield Label("Zonder deze gegevens", "Without these data"), Own(found.without)
    yield Label("Waarom niet anders", "Why not otherwise"), Own(found.subsidiarity)


def _terms(covenant: Covenant, article: Article) -> Iterator[tuple[Words, Words]]:
    yield from grounds(covenant, article.from_, article.basis)
    yield Label("Voorwaarden", "Conditions"), conditions(article.conditions)
    yield Label("Dezelfde persoon", "The same person"), _sameness(identifies=article.identifies)
    yield from necessity(article.necessity)
    yield Label("Doorgeven", "Passing on"), ONWARD[article.onward]


def grounds(covenant: Covenant, giver: PartyId, basis: Basis) -> Iterator[tuple[Words, Words]]:
    """On which grounds the giver gives and each receiver receives."""
    yield (
        tell("{party} geeft op grond van", "{party} gives on the ground of", party=called(covenant, giver)),
        listed(basis_named(covenant, each) for each in basis.giver),
    )
    yield from receiving(covenant, basis)


def receiving(covenant: Covenant, basis: Basis) -> Iterator[tuple[Words, Words]]:
    """On which grounds each receiver receives."""
    for party, bases in basis.receiver.items():
        yield (
            tell("{party} ontvangt op grond van", "{party} receives on the ground of", party=called(covenant, party)),
            listed(basis_named(covenant, each) for each in bases),
        )


def _sameness(*, identifies: bool) -> Words:
    if identifies:
        return tell(
            "Deze gegevens dienen alleen om vast te stellen dat de partijen dezelfde persoon bedoelen, en gaan daaraan vooraf.",
            "These data serve only to establish that the parties mean the same person, and come before that.",
        )
    return tell(
        "Pas nadat gever en ontvanger hebben bevestigd dat zij dezelfde persoon bedoelen.",
        "Only after giver and receiver have confirmed that they mean the same person.",
    )


def conditions(found: Conditions) -> Words:
    """What must be so in the case before anything is given."""
    wanted: list[Words] = []
    if found.consent is not None:
        wanted.append(_consent(found.consent))
    if found.known_to_receiver:
        wanted.append(Label("de ontvanger kent de persoon al", "the receiver knows the person already"))
    if found.agreement_of_source:
        wanted.append(Label("de gever stemt in, voor deze casus", "the giver agrees, for this case"))
    if found.four_eyes:
        wanted.append(Label("een tweede persoon kijkt mee (vier ogen)", "a second person looks at it (four eyes)"))
    if found.advice:
        wanted.append(Label("er is advies over de rechtmatigheid", "there is advice on lawfulness"))
    return joined(wanted, "; ") if wanted else Label("geen andere dan die van dit artikel", "none but those of this article")


def _consent(consent: Consent) -> Words:
    said: list[Words] = [
        tell("{kind} toestemming van {who}", "{kind} consent of {who}", kind=code_with_id(consent.kind), who=code_with_id(consent.by))
    ]
    said.append(
        Label("weigeren heeft geen gevolgen", "refusing has no effect")
        if consent.refusal_has_no_effect
        else Label("weigeren kan gevolgen hebben", "refusing may have effects")
    )
    if consent.help_request:
        said.append(Label("gevraagd bij een hulpvraag", "asked with a request for help"))
    return joined(said, ", ")


def decision(covenant: Covenant, wpg20: Wpg20) -> Table:
    """The elements of Wpg art. 20(1) and 20(2)."""
    rows: tuple[tuple[Words, ...], ...] = (
        (Label("Zwaarwegend belang", "Weighty interest"), Own(wpg20.interest)),
        (Label("Samenwerkingsverband", "Partnership"), Own(wpg20.partnership)),
        (Label("Doel", "Purpose"), covenant.purposes[wpg20.purpose].title),
        (Label("Welke gegevens en aan wie", "Which data and to whom"), Label("zoals dit artikel zegt", "as this article says")),
        (Label("Voorwaarden", "Conditions"), Own(wpg20.conditions)),
        (Label("Besloten door", "Decided by"), Own(wpg20.decided_by)),
        (Label("In overeenstemming met", "In agreement with"), listed(map(Own, wpg20.agreed_by))),
        (
            Label("Besluit", "Decision"),
            tell("{ref} van {on}", "{ref} of {on}", ref=Own(wpg20.decision.ref), on=day(wpg20.decision.on)),
        ),
    )
    caption = Label("Besluit tot verstrekking (Wpg art. 20)", "Decision to provide (Wpg art. 20)")
    return Table(caption, (Label("Onderdeel", "Element"), Label("Inhoud", "Content")), rows)
