from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.codes import CODES_MAX, TooManyCodes, sorted_pairs
from audit.entry import Actor, Core, Covenant, Draft, Envelope, Outcome, Subject, envelope_bytes, parse_envelope
from audit.evaluations import Evaluation
from audit.section import (
    NOISE_BYTES,
    actor_bytes,
    commitment,
    core_bytes,
    parse_actor,
    parse_core,
    parse_subject,
    seal,
    sections_of,
    subject_bytes,
    unseal,
)
from tests.audit.builders import Keys, core, draft, new_id

CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,30}", fullmatch=True)
PAIRS = st.lists(st.tuples(CODES, CODES), max_size=5, unique=True)
SHA256 = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
FORMS = st.sampled_from(["full", "month", "bands(0-2,3-9,10+)"])
EVALUATIONS = st.builds(
    Evaluation,
    role=st.none() | CODES,
    resource=st.none() | CODES,
    situation=st.none() | st.just(0),
    given=st.lists(st.tuples(CODES, FORMS, CODES), max_size=3).map(tuple),
    withheld=PAIRS.map(tuple),
    reason=st.none() | CODES,
)
CORES = st.builds(
    Core,
    situations=st.lists(PAIRS.map(sorted_pairs), min_size=1, max_size=3).map(tuple),
    evaluations=st.lists(EVALUATIONS, max_size=3).map(tuple),
    span_parent=st.none() | st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    outcome=st.none() | st.sampled_from(Outcome),
    reasons=st.lists(CODES, max_size=4).map(tuple),
    articles=st.lists(CODES, max_size=4).map(tuple),
    requester=st.none() | CODES,
    holders=st.lists(CODES, max_size=4).map(tuple),
    covenant=st.none() | st.builds(Covenant, CODES, CODES, SHA256),
    policy_sha256=st.none() | SHA256,
    requested=st.lists(CODES, max_size=5, unique=True).map(tuple),
    released=st.lists(st.tuples(CODES, FORMS), max_size=5, unique=True).map(tuple),
    withheld=PAIRS.map(tuple),
    case_facts=PAIRS.map(sorted_pairs),
    details=PAIRS.map(sorted_pairs),
    trace_id=st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
)

SENTENCES = [
    "",
    "a sentence",
    "tab\t",
    "line\nfeed",
    "é",
    "a?b=c",
    "a#b",
    'quo"te',
    "-x",
    " x",
    "x" * 201,
    "a@b.nl",
    "<script>",
    "a,b",
    "\x00",
]


def refused(member: str, value: object) -> bool:
    """Whether a core with this in it is refused for not being codes."""
    try:
        core(**{member: value})
    except ValueError as error:
        return "codes" in str(error)
    return False


@pytest.mark.parametrize("member", ["requester", "purpose", "activity", "retention", "software", "command"])
def test_no_member_of_a_core_takes_anything_but_a_code(member: str) -> None:
    assert [text for text in SENTENCES if not refused(member, text)] == []


@pytest.mark.parametrize("member", ["reasons", "articles", "holders", "legal_bases", "requested"])
def test_no_list_of_a_core_takes_anything_but_codes(member: str) -> None:
    assert [text for text in SENTENCES if not refused(member, ("fine", text))] == []


@pytest.mark.parametrize("member", ["withheld", "unavailable", "case_facts", "details"])
def test_no_pair_of_a_core_takes_anything_but_codes(member: str) -> None:
    pairs = [pair for text in SENTENCES for pair in (("fine", text), (text, "fine"))]
    assert [pair for pair in pairs if not refused(member, (pair,))] == []


def test_an_entry_names_all_of_a_large_covenant_and_has_an_end() -> None:
    fields = tuple(f"category.field_{number}" for number in range(3400))
    made = core(requested=fields[:3000], withheld=tuple((field, "vetoed") for field in fields[:3000]))
    assert parse_core(core_bytes(made)) == made
    with pytest.raises(TooManyCodes, match="at most 10000"):
        core(requested=fields, withheld=tuple((field, "vetoed") for field in fields))
    with pytest.raises(TooManyCodes):
        core(situations=(tuple((f"n{number:05}", "x") for number in range(CODES_MAX)),))


@pytest.mark.parametrize("text", SENTENCES)
def test_no_evaluation_takes_anything_but_codes(text: str) -> None:
    for one in (
        Evaluation(role=text),
        Evaluation(resource=text),
        Evaluation(reason=text),
        Evaluation(given=((text, "full", "5.1"),)),
        Evaluation(given=(("complaints.kind", "full", text),)),
        Evaluation(withheld=(("complaints.kind", text),)),
    ):
        with pytest.raises(ValueError, match="codes"):
            core(evaluations=(one,))
    with pytest.raises(ValueError, match="codes"):
        core(situations=((("purpose", text),),))
    with pytest.raises(ValueError, match="forms"):
        core(evaluations=(Evaluation(given=(("complaints.kind", "a sentence", "5.1"),)),))


@pytest.mark.parametrize("situation", [-1, 1, True, "0"])
def test_an_evaluation_is_in_a_situation_that_is_there(situation: int) -> None:
    with pytest.raises(ValueError, match="situation"):
        core(situations=((("purpose", "x"),),), evaluations=(Evaluation(situation=situation),))


@pytest.mark.parametrize("form", ["", "Full", "full ", "bands()", "bands(a b)", "bands(0-2", "a sentence", "bands(0-2)x"])
def test_a_released_field_has_a_form(form: str) -> None:
    with pytest.raises(ValueError, match="forms"):
        core(released=(("complaints.kind", form),))


@pytest.mark.parametrize(
    "changes",
    [
        {"case_facts": (("b", "1"), ("a", "1"))},
        {"case_facts": (("a", "1"), ("a", "1"))},
        {"details": (("b", "1"), ("a", "1"))},
        {"requested": ("a", "a")},
        {"withheld": (("a", "x"), ("a", "x"))},
        {"policy_sha256": "AB" * 32},
        {"trace_id": "x"},
        {"span_id": "0"},
        {"span_parent": "0"},
        {"entries": ("x",)},
        {"reasons": ("a",) * 10_001},
    ],
)
def test_facts_have_one_form_only(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        core(**changes)


def test_the_message_of_a_refusal_does_not_repeat_what_was_found() -> None:
    with pytest.raises(ValueError, match="core") as refused:
        core(purpose="Jan Jansen, Dorpsstraat 1")
    assert "Jansen" not in str(refused.value)


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


@given(CORES)
def test_a_core_is_printed_as_rfc_8785_prints_it_and_read_again(made: Core) -> None:
    octets = core_bytes(made)
    assert rfc8785.dumps(json.loads(octets)) == octets
    assert parse_core(octets) == made


def test_the_builders_core_is_read_again() -> None:
    assert parse_core(core_bytes(core())) == core()
    assert core_bytes(Core()) == b"{}"


def test_the_oracle_itself_passes_the_vectors_of_rfc_8785(shared: Path) -> None:
    folder = shared / "vectors/rfc8785-jcs"
    for given_text in sorted((folder / "input").glob("*.json")):
        wanted = (folder / "output" / given_text.name).read_bytes().rstrip(b"\n")
        parsed = json.loads(given_text.read_text())
        assert rfc8785.dumps(parsed) == wanted, given_text.name


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"{",
        b'{"made_up":"x"}',
        b'{"purpose": "x"}',
        b'{"purpose":"x","articles":["1"]}',
        b'{"articles":[]}',
        b'{"purpose":1}',
        b'{"articles":"12"}',
        b'{"released":[["a"]]}',
        b'{"covenant":"x"}',
        b'{"covenant":{"id":"a"}}',
        b'{"outcome":"maybe"}',
        b'{"purpose":"x","purpose":"x"}',
        b'{"purpose":"\\u0078"}',
        b'{"situations":[]}',
        b'{"situations":5}',
        b'{"situations":[["a","b"]]}',
        b'{"situations":[[["b","1"],["a","1"]]]}',
        b'{"evaluations":{}}',
        b'{"evaluations":"ab"}',
        b'{"evaluations":[[]]}',
        b'{"evaluations":[{"made_up":"x"}]}',
        b'{"evaluations":[{"given":[]}]}',
        b'{"evaluations":[{"given":[["a","full"]]}]}',
        b'{"evaluations":[{"role":1}]}',
        b'{"evaluations":[{"situation":0}]}',
        b'{"evaluations":[{"situation":true}],"situations":[[["a","1"]]]}',
        b'{"evaluations":[{"role":"a","reason":"b"}]}',
        b'{"span_parent":"0"}',
    ],
)
def test_a_body_that_is_not_the_closed_canonical_form_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_core(octets)


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
