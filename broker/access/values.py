"""The values of the decision point: what is asked, in which situation, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from policies.decide import Facts, Grant
from policies.vocabulary import FieldName, PurposeId, RoleId

READ = "read"
ROLE = "role"
PROFESSIONAL = "professional"
FIELD = "field"
CATEGORY = "category"


class Refused(StrEnum):
    """Why an evaluation was not decided on: the closed list that the log keeps and the caller is told. All else is a `Reason` per field."""

    BAD_REQUEST = "bad_request"
    BAD_CONTEXT = "bad_context"
    UNKNOWN_COVENANT = "unknown_covenant"
    OTHER_COVENANT = "other_covenant"
    UNKNOWN_SUBJECT = "unknown_subject"
    UNKNOWN_ACTION = "unknown_action"
    UNKNOWN_RESOURCE = "unknown_resource"
    NOT_YOURS = "not_yours"
    PURPOSE_NOT_IN_SCOPE = "purpose_not_in_scope"
    UNWITNESSED = "unwitnessed"


#: the reason of a field that would be given in a smaller form, to whoever has not said that it can make one
FORM_NOT_UNDERSTOOD = "form_not_understood"


class Semantic(StrEnum):
    """When a list of evaluations is done (AuthZEN section 7.1.2.1)."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


@dataclass(frozen=True, slots=True)
class Entity:
    """A subject or a resource as the caller names it: nobody's code until the covenant knows it."""

    type: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One evaluation as it was asked, or a search, in which what is sought has no id. `action` None seeks actions."""

    subject: Entity
    action: str | None
    resource: Entity
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Situation:
    """What the caller says of a case, every name of it the covenant's own.

    `released` are the fields that a professional at their holder has released for this case; `reduces` says that the caller's system makes
    the smaller form of a field when an obligation asks for it.
    """

    purpose: PurposeId
    facts: Facts
    released: frozenset[FieldName] = frozenset()
    reduces: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One evaluation after judging: `refused`, or every field of the resource in `given` or, with its reason, in `withheld`.

    `expected` names the places in the context that are not as the covenant has them; names of our own, never what stood there.
    """

    role: RoleId | None = None
    resource: str | None = None
    situation: Situation | None = None
    given: tuple[Grant, ...] = ()
    withheld: tuple[tuple[FieldName, str], ...] = ()
    refused: Refused | None = None
    expected: tuple[str, ...] = ()
    forms: tuple[Grant, ...] = ()

    @property
    def permitted(self) -> bool:
        """Whether everything that was asked is given."""
        return bool(self.given) and not self.withheld and self.refused is None
