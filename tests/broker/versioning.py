"""Taking versions of the covenant along: what the tests of proposing, accepting, activating and switching share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from broker.acceptance import sign_acceptance
from broker.bootstrap import Broker
from broker.clock import Clock, system_clock
from broker.covenants import Version
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from broker.demo.stage import OPERATORS
from policies.compile import Policy, compile_covenant
from policies.load import load_covenant
from policies.vocabulary import PartyId
from tests.stage import COVENANT, Theatre

__all__ = ["CARE", "CORPORATION", "MUNICIPALITY", "OPERATORS", "POLICE"]

ANNA, BERT = OPERATORS


class Wristwatch:
    """The present, moved by a test; each look is a little later, so that what is signed later says so."""

    def __init__(self, now: datetime | None = None) -> None:
        self._clock: Clock = system_clock
        self.ahead = timedelta() if now is None else now - system_clock()

    def __call__(self) -> datetime:
        return self._clock() + self.ahead

    def set(self, now: datetime) -> None:
        self.ahead = now - self._clock()


def other_version(text: bytes, name: str = "2026.3", *, supersedes: str = "2026.2", **changes: str) -> bytes:
    """The same agreement under another name; `changes` replaces one text by another."""
    made = text.replace(b'version: "2026.2"', f'version: "{name}"'.encode())
    made = made.replace(b'supersedes: "2026.1"', f'supersedes: "{supersedes}"'.encode())
    return replaced(made, changes)


def replaced(text: bytes, changes: Mapping[str, str]) -> bytes:
    """Every key of `changes` replaced by its value; each stands in the text."""
    for old, new in changes.items():
        assert old.encode() in text, old
        text = text.replace(old.encode(), new.encode())
    return text


def dated(text: bytes, name: str, from_: str, until: str, review: str | None = None) -> bytes:
    """A version of its own with other dates."""
    dates = f"in_force: {{from: {from_}, until: {until}, review: {review or until}}}"
    return other_version(text, name, **{"in_force: {from: 2026-01-01, until: 2027-12-31, review: 2027-06-01}": dates})


def answer(
    house: Theatre, party: PartyId, kind: str = "accept", *, sha256: str = "", on: Broker | None = None, key: PartyId | None = None,
    signed_at: datetime | None = None,
) -> Version:  # fmt: skip
    """A party's answer with its own key, brought by an operator."""
    signing, broker = house.stage.parties[key or party].signing, on or house.broker
    sha256 = sha256 or house.stage.sha256
    detached = sign_acceptance(sha256, party, kind, signing, signed_at or broker.world.clock())
    return broker.enactment.answer(sha256, party, kind, detached, signing.as_dict(private=False), None)


def all_accept(house: Theatre, sha256: str) -> None:
    for party in house.stage.parties:
        answer(house, party, sha256=sha256)


def judged(broker: Broker, *sha256s: str) -> None:
    """Spare a broker the second in which Casbin is asked about every rule; one test leaves it in."""
    broker.covenants.compiled.judged.update(sha256s)


@cache
def quickly(text: bytes) -> Policy:
    """A text compiled once per test process."""
    return compile_covenant(load_covenant(text))


def taken_as_sound(broker: Broker, text: bytes) -> None:
    """Spare a broker the law and the scenarios of a text that a test made of the sound one; who proposes by itself leaves them in."""
    broker.covenants.compiled._sound[hashlib.sha256(text).hexdigest(), broker.covenants.today()] = quickly(text)


def proposed(house: Theatre, text: bytes, *, accepted: bool = True) -> str:
    """A version that everybody accepted; its hash."""
    taken_as_sound(house.broker, text)
    version = house.broker.enactment.propose(text, "covenant.yaml")
    judged(house.broker, version.sha256)
    if accepted:
        all_accept(house, version.sha256)
    return version.sha256


def activate(house: Theatre, sha256: str, on: Broker | None = None) -> Version:
    """Two people put it in force."""
    broker = on or house.broker
    for operator in OPERATORS:
        version = broker.enactment.activate(sha256, operator)
    return version


def put_in_force(house: Theatre, text: bytes) -> str:
    """From text to force."""
    sha256 = proposed(house, text)
    activate(house, sha256)
    return sha256


def in_force(house: Theatre) -> str:
    return house.broker.covenants.in_force().policy(COVENANT).covenant.version
