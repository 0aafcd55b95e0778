"""The subject report for people: what went from whom to whom about one person, and what such a report cannot say.

INVARIANT: nothing on the paper depends on anything but the sharings that are told and the day. Headings have times and no numbers, and
what a report leaves out is said in the same words whether or not something was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from audit.growth import moment_of
from broker.documents.page_parts import Bullets, Code, Document, Notice, Paragraph, Section, Strong, Terms, Words, joined, listed, tell
from broker.documents.residents_rights import rights
from broker.documents.wording import called, day, role_of, seal_of
from broker.documents.wording_codes import citation_with_national_law, form
from broker.reporting.sharings import Recalled, SharedField, Sharing
from policies.covenant import Article, Covenant, Label
from policies.forms import parse_form
from policies.vocabulary import FormKind

#: the times in a report are those of the reader's own clock
ZONE = ZoneInfo("Europe/Amsterdam")

_REASONS = {
    "mismatch": Label("het ging niet om u", "it was not about you"),
    "withdrawn": Label("de gever nam het terug", "the giver took it back"),
}


def subject_report(covenant: Covenant, told: Sequence[Sharing], made_at: datetime) -> Document:
    """The report for the person; `told` is what every controller concerned gives."""
    return Document(
        title=Label("Wie kreeg gegevens over u", "Who received data about you"),
        subtitle=covenant.title,
        seal=seal_of(covenant),
        particulars=_particulars(covenant, made_at),
        lead=(Paragraph(_intro()),),
        sections=(sharings_section(told), _left_out(), rights(covenant)),
        contents=False,
        seal_last=True,
    )


def sharings_section(told: Sequence[Sharing]) -> Section:
    """Each sharing under a heading of its own, in the order of time."""
    heading = Label("Wat is er gedeeld?", "What was shared?")
    if not told:
        nothing = Label(
            "Wij hebben niets om u hier te noemen. De volgende kop zegt wat hier nooit in staat.",
            "We have nothing to tell you here. The next heading says what is never in this overview.",
        )
        return Section(heading, (Paragraph(nothing),))
    return Section(heading, (), tuple(sharing_section(one) for one in told))


def sharing_section(sharing: Sharing, *more: tuple[Words, Words], masked: bool = False) -> Section:
    """One sharing; `more` are further terms for another reader than the person. `masked`: for a giver that may not know who received."""
    heading = tell(
        "{at}: van {giver} aan {receiver}",
        "{at}: from {giver} to {receiver}",
        at=moment(sharing.at),
        giver=called(sharing.under, sharing.giver),
        receiver=Label("een andere deelnemer", "another participant") if masked else called(sharing.under, sharing.receiver),
    )
    return Section(heading, (Terms((*_terms(sharing, masked=masked), *more)),))


def moment(ts: str) -> Words:
    """`1 maart 2026, 13.05 uur`, as the clock in the Netherlands said."""
    at = moment_of(ts).astimezone(ZONE)
    return tell("{day}, {time} uur", "{day}, {time}", day=day(at.date()), time=f"{at:%H.%M}")


def _terms(sharing: Sharing, *, masked: bool) -> Iterator[tuple[Words, Words]]:
    covenant = sharing.under
    if sharing.role is not None and not masked:
        yield Label("Wie kreeg het", "Who received it"), role_of(covenant, sharing.role)
    yield Label("Wat", "What"), _what(sharing)
    purpose = None if sharing.purpose is None else covenant.purposes.get(sharing.purpose)
    if purpose is not None:
        yield Label("Waarvoor", "What for"), purpose.title
    if sharing.articles:
        yield Label("Afspraak", "Agreement"), joined((_article(covenant, one) for one in sharing.articles), "; ")
        yield Label("Grondslag in de wet", "Ground in law"), joined(_grounds(sharing, masked=masked), "; ")
    for recalled in sharing.recalled:
        yield Label("Teruggeroepen", "Recalled"), _recalled(covenant, recalled)
    yield Label("Kenmerk", "Reference"), Code(sharing.entry)


def _what(sharing: Sharing) -> Words:
    if sharing.signal is not None:
        kind = sharing.under.signals.get(sharing.signal)
        title: Words = Code(sharing.signal) if kind is None else kind.title
        return tell("de woorden van een melding ({kind})", "the words of a report ({kind})", kind=title)
    return joined(_by_category(sharing.under, sharing.fields), "; ")


def _by_category(covenant: Covenant, fields: Iterable[SharedField]) -> Iterator[Words]:
    """`Meldingen: soort, aantal`: the name of a field means little without that of its category."""
    groups: dict[str, list[Words]] = {}
    for one in fields:
        groups.setdefault(one.name.partition(".")[0], []).append(_field(covenant, one))
    for name, words in groups.items():
        category = covenant.categories.get(name)
        title: Words = Code(name) if category is None else category.title
        yield tell("{category}: {fields}", "{category}: {fields}", category=title, fields=joined(words, ", "))


def _field(covenant: Covenant, shared: SharedField) -> Words:
    given = parse_form(shared.form)
    title = covenant.fields[shared.name].title
    return title if given.kind is FormKind.FULL else tell("{title} ({form})", "{title} ({form})", title=title, form=form(given))


def _article(covenant: Covenant, article: Article) -> Words:
    return tell(
        "artikel {id} ({title}) van het convenant, versie {version}",
        "article {id} ({title}) of the covenant, version {version}",
        id=article.id,
        title=article.title,
        version=covenant.version,
    )


def _grounds(sharing: Sharing, *, masked: bool) -> Iterator[Words]:
    covenant = sharing.under
    giving = dict.fromkeys(basis for one in sharing.articles for basis in one.basis.giver)
    receiving = dict.fromkeys(basis for one in sharing.articles for basis in one.basis.receiver.get(sharing.receiver, ()) if not masked)
    for nl, en, bases in (("om te geven: {laws}", "to give: {laws}", giving), ("om te ontvangen: {laws}", "to receive: {laws}", receiving)):
        if bases:
            yield tell(nl, en, laws=listed(_unique(citation_with_national_law(covenant.legal_bases[basis]) for basis in bases)))


def _unique(words: Iterable[Words]) -> Iterator[Words]:
    seen: list[Words] = []
    for one in words:
        if one not in seen:
            seen.append(one)
            yield one


def _recalled(covenant: Covenant, recalled: Recalled) -> Words:
    return tell(
        "{fields}, op {at}: {reason}. De ontvanger moest dit vernietigen.",
        "{fields}, on {at}: {reason}. The receiver had to destroy this.",
        fields=listed(covenant.fields[name].title for name in recalled.fields),
        at=moment(recalled.at),
        reason=_REASONS.get(recalled.reason, Code(recalled.reason)),
    )


def _intro() -> Words:
    return Label(
        "Organisaties in dit convenant delen soms gegevens over u. Hier leest u wat van de ene naar de andere ging: wanneer, van wie, aan "
        "wie, wat, waarvoor, en welke afspraak en wet dat toestond.",
        "Organisations in this covenant sometimes share data about you. Here you read what went from one to another: when, from whom, to "
        "whom, what, what for, and which agreement and law allowed it.",
    )


def _left_out() -> Section:
    items = (
        Label(
            "De gegevens zelf. Die vraagt u aan de organisatie die ze gaf.",
            "The data themselves. Ask the organisation that gave them.",
        ),
        Label(
            "Wat een organisatie in haar eigen systemen met uw gegevens doet.",
            "What an organisation does with your data in its own systems.",
        ),
        Label(
            "Wat na de bewaartermijn of op verzoek is gewist. Dan weten wij ook niet meer dat het er was.",
            "What was erased after its retention period or on request. We then no longer know that it was there.",
        ),
        Label(
            "Wat een organisatie van de wet niet mag of hoeft te vertellen, zoals bij een onderzoek van de politie. Of dat bij u zo is, "
            "zegt dit overzicht niet (Wpg art. 27, UAVG art. 41, AVG art. 15 lid 4).",
            "What the law forbids an organisation to tell, or lets it withhold, as in a police investigation. Whether that is so for you, "
            "this overview does not say (Wpg art. 27, UAVG art. 41, GDPR art. 15(4)).",
        ),
    )
    warned = Label("Dit staat in geen enkel overzicht:", "No overview ever has this in it:")
    return Section(Label("Wat staat hier niet in?", "What is not in here?"), (Notice(Strong(warned)), Bullets(items)))


def _particulars(covenant: Covenant, made_at: datetime) -> Terms:
    return Terms(
        (
            (Label("Gemaakt op", "Made on"), day(made_at.astimezone(ZONE).date())),
            (
                Label("Convenant", "Covenant"),
                tell("{id} {version}", "{id} {version}", id=Code(covenant.id), version=Code(covenant.version)),
            ),
            (
                Label("Gemaakt uit", "Made from"),
                Label(
                    "het logboek van alle uitwisselingen, dat niemand ongemerkt kan wijzigen",
                    "the log of all exchanges, which nobody can change unnoticed",
                ),
            ),
        )
    )
