"""`broker covenant explain`: for one ask, every field: by which article, or why not and what would have to be different."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from broker.cli.common import as_json, covenant_file, language, print_json
from broker.cli.covenant.edit_ask import Answers, Question, complete
from broker.cli.covenant.explain_json import members
from broker.cli.covenant.explain_tables import Telling
from broker.cli.covenant.usable import usable
from policies.covenant import Covenant
from policies.decide import Ask, decide
from policies.explain import answered, explain
from policies.never import names_field
from policies.scenarios import favourable_case
from policies.schema import UNMET
from policies.values import Label
from policies.vocabulary import CaseTypeId, FieldName, Phase, PurposeId, RoleId, SubjectKind
from policies.wording import in_language, say


def _roles(covenant: Covenant) -> list[str]:
    return [name for party in covenant.parties.values() for name in party.roles]


def _phases(covenant: Covenant, answers: Answers) -> list[str]:
    """The ladder of the chosen type of case, or all phases while that is not chosen."""
    chosen = covenant.case_types.get(CaseTypeId(answers.get("case-type", "")))
    types = [chosen] if chosen else covenant.case_types.values()
    return [*dict.fromkeys(phase for each in types for phase in each.ladder)]


_QUESTIONS = (
    Question("role", Label("wie vraagt", "who asks"), lambda covenant, _: _roles(covenant)),
    Question("purpose", Label("waarvoor", "what for"), lambda covenant, _: [*covenant.purposes]),
    Question("case-type", Label("in welke soort casus", "in which type of case"), lambda covenant, _: [*covenant.case_types]),
    Question("phase", Label("in welke fase", "in which phase"), _phases),
)


@click.command("explain")
@covenant_file
@click.option("--role", help="Who asks, such as municipality.director.")
@click.option("--purpose", help="What for.")
@click.option("--case-type", "case_type", help="In which type of case.")
@click.option("--phase", help="In which phase of it.")
@click.option("--subject", help="About which kind of subject; the covenant's first when left out.")
@click.option("--field", "fields", multiple=True, help="A field or a whole category (incidents.*); repeatable. All when left out.")
@click.option("--without", multiple=True, help=f"What is not so in the case; repeatable: {', '.join(UNMET)}.")
@click.option("--vetoed", multiple=True, help="A field on which there is a veto; repeatable.")
@click.option("--ids", is_flag=True, help="Say ids instead of labels.")
@language
@as_json
def explain_ask(
    file: Path,
    *,
    role: str | None,
    purpose: str | None,
    case_type: str | None,
    phase: str | None,
    subject: str | None,
    fields: tuple[str, ...],
    without: tuple[str, ...],
    vetoed: tuple[str, ...],
    ids: bool,
    language: str,
    as_json: bool,
) -> None:
    """Explain the answer to one ask under FILE, field by field.

    The case is as favourable as it can be, everybody takes part and every condition is met, but for what --without and --vetoed say.
    """
    policy = usable(file, language)
    covenant = policy.covenant
    given = {"role": role, "purpose": purpose, "case-type": case_type, "phase": phase}
    answers = complete(_QUESTIONS, given, file, asking=False, language=language)
    known = Known(language)
    ask = Ask(
        RoleId(known("--role", answers["role"], _roles(covenant))),
        PurposeId(known("--purpose", answers["purpose"], covenant.purposes)),
        _fields(known, covenant, fields),
    )
    kind = CaseTypeId(known("--case-type", answers["case-type"], covenant.case_types))
    here = Phase(known("--phase", answers["phase"], covenant.case_types[kind].ladder))
    about = SubjectKind(known("--subject", subject or next(iter(covenant.subjects)), covenant.subjects))
    unmet = [known("--without", word, UNMET) for word in without]
    objected = [FieldName(known("--vetoed", name, covenant.fields)) for name in vetoed]
    facts = favourable_case(policy, kind, here, about, without=unmet, vetoed=objected)
    found, seen = explain(policy, ask, facts), answered(policy, ask, facts, decide(policy, ask, facts))
    if as_json:
        print_json({"answered": seen, "fields": [members(covenant, one, language) for one in found]})
        return
    telling = Telling(policy, language, ids=ids)
    telling.head(ask, facts, seen, without=unmet, vetoed=objected)
    telling.given([one for one in found if one.grant])
    telling.withheld([one for one in found if not one.grant])


@dataclass(frozen=True, slots=True)
class Known:
    """Names that were typed, held against what the covenant knows."""

    language: str

    def __call__(self, option: str, name: str, known: Iterable[str]) -> str:
        """The name, where the covenant knows it.

        Raises:
            click.UsageError: it does not; the nearest name that it does know is in the message.
        """
        names = list(known)
        if name in names:
            return name
        near = difflib.get_close_matches(name, names, n=1)
        hint = (
            say("bedoelt u `{near}`?", "did you mean `{near}`?", near=near[0])
            if near
            else say("bekend zijn {names}", "known are {names}", names=", ".join(names))
        )
        told = say("{option}: onbekend: `{name}`; {hint}", "{option}: unknown `{name}`; {hint}", option=option, name=name, hint=hint)
        raise click.UsageError(in_language(told, self.language))


def _fields(known: Known, covenant: Covenant, patterns: Sequence[str]) -> tuple[FieldName, ...]:
    if not patterns:
        return tuple(covenant.fields)
    choices = [*covenant.fields, *(f"{category}.*" for category in covenant.categories)]
    chosen = [known("--field", pattern, choices) for pattern in patterns]
    return tuple(field for field in covenant.fields if any(names_field(pattern, field) for pattern in chosen))
