"""What a party does under a covenant besides its articles: emergencies, signals, counts, the log, and the police's decisions to provide."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.covenant_text_data import subjects_of
from broker.documents.covenant_text_grounds import basis_named
from broker.documents.covenant_text_signals import senders
from broker.documents.page_parts import Code, Own, Paragraph, Section, Table, Terms, joined, listed, tell
from broker.documents.wording import called, day, length, roles_of
from broker.documents.wording_codes import code, code_with_id
from policies.covenant import Covenant, Label, Party, SignalKind, party_of
from policies.vocabulary import RoleId


def besides_articles(covenant: Covenant, party: Party) -> Iterator[Section]:
    """Emergencies, signals, counts and the log, in which the party has a part."""
    for found in covenant.emergency:
        gives = any(covenant.fields[field].holder == party.id for field in found.fields)
        roles = frozenset(role for role in found.who if party_of(role) == party.id)
        if gives or roles:
            data = listed(
                covenant.categories[name].title
                for name in covenant.categories
                if any(field.startswith(f"{name}.") for field in found.fields)
            )
            bases = dict.fromkeys((*(found.basis.giver if gives else ()), *(found.basis.receiver.get(party.id, ()) if roles else ())))
            yield Section(
                tell("Acute nood: {title}", "Emergency: {title}", title=found.title or Label("noodsituatie", "emergency")),
                (
                    Terms(
                        (
                            (Label("(b) Doel", "(b) Purpose"), Label("het redden van een leven", "saving a life")),
                            (Label("Grondslag", "Legal basis"), joined((basis_named(covenant, each) for each in bases), "; ")),
                            (Label("(c) Gegevens", "(c) Data"), data),
                            (Label("(d) Ontvangers", "(d) Recipients"), roles_of(covenant, found.who)),
                            (Label("Beoordeeld binnen", "Reviewed within"), length(found.review_within)),
                        )
                    ),
                ),
            )
    yield from _handovers(covenant, party)
    yield from _signals(covenant, party)
    yield from _insight_and_log(covenant, party)


def _handovers(covenant: Covenant, party: Party) -> Iterator[Section]:
    """What leaves for another covenant is given to somebody too."""
    for one in covenant.handovers:
        if one.from_ == party.id:
            data = listed(
                covenant.categories[name].title for name in covenant.categories if any(f.startswith(f"{name}.") for f in one.fields)
            )
            to = tell("{who}, onder {covenant}", "{who}, under {covenant}", who=Own(one.to.receiver), covenant=Code(one.to.covenant))
            yield Section(
                tell("Overdracht: {title}", "Handover: {title}", title=one.title),
                (
                    Terms(
                        (
                            (Label("(b) Doel", "(b) Purpose"), Own(one.necessity.decision)),
                            (Label("Grondslag", "Legal basis"), joined((basis_named(covenant, each) for each in one.giver), "; ")),
                            (Label("(c) Betrokkenen", "(c) Persons concerned"), subjects_of(covenant, one.about)),
                            (Label("(c) Geeft", "(c) Gives"), data),
                            (Label("(d) Ontvangers", "(d) Recipients"), to),
                        )
                    ),
                ),
            )


def takers(kind: SignalKind) -> tuple[RoleId, ...]:
    """Whoever may take a report up, with and without an offence."""
    return (*kind.to, *(kind.offence.to if kind.offence else ()))


def _signals(covenant: Covenant, party: Party) -> Iterator[Section]:
    kinds = [kind for kind in covenant.signals.values() if any(party_of(role) == party.id for role in takers(kind))]
    if kinds:
        columns = (
            Label("Signaal", "Signal"),
            Label("(d) Van", "(d) From"),
            Label("Opgepakt door", "Taken up by"),
            Label("Binnen", "Within"),
        )
        rows = tuple(
            (kind.title, listed(senders(covenant, kind.from_)), roles_of(covenant, takers(kind)), length(kind.within)) for kind in kinds
        )
        heading = Label("Signalen ontvangen en beoordelen", "Receiving and assessing signals")
        yield Section(heading, (Table(heading, columns, rows),))


def _insight_and_log(covenant: Covenant, party: Party) -> Iterator[Section]:
    insight, log = covenant.insight, covenant.log
    if insight is not None and any(party_of(role) == party.id for role in insight.readers):
        told = tell(
            "Aantallen per {geography}, niet kleiner dan {least}; te zien voor {readers}. Er staan geen persoonsgegevens in.",
            "Counts per {geography}, none below {least}; seen by {readers}. They hold no personal data.",
            geography=code(insight.geography),
            least=insight.minimum_cell,
            readers=roles_of(covenant, insight.readers),
        )
        yield Section(Label("Aantallen voor beleid", "Counts for policy"), (Paragraph(told),))
    if log is not None and party.id in log.controllers:
        yield Section(
            Label("Het logboek", "The log"),
            (
                Terms(
                    (
                        (
                            Label("(b) Doel", "(b) Purpose"),
                            Label("verantwoording en controle van de uitwisseling", "accounting for and checking the exchange"),
                        ),
                        *(((Label("Verwerkingsactiviteit", "Processing activity"), Code(log.activity)),) if log.activity else ()),
                        (Label("(a) Samen met", "(a) Together with"), listed(called(covenant, each) for each in log.controllers)),
                        (
                            Label("(c) Gegevens", "(c) Data"),
                            Label(
                                "wie vroeg, waarvoor, over wie (onder pseudoniem), welke velden; geen waarden",
                                "who asked, for what, about whom (under a pseudonym), which fields; no values",
                            ),
                        ),
                        (Label("(d) Ontvangers", "(d) Recipients"), listed(map(code_with_id, log.readers))),
                        (Label("(f) Bewaartermijn", "(f) Retention"), length(log.retention)),
                    )
                ),
            ),
        )


def provisions(covenant: Covenant, party: Party) -> Iterator[Section]:
    """The decisions to provide police data (Wpg art. 20) and where each provision is recorded (Wpg art. 32, 32a)."""
    found = [(article, article.wpg20) for article in covenant.articles if article.from_ == party.id and article.wpg20 is not None]
    if not found:
        return
    columns = (
        Label("Artikel", "Article"),
        Label("Besluit", "Decision"),
        Label("Van", "Of"),
        Label("Belang", "Interest"),
        Label("Aan", "To"),
    )
    rows = tuple(
        (article.id, Own(said.decision.ref), day(said.decision.on), Own(said.interest), roles_of(covenant, article.to))
        for article, said in found
    )
    heading = Label("Verstrekkingen van politiegegevens (Wpg art. 20)", "Provision of police data (Wpg art. 20)")
    recorded = tell(
        "Elke verstrekking wordt vastgelegd in het logboek (Wpg art. 32, lid 1, onder b, en art. 32a).",
        "Every provision is recorded in the log (Wpg art. 32(1)(b) and 32a).",
    )
    yield Section(heading, (Table(heading, columns, rows), Paragraph(recorded)))
