"""The terms around the sharing: retention, rights, informing, breaches, joining, leaving and evaluating."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.covenant_text_data import subjects_of
from broker.documents.page_parts import Own, Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import absent, called, day, every, length, named, phase_title
from broker.documents.wording_codes import code_with_id
from policies.covenant import Covenant, Inform, Label


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
                    (
                        Label("Opschorting opnieuw bezien", "Suspension looked at again"),
                        every(found.hold_recheck) if found.hold_recheck else Label("niet genoemd", "not named"),
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
                    *(
                        (tell("Eigen loket van {party}", "Counter of {party}", party=called(covenant, party)), Own(counter))
                        for party, counter in found.counters.items()
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
    return Section(heading, (Paragraph(joined(_informed(covenant, found))),))


def _informed(covenant: Covenant, found: Inform) -> Iterator[Words]:
    yield tell(
        "{party} informeert {whom} (AVG art. 14), vanaf de fase {phase}, binnen {time}.",
        "{party} informs {whom} (GDPR art. 14), from the phase {phase}, within {time}.",
        party=called(covenant, found.by),
        whom=subjects_of(covenant, found.about) if found.about else Label("iedere betrokkene", "everybody whom the data are about"),
        phase=phase_title(covenant, found.from_),
        time=length(found.within),
    )
    if found.how is not None:
        yield tell("Dat gaat zo: {how}.", "This is how: {how}.", how=found.how)
    if found.defer is None:
        yield Label("Dit kan niet worden uitgesteld.", "This cannot be deferred.")
        return
    yield tell(
        "Uitstel kan op grond van {ground}, en wordt {time} opnieuw bezien.",
        "It may be deferred on the ground of {ground}, which is looked at again {time}.",
        ground=Own(found.defer.ground),
        time=every(found.defer.recheck),
    )
    if found.defer.decided_by:
        yield tell("Daarover beslist {who}.", "That is decided by {who}.", who=Own(found.defer.decided_by))
    if found.defer.at_most:
        yield tell("Uitstel duurt ten hoogste {time}.", "It is deferred for {time} at most.", time=length(found.defer.at_most))


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
    further: Words = Label("Elke partij licht zelf de toezichthouder in.", "Each party tells the supervisory authority itself.")
    if found.by is not None:
        nl, en = "{party} licht de toezichthouder in (AVG art. 33).", "{party} tells the supervisory authority (GDPR art. 33)."
        further = tell(nl, en, party=called(covenant, found.by))
    return Section(heading, (Paragraph(joined((told, further))),))


def withdrawal(covenant: Covenant) -> Section:
    """When it holds, how a party leaves, and when it is evaluated."""
    return Section(
        Label("Looptijd, toetreden, uittreden en evaluatie", "Term, accession, withdrawal and evaluation"),
        (
            Paragraph(_term(covenant)),
            Paragraph(joined(_joining(covenant))),
            Paragraph(joined(_leaving(covenant))),
            Paragraph(joined(_evaluated(covenant))),
        ),
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


def _leaving(covenant: Covenant) -> Iterator[Words]:
    found = covenant.withdrawal
    if found is None:
        yield absent("hoe een partij uittreedt", "how a party withdraws")
        return
    yield tell(
        "Een partij kan uittreden met een opzegtermijn van {time}: {effect}. Wat zij ontving, {data}.",
        "A party may withdraw with a notice of {time}: {effect}. What it received {data}.",
        time=length(found.notice),
        effect=code_with_id(found.effect),
        data=code_with_id(found.received_data),
    )
    if found.to:
        yield tell("Zij zegt op bij {whom}.", "It gives notice to {whom}.", whom=Own(found.to))
    if found.open_cases:
        yield tell("Lopende casussen {what}.", "Open cases {what}.", what=code_with_id(found.open_cases))
    if found.destroyed_within:
        yield tell("Vernietigen doet zij binnen {time}.", "It destroys within {time}.", time=length(found.destroyed_within))


def _joining(covenant: Covenant) -> Iterator[Words]:
    found = covenant.accession
    if found is None:
        yield absent("hoe een partij later toetreedt", "how a party joins later")
        return
    nl, en = "Een nieuwe partij treedt toe met instemming van {who}.", "A new party joins with the agreement of {who}."
    yield tell(nl, en, who=code_with_id(found.agreed_by))
    if found.conditions:
        nl, en = "Zij heeft eerst op orde: {conditions}.", "It first has in order: {conditions}."
        yield tell(nl, en, conditions=listed(map(Own, found.conditions)))


def _evaluated(covenant: Covenant) -> Iterator[Words]:
    found = covenant.evaluation
    if found is None:
        yield absent("wie het convenant evalueert", "who evaluates the covenant")
        return
    nl, en = "{party} evalueert dit convenant {time}.", "{party} evaluates this covenant {time}."
    yield tell(nl, en, party=called(covenant, found.by), time=every(found.every))
    if found.first_on:
        yield tell("De eerste keer is op {on}.", "The first time is on {on}.", on=day(found.first_on))
    if found.report:
        yield tell("Het verslag staat op {where}.", "The report is at {where}.", where=Own(found.report))


def _absent(heading: Words, nl: str, en: str) -> Section:
    return Section(heading, (Paragraph(absent(nl, en)),))
