"""The effect of a new text: who gains, loses, or sees more or less of which field, and which terms around the sharing change.

Computed from compiled covenants, never from lines: what has another order, another number or other words and decides the same is no change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.effects.changes import Change, Effect, FieldChange, TermChange, What
from policies.effects.emergencies import emergency_changes
from policies.effects.fields import field_changes
from policies.effects.handovers import handover_changes
from policies.effects.offers import offers_of
from policies.effects.statements import never_changes
from policies.effects.terms import TERMS
from policies.policy import Policy
from policies.vocabulary import FieldName

__all__ = ["Change", "Diff", "Effect", "FieldChange", "TermChange", "What", "diff"]

_ORDER = {effect: position for position, effect in enumerate(Effect)}


@dataclass(frozen=True, slots=True)
class Diff:
    """Every change from one version to another, what widens first; within an effect, fields before terms."""

    old: Policy
    new: Policy
    changes: tuple[Change, ...]

    @property
    def widens(self) -> bool:
        """Whether anything is allowed that was not, or a protection is less."""
        return any(change.effect.widens for change in self.changes)

    @property
    def narrows(self) -> bool:
        """Whether anything is no longer allowed, or a protection is more."""
        return any(change.effect.narrows for change in self.changes)

    @property
    def text_changed(self) -> bool:
        """Whether the parties would sign another text, whatever its effect."""
        return self.old.covenant_sha256 != self.new.covenant_sha256


def diff(old: Policy, new: Policy) -> Diff:
    """Compare two compiled covenants."""
    changes: list[Change] = [*field_changes(offers_of(old), offers_of(new))]
    changes += emergency_changes(old.covenant, new.covenant)
    changes += handover_changes(old.covenant, new.covenant)
    changes += never_changes(old.covenant.never, new.covenant.never)
    changes += _term_changes(old, new)
    return Diff(old, new, tuple(sorted(changes, key=lambda change: _ORDER[change.effect])))


def _term_changes(old: Policy, new: Policy) -> Iterator[TermChange]:
    seen = _seen(old) & _seen(new)
    for term in TERMS:
        before, after = term.values(old.covenant), term.values(new.covenant)
        if before == after:
            continue
        for key in (*before, *(key for key in after if key not in before)):
            if before.get(key) == after.get(key) or not (term.thing or (key in before and key in after)):
                continue
            effect = term.judge(before.get(key), after.get(key))
            if term.needs_seeing and key[0] not in seen:
                effect = Effect.NEUTRAL
            yield TermChange(term.name, effect, key, before.get(key), after.get(key))


def _seen(policy: Policy) -> frozenset[FieldName]:
    """The fields that somebody may see: by an article, in need, or where a case is handed over."""
    besides = (emergency.fields for emergency in policy.covenant.emergency), (handover.fields for handover in policy.covenant.handovers)
    return frozenset(rule.field for rule in policy.rules).union(*besides[0], *besides[1])
