"""Problems (RFC 9457), and answers that are none."""

from __future__ import annotations

from broker.client.errors import AnswerUnusable, Problem, Refused
from broker.client.reading import Members, read_json
from broker.client.transport import Answer
from broker.client.tries import retry_after_s

PROBLEM = "application/problem+json"
_OK = range(200, 300)
_LONGEST = 500


def read_answer(answer: Answer, place: str, now_s: float) -> Members:
    """The members of an answer.

    Raises:
        Refused: it is a problem.
        AnswerUnusable: it is neither.
    """
    if answer.status not in _OK:
        raise Refused(problem_of(answer, place, now_s))
    if answer.media_type != "application/json":
        raise AnswerUnusable(f"{place}: expected application/json")
    return read_json(answer.body, "answer")


def problem_of(answer: Answer, place: str, now_s: float) -> Problem:
    """The problem that an answer is (RFC 9457).

    Raises:
        AnswerUnusable: it is none; a proxy may stand in between.
    """
    if answer.media_type != PROBLEM:
        raise AnswerUnusable(f"{place}: expected an answer of the broker, found status {answer.status} in another type")
    members = read_json(answer.body, "problem")
    kind = members.text("type")
    codes = (*_texts(members, "codes"), *([code] if (code := members.optional_text("code")) else []))
    trace = answer.headers.get("traceparent", "").split("-")
    return Problem(
        slug=kind.rpartition("/")[2][:_LONGEST],
        status=answer.status,
        title=(members.optional_text("title") or "")[:_LONGEST],
        detail=(members.optional_text("detail") or "")[:_LONGEST],
        errors=_flaws(members),
        codes=tuple(code[:_LONGEST] for code in codes),
        retry_after_s=retry_after_s(answer, now_s),
        trace_id=trace[1] if len(trace) > 1 else None,
    )


def _texts(members: Members, name: str) -> tuple[str, ...]:
    return members.texts(name) if members.has(name) else ()


def _flaws(members: Members) -> tuple[str, ...]:
    """`pointer: what was expected`, one for each that the problem names."""
    if not members.has("errors"):
        return ()
    return members.each("errors", lambda one: f"{_place(one)}: {one.optional_text('detail') or ''}"[:_LONGEST])


def _place(flaw: Members) -> str:
    if not flaw.has("location"):
        return flaw.optional_text("in") or "-"
    location = flaw.inside("location")
    return location.optional_text("pointer") or location.optional_text("name") or "-"
