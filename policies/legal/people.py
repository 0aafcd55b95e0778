"""Whose data, and who sees much of it: minors and reporters are never implied, and nobody collects police and care."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.covenant import DataClass
from policies.legal.dossier import CARE_CLASSES, POLICE_CLASSES, Dossier
from policies.legal.rule import Sighting, seen, warns
from policies.never import covers
from policies.values import Label
from policies.vocabulary import RoleId, SubjectKind

_CHILD = re.compile(r"minor|minderjarig|kind(?!of)|child|jeugd|youth", re.IGNORECASE)
#: who needs a reason of its own to be in an article: children, and those who must be safe from whom it is about
_PROTECTED = re.compile(rf"{_CHILD.pattern}|reporter|melder|victim|slachtoffer|witness|getuige", re.IGNORECASE)


def names_a_child(kind: SubjectKind, label: Label) -> bool:
    """Whether this kind of subject is a minor, as far as its name says so."""
    return bool(_CHILD.search(kind) or _CHILD.search(label.nl) or _CHILD.search(label.en))


def _is_protected(kind: SubjectKind, label: Label) -> bool:
    return bool(_PROTECTED.search(kind) or _PROTECTED.search(label.nl) or _PROTECTED.search(label.en))


def _implied(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        necessity = article.necessity
        said = " ".join((necessity.decision, necessity.without, necessity.subsidiarity, *necessity.smaller_form.values())).lower()
        for kind in sorted(article.about):
            label = dossier.covenant.subjects[kind]
            if _is_protected(kind, label) and not any(word.lower() in said for word in (kind, label.nl, label.en)):
                yield seen(
                    (*at, "about"),
                    "artikel {article} gaat ook over `{kind}`, en de noodzaak noemt die niet",
                    "article {article} is also about `{kind}`, and its necessity does not name them",
                    hint=Label("zeg waarom, of maak er een eigen artikel van", "say why, or make it an article of its own"),
                    article=article.id,
                    kind=kind,
                )


def _accumulation(dossier: Dossier) -> Iterator[Sighting]:
    """A role that receives police data and care data, unless never statements about that very role bound how much of both."""
    bounded = _bounded(dossier, POLICE_CLASSES) & _bounded(dossier, CARE_CLASSES)
    police: dict[RoleId, int] = {}
    care: dict[RoleId, int] = {}
    for position, article in enumerate(dossier.covenant.articles):
        classes = dossier.classes(article.fields)
        if classes & CARE_CLASSES or classes & POLICE_CLASSES:
            by_source = police if classes & POLICE_CLASSES else care
            for role in article.to:
                by_source.setdefault(role, position)
    for role in sorted((police.keys() & care.keys()) - bounded):
        first, last = sorted((police[role], care[role]))
        yield seen(
            ("articles", last, "to"),
            "{role} verzamelt politie- én zorggegevens (artikel {one} en {other})",
            "{role} collects police and care data (articles {one} and {other})",
            hint=Label(
                "verdeel het over functies, of begrens deze functie met een `never`",
                "spread it over roles, or bound this role by a `never` statement",
            ),
            role=role,
            one=dossier.covenant.articles[first].id,
            other=dossier.covenant.articles[last].id,
        )


def _bounded(dossier: Dossier, classes: frozenset[DataClass]) -> frozenset[str]:
    """The roles that a never statement keeps from some field of these classes, by name."""
    fields = [field for field in dossier.covenant.fields.values() if field.classes & classes]
    return frozenset(role for never in dossier.covenant.never if any(covers(never, field) for field in fields) for role in never.to)


def _told_of_reporter(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        kinds = [kind for kind in sorted(article.about) if _is_protected(kind, dossier.covenant.subjects[kind])]
        if article.identifies and kinds:
            yield seen(
                (*at, "identifies"),
                "artikel {article} zegt wie `{kind}` is, voordat iemand heeft bevestigd om wie het gaat",
                "article {article} tells who `{kind}` is before anybody has confirmed whom it is about",
                article=article.id,
                kind=kinds[0],
            )


RULES = (
    warns("minor-implied", "AVG art. 5(1)(c)", "kinderen of melders zonder reden", "children or reporters without a reason", _implied),
    warns(
        "accumulation", "AVG art. 5(1)(b), (c)", "één functie verzamelt politie en zorg", "one role collects police and care", _accumulation
    ),
    warns("reporter-identified", "AVG art. 5(1)(c)", "een beschermde persoon bij naam", "a protected person by name", _told_of_reporter),
)
