"""Case types: what a party is shown of a case, and how a case moves."""

# ruff: noqa: D103 - each reader is its row of `policies.effects.terms`

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from policies.covenant import CaseType, Covenant, Step
from policies.effects.changes import Value
from policies.effects.readers.keyed import Keyed


def _of_step(covenant: Covenant, read: Callable[[CaseType, Step], Value]) -> Keyed:
    return (
        ((name, phase), read(case_type, step))
        for name, case_type in covenant.case_types.items()
        for phase, step in case_type.ladder.items()
    )


def each_case_type(covenant: Covenant) -> Keyed:
    return (((name,), True) for name in covenant.case_types)


def each_phase(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, __: True)


def shown_phase(covenant: Covenant) -> Keyed:
    everybody = frozenset(covenant.parties)
    for name, case_type in covenant.case_types.items():
        for party in covenant.parties:
            shown = case_type.shown_to(party, everybody)
            yield from (((name, party, phase), shown.phase_in(phase)) for phase in case_type.ladder)


def shown_participants(covenant: Covenant) -> Keyed:
    everybody = frozenset(covenant.parties)
    for name, case_type in covenant.case_types.items():
        yield from (((name, party), case_type.shown_to(party, everybody).participants - {party}) for party in covenant.parties)


def opens_in(covenant: Covenant) -> Keyed:
    return (((name,), case_type.first.phase) for name, case_type in covenant.case_types.items())


def shielded(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.shielded)


def moves(covenant: Covenant) -> Keyed:
    """To which open phases one can go on from here."""
    return _of_step(covenant, lambda case_type, step: frozenset(to for to in step.next if not case_type.ladder[to].shielded))


def closing_moves(covenant: Covenant) -> Keyed:
    """To which phases that shield everything one can go on from here."""
    return _of_step(covenant, lambda case_type, step: frozenset(to for to in step.next if case_type.ladder[to].shielded))


def needs_reason(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.needs.reason)


def needs_agreement(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.needs.agreement)


def or_after(covenant: Covenant) -> Keyed:
    """How long an agreement holds a move up; no time at all where none is asked."""
    return _of_step(covenant, lambda _, step: step.needs.or_after if step.needs.agreement else timedelta(0))


def owner(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.owner)


def law(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.law)


def within(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.within)


def falls_back_to(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.overdue.back_to if step.overdue else None)


def warns(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: step.overdue.warn if step.overdue else None)


def reminds(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: frozenset(step.overdue.remind) if step.overdue else frozenset())


def reasons(covenant: Covenant) -> Keyed:
    return _of_step(covenant, lambda _, step: frozenset(step.reasons))


def purge(covenant: Covenant) -> Keyed:
    """How long a case closed for each reason is kept; `default` is for a reason that is not named."""
    for name, case_type in covenant.case_types.items():
        for phase, step in case_type.ladder.items():
            for reason in ("default", *step.reasons) if step.shielded else tuple(step.purge_after):
                yield (name, phase, reason), step.purge_for(reason)
