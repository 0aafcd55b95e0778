"""Many sources, one reading: each is asked for its own fields, and none takes another one along."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import pytest

from connectors.errors import SourceUnavailable, Unavailable
from connectors.registry import Sources
from connectors.registry.sources import Opened
from connectors.source import Item, Lookup, Wanted
from policies.vocabulary import FULL, PRESENT, FieldName, Form, FormKind, PartyId, ValueType


class Scripted:
    """A source that does what the test says."""

    def __init__(self, name: str, answer: Mapping[FieldName, Item] | Exception, gate: threading.Event | None = None) -> None:
        self.name, self.holder = name, PartyId(name)
        self._answer, self._gate = answer, gate
        self.threads: list[threading.Thread] = []
        self.asked = threading.Semaphore(0)

    def read(self, _lookup: Lookup) -> Mapping[FieldName, Item]:
        self.threads.append(threading.current_thread())
        self.asked.release()
        if self._gate is not None:
            self._gate.wait(60)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Patient(Scripted):
    """A source that answers once another one has been asked: who is waited for after it has begun by then, however busy the machine."""

    def __init__(self, other: Scripted) -> None:
        super().__init__("patient", {})
        self._other = other

    def read(self, _lookup: Lookup) -> Mapping[FieldName, Item]:
        assert self._other.asked.acquire(timeout=60)
        return {}


A, B, C = (FieldName(f"t.{name}") for name in "abc")
VALUE = Item("x", FULL, None)


def asked(source: Scripted, *fields: FieldName, form: Form = FULL, deadline_s: float = 60) -> Lookup:
    return Lookup("c1", "s1", source.holder, "r", tuple(Wanted(name, form, ValueType.STRING) for name in fields), deadline_s)


def opened(*sources: Scripted, at_once: int | None = 1, faults: list[tuple[str, str]] | None = None) -> Sources:
    told = [] if faults is None else faults
    return Sources(
        [Opened(source, frozenset(), at_once, lambda: None) for source in sources], lambda name, fault: told.append((name, fault))
    )


def test_a_slow_source_a_failing_and_a_broken_one_take_only_their_own_fields_along() -> None:
    gate, faults = threading.Event(), list[tuple[str, str]]()
    slow, failing = Scripted("slow", {A: VALUE}, gate), Scripted("failing", SourceUnavailable("failing", Unavailable.REFUSED))
    broken, well = Scripted("broken", RuntimeError("MARKED")), Scripted("well", {B: VALUE})
    sources = opened(slow, failing, broken, well, patient := Patient(slow), faults=faults)
    lookups = {source: asked(source, B) for source in (patient, failing, broken, well)}
    begun = time.monotonic()
    reading = sources.read_all(lookups | {slow: asked(slow, A, deadline_s=0.3)})
    assert time.monotonic() - begun > 0.25
    # It would have answered in the end.
    assert not gate.is_set()
    assert reading.items == {B: VALUE}
    assert reading.unavailable == {"slow": Unavailable.TIMEOUT, "failing": Unavailable.REFUSED, "broken": Unavailable.MALFORMED}
    assert faults == [("broken", "RuntimeError")]
    gate.set()
    sources.close()


def test_sources_are_read_at_the_same_time() -> None:
    meeting = threading.Barrier(3)

    class Meeting(Scripted):
        def read(self, _lookup: Lookup) -> Mapping[FieldName, Item]:
            meeting.wait(60)
            return {}

    three = [Meeting(name, {}) for name in "abc"]
    sources = opened(*three)
    assert sources.read_all({source: asked(source, A) for source in three}).unavailable == {}
    sources.close()


def test_a_source_with_every_place_taken_is_busy_at_once_and_free_again_when_it_let_go() -> None:
    gate = threading.Event()
    slow = Scripted("slow", {A: VALUE}, gate)
    sources = opened(slow, patient := Patient(slow), at_once=2)
    for _ in range(2):
        late = sources.read_all({patient: asked(patient, B), slow: asked(slow, A, deadline_s=0.01)})
        assert late.unavailable == {"slow": Unavailable.TIMEOUT}
    begun = time.monotonic()
    assert sources.read_all({slow: asked(slow, A)}).unavailable == {"slow": Unavailable.BUSY}
    assert time.monotonic() - begun < 30, "at once, and not when its time was over"
    gate.set()
    until = time.monotonic() + 60
    while sources.read_all({slow: asked(slow, A)}).items != {A: VALUE}:
        assert time.monotonic() < until
    sources.close()


@pytest.mark.parametrize("answer", [{A: VALUE, B: VALUE}, {A: Item(True, PRESENT, None)}, {A: Item("J.", Form(FormKind.INITIALS), None)}])
def test_an_answer_with_an_unwanted_field_or_form_is_dropped_whole_and_told(answer: Mapping[FieldName, Item]) -> None:
    faults: list[tuple[str, str]] = []
    leaking = Scripted("leaking", answer)
    reading = opened(leaking, at_once=None, faults=faults).read_all({leaking: asked(leaking, A)})
    assert reading.items == {}
    assert reading.unavailable == {"leaking": Unavailable.MALFORMED}
    assert faults == [("leaking", "UnwantedField")]


def test_a_deposit_is_read_where_the_exchange_runs_and_any_other_source_is_not() -> None:
    here, there = Scripted("here", {A: VALUE}), Scripted("there", {B: VALUE})
    sources = Sources([Opened(here, frozenset(), None, lambda: None), Opened(there, frozenset({B}), 1, lambda: None)], lambda *_: None)
    assert sources.read_all({here: asked(here, A), there: asked(there, B)}).items == {A: VALUE, B: VALUE}
    assert here.threads == [threading.current_thread()]
    assert there.threads != [threading.current_thread()]
    assert sources.read_all({}).items == {}
    sources.close()


def test_closing_closes_every_source() -> None:
    closed: list[str] = []
    one = Scripted("one", {})
    Sources([Opened(one, frozenset(), 1, lambda: closed.append("one"))], lambda *_: None).close()
    assert closed == ["one"]
