"""What a call at the decision point asked and was answered, evaluation by evaluation, in codes.

A call may hold many evaluations, and they may differ in who asks, in what is asked and in the facts of the case. Facts that several of them
share stand once, as a *situation*; an evaluation names its place among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from audit.codes import CODES_MAX, Pair, check_codes, check_forms, check_sorted

#: (field, form, article)
Given: TypeAlias = tuple[str, str, str]
#: sorted (name, code) pairs: the facts of a case as whoever asked gave them, and what for
Situation: TypeAlias = tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation: may `role` have `resource`, a field or a category, in the situation of that number?

    What the caller named and the covenant does not know is None: it is nobody's code, and may be anything. `reason` says why nothing was
    decided on; otherwise each field of the resource is in `given` or, with its reason, in `withheld`.
    """

    role: str | None = None
    resource: str | None = None
    situation: int | None = None
    given: tuple[Given, ...] = ()
    withheld: tuple[Pair, ...] = ()
    reason: str | None = None

    @property
    def permitted(self) -> bool:
        """Whether everything that was asked is given."""
        return bool(self.given) and not self.withheld and self.reason is None


def check_evaluations(situations: tuple[Situation, ...], evaluations: tuple[Evaluation, ...]) -> None:
    """Refuse what is not codes, and an evaluation in a situation that is not there.

    Raises:
        ValueError: with what was expected.
    """
    for situation in situations:
        check_codes("situations", tuple(code for pair in situation for code in pair))
        check_sorted("situations", situation)
    if len(evaluations) > CODES_MAX:
        raise ValueError(f"evaluations: expected at most {CODES_MAX}, found {len(evaluations)}")
    for one in evaluations:
        fields = tuple(code for field, _, article in one.given for code in (field, article))
        fields += tuple(code for pair in one.withheld for code in pair)
        check_codes("evaluations", tuple(code for code in (one.role, one.resource, one.reason) if code is not None) + fields)
        check_forms("evaluations", tuple(form for _, form, _ in one.given))
        if one.situation is not None and (type(one.situation) is not int or not 0 <= one.situation < len(situations)):
            raise ValueError("evaluations: expected the number of a situation")


def write_situations(situations: tuple[Situation, ...]) -> str:
    """The situations in canonical JSON; no code holds anything to escape."""
    return "[" + ",".join(_lists(situation) for situation in situations) + "]"


def write_evaluations(evaluations: tuple[Evaluation, ...]) -> str:
    """The evaluations in canonical JSON; members that say nothing are left out."""
    return "[" + ",".join("{" + ",".join(_members(one)) + "}" for one in evaluations) + "]"


def read_situations(told: Any) -> tuple[Situation, ...]:  # noqa: ANN401 - what a stranger's JSON may be
    """The situations that a parsed JSON value holds; whoever reads checks them and prints them back.

    Raises:
        TypeError, ValueError: it holds something else.
    """
    return tuple(tuple((name, code) for name, code in situation) for situation in told)


def read_evaluations(told: Any) -> tuple[Evaluation, ...]:  # noqa: ANN401 - as above
    """The evaluations that a parsed JSON value holds; whoever reads checks them and prints them back.

    Raises:
        TypeError, ValueError, AttributeError: it holds something else.
    """
    return tuple(
        Evaluation(
            role=one.get("role"),
            resource=one.get("resource"),
            situation=one.get("situation"),
            given=tuple((field, form, article) for field, form, article in one.get("given", ())),
            withheld=tuple((field, reason) for field, reason in one.get("withheld", ())),
            reason=one.get("reason"),
        )
        for one in told
    )


def evaluation_members(one: Evaluation) -> Mapping[str, object]:
    """An evaluation as an export and an answer have it: by name, without what says nothing."""
    members = {"role": one.role, "resource": one.resource, "given": one.given, "withheld": one.withheld, "reason": one.reason}
    told: dict[str, object] = {name: member for name, member in members.items() if member}
    return told if one.situation is None else told | {"situation": one.situation}


def _members(one: Evaluation) -> Iterator[str]:
    if one.given:
        yield f'"given":{_lists(one.given)}'
    for name, code in (("reason", one.reason), ("resource", one.resource), ("role", one.role)):
        if code is not None:
            yield f'"{name}":"{code}"'
    if one.situation is not None:
        yield f'"situation":{one.situation}'
    if one.withheld:
        yield f'"withheld":{_lists(one.withheld)}'


def _lists(rows: tuple[tuple[str, ...], ...]) -> str:
    return "[" + ",".join('["' + '","'.join(row) + '"]' for row in rows) + "]"
