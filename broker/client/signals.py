"""Signals: something was noticed, and somebody has to pick it up."""

from __future__ import annotations

from broker.client import answers
from broker.client.calls import Calls, segment
from broker.client.values import Person, Signal


class Signals:
    """The signals of one professional's role."""

    def __init__(self, calls: Calls, door: str) -> None:
        self._calls = calls
        self._path = f"{door}/signals"

    def report(self, covenant: str, kind: str, person: Person, words: str) -> Signal:
        """Report what was noticed; tried again safely, since it has an Idempotency-Key."""
        body = {"covenant": covenant, "kind": kind, "subject": person_members(person), "words": words}
        return answers.signal(self._calls.post(self._path, body, self._calls.idempotency(), repeatable=True))

    def waiting(self) -> tuple[Signal, ...]:
        """What this role has to pick up or has answered, newest first."""
        return self._calls.get(self._path).each("signals", answers.signal)

    def words(self, signal: str) -> str:
        """The words of a signal, for the role that it went to; that they were read is in the log first."""
        return self._calls.get(f"{self._path}/{segment(signal)}/words").text("words")

    def accept(self, signal: str) -> str:
        """Take a signal up; returns the case that this opened."""
        return self._calls.post(f"{self._path}/{segment(signal)}/answers", {"answer": "accept"}).text("case")

    def decline(self, signal: str) -> None:
        """Decline a signal."""
        self._calls.post(f"{self._path}/{segment(signal)}/answers", {"answer": "decline"})


def person_members(person: Person) -> dict[str, object]:
    """A person as the interface takes one."""
    members: dict[str, object] = {"kind": person.kind}
    return members if person.local_reference is None else members | {"localReference": person.local_reference}
