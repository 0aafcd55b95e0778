"""What is asked and what is answered, as frozen values. The value of a field is never printed with them: a log of objects stays empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from audit.growth import Position
from broker.client.reading import Value


@dataclass(frozen=True, slots=True)
class Ask:
    """Fields of one subject of a case, for a purpose. `subject` counts from 1 and may be left out where there is one.

    With `strict` one field that is not in the covenant refuses the whole ask (RFC 7240 `handling=strict`).
    """

    case: str
    purpose: str
    fields: tuple[str, ...]
    subject: int | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        if not self.fields or len(set(self.fields)) != len(self.fields):
            raise ValueError("expected one field or more, each once; an ask for everything does not exist")


@dataclass(frozen=True, slots=True)
class GivenField:
    """One field as it was given: in a form, under an article, from a source. `value` None: the holder says that it is known to be empty."""

    value: Value = field(repr=False)
    form: str
    article: str
    source: str
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that was not given: `not_in_covenant`, `not_given`, or `wrong_phase` for who is shown the phase."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A source that did not answer, and its technical state."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class CovenantText:
    """The text under which it was decided."""

    id: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The answer to an ask: every field asked is in `fields` or in `withheld`. Its receipt has been verified and kept.

    `position` is what the receipt promises: this entry, at this place of the log, at this time.
    """

    id: str
    case: str
    covenant: CovenantText
    fields: Mapping[str, GivenField]
    withheld: tuple[Withheld, ...]
    unavailable: tuple[Unavailable, ...]
    receipt: str
    position: Position

    def value(self, name: str) -> Value:
        """The value of a field that was given.

        Raises:
            KeyError: it was not.
        """
        return self.fields[name].value


@dataclass(frozen=True, slots=True)
class Permission:
    """A field that may be asked, in which form, by which article; whether there is anything is another matter."""

    field: str
    form: str
    article: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person, by kind and by the party's own reference, which nobody else learns; never a BSN."""

    kind: str
    local_reference: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal without its words. `pick_up_by` is when the covenant wants it answered, `case` the one that was opened for it."""

    id: str
    covenant: str
    kind: str
    sender: str
    to_role: str
    state: str
    case: str | None
    at: str
    pick_up_by: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject of a case: its number, its kind, and whether both sides have confirmed who it is."""

    number: int
    kind: str
    identification: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who owes which reaction."""

    party: str
    reaction: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case as the covenant shows it to this party; `phase` is `open` where the phase is not shown."""

    id: str
    covenant: str
    case_type: str
    phase: str
    due: str | None
    invited: bool
    participants: tuple[str, ...]
    subjects: tuple[Subject, ...]
    awaiting: tuple[Awaited, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """A field's value as a professional releases it, with the form it has and when it was so."""

    value: Value = field(repr=False)
    form: str = "full"
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """Fields of an earlier disclosure that must be destroyed: it was about somebody else, or the holder took them back."""

    disclosure: str
    case: str
    fields: tuple[str, ...]
    reason: str
    at: str


Side = Literal["asked", "given", "found"]


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt in the party's own store. `side`: it asked, it gave, or it found the entry in a tally without having had an answer.

    `case` and `fields` (name and form) are known where the party asked, the names alone where it gave.
    """

    position: Position
    disclosure: str
    side: Side
    note: str
    case: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
