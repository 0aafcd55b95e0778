"""From an answer's members to values, each naming every member that it reads."""

from __future__ import annotations

from dataclasses import dataclass

from broker.client.errors import AnswerUnusable
from broker.client.reading import Members
from broker.client.values import (
    Ask,
    Awaited,
    Case,
    CovenantText,
    GivenField,
    Permission,
    Recall,
    Signal,
    Subject,
    Unavailable,
    Withheld,
)


@dataclass(frozen=True, slots=True)
class UnverifiedDisclosure:
    """A disclosure whose receipt nobody has looked at yet; it does not leave this package."""

    id: str
    case: str
    covenant: CovenantText
    fields: dict[str, GivenField]
    withheld: tuple[Withheld, ...]
    unavailable: tuple[Unavailable, ...]
    receipt: str


def disclosure(members: Members, ask: Ask) -> UnverifiedDisclosure:
    """The answer to an ask, held against it.

    Raises:
        AnswerUnusable: of another case, with a field that was not asked, one given and withheld, or one that is in neither.
    """
    covenant = members.inside("covenant")
    found = UnverifiedDisclosure(
        id=members.text("id"),
        case=members.text("case"),
        covenant=CovenantText(covenant.text("id"), covenant.text("version"), covenant.text("sha256")),
        fields=members.named("fields", _given),
        withheld=members.each("withheld", lambda one: Withheld(one.text("field"), one.text("reason"))),
        unavailable=members.each("unavailable", lambda one: Unavailable(one.text("source"), one.text("reason"))),
        receipt=members.text("receipt"),
    )
    told = [*found.fields, *(one.field for one in found.withheld)]
    if found.case != ask.case:
        raise AnswerUnusable("disclosure.case: expected the case that was asked about")
    if not set(told) <= set(ask.fields):
        raise AnswerUnusable("disclosure: expected only fields that were asked; nothing of it was handed over")
    if len(told) != len(ask.fields) or set(told) != set(ask.fields):
        raise AnswerUnusable("disclosure: expected every field that was asked, once, as given or as withheld")
    return found


def permissions(members: Members) -> tuple[Permission, ...]:
    """What may be asked."""
    return members.each("permissions", lambda one: Permission(one.text("field"), one.text("form"), one.text("article")))


def signal(members: Members) -> Signal:
    """A signal."""
    return Signal(
        id=members.text("id"),
        covenant=members.text("covenant"),
        kind=members.text("kind"),
        sender=members.text("from"),
        to_role=members.text("to"),
        state=members.text("state"),
        case=members.text_or_none("case"),
        at=members.text("at"),
        pick_up_by=members.text_or_none("pickUpBy"),
    )


def case(members: Members) -> Case:
    """A case."""
    return Case(
        id=members.text("id"),
        covenant=members.text("covenant"),
        case_type=members.text("caseType"),
        phase=members.text("phase"),
        due=members.text_or_none("due"),
        invited=members.flag("invited"),
        participants=members.texts("participants"),
        subjects=members.each("subjects", lambda one: Subject(one.number("number"), one.text("kind"), one.text("identification"))),
        awaiting=members.each("awaiting", lambda one: Awaited(one.text("party"), one.text("reaction"))),
    )


def recall(members: Members) -> Recall:
    """A recall."""
    return Recall(members.text("disclosure"), members.text("case"), members.texts("fields"), members.text("reason"), members.text("at"))


def _given(members: Members) -> GivenField:
    return GivenField(
        members.value("value"), members.text("form"), members.text("article"), members.text("source"), members.text_or_none("asOf")
    )
