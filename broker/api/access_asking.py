"""What AuthZEN's requests say, read as the standard has them: what is not known is ignored, what is known has its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from broker.access.values import Entity, Question, Semantic
from broker.wire import StandardMessage, Whole

#: evaluations in one call
MAX_EVALUATIONS = 100
#: what an evaluation takes from the top of the call where it does not say it itself, each as a whole
INHERITED = ("subject", "action", "resource", "context")

_NOWHERE: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Batch:
    """Evaluations in their order, None where one cannot be read; `context` is the call's own."""

    questions: tuple[Question | None, ...]
    semantic: Semantic
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Search:
    """A search, and which page of it."""

    question: Question
    token: str | None
    limit: int | None


class EntityQuestion(StandardMessage):
    """A subject or a resource; its `properties` are read by nobody here, and so ignored."""

    type = fields.String(required=True)
    id = fields.String(required=True)

    @post_load
    def make(self, members: dict[str, str], **_: object) -> Entity:
        """As a value."""
        return Entity(members["type"], members.get("id"))


class SoughtEntityQuestion(StandardMessage):
    """What a search is for: an `id` is ignored."""

    type = fields.String(required=True)

    @post_load
    def make(self, members: dict[str, str], **_: object) -> Entity:
        """As a value."""
        return Entity(members["type"])


class ActionQuestion(StandardMessage):
    """An action, by its name."""

    name = fields.String(required=True)

    @post_load
    def make(self, members: dict[str, str], **_: object) -> str:
        """As its name."""
        return members["name"]


class _Evaluating(StandardMessage):
    """Whatever has a context; where it says nothing, nothing is known of the case."""

    context = fields.Dict(load_default=dict)


class EvaluationQuestion(_Evaluating):
    """One evaluation."""

    subject = fields.Nested(EntityQuestion, required=True)
    action = fields.Nested(ActionQuestion, required=True)
    resource = fields.Nested(EntityQuestion, required=True)

    @post_load
    def make(self, members: dict[str, Any], **_: object) -> Question:
        """As a value."""
        return Question(members["subject"], members["action"], members["resource"], members["context"])


_ONE = EvaluationQuestion()


class OptionsQuestion(StandardMessage):
    """How a list is evaluated."""

    evaluations_semantic = fields.Enum(Semantic, by_value=True, load_default=Semantic.EXECUTE_ALL)


class EvaluationsQuestion(_Evaluating):
    """Several evaluations, or without any of them one."""

    subject = fields.Nested(EntityQuestion)
    action = fields.Nested(ActionQuestion)
    resource = fields.Nested(EntityQuestion)
    evaluations = fields.List(fields.Dict(), load_default=list, validate=validate.Length(max=MAX_EVALUATIONS))
    options = fields.Nested(OptionsQuestion, load_default=lambda: {"evaluations_semantic": Semantic.EXECUTE_ALL})

    @post_load(pass_original=True)
    def make(self, members: dict[str, Any], original: Mapping[str, object], **_: object) -> Question | Batch:
        """As one question, or as a batch of them; one that cannot be read is denied, and the others are not."""
        if not members["evaluations"]:
            one: Question = _ONE.load(dict(original))
            return one
        top = {name: original[name] for name in INHERITED if name in original}
        questions = tuple(_read({**top, **item}) for item in members["evaluations"])
        return Batch(questions, members["options"]["evaluations_semantic"], members["context"])


def _read(evaluation: dict[str, object]) -> Question | None:
    try:
        question: Question = _ONE.load(evaluation)
    except ValidationError:
        return None
    return question


class PageQuestion(StandardMessage):
    """Which page of a search."""

    token = fields.String(load_default=None)
    limit = Whole(load_default=None, validate=validate.Range(min=0))


class _Searching(_Evaluating):
    page = fields.Nested(PageQuestion, load_default=lambda: {"token": None, "limit": None})

    @post_load
    def make(self, members: dict[str, Any], **_: object) -> Search:
        """As a value; an action that nobody sought is not looked at."""
        question = Question(members["subject"], members.get("action"), members["resource"], members["context"])
        return Search(question, members["page"]["token"], members["page"]["limit"])


class SubjectSearchQuestion(_Searching):
    """Which subjects of a type may do this to the resource."""

    subject = fields.Nested(SoughtEntityQuestion, required=True)
    action = fields.Nested(ActionQuestion, required=True)
    resource = fields.Nested(EntityQuestion, required=True)


class ActionSearchQuestion(_Searching):
    """What the subject may do to the resource; an `action` is ignored."""

    subject = fields.Nested(EntityQuestion, required=True)
    resource = fields.Nested(EntityQuestion, required=True)


class ResourceSearchQuestion(_Searching):
    """To which resources of a type the subject may do this."""

    subject = fields.Nested(EntityQuestion, required=True)
    action = fields.Nested(ActionQuestion, required=True)
    resource = fields.Nested(SoughtEntityQuestion, required=True)


class AnswerMessage(StandardMessage):
    """An answer is written out by `broker.api.access_telling`, as the standard describes it."""
