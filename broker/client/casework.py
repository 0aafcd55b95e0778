"""Cases: which there are, taking part, saying who it is about, and moving them along the ladder. A participant's role decides."""

from __future__ import annotations

from collections.abc import Collection

from broker.client import answers
from broker.client.calls import Calls, segment
from broker.client.signals import person_members
from broker.client.values import Case, Person

_PATH = "/v1/cases"


class Casework:
    """The cases of one professional's party. Each command returns the case as it is shown afterwards."""

    def __init__(self, calls: Calls, door: str) -> None:
        self._calls = calls
        self._door = door

    def open_ones(self) -> tuple[Case, ...]:
        """The cases in which this party takes part or to which it was invited."""
        return self._calls.get(f"{self._door}/cases").each("cases", answers.case)

    def one(self, case: str) -> Case:
        """One case."""
        return answers.case(self._calls.get(_path(case)))

    def start(self, covenant: str, case_type: str, persons: Collection[Person]) -> Case:
        """Open a case, for the owner of the ladder's first phase; tried again safely, since it has an Idempotency-Key."""
        body = {"covenant": covenant, "caseType": case_type, "subjects": [person_members(person) for person in persons]}
        return answers.case(self._calls.post(_PATH, body, self._calls.idempotency(), repeatable=True))

    def invite(self, case: str, party: str) -> Case:
        """Invite a party, for the owner of the phase."""
        return self._do(case, "invitations", {"party": party})

    def join(self, case: str) -> Case:
        """Take part, for a party that was invited."""
        return self._do(case, "participations", {})

    def leave(self, case: str) -> None:
        """Take part no longer."""
        self._calls.do(f"{_path(case)}/departures", {})

    def identify(self, case: str, outcome: str, local_reference: str | None = None, subject: int | None = None) -> Case:
        """Say whether this is the same person: `match`, `registered` or `mismatch`, with the party's own reference."""
        return self._do(case, "identifications", {"outcome": outcome} | _given(localReference=local_reference, subject=subject))

    def condition(self, case: str, kind: str, article: str, *, given: bool, subject: int | None = None) -> Case:
        """Record that a condition of an article is met or no longer is: `consent`, `agreement`, `advice` or `four_eyes`."""
        return self._do(case, "conditions", {"kind": kind, "article": article, "given": given} | _given(subject=subject))

    def veto(self, case: str, fields: Collection[str] = (), *, lifted: bool = False, subject: int | None = None) -> Case:
        """Veto giving fields of this party's own, or lift that; no fields means everything that this party holds."""
        return self._do(case, "vetoes", {"fields": list(fields), "lifted": lifted} | _given(subject=subject))

    def restrict(self, case: str, *, lifted: bool = False, subject: int | None = None) -> Case:
        """Restrict processing for a subject (AVG art. 18), or lift that."""
        return self._do(case, "restrictions", {"lifted": lifted} | _given(subject=subject))

    def move(self, case: str, to: str, reason: str | None = None) -> Case:
        """Move to another phase, or propose to where others must agree; `awaiting` then names them."""
        return self._do(case, "moves", {"to": to} | _given(reason=reason))

    def agree(self, case: str) -> Case:
        """Agree to the move that was proposed."""
        return self._do(case, "agreements", {})

    def close(self, case: str, reason: str) -> None:
        """Close a case, for one of the covenant's reasons."""
        self._calls.do(f"{_path(case)}/closures", {"reason": reason})

    def _do(self, case: str, command: str, body: dict[str, object]) -> Case:
        return answers.case(self._calls.post(f"{_path(case)}/{command}", body))


def _path(case: str) -> str:
    return f"{_PATH}/{segment(case)}"


def _given(**members: object) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}
