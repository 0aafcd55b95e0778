"""The reach of a breach in words: what is told to whoever must decide within 72 hours, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Words, joined, listed, plain, tell
from broker.documents.wording import called, length
from broker.documents.wording_codes import classes
from broker.reporting.impact import RECEIVED, SENSITIVE, Impact, Touched
from policies.covenant import Covenant, DataClass, Label
from policies.wording import in_language

#: how much of a pseudonym is printed: enough to tell rows apart
SHOWN = 12

_ERASED = Label("gewist", "erased")


def title(impact: Impact, language: str) -> str:
    """What was looked for."""
    sought = impact.sought
    since, until = (f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in (sought.since, sought.until))
    whom = sought.party if sought.professional is None else f"{sought.party} ({sought.professional})"
    return plain(
        tell("{whom}, van {since} tot {until}", "{whom}, from {since} until {until}", whom=whom, since=since, until=until), language
    )


def lines(impact: Impact, one: Touched, language: str) -> tuple[str, ...]:
    """One receiver or giver and one person: who and how often, which fields of which class, and which reports were read."""
    return tuple(plain(words, language) for words in _lines(impact, one))


def _lines(impact: Impact, one: Touched) -> Iterator[Words]:
    direction = Label("ontvangen van", "received from") if one.direction == RECEIVED else Label("gegeven aan", "given to")
    covenant = impact.texts[one.covenant]
    yield tell(
        "{direction} {party} · casus {case} · persoon {person} · {times}×",
        "{direction} {party} · case {case} · person {person} · {times}×",
        direction=direction,
        party=_party(covenant, one.other),
        case=_ERASED if one.case is None else one.case[:SHOWN],
        person=_ERASED if one.subject is None else one.subject[:SHOWN],
        times=one.disclosures,
    )
    if one.fields:
        yield tell("gegevens: {fields}", "fields: {fields}", fields=", ".join(one.fields))
        yield tell("klasse: {classes}", "class: {classes}", classes=classes(one.classes))
    if one.signals:
        kinds = listed(covenant.signals[kind].title if kind in covenant.signals else kind for kind in one.signals)
        yield tell("gelezen: de woorden van een melding ({kinds})", "read: the words of a report ({kinds})", kinds=kinds)


def conclusions(impact: Impact, language: str) -> tuple[str, ...]:
    """What it comes to: how many, how grave, whom to tell by when."""
    return tuple(plain(words, language) for words in _conclusions(impact))


def unknowns(language: str) -> tuple[str, ...]:
    """What a log cannot tell, whatever was found."""
    return tuple(in_language(label, language) for label in UNKNOWN)


def _conclusions(impact: Impact) -> Iterator[Words]:
    yield tell(
        "Personen: ten hoogste {subjects} (één persoon kan onder meer dan één nummer staan).",
        "People: at most {subjects} (one person may stand under several numbers).",
        subjects=impact.subjects,
    )
    if impact.unopened:
        yield tell(
            "Daarbij {count} verstrekkingen over personen die sindsdien zijn gewist.",
            "And {count} disclosures about people who were erased since.",
            count=impact.unopened,
        )
    grave = impact.classes & SENSITIVE
    yield (
        tell("Gevoelige gegevens: {classes}.", "Sensitive data: {classes}.", classes=classes(grave))
        if grave
        else Label("Gevoelige gegevens: geen.", "Sensitive data: none.")
    )
    if impact.words:
        yield Label(
            "Daarbij de woorden van meldingen: daarin kan alles staan, ook gevoelige gegevens. Het logboek kent ze niet.",
            "And the words of reports: anything may stand in them, sensitive data too. The log does not know them.",
        )
    yield _yes(DataClass.BSN in impact.classes, "BSN", "Citizen service number (BSN)")
    for name, covenant in impact.texts.items():
        others = sorted({one.other for one in impact.touched if one.covenant == name})
        if others:
            yield tell(
                "Inlichten: {parties}.", "To be told: {parties}.", parties=joined((_contact(covenant, other) for other in others), "; ")
            )
        yield from _deadline(covenant)
    acts = listed(f"{typ} {count}" for typ, count in impact.acts.items())
    yield tell("Wat de partij zelf deed, volgens het logboek: {acts}.", "What the party itself did, by the log: {acts}.", acts=acts)


def _yes(so: bool, nl: str, en: str) -> Words:  # noqa: FBT001 - the flag is what is said
    return Label(f"{nl}: {'ja' if so else 'nee'}.", f"{en}: {'yes' if so else 'no'}.")


def _deadline(covenant: Covenant) -> Iterator[Words]:
    nl, en = (
        "Melden aan de Autoriteit Persoonsgegevens: binnen 72 uur nadat een partij het weet (AVG art. 33, Wpg art. 33a).",
        "Report to the data protection authority: within 72 hours after a party knows (GDPR art. 33, Wpg art. 33a).",
    )
    yield Label(nl, en)
    if covenant.breach is not None:
        yield tell(
            "Het convenant: melden bij {contact} binnen {time}.",
            "The covenant: tell {contact} within {time}.",
            contact=covenant.breach.contact,
            time=length(covenant.breach.within),
        )


def _contact(covenant: Covenant, party: str) -> Words:
    found = next((one for one in covenant.parties.values() if one.id == party), None)
    return party if found is None else tell("{name}, {contact}", "{name}, {contact}", name=found.name, contact=found.privacy_officer)


def _party(covenant: Covenant, party: str) -> Words:
    found = next((one for one in covenant.parties.values() if one.id == party), None)
    return party if found is None else called(covenant, found.id)


UNKNOWN = (
    Label(
        "Welk systeem van de partij vroeg: het logboek kent de partij en de professional, niet het systeem. Alles van de partij telt mee.",
        "Which of the party's systems asked: the log knows the party and the professional, not the system. All of the party counts.",
    ),
    Label(
        "Of het echt de genoemde professional was: wie de sleutel van het systeem heeft, noemt wie hij wil.",
        "Whether it was the named professional: whoever has the system's key names whom he likes.",
    ),
    Label("Wat er in de gegevens stond: waarden staan nooit in het logboek.", "What was in the data: values are never in the log."),
    Label(
        "Wat er stond in regels die na hun bewaartermijn zijn vernietigd, en van wie de melding kwam over iemand die is gewist.",
        "What stood in entries that were destroyed after their retention period, and who made the report about somebody who was erased.",
    ),
    Label(
        "Wat de ontvanger er daarna mee deed, en of het antwoord is aangekomen.",
        "What the receiver did with it afterwards, and whether the answer arrived.",
    ),
    Label(
        "Wie buiten de broker om bij databases, sleutels of back-ups kwam.",
        "Who reached databases, keys or backups without passing through the broker.",
    ),
)
