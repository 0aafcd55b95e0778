"""The core of an entry: codes and nothing else, whole, in one canonical form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.codes import CODES_MAX, TooManyCodes, sorted_pairs
from audit.entry import Core, Covenant, Outcome
from audit.evaluations import Evaluation
from audit.section import core_bytes, parse_core
from tests.audit.builders import core

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
    texts = sorted((folder / "input").glob("*.json"))
    assert len(texts) == 6
    for given_text in texts:
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
