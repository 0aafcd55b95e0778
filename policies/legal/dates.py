"""Time: how long anything is kept, how long the covenant runs, and what today makes of it (AVG art. 5(1)(e); Wgs art. 1.8(7))."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from policies.covenant import BasisKind, DataClass, party_of
from policies.legal.dossier import Dossier
from policies.legal.rule import Sighting, lasting, refuses, seen, warns
from policies.values import Label, Path, Period

_FIVE_YEARS = Period(5, "year")
_TWO_YEARS = Period(2, "year")
_DPIA_LASTS = Period(3, "year")
_ENDS_SOON = timedelta(days=90)


def _kept(dossier: Dossier) -> Iterator[tuple[Path, Period]]:
    """Everything that is kept, and for how long, the log apart."""
    retention = dossier.covenant.retention
    if retention is not None:
        yield ("retention", "default"), retention.default
        for category, period in retention.categories.items():
            yield ("retention", "categories", category), period
    for at, _, step in dossier.steps():
        for reason, period in step.purge_after.items():
            yield (*at, "purge_after", reason), period


def _kept_long(dossier: Dossier, *, wgs: bool) -> Iterator[Sighting]:
    start = dossier.covenant.in_force.from_
    if wgs is not any(basis.kind is BasisKind.WGS for basis in dossier.covenant.legal_bases.values()):
        return
    for at, period in _kept(dossier):
        if period.after(start) > _FIVE_YEARS.after(start):
            yield seen(
                at,
                "{period} bewaren is langer dan vijf jaar",
                "keeping for {period} is longer than five years",
                period=lasting(period),
            )


def _over_wgs(dossier: Dossier) -> Iterator[Sighting]:
    return _kept_long(dossier, wgs=True)


def _long(dossier: Dossier) -> Iterator[Sighting]:
    return _kept_long(dossier, wgs=False)


def _without_period(dossier: Dossier) -> Iterator[Sighting]:
    retention = dossier.covenant.retention
    for category in dossier.covenant.categories.values() if retention is not None else ():
        weighty = category.classes - {DataClass.ORDINARY}
        if weighty and retention is not None and category.id not in retention.categories:
            yield seen(
                ("retention", "categories"),
                "categorie {category} is niet gewoon en heeft geen eigen bewaartermijn",
                "category {category} is not ordinary and has no retention of its own",
                category=category.id,
            )


def _log_short(dossier: Dossier) -> Iterator[Sighting]:
    log, start = dossier.covenant.log, dossier.covenant.in_force.from_
    longest = max((period.after(start) for _, period in _kept(dossier)), default=None)
    if log is not None and longest is not None and log.retention.after(start) < longest:
        yield seen(
            ("log", "retention"),
            "het logboek wordt {period} bewaard, korter dan de gegevens waarvan het rekenschap geeft",
            "the log is kept for {period}, shorter than the data that it accounts for",
            period=lasting(log.retention),
        )


def _dpia_late(dossier: Dossier) -> Iterator[Sighting]:
    dpia, start = dossier.covenant.dpia, dossier.covenant.in_force.from_
    if dpia is not None and dpia.on > start:
        yield seen(
            ("dpia", "on"),
            "de DPIA is van {day}, na het begin van het convenant op {start}",
            "the DPIA is of {day}, after the covenant began on {start}",
            day=dpia.on.isoformat(),
            start=start.isoformat(),
        )


def _reviewed_late(dossier: Dossier) -> Iterator[Sighting]:
    in_force = dossier.covenant.in_force
    if in_force.review > _TWO_YEARS.after(in_force.from_):
        yield seen(
            ("in_force", "review"),
            "het convenant wordt pas op {day} herzien, meer dan twee jaar na het begin",
            "the covenant is reviewed only on {day}, more than two years after it begins",
            day=in_force.review.isoformat(),
        )


def _withdrawn(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    gone = {
        party.id: party.withdrawal
        for party in covenant.parties.values()
        if party.withdrawal is not None and party.withdrawal <= (dossier.today or covenant.in_force.from_)
    }
    for at, article in dossier.articles() if gone else ():
        for party in sorted(gone.keys() & {article.from_, *map(party_of, article.to)}):
            yield seen(
                (*at, "from") if party == article.from_ else (*at, "to"),
                "{party} is op {day} uitgetreden en staat nog in artikel {article}",
                "{party} withdrew on {day} and still stands in article {article}",
                party=party,
                day=_iso(gone[party]),
                article=article.id,
            )


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _today(dossier: Dossier) -> Iterator[Sighting]:
    """Ended, ends soon: at most one of the two."""
    today, in_force = dossier.today, dossier.covenant.in_force
    if today is not None and in_force.until - _ENDS_SOON <= today <= in_force.until:
        yield seen(
            ("in_force", "until"),
            "het convenant eindigt op {day}, over {days} dagen",
            "the covenant ends on {day}, in {days} days",
            hint=Label("begin aan de volgende versie", "begin on the next version"),
            day=in_force.until.isoformat(),
            days=(in_force.until - today).days,
        )


def _ended(dossier: Dossier) -> Iterator[Sighting]:
    today, until = dossier.today, dossier.covenant.in_force.until
    if today is not None and today > until:
        yield seen(
            ("in_force", "until"),
            "het convenant is op {day} geëindigd",
            "the covenant ended on {day}",
            day=until.isoformat(),
        )


def _review_due(dossier: Dossier) -> Iterator[Sighting]:
    today, in_force = dossier.today, dossier.covenant.in_force
    if today is not None and in_force.review <= today <= in_force.until:
        yield seen(
            ("in_force", "review"),
            "de herziening stond op {day}",
            "the review was due on {day}",
            day=in_force.review.isoformat(),
        )


def _dpia_old(dossier: Dossier) -> Iterator[Sighting]:
    today, dpia = dossier.today, dossier.covenant.dpia
    if today is not None and dpia is not None and _DPIA_LASTS.after(dpia.on) < today:
        yield seen(
            ("dpia", "on"),
            "de DPIA van {day} is ouder dan drie jaar",
            "the DPIA of {day} is more than three years old",
            day=dpia.on.isoformat(),
        )


RULES = (
    refuses("kept-over-wgs-maximum", "Wgs art. 1.8(7)", "langer dan de Wgs toestaat", "longer than the Wgs allows", _over_wgs),
    warns("kept-long", "AVG art. 5(1)(e)", "lang bewaard", "kept long", _long),
    warns("retention-of-category", "AVG art. 5(1)(e)", "gevoelig zonder termijn", "sensitive without a period", _without_period),
    warns("log-kept-short", "AVG art. 5(2)", "een logboek dat te vroeg weg is", "a log that is gone too soon", _log_short),
    warns("dpia-late", "AVG art. 35", "een DPIA achteraf", "a DPIA afterwards", _dpia_late),
    warns("dpia-old", "AVG art. 35", "een oude DPIA", "an old DPIA", _dpia_old),
    warns("review-late", "AVG art. 5(2)", "een late herziening", "a late review", _reviewed_late),
    warns("review-due", "AVG art. 5(2)", "de herziening is aan de beurt", "the review is due", _review_due),
    warns("party-withdrawn", None, "een vertrokken partij in een artikel", "a withdrawn party in an article", _withdrawn),
    warns("ends-soon", None, "het convenant eindigt bijna", "the covenant ends soon", _today),
    warns("ended", None, "het convenant is geëindigd", "the covenant has ended", _ended),
)
