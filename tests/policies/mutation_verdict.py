"""What became of an edit: reported at the right line, shown as its true effect, told as a change of words, or nothing that changed.

The true effect on fields is that of tests/policies/reference_diff.py; what is shown of a case is worked out here from the covenants,
cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product

from policies.check import Checked, check
from policies.covenant import Covenant, DataClass
from policies.diff import Diff, TermChange, diff
from policies.errors import Finding
from policies.never import names_field
from policies.policy import Policy
from policies.schema import COVENANT
from policies.shape import Json
from tests.policies.mutation_hand import Edit, dotted
from tests.policies.mutation_page import Page, Part, Path, edited, has_name, line_of, moved
from tests.policies.reference_diff import Seen, reference_diff, seen_of

TODAY = date(2026, 6, 1)

#: keys under which there are words for people, numbers of articles, and references to law and vocabularies: what decides nothing
WORDS = frozenset(
    {
        *("nl", "en", "title", "name", "version", "supersedes", "article", "statement", "scenario", "because", "description"),
        *("necessity", "wpg20", "dpv", "activity", "balancing", "rests_on", "with", "law", "valid_from", "function", "mandate"),
        "organs",
    }
)


class Outcome(StrEnum):
    """How an edit is told."""

    REPORTED = "reported"
    SHOWN = "shown"
    WARNED = "warned"
    WORDS = "words"
    NO_EFFECT = "no effect"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the edit was told, and what is wrong with the telling; None where nothing is."""

    edit: Edit
    outcome: Outcome
    defect: str | None = None

    def __str__(self) -> str:
        return f"{self.outcome}: {self.edit.words}: {self.defect}"


class Bench:
    """A covenant's text on which edits are tried."""

    def __init__(self, text: str) -> None:
        self.page = Page(text)
        self.before = check(text.encode(), "covenant.yaml", TODAY)
        if self.before.policy is None or self.before.errors:
            raise ValueError("expected a covenant without errors")
        self.policy: Policy = self.before.policy
        self._known = {(finding.code, finding.message) for finding in self.before.findings}

    def judge(self, edit: Edit) -> Verdict:
        """Try one edit."""
        text = edited(self.page.text, edit.cuts)
        checked = check(text.encode(), "covenant.yaml", TODAY)
        new = [finding for finding in checked.findings if (finding.code, finding.message) not in self._known]
        errors = [finding for finding in new if finding.severity == "error"]
        if checked.errors:
            return Verdict(edit, Outcome.REPORTED, self._not_at_its_line(edit, text, errors))
        if checked.policy is None:
            return Verdict(edit, Outcome.REPORTED, "refused without an error")
        if checked.policy.covenant_sha256 == self.policy.covenant_sha256:
            same = checked.policy.covenant == self.policy.covenant and checked.policy.rules == self.policy.rules
            return Verdict(edit, Outcome.NOTHING, None if same else "the hash is the same and the covenant is not")
        return self._shown(edit, checked, checked.policy, new)

    def _shown(self, edit: Edit, checked: Checked, policy: Policy, new: list[Finding]) -> Verdict:
        found = diff(self.policy, policy)
        defect = "; ".join(untrue(found)) or None
        if found.changes:
            return Verdict(edit, Outcome.SHOWN, defect)
        if new or len(checked.findings) < len(self.before.findings):
            return Verdict(edit, Outcome.WARNED, defect)
        if not found.text_changed:
            return Verdict(edit, Outcome.WORDS, "the text changed and the diff does not say so")
        if not set(edit.path).isdisjoint(WORDS):
            return Verdict(edit, Outcome.WORDS, defect)
        if not has_no_effect(edit, self.policy.covenant, policy.covenant):
            defect = f"{dotted(edit.path)} changed, and nobody was told what it does"
        return Verdict(edit, Outcome.NO_EFFECT, defect)

    def _not_at_its_line(self, edit: Edit, text: str, errors: list[Finding]) -> str | None:
        if not errors:
            return "no error is new"
        lines = text.split("\n")
        right, names = self._right_lines(edit, text), self._names(edit)
        for finding in errors:
            if finding.line in right:
                return None
            if any(has_name(words, name) for words in (lines[finding.line - 1], finding.message.en) for name in names):
                return None
        return "; ".join(map(str, errors))

    def _right_lines(self, edit: Edit, text: str) -> frozenset[int]:
        """The lines of the edit, and of what it stands in."""
        found: set[int] = set()
        for start, _, words in edit.cuts:
            at = moved(start, edit.cuts)
            found.update(range(line_of(text, at), line_of(text, at + len(words)) + 1))
        for around in (path[:length] for path in (edit.path, edit.other) for length in range(1, len(path))):
            part = self.page.at.get(around)
            if part is not None:
                found.update(line_of(text, moved(at, edit.cuts)) for at in (part.start, part.value[0]))
        # The basis of an article answers to everything else in it: to whom it gives, what, and on which conditions.
        for article in self._articles(edit):
            basis = self.page.at.get((*article.path, "basis"))
            if basis is not None:
                last = line_of(text, moved(basis.end, edit.cuts))
                found.update(range(line_of(text, moved(basis.start, edit.cuts)), last + 1))
        if len(edit.path) == 1:
            found.add(line_of(text, moved(self.page.root.value[0], edit.cuts)))
        return frozenset(found)

    def _articles(self, edit: Edit) -> Iterator[Part]:
        """The articles that the edit touches; a swap touches two."""
        for article in self.page.at["articles",].children:
            if any(article.start <= start < article.end for start, _, _ in edit.cuts):
                yield article

    def _names(self, edit: Edit) -> frozenset[str]:
        """What the edited part is called wherever else it stands, so that what now dangles is known for it."""
        return frozenset({*edit.names, *_named(self.page, edit.path), *_named(self.page, edit.other), *map(_number, self._articles(edit))})


def _named(page: Page, path: Path) -> Iterator[str]:
    match path:
        case ("parties", party, "roles", role, *_):
            yield f"{party}.{role}"
        case ("parties", party, *_):
            yield str(party)
            yield f"{party}."
        case ("data", category, "fields", field, *_):
            yield f"{category}.{field}"
        case ("data", category, *_):
            yield f"{category}."
        case ("case_types", case_type, "ladder", phase, *_):
            yield str(phase)
            yield str(case_type)
        case (("subjects" | "legal_bases" | "purposes" | "case_types"), name, *_):
            yield str(name)
        case (("articles" | "never") as section, position, *_):
            yield _number(page.at[section, position])
    if len(path) > 4 and path[0] == "articles" and path[2] == "fields":
        yield str(path[3])


def _number(part: Part) -> str:
    return str(part.children[0].scalar)


def seen_otherwise(old: Covenant, new: Covenant) -> Seen:
    """The reference's answer; where articles, fields and ladders are the same values it needs no time to say that nothing changed."""

    def looked_at(covenant: Covenant) -> tuple[object, ...]:
        ladders = {name: case_type.ladder for name, case_type in covenant.case_types.items()}
        return covenant.articles, covenant.fields, ladders, covenant.subjects.keys(), covenant.parties.keys()

    return {} if looked_at(old) == looked_at(new) else reference_diff(old, new)


def untrue(found: Diff) -> Iterator[str]:
    """Where a diff does not say what is so."""
    old, new = found.old.covenant, found.new.covenant
    truth, said = seen_otherwise(old, new), seen_of(found)
    if truth != said:
        missed, made_up = truth.keys() - said.keys(), said.keys() - truth.keys()
        yield f"of fields: {len(missed)} missed, {len(made_up)} made up, {sorted(missed | made_up)[:2]}"
    yield from _untrue_of_cases(found, old, new)
    yield from _untrue_of_emergencies(found, old, new)


def has_no_effect(edit: Edit, old: Covenant, new: Covenant) -> bool:
    """Whether what changed decides nothing, as the obvious interpreters of its section have it; elsewhere nobody can say so."""
    if edit.kind == "change the order":
        return (
            unordered(COVENANT.write(old)) == unordered(COVENANT.write(new)) and not reference_diff(old, new) and shown(old) == shown(new)
        )
    match edit.path:
        case ("articles", *_):
            return not reference_diff(old, new)
        case ("never", *_):
            return forbidden(old) == forbidden(new)
        case ("case_types", _, "shown_as", *_):
            return shown(old) == shown(new)
        case _:
            return False


def unordered(written: Json) -> str:
    """What is written, whatever the order of its lists."""
    if isinstance(written, dict):
        return str(sorted((key, unordered(value)) for key, value in written.items()))
    return str(sorted(map(unordered, written))) if isinstance(written, list) else repr(written)


def forbidden(covenant: Covenant) -> set[tuple[object, ...]]:
    """What may never be, situation by situation, for every class and field that a statement could be about."""
    members = ("about", "purposes", "phases", "forms")
    asked = [[*sorted({value for never in covenant.never for value in getattr(never, member)}), ""] for member in members]
    alone = [frozenset({data_class}) for data_class in DataClass]
    sorts = [(field.name, field.holder, classes) for field in covenant.fields.values() for classes in (field.classes, *alone)]
    return {
        (role, sort, *situation)
        for never in covenant.never
        for party in covenant.parties.values()
        for role in party.roles
        if not never.to or role in never.to or party.id in never.to
        for sort in sorts
        if (not never.from_ or sort[1] in never.from_)
        and (not never.classes or never.classes & sort[2])
        and (not never.fields or any(names_field(pattern, sort[0]) for pattern in never.fields))
        for situation in product(*asked)
        if all(not getattr(never, member) or value in getattr(never, member) for member, value in zip(members, situation, strict=True))
    }


def shown(covenant: Covenant) -> dict[tuple[str, str, str], tuple[str, frozenset[str]]]:
    """What each party is shown of each case in each phase; that it takes part itself, it knows."""
    everybody = frozenset(covenant.parties)
    return {
        (case_type.id, party, phase): (view.phase_in(phase), view.participants - {party})
        for case_type in covenant.case_types.values()
        for party in covenant.parties
        for view in (case_type.shown_to(party, everybody),)
        for phase in case_type.ladder
    }


def _terms(found: Diff, *names: str) -> set[tuple[str, ...]]:
    return {change.key for change in found.changes if isinstance(change, TermChange) and change.term in names}


def _untrue_of_cases(found: Diff, old: Covenant, new: Covenant) -> Iterator[str]:
    before, after = shown(old), shown(new)
    phases, participants = _terms(found, "shown_phase"), _terms(found, "shown_participants")
    for key in before.keys() & after.keys():
        case_type, party, phase = key
        if (before[key][0] != after[key][0]) != (key in phases):
            yield f"of how {party} is shown phase {phase} of {case_type}"
        if (before[key][1] != after[key][1]) != ((case_type, party) in participants):
            yield f"of whom {party} is shown in {case_type}"


def _untrue_of_emergencies(found: Diff, old: Covenant, new: Covenant) -> Iterator[str]:
    def opened(covenant: Covenant) -> set[tuple[str, ...]]:
        return {
            (role, field, subject)
            for emergency in covenant.emergency
            for role in emergency.who
            for field in emergency.fields
            for subject in covenant.fields[field].about
        }

    missed = (opened(old) ^ opened(new)) - _terms(found, "emergency")
    if missed:
        yield f"of emergencies: {sorted(missed)[:2]}"
