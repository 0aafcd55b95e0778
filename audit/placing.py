"""What the leader decides under the append lock, order by order: place it whole, or refuse it whole and go on with the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from audit.entry import CLOCK_STEP, DECISION, TERMINAL, Draft, parse_envelope
from audit.errors import AuditError, DecisionClosed, FenceMoved, IdReused, LogUnavailable
from audit.growth import Found, Growing, Position, Sealed

#: (name, number): what an append relies on not having changed
Fence: TypeAlias = tuple[tuple[str, int], ...]
#: makes the entry that says by how much the clock stepped back
StepEntry: TypeAlias = Callable[[str, timedelta], Sealed]


class Placing:
    """One batch under the lock. `numbers` are the fences' present values, None when they could not be read."""

    def __init__(self, found: Found, growing: Growing, numbers: Mapping[str, int] | None, step_entry: StepEntry) -> None:
        self._found = found
        self._growing = growing
        self._numbers = numbers
        self._step_entry = step_entry
        self._placed: dict[str, tuple[Position, Sealed]] = {}

    def place(self, sealed: tuple[Sealed, ...], fence: Fence) -> tuple[Position, ...] | AuditError:
        """Every draft's position, or why none of them was placed."""
        try:
            known = {one.draft.id for one in sealed if self._known(one) is not None}
            # An order that is there already was promised before: whether its fence has moved since is no longer asked.
            if not all(one.draft.id in known for one in sealed):
                self._check_fence(fence)
                self._check_decisions([one.draft for one in sealed if one.draft.id not in known])
        except AuditError as error:
            return error
        return tuple(self._known(one) or self._add(one) for one in sealed)

    def _add(self, sealed: Sealed) -> Position:
        behind = self._growing.stepped_back(sealed.draft.log)
        if behind is not None and sealed.draft.typ != CLOCK_STEP:
            self._growing.place(self._step_entry(sealed.draft.log, behind))
        position = self._growing.place(sealed)
        self._placed[sealed.draft.id] = (position, sealed)
        return position

    def _known(self, sealed: Sealed) -> Position | None:
        """Where this very draft stands already: in the database (a commit whose answer was lost) or earlier in this batch."""
        draft = sealed.draft
        settled = self._found.settled.get(draft.id)
        if settled is not None:
            return settled
        stored = self._found.stored.get(draft.id)
        if stored is not None:
            envelope = parse_envelope(stored.envelope)
            same = (envelope.typ, envelope.ref, stored.core) == (draft.typ, draft.ref, sealed.sections[0].body)
            position = stored.position
        elif draft.id in self._placed:
            position, earlier = self._placed[draft.id]
            same = earlier.draft == draft
        else:
            return None
        if not same:
            raise IdReused("expected a new id, found one that another entry has")
        return position

    def _check_fence(self, fence: Fence) -> None:
        if fence and self._numbers is None:
            raise LogUnavailable("the fences could not be read")
        for name, expected in fence:
            number = None if self._numbers is None else self._numbers.get(name)
            if number != expected:
                raise FenceMoved(name, expected, number)

    def _check_decisions(self, drafts: list[Draft]) -> None:
        """Every decision is closed exactly once; one may be closed by the order that makes it."""
        made: set[str] = set()
        closed: set[str] = set()
        for draft in drafts:
            if draft.typ == DECISION:
                made.add(draft.id)
            elif draft.typ in TERMINAL and draft.ref is not None:
                if draft.ref in closed or not (draft.ref in made or self._growing.is_open(draft.ref)):
                    raise DecisionClosed(f"expected an open decision for {draft.typ}, found none of that id")
                closed.add(draft.ref)
