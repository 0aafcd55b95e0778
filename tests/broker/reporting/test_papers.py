"""What a report leaves out leaves no trace: over generated logs, its bytes are those of a log in which it never was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.entry import RELEASE, Actor, Core, Envelope, Outcome
from audit.entry import Covenant as EntryCovenant
from audit.growth import Position, timestamp
from audit.ids import RANDOM_BYTES, uuid7
from audit.records import Record
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.subject_report import subject_report
from broker.documents.subject_report_draft import draft_report
from broker.documents.subject_report_json import considered_json, report_json
from broker.reporting.decisions import DECIDED, Choice, Considered, Ground, considered, decision_core, decisions_of
from broker.reporting.sharings import RECALLED, Sharing, of_release, recalls_of
from broker.reporting.subject_reports import DraftReport
from policies.covenant import Covenant, party_of
from policies.vocabulary import FieldName, PartyId, RoleId
from policies.wording import LANGUAGES
from tests.template import template

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHA256 = "ab" * 32


@dataclass(frozen=True)
class Left:
    """A release to be: when, to which role, and which articles gave all their fields."""

    minute: int
    role: RoleId
    articles: tuple[str, ...]


def covenant() -> Covenant:
    return template().policy.covenant


def text_of(_: str) -> Covenant:
    return covenant()


def record(entry_id: str, typ: str, minute: int, core: Core, *, ref: str | None = None, role: RoleId | None = None) -> Record:
    ts = timestamp(START + timedelta(minutes=minute))
    actor = None if role is None else Actor("professional-1", role, party_of(role))
    envelope = Envelope(typ, "log.example/c/2026", entry_id, ts, ref, {})
    return Record(Position("log.example/c/2026", minute, b"\0" * 32, ts, entry_id), "c", envelope, core, actor, None)


def entry_id(minute: int, *more: object) -> str:
    return uuid7(START + timedelta(minutes=minute), repr((minute, more)).encode().ljust(RANDOM_BYTES, b"\0")[:RANDOM_BYTES])


def release(left: Left, givers: frozenset[PartyId] | None = None) -> Record | None:
    """The entry of a release, or what it would have been with these givers alone."""
    text = covenant()
    articles = [one for one in text.articles if one.id in left.articles and (givers is None or one.from_ in givers)]
    fields: dict[FieldName, str] = {}
    for article in articles:
        fields |= {name: str(form) for name, form in article.fields.items()}
    if not fields:
        return None
    core = Core(
        outcome=Outcome.PERMIT,
        articles=tuple(sorted(one.id for one in articles)),
        requester=party_of(left.role),
        holders=tuple(sorted({one.from_ for one in articles})),
        purpose=articles[0].purpose,
        covenant=EntryCovenant(text.id, text.version, SHA256),
        released=tuple(fields.items()),
    )
    return record(entry_id(left.minute), RELEASE, left.minute, core, ref=entry_id(left.minute, "decision"), role=left.role)


@st.composite
def lefts(draw: st.DrawFn) -> tuple[Left, ...]:
    text = covenant()
    roles = sorted({role for article in text.articles for role in article.to})
    found = []
    for minute in draw(st.lists(st.integers(0, 10_000), max_size=5, unique=True)):
        role = draw(st.sampled_from(roles))
        first = draw(st.sampled_from([one for one in text.articles if role in one.to]))
        # An exchange has one purpose.
        others = sorted(one.id for one in text.articles if role in one.to and one.purpose == first.purpose)
        more = draw(st.lists(st.sampled_from(others), max_size=3))
        found.append(Left(minute, role, tuple({first.id, *more})))
    return tuple(found)


def sharings(records: Iterable[Record | None], recalls: Iterable[Record] = ()) -> tuple[Sharing, ...]:
    known = recalls_of(recalls)
    found = [one for each in records if each is not None for one in of_release(each, text_of, known)]
    return tuple(sorted(found, key=lambda one: one.place))


def paper(told: tuple[Sharing, ...], name: str, language: str) -> str:
    made_at = START + timedelta(days=30)
    if name == "json":
        return json.dumps(report_json(covenant(), told, made_at))
    return {"md": markdown, "html": html}[name](subject_report(covenant(), told, made_at), language)


@settings(max_examples=12, deadline=None)
@given(data=st.data(), left=lefts())
def test_a_report_with_entries_withheld_is_the_report_in_which_they_never_were(data: st.DataObject, left: tuple[Left, ...]) -> None:
    everything = sharings(map(release, left))
    decided: list[Record] = []
    for number, sharing in enumerate(everything):
        for party in sorted(sharing.controllers):
            for turn, ground in enumerate(data.draw(st.lists(st.sampled_from((None, None, Ground.UAVG_41, Ground.AVG_15_4)), max_size=2))):
                core = decision_core(Choice(sharing.entry, sharing.giver, ground), party, sharing, "http")
                minute = 20_000 + number * 10 + turn
                decided.append(record(entry_id(minute, party, number), DECIDED, minute, core, ref=sharing.entry))
    decisions = decisions_of(data.draw(st.permutations(decided)))
    told = DraftReport(covenant(), tuple(considered(one, "s", decisions) for one in everything), 0).given
    givers: dict[str, set[PartyId]] = {}
    for one in told:
        givers.setdefault(one.entry, set()).add(one.giver)
    never = sharings(release(one, frozenset(givers.get(entry_id(one.minute), set()))) for one in left)
    assert told == never
    name, language = data.draw(st.sampled_from(("json", "md", "html"))), data.draw(st.sampled_from(LANGUAGES))
    assert paper(told, name, language) == paper(never, name, language)


def test_what_one_holder_gave_is_apart_from_what_the_others_gave_in_the_same_disclosure() -> None:
    articles = [one for one in covenant().articles if "municipality.director" in one.to and one.purpose == "end_nuisance"]
    assert len({one.from_ for one in articles}) > 1
    found = sharings([release(Left(1, RoleId("municipality.director"), tuple(one.id for one in articles)))])
    for one in found:
        fields = covenant().fields
        assert {fields[field.name].holder for field in one.fields} == {one.giver}
        assert {article.from_ for article in one.articles} == {one.giver}
        assert all(field.articles for field in one.fields)


def test_a_release_without_fields_or_without_its_core_is_no_sharing() -> None:
    article = covenant().articles[0]
    whole = release(Left(1, min(article.to), (article.id,)))
    assert whole is not None
    assert whole.core is not None
    assert sharings([replace(whole, core=None), replace(whole, core=replace(whole.core, released=()))]) == ()


def test_a_decision_that_is_not_plainly_a_gift_withholds() -> None:
    (one,) = list(sharings([release(_any())]))[:1]
    core = decision_core(Choice(one.entry, one.giver, None), one.giver, one, "http")
    strange = replace(core, details=tuple(pair for pair in core.details if pair[0] != "decision"))
    decided = decisions_of([record(entry_id(9), DECIDED, 9, strange, ref=one.entry)])
    assert not decided[one.entry, one.giver, one.giver].gives


def test_silence_gives_nothing_and_each_controller_speaks_for_itself() -> None:
    one = sharings([release(_any())])[0]
    gifts = [
        record(entry_id(9, party), DECIDED, 9, decision_core(Choice(one.entry, one.giver, None), party, one, "http"), ref=one.entry)
        for party in sorted(one.controllers)
    ]
    assert not considered(one, "s", {}).given
    assert not considered(one, "s", decisions_of(gifts[:1])).given
    assert considered(one, "s", decisions_of(gifts)).given
    foreign = [replace(each, core=replace(each.core, requester="care-of-others")) for each in gifts if each.core is not None]
    assert not considered(one, "s", decisions_of(foreign)).given


def test_a_recall_stands_at_the_fields_that_were_recalled_and_no_others() -> None:
    left = _any()
    one = sharings([release(left)])[0]
    details = (
        ("disclosure", entry_id(left.minute, "decision")),
        ("field", one.fields[0].name),
        ("field", "other.field"),
        ("reason", "mismatch"),
    )
    recall = record(entry_id(5, "recall"), RECALLED, 5, Core(command="recall", details=tuple(sorted(details))))
    recalled = sharings([release(left)], [recall])[0].recalled
    assert [(each.reason, each.fields) for each in recalled] == [("mismatch", (one.fields[0].name,))]
    assert "Teruggeroepen" in markdown(subject_report(covenant(), sharings([release(left)], [recall]), START), "nl")


def test_a_giver_that_is_not_shown_who_takes_part_is_not_told_who_received() -> None:
    one = replace(sharings([release(_any())])[0], receiver_shown=False)
    shown = considered_json(Considered(one, "s", {}), one.giver)
    assert (shown["to"], shown["role"]) == (None, None)
    assert considered_json(Considered(one, "s", {}), one.receiver)["to"] == one.receiver
    draft = markdown(draft_report(DraftReport(covenant(), (Considered(one, "s", {}),), 0), START, one.giver), "nl")
    assert "een andere deelnemer" in draft
    assert "Wie kreeg het" not in draft
    assert "om te ontvangen" not in draft


def test_a_draft_says_what_was_erased_and_the_report_says_the_same_to_everybody() -> None:
    draft = markdown(draft_report(DraftReport(covenant(), (), 2), START), "nl")
    assert "gewist (2 van de inschrijvingen)" in draft
    assert "gewist" in markdown(subject_report(covenant(), (), START), "nl")


def _any() -> Left:
    article = next(one for one in covenant().articles if one.from_ not in {party_of(role) for role in one.to})
    return Left(1, min(article.to), (article.id,))


def test_no_sheet_of_paper_begins_in_the_middle_of_a_sharing() -> None:
    article = covenant().articles[0]
    told = sharings([release(Left(minute, min(article.to), (article.id,))) for minute in range(3)])
    for language in LANGUAGES:
        page = paper(told, "html", language)
        on_paper = page[page.index("@media print{") :]
        assert ".short{break-inside:avoid}" in on_paper
        assert "h2,h3,h4,caption{break-after:avoid}" in on_paper
        assert "dl>div:last-child{break-before:avoid}" in on_paper  # where a sharing is longer than a sheet
        assert re.findall(r'<section id="s1-\d+"([^>]*)>', page) == [' class="short"'] * len(told)
        assert len(told) == 3
