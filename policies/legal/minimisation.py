"""No more than needed: forms no wider than the decision asks, and a necessity that says so (AVG art. 5(1)(c))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from policies.covenant import Article, DataClass
from policies.forms import shows_at_least
from policies.legal.dossier import CARE_CLASSES, POLICE_CLASSES, Dossier
from policies.legal.rule import Sighting, seen, warns
from policies.values import Label
from policies.vocabulary import FieldName, FormKind, PurposeId, RoleId, ValueType

#: types of which a smaller form than `full` says more than that there is something
_SHRINKS = frozenset({ValueType.DATE, ValueType.INTEGER})
#: what is written where nothing was thought
_EMPTY = re.compile(r"[\W_]*|(?:todo|tbd|nvt|n\.v\.t\.?|n/?a|x+|later|idem|zie boven|noodzakelijk|necessary)\.?", re.IGNORECASE)


def _asks(article: Article) -> frozenset[str]:
    """The conditions that an article sets."""
    conditions = article.conditions
    names = ("consent", "known_to_receiver", "agreement_of_source", "four_eyes", "advice")
    return frozenset(name for name in names if getattr(conditions, name))


def _meetings(dossier: Dossier) -> Iterator[tuple[int, int, FieldName, RoleId]]:
    """Pairs of articles that give one field to one role in one situation, by position, the first one first."""
    giving: dict[tuple[RoleId, PurposeId, FieldName], list[int]] = {}
    articles = dossier.covenant.articles
    for position, article in enumerate(articles):
        for role in article.to:
            for field in article.fields:
                giving.setdefault((role, article.purpose, field), []).append(position)
    for (role, _, field), positions in giving.items():
        for one, other in combinations(positions, 2):
            if articles[one].about & articles[other].about and dossier.situations(articles[one]) & dossier.situations(articles[other]):
                yield one, other, field, role


def _wider(dossier: Dossier) -> Iterator[Sighting]:
    articles = dossier.covenant.articles
    told: set[tuple[int, int, FieldName]] = set()
    for one, other, field, role in _meetings(dossier):
        forms = articles[one].fields[field], articles[other].fields[field]
        if forms[0] == forms[1] or (one, other, field) in told:
            continue
        wide, small = (one, other) if shows_at_least(*forms) else (other, one)
        if _asks(articles[wide]) <= _asks(articles[small]):
            told.add((one, other, field))
            yield seen(
                ("articles", wide, "fields", field),
                "artikel {wide} geeft `{field}` als {form} aan {role}, waar artikel {small} met {smaller} volstaat",
                "article {wide} gives `{field}` as {form} to {role}, where article {small} does with {smaller}",
                wide=articles[wide].id,
                field=field,
                form=str(articles[wide].fields[field]),
                role=role,
                small=articles[small].id,
                smaller=str(articles[small].fields[field]),
            )


def _twice(dossier: Dossier) -> Iterator[Sighting]:
    articles = dossier.covenant.articles
    told: set[tuple[int, int, FieldName]] = set()
    for one, other, field, role in _meetings(dossier):
        # Whichever of the two asks more is the one that gives nothing: whoever meets its conditions meets the other's.
        first, again = (one, other) if _asks(articles[one]) <= _asks(articles[other]) else (other, one)
        same = articles[one].fields[field] == articles[other].fields[field] and _asks(articles[first]) <= _asks(articles[again])
        if same and (one, other, field) not in told:
            told.add((one, other, field))
            yield seen(
                ("articles", again, "fields", field),
                "artikel {again} geeft `{field}` nog eens aan {role}; artikel {first} doet dat al in dezelfde situatie",
                "article {again} gives `{field}` to {role} once more; article {first} does so in the same situation",
                key=True,
                again=articles[again].id,
                field=field,
                role=role,
                first=articles[first].id,
            )


def _full_without_reason(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        for name, form in article.fields.items():
            shrinks = dossier.covenant.fields[name].type in _SHRINKS
            if shrinks and form.kind is FormKind.FULL and name not in article.necessity.smaller_form:
                yield seen(
                    (*at, "fields", name),
                    "artikel {article} geeft `{field}` volledig en zegt niet waarom een kleinere vorm niet volstaat",
                    "article {article} gives `{field}` in full and does not say why a smaller form would not do",
                    hint=Label("necessity.smaller_form, of een kleinere vorm", "necessity.smaller_form, or a smaller form"),
                    article=article.id,
                    field=name,
                )


def _necessity_empty(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        for part in ("decision", "without", "subsidiarity"):
            said = getattr(article.necessity, part)
            if _EMPTY.fullmatch(said):
                yield seen(
                    (*at, "necessity", part),
                    "artikel {article}: `{part}` zegt niets: `{said}`",
                    "article {article}: `{part}` says nothing: `{said}`",
                    article=article.id,
                    part=part,
                    said=said,
                )


def _necessity_copied(dossier: Dossier) -> Iterator[Sighting]:
    first: dict[tuple[str, str, str], Article] = {}
    for at, article in dossier.articles():
        necessity = article.necessity
        same = first.setdefault((necessity.decision, necessity.without, necessity.subsidiarity), article)
        if same is not article and same.fields.keys() != article.fields.keys():
            yield seen(
                (*at, "necessity"),
                "artikel {article} heeft woord voor woord de noodzaak van artikel {other}",
                "article {article} has word for word the necessity of article {other}",
                key=True,
                article=article.id,
                other=same.id,
            )


def _free_text(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        watched = article.conditions.agreement_of_source or article.conditions.four_eyes
        for name, form in article.fields.items():
            if dossier.covenant.fields[name].type is ValueType.TEXT and form.kind is FormKind.FULL and not watched:
                yield seen(
                    (*at, "fields", name),
                    "artikel {article} geeft vrije tekst (`{field}`) en niemand leest haar eerst",
                    "article {article} gives free text (`{field}`) and nobody reads it first",
                    hint=Label(
                        "`agreement_of_source` of `four_eyes`, of een codelijst", "`agreement_of_source` or `four_eyes`, or a code list"
                    ),
                    article=article.id,
                    field=name,
                )


def _band_of_zero(dossier: Dossier) -> Iterator[Sighting]:
    weighty = CARE_CLASSES | POLICE_CLASSES | {DataClass.CRIMINAL}
    for at, article in dossier.articles():
        for name, form in article.fields.items():
            if "0" in form.bands and dossier.covenant.fields[name].classes & weighty:
                yield seen(
                    (*at, "fields", name),
                    "artikel {article}: band `0` van `{field}` zegt of er iets is",
                    "article {article}: band `0` of `{field}` tells whether there is anything",
                    hint=Label(
                        "laat de laagste band meer dan nul omvatten, zoals 0-2", "let the lowest band hold more than zero, such as 0-2"
                    ),
                    article=article.id,
                    field=name,
                )


RULES = (
    warns("wider-than-needed", "AVG art. 5(1)(c)", "ruimer dan een ander artikel", "wider than another article", _wider),
    warns("given-twice", "AVG art. 5(1)(c)", "hetzelfde twee keer", "the same twice", _twice),
    warns("full-without-reason", "AVG art. 5(1)(c)", "volledig zonder reden", "in full without a reason", _full_without_reason),
    warns("necessity-empty", "AVG art. 5(1)(c)", "een noodzaak die niets zegt", "a necessity that says nothing", _necessity_empty),
    warns("necessity-copied", "AVG art. 5(1)(c)", "een overgeschreven noodzaak", "a copied necessity", _necessity_copied),
    warns("free-text", "AVG art. 5(1)(c)", "vrije tekst zonder lezer", "free text without a reader", _free_text),
    warns("band-of-zero", "AVG art. 5(1)(c)", "een band die ja of nee zegt", "a band that says yes or no", _band_of_zero),
)
