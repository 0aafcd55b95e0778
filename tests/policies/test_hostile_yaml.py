"""Files made to hurt: each is a clear error, from a cap or a rule, before anything is built from it."""

from __future__ import annotations

import time

import pytest
import yaml

from policies import document
from policies.document import MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_NODES, Mistakes, read_document
from policies.errors import CovenantErrors
from policies.reading import MAX_COMPARED
from tests.policies.yaml_edits import SMALL, mistakes

#: a file made to hurt, and all that is said of it
HOSTILE: list[tuple[bytes, str]] = [
    (b"", "1:1: error[empty]: the file holds no covenant"),
    (b"# only words\n", "1:1: error[empty]: the file holds no covenant"),
    (b"x" * (MAX_BYTES + 1), "1:1: error[too-large]: expected at most 2097152 bytes, found 2097153"),
    (b"[" * 900, "1:17: error[too-deep]: nested more than 16 deep"),
    (b'{"a":' * 100_000, "1:77: error[too-deep]: nested more than 16 deep"),
    (b"- " * 100_000, "1:33: error[too-deep]: nested more than 16 deep"),
    (b"? " * 100_000, "1:33: error[too-deep]: nested more than 16 deep"),
    (
        b"\xef\xbb\xbfcovenant: 1\n",
        "1:1: error[byte-order-mark]: the file begins with a byte order mark; save it as UTF-8 without BOM",
    ),
    (
        "covenant: 1".encode("utf-16"),
        "1:1: error[byte-order-mark]: the file begins with a byte order mark; save it as UTF-8 without BOM",
    ),
    ("covenant: 1\nid: caf\u00e9\n".encode("latin-1"), "2:8: error[not-utf8]: byte 0xe9 is not UTF-8; save it as UTF-8"),
    (b"covenant: 1\n\xff", "2:1: error[not-utf8]: byte 0xff is not UTF-8; save it as UTF-8"),
    (b"covenant: 1\nparties:\n\tcity: {}\n", "3:1: error[tab]: a tab; use spaces"),
    (b"covenant: \x001\n", "1:11: error[invisible-character]: an invisible character, U+0000; take it out"),
    (
        "covenant: 1\nid: a\u202eb\n".encode(),
        "2:6: error[invisible-character]: an invisible character, U+202E; take it out",
    ),
    (b"covenant: 1\n--- \ncovenant: 2\n", "2:1: error[second-document]: a second YAML document; a file holds one covenant"),
    (b"[a, b\n", "2:1: error[not-yaml]: not valid YAML: did not find expected ',' or ']'; while parsing a flow sequence"),
    (b"a: b: c\n", "1:5: error[not-yaml]: not valid YAML: mapping values are not allowed in this context"),
    (b"just words\n", "1:1: error[wrong-type]: expected the covenant with keys, found `just words`"),
]


def test_the_caps_leave_room_for_a_covenant_and_for_nothing_else() -> None:
    assert MAX_BYTES == 2 * 1024 * 1024
    assert MAX_DEPTH == 16
    assert MAX_NODES == 60_000
    assert MAX_FINDINGS == 200


@pytest.mark.parametrize(("content", "expected"), HOSTILE)
def test_a_hostile_file_is_one_clear_error(content: bytes, expected: str) -> None:
    assert mistakes(content) == [expected]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b"- ", b"? "])
def test_a_file_that_is_only_depth_is_too_deep_whoever_counts_first(opening: bytes) -> None:
    """libyaml 0.2.6 looks ahead and refuses a thousand levels by itself, where an earlier one told of each as it came."""
    (found,) = mistakes(opening * 100_000)
    assert found.endswith("error[too-deep]: nested more than 16 deep")


def test_as_many_parts_as_the_cap_are_left_before_they_are_built() -> None:
    assert mistakes(b"[" + b"a," * (MAX_NODES + 10) + b"]")[0].endswith("error[too-large]: expected at most 60000 parts")


def test_an_alias_bomb_is_refused_at_its_first_anchors() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(9))
    found = mistakes(bomb.encode())
    assert "1:4: error[anchor]: an anchor has no use here; take `&` and its name out" in found
    assert "2:8: error[alias]: `*a` repeats another part; write it out" in found


def test_merge_keys_tags_and_duplicate_keys_are_refused_where_they_stand() -> None:
    text = SMALL.replace("subjects:\n", "subjects:\n  <<: {tenant: {nl: a, en: b}}\n  tenant: !!python/object:os.system {nl: a, en: b}\n")
    assert mistakes(text.encode()) == [
        "33:3: error[merge-key]: `<<` merges another part; write it out",
        "34:11: error[tag]: tag `tag:yaml.org,2002:python/object:os.system` has no use here; take it out",
        "35:3: error[duplicate-key]: `tenant` stands here a second time; first on line 34",
    ]


def test_a_key_that_is_no_word_is_refused() -> None:
    assert "33:3: error[key-not-text]: expected a word as key, found a list or a map" in mistakes(
        SMALL.replace("subjects:\n", "subjects:\n  [a, b]: {nl: a, en: b}\n").encode()
    )


def test_a_file_with_nothing_but_mistakes_stops_at_a_number_of_them() -> None:
    assert len(mistakes(b"".join(b"key_%d: 1\n" % number for number in range(5_000)))) == MAX_FINDINGS


def test_numbers_of_five_thousand_digits_are_no_numbers() -> None:
    assert mistakes(SMALL.replace("covenant: 1\n", f"covenant: {'9' * 5_000}\n").encode()) == [
        f"1:11: error[wrong-value]: expected 1, found `{'9' * 57}...`"
    ]


def test_without_the_c_parser_the_same_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_PARSER", yaml.Loader)
    with pytest.raises(CovenantErrors, match="nested more than 16 deep"):
        read_document(b"[" * 1_000, Mistakes("covenant.yaml"))
    assert mistakes(b"a: b: c\n") == ["1:5: error[not-yaml]: not valid YAML: mapping values are not allowed here"]


def _many(form: str, number: int) -> str:
    return f"[{', '.join(form % each for each in range(number))}]"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('never_sees: ["help.*"]', f"never_sees: {_many('help.f%d', 30_000)}"),
        ('["0-2", "3+"]', _many('"%d"', 30_000)),
        ("next: [plan, closed]", f"next: {_many('p%d', 30_000)}"),
        (
            "      count: {type: integer, title: {nl: aantal, en: number}}\n",
            "".join(f"      f{each}: {{type: date, title: {{nl: a, en: b}}}}\n" for each in range(3_000)),
        ),
    ],
    ids=["a list of fields that are not there", "a list of bands", "a list of phases", "names that nothing defines among many that are"],
)  # fmt: skip
def test_a_long_list_takes_no_longer_than_its_length(old: str, new: str) -> None:
    """Each of these took minutes while every item was held beside every other; now it takes less than a second, on a machine at rest."""
    text = SMALL.replace(old, new)
    if old.startswith(" "):
        text = text.replace('never_sees: ["help.*"]', f"never_sees: {_many('complaints.g%d', 190)}")
    began = time.process_time()
    assert mistakes(text.encode())
    assert time.process_time() - began < 5


def test_the_nearest_name_is_looked_for_until_it_has_cost_enough() -> None:
    fields = "".join(f"      f{each}: {{type: date, title: {{nl: a, en: b}}}}\n" for each in range(1_000))
    text = SMALL.replace("      last_on: {type", f"{fields}      last_on: {{type")
    found = mistakes(text.replace('never_sees: ["help.*"]', f"never_sees: {_many('complaints.g%d', 40)}").encode())
    hinted = [line for line in found if "did you mean `complaints.f" in line]
    assert len(found) == 40
    assert 0 < len(hinted) == MAX_COMPARED // 1_004
    (long_name,) = mistakes(SMALL.replace("role: landlord.caretaker", f"role: {'landlord.caretaker' * 100}").encode())
    assert "did you mean" not in long_name
