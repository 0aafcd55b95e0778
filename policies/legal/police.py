"""Police data: given on the Wpg alone, by a decision that says all that art. 20(2) asks, and not passed on by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from policies.covenant import Article, BasisKind, DataClass, Onward, PartyKind
from policies.legal.dossier import POLICE_CLASSES, Dossier
from policies.legal.rule import Sighting, refuses, seen, warns
from policies.values import Label, Path

#: articles of the Wpg on which police data leave the police (16: authority, 18: by decree, 19: now and then, 20: structurally)
_PROVIDES = re.compile(r"(?:16|18|19|20|22|23|24)(?:\(.*)?")
_STRUCTURAL = re.compile(r"20\(1\)\((?P<purpose>[a-d])\)")
#: whose agreement goes with which purpose of art. 20(1): the prosecutor has authority over crime, the mayor over public order
_AUTHORITY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "a": ("officier van justitie", "openbaar ministerie", "prosecutor"),
        "b": ("burgemeester", "mayor"),
        "c": ("burgemeester", "mayor", "officier van justitie", "prosecutor"),
        "d": ("burgemeester", "mayor", "officier van justitie", "prosecutor"),
    }
)
_PASSING_ON = re.compile(r"doorverstrek|doorgeven|doorgegeven|onward|pass(?:ed|ing)? on", re.IGNORECASE)


def _given(dossier: Dossier) -> Iterator[tuple[Path, Article]]:
    """Articles by which police data leave the police."""
    for at, article in dossier.articles():
        outside = any(party.kind is not PartyKind.POLICE for party in dossier.receivers(article.to))
        if outside and dossier.classes(article.fields) & POLICE_CLASSES:
            yield at, article


def _wpg(dossier: Dossier, article: Article) -> tuple[str, ...]:
    """The articles of the Wpg that the giver names."""
    return tuple(basis.article or "" for basis in dossier.bases(article.basis.giver) if basis.kind is BasisKind.WPG)


def _without_provision(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in _given(dossier):
        named = _wpg(dossier, article)
        if named and not any(_PROVIDES.fullmatch(each) for each in named):
            yield seen(
                (*at, "basis", "giver"),
                "artikel {article}: Wpg {named} is een grond om te verwerken, niet om te verstrekken",
                "article {article}: Wpg {named} is a ground to process, not to provide",
                hint=Label("noem Wpg 16, 18, 19 of 20", "name Wpg 16, 18, 19 or 20"),
                article=article.id,
                named=", ".join(named),
            )


def _incidental(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in _given(dossier):
        providing = [each for each in _wpg(dossier, article) if _PROVIDES.fullmatch(each)]
        if providing and all(re.fullmatch(r"19(\(.*)?", each) for each in providing):
            yield seen(
                (*at, "basis", "giver"),
                "artikel {article} geeft keer op keer op een grond voor incidentele gevallen",
                "article {article} gives time and again on a ground for incidental cases",
                hint=Label("structureel verstrekken gaat op Wpg 20", "structural provision rests on Wpg 20"),
                article=article.id,
            )


def _without_decision(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in _given(dossier):
        if article.wpg20 is None and any(re.fullmatch(r"20(\(1\).*)?", each) for each in _wpg(dossier, article)):
            yield seen(
                at,
                "artikel {article} geeft op Wpg 20 zonder de elementen van een besluit (`wpg20`)",
                "article {article} gives on Wpg 20 without the elements of a decision (`wpg20`)",
                article=article.id,
            )
    for position, handover in enumerate(dossier.covenant.handovers):
        police = dossier.classes(handover.fields) & POLICE_CLASSES
        if police and handover.wpg20 is None and any(re.fullmatch(r"20(\(1\).*)?", b.article or "") for b in dossier.bases(handover.giver)):
            yield seen(
                ("handovers", position),
                "overdracht {handover} geeft op Wpg 20 zonder de elementen van een besluit (`wpg20`)",
                "handover {handover} gives on Wpg 20 without the elements of a decision (`wpg20`)",
                handover=handover.id,
            )


def _could_receive(dossier: Dossier) -> Iterator[Sighting]:
    for basis in dossier.covenant.legal_bases.values():
        if basis.kind is BasisKind.WPG and re.fullmatch(r"20(\(.*)?", basis.article or "") and not basis.gives_only:
            yield seen(
                ("legal_bases", basis.id),
                "grondslag {basis} is Wpg 20 en mag alleen geven; dat staat er niet bij",
                "legal basis {basis} is Wpg 20 and can only give; that is not said",
                hint=Label("voeg `gives_only: true` toe", "add `gives_only: true`"),
                key=True,
                basis=basis.id,
            )


def _decided_late(dossier: Dossier) -> Iterator[Sighting]:
    start = dossier.covenant.in_force.from_
    for at, article in dossier.articles():
        if article.wpg20 is not None and article.wpg20.decision.on > start:
            yield seen(
                (*at, "wpg20", "decision", "on"),
                "artikel {article}: het besluit is van {day}; het convenant begint op {start}",
                "article {article}: the decision is of {day}; the covenant begins on {start}",
                article=article.id,
                day=article.wpg20.decision.on.isoformat(),
                start=start.isoformat(),
            )


def _purpose_unnamed(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in _given(dossier):
        structural = [each for each in _wpg(dossier, article) if re.fullmatch(r"20(\(1\).*)?", each)]
        if structural and not any(_STRUCTURAL.fullmatch(each) for each in structural):
            yield seen(
                (*at, "basis", "giver"),
                "artikel {article}: Wpg {named} zegt niet voor welk van de vier doelen",
                "article {article}: Wpg {named} does not say for which of the four purposes",
                hint=Label("20(1)(a), (b), (c) of (d)", "20(1)(a), (b), (c) or (d)"),
                article=article.id,
                named=structural[0],
            )


def _other_authority(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in _given(dossier):
        if article.wpg20 is None:
            continue
        agreed = " ".join(article.wpg20.agreed_by).lower()
        for each in _wpg(dossier, article):
            match = _STRUCTURAL.fullmatch(each)
            if match and not any(authority in agreed for authority in _AUTHORITY[match["purpose"]]):
                yield seen(
                    (*at, "wpg20", "agreed_by"),
                    "artikel {article} geeft op Wpg {basis}, maar {authority} stemde niet in",
                    "article {article} gives on Wpg {basis}, but {mayor} did not agree",
                    article=article.id,
                    basis=each,
                    authority="de officier van justitie" if match["purpose"] == "a" else "de burgemeester",
                    mayor="the public prosecutor" if match["purpose"] == "a" else "the mayor",
                )


def _without_safeguards(dossier: Dossier) -> Iterator[Sighting]:
    stricter = sorted(POLICE_CLASSES - {DataClass.POLICE_8})
    for at, article in _given(dossier):
        found = [each for each in stricter if each in dossier.classes(article.fields)]
        conditions = article.conditions
        if found and not (conditions.agreement_of_source and conditions.four_eyes and conditions.advice):
            yield seen(
                (*at, "fields"),
                "artikel {article} geeft gegevens van Wpg 9 of 10 ({found}) zonder instemming per keer, vier ogen en advies",
                "article {article} gives data of Wpg 9 or 10 ({found}) without agreement each time, four eyes and advice",
                article=article.id,
                found=", ".join(found),
            )


def _passed_on(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in _given(dossier):
        conditions = article.wpg20.conditions if article.wpg20 else ""
        if article.onward is not Onward.NO and not _PASSING_ON.search(conditions):
            yield seen(
                (*at, "onward"),
                "artikel {article} laat politiegegevens doorgeven; de voorwaarden van het besluit zeggen daar niets over",
                "article {article} lets police data be passed on; the conditions of the decision say nothing of it",
                article=article.id,
            )


def _of_no_police_class(dossier: Dossier) -> Iterator[Sighting]:
    for name, field in dossier.covenant.fields.items():
        if dossier.covenant.parties[field.holder].kind is PartyKind.POLICE and not field.classes & POLICE_CLASSES:
            category, _, short = name.partition(".")
            yield seen(
                ("data", category, "fields", short),
                "`{field}` is van de politie en heeft geen politieklasse",
                "`{field}` is held by the police and has no police class",
                hint=Label("police_8, police_9 of police_10", "police_8, police_9 or police_10"),
                key=True,
                field=name,
            )


RULES = (
    refuses("wpg-decision-missing", "Wpg art. 20(2)", "Wpg 20 zonder besluit", "Wpg 20 without a decision", _without_decision),
    refuses("wpg-decision-late", "Wpg art. 20", "het besluit komt na het begin", "the decision comes after the start", _decided_late),
    refuses("wpg-only-gives", "Wpg art. 20", "Wpg 20 als grond om te ontvangen", "Wpg 20 as a ground to receive", _could_receive),
    warns("wpg-no-provision", "Wpg art. 16-20", "geen grond om te verstrekken", "no ground to provide", _without_provision),
    warns("wpg-incidental", "Wpg art. 19, 20", "incidenteel, maar structureel", "incidental, yet structural", _incidental),
    warns("wpg-purpose-unnamed", "Wpg art. 20(1)", "Wpg 20 zonder doel", "Wpg 20 without its purpose", _purpose_unnamed),
    warns("wpg-authority", "Wpg art. 20(1)", "ander bevoegd gezag", "another competent authority", _other_authority),
    warns("wpg-stricter", "Wpg art. 9, 10", "Wpg 9 of 10 zonder waarborgen", "Wpg 9 or 10 without safeguards", _without_safeguards),
    warns("police-passed-on", "Wpg art. 7(2), 20(2)", "politiegegevens doorgegeven", "police data passed on", _passed_on),
    warns("police-without-class", "Wpg", "een politieveld zonder klasse", "a police field without its class", _of_no_police_class),
)
