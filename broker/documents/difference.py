"""What changes from one covenant to another, said for people: alike changes once, what widens first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from broker.documents.difference_grounds import grounds_of
from broker.documents.difference_values import Values
from broker.documents.difference_words import EFFECT, THE_SAME, WORDS_ONLY
from broker.documents.matrix_words import Naming
from policies.diff import Diff, Effect, FieldChange, TermChange, What
from policies.effects.boxes import merged
from policies.effects.terms import PARTS
from policies.values import Label
from policies.wording import in_language, say

#: in which order alike changes are merged: phases, subjects, case types, fields, roles
_FIELD_DIMENSIONS = (3, 4, 2, 5, 0)


@dataclass(frozen=True, slots=True)
class FieldLine:
    """Alike changes of what some roles see for one purpose. `count` is how many changes it stands for."""

    effect: Effect
    what: str
    who: str
    fields: tuple[str, ...]
    before: str
    after: str
    where: str
    count: int


@dataclass(frozen=True, slots=True)
class TermLine:
    """Alike changes of one term; `of` is empty for a term of the covenant as a whole."""

    effect: Effect
    term: str
    of: str
    change: str
    count: int


@dataclass(frozen=True, slots=True)
class Said:
    """A difference in one language: its verdict, and its lines in the order of `Effect`."""

    diff: Diff
    language: str
    verdict: str
    fields: tuple[FieldLine, ...]
    terms: tuple[TermLine, ...]

    def of(self, effect: Effect) -> tuple[tuple[FieldLine, ...], tuple[TermLine, ...]]:
        """The lines of one effect."""
        return tuple(line for line in self.fields if line.effect is effect), tuple(line for line in self.terms if line.effect is effect)


def said(diff: Diff, language: str) -> Said:
    """A difference in one language of `LANGUAGES`."""
    old, new = Naming(diff.old.covenant, language), Naming(diff.new.covenant, language)
    fields = tuple(_field_lines(diff, old, new))
    terms = tuple(_term_lines(diff, old, new))
    return Said(diff, language, in_language(_verdict(diff), language), fields, terms)


def _verdict(diff: Diff) -> Label:
    if not diff.changes:
        return WORDS_ONLY if diff.text_changed else THE_SAME
    if diff.widens:
        return say("Deze wijziging {what}.", "This change {what}.", what=_in_a_sentence(Effect.BOTH if diff.narrows else Effect.WIDENS))
    return say("Deze wijziging {what}.", "This change {what}.", what=_in_a_sentence(Effect.NARROWS if diff.narrows else Effect.NEUTRAL))


def _in_a_sentence(effect: Effect) -> Label:
    words = EFFECT[effect]
    return Label(words.nl[0].lower() + words.nl[1:], words.en[0].lower() + words.en[1:])


def _field_lines(diff: Diff, old: Naming, new: Naming) -> Iterable[FieldLine]:
    alike: dict[tuple[object, ...], list[FieldChange]] = {}
    for change in _by_receiver(diff):
        alike.setdefault(_likeness(change), []).append(change)
    for changes in alike.values():
        values = Values(old if changes[0].what is What.LOSES else new)
        yield from (_grounds_line(changes, values),) if changes[0].what is What.GROUNDS else _lines(changes, values)


def _lines(changes: list[FieldChange], values: Values) -> Iterable[FieldLine]:
    first, named = changes[0], _names_forms(changes[0])
    points = [_point(change, values.form((*change.before, *change.after)[0]) if named else "") for change in changes]
    before, after = (values.offers(offers, forms=not named) for offers in (first.before, first.after))
    for box in merged(points, _FIELD_DIMENSIONS):
        where = values.where(box[1], box[2], box[3], box[4])
        count = prod(map(len, box))
        yield FieldLine(first.effect, values.what(first.what), values.roles(box[0]), values.fields(box[5]), before, after, where, count)


def _grounds_line(changes: list[FieldChange], values: Values) -> FieldLine:
    """That articles rest on other grounds is one line, by article, with the grounds that come and go."""
    before, after = values.grounds(changes[0].before, changes[0].after), values.grounds(changes[0].after, changes[0].before)
    articles = dict.fromkeys(offer.article for change in changes for offer in change.after)
    return FieldLine(changes[0].effect, values.what(What.GROUNDS), values.articles(articles), (), before, after, "", len(changes))


def _by_receiver(diff: Diff) -> list[FieldChange]:
    """What fields change, within an effect by receiver in the covenant's order."""
    roles = [role for policy in (diff.new, diff.old) for party in policy.covenant.parties.values() for role in party.roles]
    position = {role: len(roles) - index for index, role in enumerate(reversed(roles))}
    effects = list(Effect)
    found = [change for change in diff.changes if isinstance(change, FieldChange)]
    return sorted(found, key=lambda change: (effects.index(change.effect), position[change.context.role]))


def _names_forms(change: FieldChange) -> bool:
    """Whether the form is said behind each field, so that fields with other forms still stand in one line."""
    return change.what in (What.GAINS, What.LOSES) and len((*change.before, *change.after)) == 1


def _likeness(change: FieldChange) -> tuple[object, ...]:
    if _names_forms(change):
        (offer,) = (*change.before, *change.after)
        return (change.effect, change.what, offer.article, offer.needs, offer.onward)
    if change.what is What.GROUNDS:
        was, is_ = grounds_of(change.before), grounds_of(change.after)
        return (change.effect, change.what, was - is_, is_ - was)
    return (change.effect, change.what, change.before, change.after)


def _point(change: FieldChange, form: str) -> tuple[str, ...]:
    here = change.context
    return (here.role, here.purpose, here.case_type, here.phase, here.subject, f"{change.field}\t{form}")


def _term_lines(diff: Diff, old: Naming, new: Naming) -> Iterable[TermLine]:
    alike: dict[tuple[object, ...], list[TermChange]] = {}
    for change in diff.changes:
        if isinstance(change, TermChange):
            alike.setdefault((change.term, change.effect, change.before, change.after), []).append(change)
    for changes in alike.values():
        first = changes[0]
        values = Values(old if first.after is None else new)
        parts = PARTS[first.term]
        for box in merged([change.key for change in changes], range(len(parts) - 1, -1, -1)):
            yield TermLine(first.effect, values.term(first.term), values.of(parts, box), values.change(first), prod(map(len, box)))
