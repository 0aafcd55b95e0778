"""What `broker covenant explain` prints: three tables for people, one document for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table

from policies.covenant import Covenant
from policies.decide import Ask, Facts
from policies.explain import Answered, Elsewhere, Explained
from policies.policy import Policy
from policies.reasons import WHY_NOT, remedy_words
from policies.values import Label
from policies.vocabulary import COVENANT_REASONS
from policies.wording import in_language, say

#: remedies and roles shown of one field; `--json` has all of them
SHOWN = 3

_STATUS: Mapping[Answered, Label] = {
    "disclosure": Label("200, met de velden en per ander veld een reden", "200, with the fields and a reason for each other one"),
    "unauthorized-field": Label("403 unauthorized-field", "403 unauthorized-field"),
    "unknown-case": Label("404 unknown-case, alsof er geen casus is", "404 unknown-case, as if there were no case"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks one language, `nl` or `en`."""

    language: str

    def __call__(self, nl: str, en: str, **parts: str | int | Label) -> str:
        """Both sentences filled with the same parts, of which one is chosen."""
        return self.of(say(nl, en, **parts))

    def of(self, label: Label) -> str:
        """The words of a label."""
        return in_language(label, self.language)


def print_head(words: Words, policy: Policy, ask: Ask, facts: Facts, seen: Answered, but: Sequence[str]) -> None:
    """What was asked, in what situation, and what the asker sees of it as a whole."""
    covenant = policy.covenant
    asked = words(
        "{role} vraagt voor {purpose}; {case_type}, fase {phase}, over: {subject}",
        "{role} asks for {purpose}; {case_type}, phase {phase}, about: {subject}",
        role=ask.role,
        purpose=ask.purpose,
        case_type=facts.case_type,
        phase=facts.phase,
        subject=covenant.subjects[facts.subject],
    )
    except_for = say(", behalve: {those}", ", except: {those}", those=", ".join(but)) if but else ""
    situation = words(
        "iedereen neemt deel en aan elke voorwaarde is voldaan{but}",
        "everybody takes part and every condition is met{but}",
        but=except_for,
    )
    click.echo(f"{covenant.id} {covenant.version}  sha256 {policy.covenant_sha256}\n{asked}\n{situation}")
    click.echo(words("de vrager ziet: {status}", "the asker sees: {status}", status=_STATUS[seen]))


def print_given(words: Words, given: Sequence[Explained]) -> None:
    """One row for each article: what it gives, and on whose grounds."""
    by_article: dict[tuple[str, ...], list[str]] = {}
    for one in given:
        grant = one.grant
        if grant is not None:
            grounds = (str(grant.article), "\n".join((grant.holder, *grant.giver)), "\n".join(grant.receiver))
            by_article.setdefault(grounds, []).append(f"{one.field}: {grant.form}{_release(words, one)}")
    columns = (
        words("veld: vorm", "field: form"),
        words("artikel", "article"),
        words("gever en grond", "giver and ground"),
        words("grond van de ontvanger", "the receiver's ground"),
    )
    rows = [("\n".join(fields), *grounds) for grounds, fields in by_article.items()]
    _print_table(words("Gegeven: {n}", "Given: {n}", n=len(given)), columns, rows)


def print_withheld(words: Words, covenant: Covenant, withheld: Sequence[Explained]) -> None:
    """What depends on the case, and apart from it what no case changes; one row for all fields of which the same is to be said."""
    here = [one for one in withheld if one.reason not in COVENANT_REASONS]
    never = [one for one in withheld if one.reason in COVENANT_REASONS]
    _print_table(
        words("Niet gegeven in deze situatie: {n}", "Not given in this situation: {n}", n=len(here)),
        (
            words("veld", "field"),
            words("waarom niet", "why not"),
            words("vrager ziet", "asker sees"),
            words("wat anders zou moeten zijn", "what would have to be different"),
        ),
        _grouped((one.field, (_why(words, one), one.outward or "", _different(words, covenant, one))) for one in here),
    )
    _print_table(
        words(
            "Nooit gegeven aan deze functie voor dit doel: {n} (vrager ziet: not_in_covenant)",
            "Never given to this role for this purpose: {n} (asker sees: not_in_covenant)",
            n=len(never),
        ),
        (words("veld", "field"), words("wie wel, of waarom niemand", "who is given it, or why nobody")),
        _grouped((one.field, ("\n".join(_outside(words, covenant, one)),)) for one in never),
    )


def _grouped(said: Iterable[tuple[str, tuple[str, ...]]]) -> list[tuple[str, ...]]:
    fields: dict[tuple[str, ...], list[str]] = {}
    for field, words in said:
        fields.setdefault(words, []).append(field)
    return [("\n".join(names), *words) for words, names in fields.items()]


def _print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", header_style="bold", show_lines=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _release(words: Words, one: Explained) -> str:
    return "" if one.released_by is None else words(" (als {holder} het vrijgeeft)", " (once {holder} releases it)", holder=one.released_by)


def _why(words: Words, one: Explained) -> str:
    return "" if one.reason is None else f"{words.of(WHY_NOT[one.reason])}\n({one.reason})"


def _different(words: Words, covenant: Covenant, one: Explained) -> str:
    lines = [words.of(remedy_words(covenant, remedy)) + _release(words, one) for remedy in one.remedies]
    return "\n".join((*_first(words, lines), *_emergency(words, one)))


def _outside(words: Words, covenant: Covenant, one: Explained) -> Iterator[str]:
    for never in one.never:
        yield words("nooit volgens {statement}: {why}", "never by {statement}: {why}", statement=never.statement, why=never.because)
    yield from _emergency(words, one)
    yield from _first(words, [words.of(remedy_words(covenant, remedy)) + _release(words, one) for remedy in one.remedies])
    others = () if one.remedies else _by_role(one.elsewhere)
    yield from _first(words, [words("{role} voor {what}", "{role} for {what}", role=role, what=what) for role, what in others])
    if not one.elsewhere:
        yield words("niemand", "nobody")


def _emergency(words: Words, one: Explained) -> Iterator[str]:
    if one.emergencies:
        requires = ", ".join(dict.fromkeys(required for emergency in one.emergencies for required in emergency.requires))
        yield words("in acute nood wel ({requires})", "in an emergency it is ({requires})", requires=requires)


def _first(words: Words, lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield words("… en nog {n}", "… and {n} more", n=len(lines) - SHOWN)


def _by_role(others: Sequence[Elsewhere]) -> Sequence[tuple[str, str]]:
    """Each role with its purposes and what it gets there."""
    found: dict[str, dict[str, list[str]]] = {}
    for other in others:
        found.setdefault(other.role, {}).setdefault(other.purpose, []).append(f"{other.form}, art. {other.article}")
    return [
        (role, "; ".join(f"{purpose} ({' / '.join(forms)})" for purpose, forms in purposes.items())) for role, purposes in found.items()
    ]


def members(words: Words, covenant: Covenant, one: Explained) -> dict[str, object]:
    """One field for programs, with everything that is known of it."""
    named = {"field": one.field, "releasedBy": one.released_by}
    grant = one.grant
    if grant is not None:
        given = {"form": str(grant.form), "article": grant.article, "holder": grant.holder, "delivery": grant.delivery.value}
        return named | {"given": given | {"giver": list(grant.giver), "receiver": list(grant.receiver)}}
    remedies = [
        {
            "changes": [{"kind": change.kind.value, "oneOf": list(change.one_of)} for change in remedy.changes],
            "article": remedy.article,
            "form": str(remedy.form),
            "text": words.of(remedy_words(covenant, remedy)),
        }
        for remedy in one.remedies
    ]
    return named | {
        "given": None,
        "reason": one.reason,
        "why": words.of(WHY_NOT[one.reason]) if one.reason else None,
        "outward": one.outward,
        "remedies": remedies,
        "never": [{"statement": never.statement, "kind": never.kind.value, "because": never.because} for never in one.never],
        "elsewhere": [
            {"role": other.role, "purpose": other.purpose, "article": other.article, "form": str(other.form)} for other in one.elsewhere
        ],
        "emergency": bool(one.emergencies),
    }
