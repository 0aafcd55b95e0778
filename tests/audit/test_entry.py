"""What an entry is made of: its type, its id and its log, the envelope that is hashed, and sections that are sealed and committed to."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from audit.entry import Actor, Core, Draft, Envelope, Subject, envelope_bytes, parse_envelope
from audit.section import NOISE_BYTES, actor_bytes, commitment, parse_actor, parse_subject, seal, sections_of, subject_bytes, unseal
from tests.audit.builders import Keys, draft, new_id


@pytest.mark.parametrize(
    "typ", ["", "exchange", "exchange.made_up", "case", "case.", "case.Veto", "case.a b", "other.veto", "case.veto.x", "tally.x"]
)
def test_a_type_that_the_log_does_not_know_is_refused(typ: str) -> None:
    with pytest.raises(ValueError, match="typ"):
        draft(typ)


@pytest.mark.parametrize("typ", ["exchange.release", "exchange.refused", "exchange.failed"])
def test_what_closes_a_decision_names_it(typ: str) -> None:
    with pytest.raises(ValueError, match="decision"):
        draft(typ)


@pytest.mark.parametrize(
    "entry_id",
    ["", "x", "01900000-0000-4000-8000-000000000000", "01900000-0000-7000-8000-00000000000A", "01900000-0000-7000-7000-000000000000"],
)
def test_an_id_is_a_uuid7(entry_id: str) -> None:
    with pytest.raises(ValueError, match="UUIDv7"):
        draft(id=entry_id) if entry_id else Draft("tally", entry_id, "house", None, Core())


@pytest.mark.parametrize("log", ["", "Upper", "a/b", "a b", "x" * 65])
def test_a_log_is_named_as_an_origin_can_hold_it(log: str) -> None:
    with pytest.raises(ValueError, match="log"):
        draft(log=log)


def test_an_actor_and_a_subject_are_codes() -> None:
    with pytest.raises(ValueError, match="actor"):
        Actor("Jan Jansen", "municipality.director", "municipality")
    with pytest.raises(ValueError, match="subject"):
        Subject("p", "", "k")


def envelope(**changes: object) -> Envelope:
    return replace(Envelope("tally", "log.example/c/2026", new_id(), "2026-03-01T12:00:00.000000Z", None, {"core": "x"}), **changes)


def test_an_envelope_has_exactly_these_bytes() -> None:
    made = envelope(id="01900000-0000-7000-8000-000000000000")
    assert envelope_bytes(made) == (
        b'{"id":"01900000-0000-7000-8000-000000000000","log":"log.example/c/2026","ref":null,"sec":{"core":"x"},'
        b'"ts":"2026-03-01T12:00:00.000000Z","typ":"tally","v":1}'
    )
    assert parse_envelope(envelope_bytes(made)) == made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v":1,"x":1'),
        (b'"ref":null', b'"ref":1'),
        (b'"typ":"tally"', b'"typ":"other"'),
        (b'"typ":"tally"', b'"typ": "tally"'),
        (b'{"core":"x"}', b'["core"]'),
        (b'{"core":"x"}', b'{"core":1}'),
        (b".000000Z", b"Z"),
    ],
)
def test_a_text_that_is_no_envelope_is_refused(old: bytes, new: bytes) -> None:
    octets = envelope_bytes(envelope())
    assert old in octets
    with pytest.raises(ValueError, match=r"."):
        parse_envelope(octets.replace(old, new))


def test_the_same_section_twice_has_two_commitments() -> None:
    one, two = (sections_of(draft(), os.urandom(NOISE_BYTES), bytes(32)) for _ in range(2))
    assert {section.digest for section in one}.isdisjoint(section.digest for section in two)
    for section in one[:2]:
        assert section.digest == commitment(section.name, section.salt, section.body)


def test_a_commitment_is_bound_to_the_section_it_is_of() -> None:
    assert commitment("core", bytes(32), b"{}") != commitment("actor", bytes(32), b"{}")


def test_the_stored_subject_is_sealed_and_its_commitment_is_over_the_plain_text() -> None:
    made = draft(subject="pseudonym-of-a-person")
    key = Keys().key("key-pseudonym-of-a-person")
    subject = sections_of(made, os.urandom(NOISE_BYTES), key)[2]
    assert b"pseudonym" not in subject.body
    assert made.subject is not None
    plain = unseal(subject.body, key=key, entry_id=made.id)
    assert plain == subject_bytes(made.subject)
    assert parse_subject(plain, "key-pseudonym-of-a-person") == made.subject
    assert commitment("subject", subject.salt, plain) == subject.digest


def test_a_sealed_subject_opens_under_no_other_entry_and_no_other_key() -> None:
    key, entry_id = bytes(32), new_id()
    body = seal(b"plain", key=key, entry_id=entry_id, nonce=bytes(12))
    assert unseal(body, key=key, entry_id=entry_id) == b"plain"
    for wrong in ({"key": bytes([1] * 32)}, {"entry_id": new_id()}):
        with pytest.raises(ValueError, match="sealed"):
            unseal(body, **({"key": key, "entry_id": entry_id} | wrong))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sealed"):
        unseal(body[:-1] + bytes([body[-1] ^ 1]), key=key, entry_id=entry_id)


def test_nothing_is_sealed_without_the_key_of_its_subject() -> None:
    with pytest.raises(ValueError, match="the key of the subject"):
        sections_of(draft(), os.urandom(NOISE_BYTES), None)


def test_an_actor_is_read_again_and_nothing_else_is() -> None:
    actor = Actor("p1", "municipality.director", "municipality")
    assert parse_actor(actor_bytes(actor)) == actor
    for octets in (b"{}", b"[]", actor_bytes(actor) + b" ", actor_bytes(actor).replace(b"p1", b"p 1")):
        with pytest.raises(ValueError, match=r"."):
            parse_actor(octets)
