"""The page about the decision point: its examples are played, its words are those of the code."""

from __future__ import annotations

import json
import re
from typing import Any

from broker.access.values import FORM_NOT_UNDERSTOOD, Refused
from broker.api.access_asking import MAX_EVALUATIONS
from policies.vocabulary import Reason
from tests.docs.pages import page, section
from tests.stage import DIRECTOR, SOCIAL_MANAGER, Theatre, shared_small_house

__all__ = ["shared_small_house"]

PAGE = page("docs/how-to/use-the-decision-point.md")
EXAMPLE = re.compile(r"```http\nPOST (\S+)\n```\n\n```json\n(.*?)```\n\n```json\n(.*?)```", re.DOTALL)
#: what an exchange alone can say
OF_AN_EXCHANGE = {Reason.UNKNOWN_FIELD, Reason.SOURCE_UNAVAILABLE}


def shortened(told: Any) -> Any:  # noqa: ANN401 - any JSON
    """An answer as the page prints it: a hash or a token is no reading matter."""
    if isinstance(told, list):
        return [shortened(one) for one in told]
    if isinstance(told, dict):
        return {name: "…" if name in {"sha256", "next_token"} and one else shortened(one) for name, one in told.items()}
    return told


def test_every_example_is_answered_as_it_is_printed(shared_small_house: Theatre) -> None:
    examples = EXAMPLE.findall(PAGE)
    assert {path for path, _, _ in examples} >= {"/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/subject"}
    for path, question, printed in examples:
        asked = json.loads(question)
        role = SOCIAL_MANAGER if asked["subject"].get("id") == SOCIAL_MANAGER else DIRECTOR
        answer = shared_small_house.post(role, path, asked)
        assert json.loads(printed) == shortened(answer), json.dumps(shortened(answer), ensure_ascii=False)


def test_every_reason_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"`([a-z_]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", section(PAGE, "Why it is denied"), re.MULTILINE))))
    assert explained - {"reason"} == {*Refused, FORM_NOT_UNDERSTOOD, *(set(Reason) - OF_AN_EXCHANGE)}


def test_the_page_says_how_many_are_too_many() -> None:
    assert f"At most {MAX_EVALUATIONS}, under one covenant" in PAGE
