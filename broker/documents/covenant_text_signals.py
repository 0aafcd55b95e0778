"""Signals and insight in the covenant text: what comes in, and what may be counted."""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.page_parts import Paragraph, Section, Table, Terms, Words, joined, listed, tell
from broker.documents.wording import absent, called, every, length, named, role_of, roles_of, yes_no
from broker.documents.wording_codes import code_with_id
from policies.covenant import Covenant, Label, Route, SignalKind
from policies.vocabulary import PartyId, RoleId

_UNNAMED = Label("niet genoemd", "not named")


def signals(covenant: Covenant) -> Section:
    """Who may report what, and who takes it up."""
    heading = Label("Signalen", "Signals")
    if not covenant.signals:
        return Section(heading, (Paragraph(absent("hoe iemand een signaal doorgeeft", "how somebody makes a report")),))
    columns = (
        Label("Signaal", "Signal"),
        Label("Wie mag het doorgeven", "Who may report it"),
        Label("Wie pakt het op, binnen welke tijd", "Who takes it up, within which time"),
        Label("Wordt een casus van de soort", "Becomes a case of the type"),
        Label("Bijzonderheden", "Particulars"),
    )
    rows = tuple(
        (
            named(kind.title, kind.id),
            listed(senders(covenant, kind.from_)),
            tell("{who}, binnen {time}", "{who}, within {time}", who=roles_of(covenant, kind.to), time=length(kind.within)),
            covenant.case_types[kind.opens].title,
            joined(_particulars(covenant, kind), "; "),
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


def _particulars(covenant: Covenant, kind: SignalKind) -> Iterator[Words]:
    if kind.anonymous:
        yield Label("een bewoner mag zonder naam melden", "a resident may report without a name")
    if kind.offence is not None:
        yield joined(_route(covenant, kind.offence))
    if kind.remind:
        who = roles_of(covenant, kind.remind)
        yield tell("pakt niemand het op, dan bericht aan {who}", "if nobody takes it up, {who} are told", who=who)


def _route(covenant: Covenant, route: Route) -> Iterator[Words]:
    yield tell("bij een strafbaar feit naar {who}", "with an offence to {who}", who=roles_of(covenant, route.to))
    if route.opens is not None:
        yield tell("als {kind}", "as {kind}", kind=covenant.case_types[route.opens].title)
    if route.within is not None:
        yield tell("binnen {time}", "within {time}", time=length(route.within))


def insight(covenant: Covenant) -> Section:
    """Counts, never lists."""
    heading = Label("Inzicht", "Insight")
    found = covenant.insight
    if found is None:
        return Section(heading, (Paragraph(absent("aantallen voor beleid; zij worden niet gemaakt", "counts for policy; none are made")),))
    facts: tuple[tuple[Words, Words], ...] = (
        (Label("Geteld wordt", "What is counted"), listed(map(code_with_id, found.counts)) if found.counts else _UNNAMED),
        (Label("Hoe vaak", "How often"), every(found.every) if found.every else _UNNAMED),
        (Label("Per", "Per"), code_with_id(found.geography)),
        (Label("Kleinste aantal dat wordt getoond", "Smallest number shown"), str(found.minimum_cell)),
        (Label("Afgerond op", "Rounded to"), str(found.round_to)),
        (
            Label("Ook verborgen wat een verborgen aantal verraadt", "Also hidden what would give a hidden number away"),
            yes_no(found.complementary_suppression),
        ),
        (Label("Te zien voor", "Seen by"), roles_of(covenant, found.readers) if found.readers else Label("niemand", "nobody")),
    )
    return Section(heading, (Paragraph(Label("Aantallen voor beleid, nooit lijsten.", "Counts for policy, never lists.")), Terms(facts)))
