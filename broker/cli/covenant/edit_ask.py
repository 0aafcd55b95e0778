"""What a command still needs to know: asked at a terminal, with the choices that the covenant gives; elsewhere all of it told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from policies.covenant import Covenant
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.wording import Label, in_language, say

#: what was answered already, by option; a later question may depend on it
Answers = Mapping[str, str]
Choices = Callable[[Covenant, Answers], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One option that must have a value. `each` picks out of an item (`name=form`) what must be one of the choices."""

    option: str
    words: Label
    choices: Choices | None = None
    many: bool = False
    each: Callable[[str], str] = str
    suggestion: Choices | None = None


def complete(questions: Sequence[Question], given: Mapping[str, str | None], file: Path, *, asking: bool, language: str) -> dict[str, str]:
    """The answers to all questions. Where the covenant leaves one choice there is nothing to ask.

    Raises:
        click.UsageError: something is missing, and nobody is there to ask; all that is missing is named.
    """
    covenant = _read(file)
    answers = {option: value for option, value in given.items() if value}
    missing: list[str] = []
    for question in questions:
        if question.option in answers:
            continue
        choices = tuple(question.choices(covenant, answers)) if covenant and question.choices else ()
        if len(choices) == 1 and question.each is str:
            answers[question.option] = choices[0]
        elif asking:
            suggested = question.suggestion(covenant, answers) if covenant and question.suggestion else ()
            answers[question.option] = _ask(question, choices, ",".join(suggested), language)
        else:
            missing.append(_lacking(question, choices, language))
    if missing:
        told = say("er ontbreekt:\n{missing}", "missing:\n{missing}", missing="\n".join(missing))
        raise click.UsageError(in_language(told, language))
    return answers


def _read(file: Path) -> Covenant | None:
    try:
        return load_covenant(file.read_bytes(), str(file))
    except CovenantErrors:
        return None  # an edit that mends it may come; there are no choices to offer until then


def _lacking(question: Question, choices: Sequence[str], language: str) -> str:
    among = f": {', '.join(choices)}" if choices else ""
    return f"  --{question.option}  {in_language(question.words, language)}{among}"


def _ask(question: Question, choices: Sequence[str], suggested: str, language: str) -> str:
    words = in_language(question.words, language)
    if choices:
        several = say(" (een of meer, met komma's)", " (one or more, with commas)") if question.many else say(" (één)", " (one)")
        click.echo(f"{words}{in_language(several, language)}: {', '.join(choices)}", err=True)
    while True:
        answer: str = click.prompt(f"  --{question.option}" if choices else words, default=suggested or None, err=True)
        strange = [one for one in _items(answer, many=question.many) if choices and question.each(one) not in choices]
        if not strange:
            return answer
        click.echo(in_language(say("onbekend: {names}", "unknown: {names}", names=", ".join(strange)), language), err=True)


def _items(answer: str, *, many: bool) -> tuple[str, ...]:
    return separated(answer) if many else (answer.strip(),)


def separated(text: str) -> tuple[str, ...]:
    """The items between commas; commas between brackets belong to an item: `a=month,b=bands(0-2,3+)`."""
    items, depth, begin = [], 0, 0
    for position, character in enumerate(f"{text},"):
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 0:
            items.append(text[begin:position].strip())
            begin = position + 1
    return tuple(item for item in items if item)
