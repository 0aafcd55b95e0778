"""The terms around the sharing: signals, insight, retention, rights, informing, breaches, the log, leaving and evaluating."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.covenant_text_grounds import basis_named
from broker.documents.page_parts import Own, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import absent, called, day, every, length, named, phase_title, role_of, roles_of, yes_no
from broker.documents.wording_codes import code_with_id
from policies.covenant import Covenant, Label
from policies.vocabulary import PartyId, RoleId


def signals(covenant: Covenant) -> Section:
    """Who may report what, and who takes it up."""
    heading = Label("Signalen", "Signals")
    if not covenant.signals:
        return _absent(heading, "hoe iemand een signaal doorgeeft", "how somebody makes a report")
    columns = (
        Label("Signaal", "Signal"),
        Label("Wie mag het doorgeven", "Who may report it"),
        Label("Wie pakt het op", "Who takes it up"),
        Label("Binnen", "Within"),
        Label("Wordt een casus van de soort", "Becomes a case of the type"),
    )
    rows = tuple(
        (
            named(kind.title, kind.id),
            listed(senders(covenant, kind.from_)),
            roles_of(covenant, kind.to),
            length(kind.within),
            covenant.case_types[kind.opens].title,
        )
        for kind in covenant.signals.values()
    )
    return Section(heading, (Table(Label("Soorten signalen", "Kinds of signals"), columns, rows),))


def senders(covenant: Covenant, names: tuple[str, ...]) -> Iterator[Words]:
    """Who may report: residents, whole parties, and roles."""
    for name in names:
        if name in covenant.parties:
            yield called(covenant, PartyId(name))
        else:
            yield role_of(covenant, RoleId(name)) if "." in name else code_with_id(name)


def insight(covenant: Covenant) -> Section:
    """Counts, never lists."""
    heading = Label("Inzicht", "Insight")
    found = covenant.insight
    if found is None:
        return _absent(heading, "aantallen voor beleid; zij worden niet gemaakt", "counts for policy; none are made")
    return Section(
        heading,
        (
            Paragraph(Label("Aantallen voor beleid, nooit lijsten.", "Counts for policy, never lists.")),
            Terms(
                (
                    (Label("Per", "Per"), code_with_id(found.geography)),
                    (Label("Kleinste aantal dat wordt getoond", "Smallest number shown"), str(found.minimum_cell)),
                    (Label("Afgerond op", "Rounded to"), str(found.round_to)),
                    (
                        Label("Ook verborgen wat een verborgen aantal verraadt", "Also hidden what would give a hidden number away"),
                        yes_no(found.complementary_suppression),
                    ),
                    (Label("Te zien voor", "Seen by"), roles_of(covenant, found.readers) if found.readers else Label("niemand", "nobody")),
                )
            ),
        ),
    )


def retention(covenant: Covenant) -> Section:
    """How long received data are kept."""
    heading = Label("Bewaren en vernietigen", "Retention and destruction")
    found = covenant.retention
    if found is None:
        return _absent(heading, "hoe lang ontvangen gegevens bewaard worden", "how long received data are kept")
    rows: tuple[tuple[Words, Words], ...] = tuple(
        (named(covenant.categories[name].title, name), length(period)) for name, period in found.categories.items()
    )
    rows = (*rows, (Label("alle andere gegevens", "all other data"), length(found.default)))
    return Section(
        heading,
        (
            Table(
                Label(
                    "Bewaartermijn van wat is ontvangen, na sluiting van de casus", "Retention of what was received, after the case closed"
                ),
                (Label("Gegevens", "Data"), Label("Termijn", "Term")),
                rows,
            ),
            Terms(
                (
                    (
                        Label("Vernietiging kan opschorten", "Destruction can be suspended by"),
                        listed(map(code_with_id, found.legal_hold)) if found.legal_hold else Label("niemand", "nobody"),
                    ),
                )
            ),
        ),
    )


def rights(covenant: Covenant) -> Section:
    """Where people exercise their rights."""
    heading = Label("Rechten van betrokkenen", "Rights of the persons concerned")
    found = covenant.rights
    if found is None:
        return _absent(heading, "waar betrokkenen hun rechten uitoefenen", "where people exercise their rights")
    return Section(
        heading,
        (
            Terms(
                (
                    (Label("Loket", "Counter"), found.contact),
                    (Label("Bij", "At"), called(covenant, found.by) if found.by else Label("niet genoemd", "not named")),
                    (Label("Antwoord binnen", "Answer within"), length(found.within)),
                    (
                        Label("Uitzonderingen", "Exceptions"),
                        listed(map(Own, found.exceptions)) if found.exceptions else Label("geen genoemd", "none named"),
                    ),
                )
            ),
        ),
    )


def inform(covenant: Covenant) -> Section:
    """Who tells the person (AVG art. 14)."""
    heading = Label("Informeren van betrokkenen", "Informing the persons concerned")
    found = covenant.inform
    if found is None:
        return _absent(heading, "wie de betrokkene informeert", "who informs the person concerned")
    told = tell(
        "{party} informeert de betrokkene (AVG art. 14), vanaf de fase {phase}, binnen {time}.",
        "{party} informs the person concerned (GDPR art. 14), from the phase {phase}, within {time}.",
        party=called(covenant, found.by),
        phase=phase_title(covenant, found.from_),
        time=length(found.within),
    )
    later: Words = Label("Dit kan niet worden uitgesteld.", "This cannot be deferred.")
    if found.defer is not None:
        later = tell(
            "Uitstel kan op grond van {ground}, en wordt {time} opnieuw bezien.",
            "It may be deferred on the ground of {ground}, which is looked at again {time}.",
            ground=Own(found.defer.ground),
            time=every(found.defer.recheck),
        )
    return Section(heading, (Paragraph(joined((told, later))),))


def breach(covenant: Covenant) -> Section:
    """Whom to tell of a breach."""
    heading = Label("Datalekken", "Data breaches")
    found = covenant.breach
    if found is None:
        return _absent(heading, "waar een datalek gemeld wordt", "where a data breach is reported")
    told = tell(
        "Een partij meldt een datalek binnen {time} aan {contact}.",
        "A party reports a data breach within {time} to {contact}.",
        time=length(found.within),
        contact=found.contact,
    )
    return Section(heading, (Paragraph(told),))


def log(covenant: Covenant) -> Section:
    """The audit log as a processing of its own."""
    heading = Label("Het logboek", "The log")
    found = covenant.log
    if found is None:
        return _absent(heading, "wie verantwoordelijk is voor het logboek", "who is responsible for the log")
    intro = tell(
        "Elke vraag en elk antwoord wordt vastgelegd: wie, waarvoor, welke gegevens en op welk artikel; nooit de inhoud van een gegeven.",
        "Every question and answer is recorded: who, for what, which fields and by which article; never the content of a field.",
    )
    return Section(
        heading,
        (
            Paragraph(intro),
            Terms(
                (
                    (Label("Verantwoordelijken", "Controllers"), listed(called(covenant, party) for party in found.controllers)),
                    (
                        Label("Grondslag", "Legal basis"),
                        listed(basis_named(covenant, each) for each in found.legal_basis)
                        if found.legal_basis
                        else Label("niet genoemd", "not named"),
                    ),
                    (Label("Bewaard", "Kept for"), length(found.retention)),
                    (Label("Gelezen door", "Read by"), listed(map(code_with_id, found.readers))),
                )
            ),
        ),
    )


def withdrawal(covenant: Covenant) -> Section:
    """When it holds, how a party leaves, and when it is evaluated."""
    return Section(
        Label("Looptijd, uittreden en evaluatie", "Term, withdrawal and evaluation"),
        (Paragraph(_term(covenant)), Paragraph(_leaving(covenant)), Paragraph(_evaluated(covenant))),
    )


def _term(covenant: Covenant) -> Words:
    force = covenant.in_force
    return tell(
        "Dit convenant geldt van {since} tot en met {until}. De partijen bezien het opnieuw op {review}.",
        "This covenant is in force from {since} up to and including {until}. The parties review it on {review}.",
        since=day(force.from_),
        until=day(force.until),
        review=day(force.review),
    )


def _leaving(covenant: Covenant) -> Words:
    found = covenant.withdrawal
    if found is None:
        return absent("hoe een partij uittreedt", "how a party withdraws")
    return tell(
        "Een partij kan uittreden met een opzegtermijn van {time}: {effect}. Wat zij ontving, {data}.",
        "A party may withdraw with a notice of {time}: {effect}. What it received {data}.",
        time=length(found.notice),
        effect=code_with_id(found.effect),
        data=code_with_id(found.received_data),
    )


def _evaluated(covenant: Covenant) -> Words:
    found = covenant.evaluation
    if found is None:
        return absent("wie het convenant evalueert", "who evaluates the covenant")
    return tell(
        "{party} evalueert dit convenant {time}.",
        "{party} evaluates this covenant {time}.",
        party=called(covenant, found.by),
        time=every(found.every),
    )


def _absent(heading: Words, nl: str, en: str) -> Section:
    return Section(heading, (Paragraph(absent(nl, en)),))
