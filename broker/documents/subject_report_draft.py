"""The draft of a subject report, for the officers who decide what of it may be told; never for the person."""

from __future__ import annotations

from datetime import datetime

from broker.documents.page_parts import Document, Notice, Section, Words, joined, tell
from broker.documents.subject_report import moment, sharing_section, subject_report
from broker.documents.wording import called
from broker.reporting.decisions import GROUNDS, Considered, Decided, Ground
from broker.reporting.subject_reports import DraftReport
from policies.covenant import Label
from policies.vocabulary import PartyId


def draft_report(draft: DraftReport, made_at: datetime, party: PartyId | None = None) -> Document:
    """Every entry with who has decided what; for one party, without what others decided."""
    paper = subject_report(draft.covenant, (), made_at)
    entries = Section(
        Label("Wat is er gedeeld, en wie beslist?", "What was shared, and who decides?"),
        () if draft.considered else (Notice(Label("Er is niets gevonden.", "Nothing was found.")),),
        tuple(
            sharing_section(one.sharing, *_decisions(one, party), masked=party == one.sharing.giver and not one.sharing.receiver_shown)
            for one in draft.considered
        ),
    )
    return Document(
        title=Label("Concept: wie kreeg gegevens over deze persoon", "Draft: who received data about this person"),
        subtitle=paper.subtitle,
        seal=paper.seal,
        particulars=paper.particulars,
        lead=tuple(map(Notice, _warnings(draft))),
        sections=(entries,),
        contents=False,
        seal_last=True,
    )


def _warnings(draft: DraftReport) -> tuple[Words, ...]:
    warned: list[Words] = [
        Label(
            "Dit is niet voor de betrokkene. Elke gever en elke ontvanger beslist over zijn eigen regels. Wat niet beiden geven, komt niet "
            "in het overzicht, en laat daar geen spoor na.",
            "This is not for the person. Each giver and each receiver decides about its own entries. What not both give is not in the "
            "overview, and leaves no trace there.",
        )
    ]
    if draft.erased:
        warned.append(
            tell(
                "Van deze persoon is een deel gewist ({count} van de inschrijvingen). Wat daarover gedeeld is, kan niemand meer nagaan.",
                "A part of this person was erased ({count} of the registrations). What was shared about it nobody can find any more.",
                count=draft.erased,
            )
        )
    return tuple(warned)


def _decisions(one: Considered, party: PartyId | None) -> tuple[tuple[Words, Words], ...]:
    asked = sorted(one.sharing.controllers) if party is None else [party]
    said = (
        tell("{party}: {decided}", "{party}: {decided}", party=called(one.sharing.under, each), decided=_decided(one.decided.get(each)))
        for each in asked
    )
    return ((Label("Beslist", "Decided"), joined(said, "; ")),)


def _decided(decided: Decided | None) -> Words:
    if decided is None:
        return Label("nog niet", "not yet")
    if decided.gives:
        return tell("geven ({at})", "give ({at})", at=moment(decided.at))
    ground: Words = GROUNDS[Ground(decided.ground)] if decided.ground in set(Ground) else str(decided.ground)
    return tell("weglaten: {ground} ({at})", "leave out: {ground} ({at})", ground=ground, at=moment(decided.at))
