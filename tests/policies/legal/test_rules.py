"""Every rule of the lint, fired by the wrong example of its page: line, column, severity, sentence, law and hint, in both languages.

The examples stand in docs/findings; there each right example, and the small covenant itself, is held to have no finding at all.
"""

from __future__ import annotations

import re

import pytest

from policies.legal import RULES
from tests.policies.legal import told_of_running, told_of_sharing
from tests.policies.legal.fragments import examples, told_of

#: what is said in Dutch and in English, in the order of the rules
TOLD = [*told_of_sharing.TOLD, *told_of_running.TOLD]


def code_of(sentence: str) -> str:
    found = re.search(r"(?:error|warning)\[([a-z0-9-]+)\]", sentence)
    assert found is not None
    return found[1]


def test_every_rule_is_here_once_and_there_are_many() -> None:
    assert [code_of(dutch) for dutch, _ in TOLD] == list(RULES)
    assert len(RULES) > 30


@pytest.mark.parametrize(("dutch", "english"), TOLD, ids=[code_of(dutch) for dutch, _ in TOLD])
def test_a_rule_fires_at_the_words_at_fault_in_both_languages(dutch: str, english: str) -> None:
    code = code_of(dutch)
    wrong = next(example for example in examples("wrong") if code in example.codes)
    found = [finding for finding in told_of(wrong.text) if finding.code == code]
    assert (found[0].text("nl"), found[0].text("en")) == (f"covenant.yaml:{dutch}", f"covenant.yaml:{english}")
    assert found[0].law == RULES[code].law
    assert found[0].severity is RULES[code].severity


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_silent_on_the_right_example_of_its_page(code: str) -> None:
    right = [example for example in examples("right") if code in example.codes]
    assert right
    assert [str(finding) for example in right for finding in told_of(example.text)] == []


def test_both_languages_say_something_of_their_own() -> None:
    for rule in RULES.values():
        assert rule.title.nl != rule.title.en
    assert [dutch for dutch, english in TOLD if dutch == english] == []


def test_no_rule_ever_says_that_anything_is_lawful() -> None:
    for sentence in (words for told in TOLD for words in told):
        assert not re.search(r"\b(lawful|legally|rechtmatig|toegestaan|mag wel|permitted)", sentence), sentence
