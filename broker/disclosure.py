"""The values of an exchange: what is asked, what was decided about it, what is answered, and every way to be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from broker.cases.errors import BadCommand, UnknownCase
from broker.cases.state import CaseState
from broker.errors import CovenantNotInForce, PurposeNotInScope, UnauthorizedField, UnknownRole, Unwitnessed
from broker.records import Asked
from policies.compile import Policy
from policies.decide import Decision, Grant, Withheld
from policies.mask import Masked
from policies.vocabulary import ArticleId, FieldName, PurposeId


@dataclass(frozen=True, slots=True)
class CaseAsk:
    """One partner's question: these fields of this subject of this case, for this purpose.

    `subject` counts from 1 in the order in which the case shows its subjects; None means the only one. With `strict` one field outside the
    covenant refuses all (RFC 7240 `handling=strict`). `repeats` is the exchange that this one repeats, where an Idempotency-Key said so.
    """

    case: str
    purpose: PurposeId
    fields: tuple[FieldName, ...]
    subject: int | None = None
    strict: bool = False
    repeats: str | None = None


def _unknown_subject() -> BadCommand:
    return BadCommand("subject", "expected the number of one of the case's subjects")


class Refusal(Enum):
    """Why an ask is refused as a whole: the code that the log keeps, and the error that the caller gets.

    Unknown, somebody else's and closed differ in the log and nowhere else.
    """

    UNKNOWN_ROLE = "unknown_role"
    PURPOSE_NOT_IN_SCOPE = "purpose_not_in_scope"
    WRONG_DOOR = "wrong_door"
    UNKNOWN_CASE = "unknown_case"
    FOREIGN_CASE = "foreign_case"
    CLOSED_CASE = "closed_case"
    NOT_IN_FORCE = "covenant_not_in_force"
    UNKNOWN_SUBJECT = "unknown_subject"
    UNAUTHORIZED_FIELD = "unauthorized_field"
    UNWITNESSED = "unwitnessed"

    def error(self) -> Exception:
        """The error that this refusal is raised as."""
        return _ERRORS[self]()


_ERRORS: dict[Refusal, Callable[[], Exception]] = {
    Refusal.UNKNOWN_ROLE: UnknownRole,
    Refusal.PURPOSE_NOT_IN_SCOPE: PurposeNotInScope,
    Refusal.UNKNOWN_CASE: UnknownCase,
    Refusal.FOREIGN_CASE: UnknownCase,
    Refusal.CLOSED_CASE: UnknownCase,
    Refusal.NOT_IN_FORCE: CovenantNotInForce,
    Refusal.UNKNOWN_SUBJECT: _unknown_subject,
    Refusal.UNAUTHORIZED_FIELD: UnauthorizedField,
    Refusal.UNWITNESSED: Unwitnessed,
}


@dataclass(frozen=True, slots=True)
class Question:
    """An ask after step 1: refused as a whole, or decided field by field on a case that the fence names."""

    refusal: Refusal | None
    asked: Asked
    decision: Decision | None = None
    fence: tuple[tuple[str, int], ...] = ()

    @property
    def granted(self) -> tuple[Grant, ...]:
        """The fields that may be fetched; none where the ask was refused."""
        return self.decision.granted if self.decision and self.refusal is None else ()

    @property
    def withheld(self) -> tuple[Withheld, ...]:
        """The fields that may not."""
        return self.decision.withheld if self.decision else ()

    @property
    def state(self) -> CaseState:
        """The case that was decided on.

        Raises:
            ValueError: the ask was refused before there was one.
        """
        if self.asked.state is None:
            raise ValueError("an ask that was refused before its case was read has no case")
        return self.asked.state

    @property
    def policy(self) -> Policy:
        """The policy that decided.

        Raises:
            ValueError: the ask was refused before there was one.
        """
        if self.asked.policy is None:
            raise ValueError("an ask that was refused before its covenant was read has no policy")
        return self.asked.policy


@dataclass(frozen=True, slots=True)
class Given:
    """One field as it leaves."""

    field: FieldName
    masked: Masked
    article: ArticleId
    source: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The answer to an ask: every field asked is either in `fields` or in `withheld`.

    `covenant` is id, version and SHA-256; `unavailable` holds sources and their technical state; `receipt` is a signed note.
    """

    id: str
    case: str
    covenant: tuple[str, str, str]
    fields: tuple[Given, ...]
    withheld: tuple[tuple[FieldName, str], ...]
    unavailable: tuple[tuple[str, str], ...]
    receipt: str
