"""`broker covenant explain`: for one ask, every field: by which article, or why not and what would have to be different."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from broker.cli.common import as_json, covenant_file, language, print_json
from broker.cli.covenant.explain_tables import Words, members, print_given, print_head, print_withheld
from broker.cli.covenant.usable import usable
from policies.covenant import Covenant
from policies.decide import Ask, decide
from policies.explain import answered, explain
from policies.never import names_field
from policies.scenarios import favourable_case
from policies.schema import UNMET
from policies.vocabulary import CaseTypeId, FieldName, Phase, PurposeId, RoleId, SubjectKind


@click.command("explain")
@covenant_file
@click.option("--role", required=True, help="Who asks, such as municipality.director.")
@click.option("--purpose", required=True, help="What for.")
@click.option("--case-type", "case_type", required=True, help="In which type of case.")
@click.option("--phase", required=True, help="In which phase of it.")
@click.option("--subject", help="About which kind of subject; the covenant's first when left out.")
@click.option("--field", "fields", multiple=True, help="A field or a whole category (incidents.*); repeatable. All when left out.")
@click.option("--without", multiple=True, help=f"What is not so in the case; repeatable: {', '.join(UNMET)}.")
@click.option("--vetoed", multiple=True, help="A field on which there is a veto; repeatable.")
@language
@as_json
def explain_ask(
    file: Path,
    *,
    role: str,
    purpose: str,
    case_type: str,
    phase: str,
    subject: str | None,
    fields: tuple[str, ...],
    without: tuple[str, ...],
    vetoed: tuple[str, ...],
    language: str,
    as_json: bool,
) -> None:
    """Explain the answer to one ask under FILE, field by field.

    The case is as favourable as it can be, everybody takes part and every condition is met, but for what --without and --vetoed say.
    """
    words = Words(language)
    policy = usable(file, language)
    covenant = policy.covenant
    roles = [name for party in covenant.parties.values() for name in party.roles]
    ask = Ask(
        RoleId(_known(words, "--role", role, roles)),
        PurposeId(_known(words, "--purpose", purpose, covenant.purposes)),
        _fields(words, covenant, fields),
    )
    kind = CaseTypeId(_known(words, "--case-type", case_type, covenant.case_types))
    here = Phase(_known(words, "--phase", phase, covenant.case_types[kind].ladder))
    about = SubjectKind(_known(words, "--subject", subject or next(iter(covenant.subjects)), covenant.subjects))
    unmet = [_known(words, "--without", word, UNMET) for word in without]
    objected = [FieldName(_known(words, "--vetoed", name, covenant.fields)) for name in vetoed]
    facts = favourable_case(policy, kind, here, about, without=unmet, vetoed=objected)
    found, seen = explain(policy, ask, facts), answered(policy, ask, facts, decide(policy, ask, facts))
    if as_json:
        print_json({"answered": seen, "fields": [members(words, covenant, one) for one in found]})
        return
    print_head(words, policy, ask, facts, seen, (*unmet, *(f"veto {name}" for name in objected)))
    print_given(words, [one for one in found if one.grant])
    print_withheld(words, covenant, [one for one in found if not one.grant])


def _known(words: Words, option: str, name: str, known: Iterable[str]) -> str:
    """The name, where the covenant knows it.

    Raises:
        click.UsageError: it does not; the nearest name that it does know is in the message.
    """
    names = list(known)
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    hint = (
        words("bedoelt u `{near}`?", "did you mean `{near}`?", near=near[0])
        if near
        else words("bekend zijn {names}", "known are {names}", names=", ".join(names))
    )
    raise click.UsageError(
        words("{option}: onbekend: `{name}`; {hint}", "{option}: unknown `{name}`; {hint}", option=option, name=name, hint=hint)
    )


def _fields(words: Words, covenant: Covenant, patterns: Sequence[str]) -> tuple[FieldName, ...]:
    if not patterns:
        return tuple(covenant.fields)
    choices = [*covenant.fields, *(f"{category}.*" for category in covenant.categories)]
    chosen = [_known(words, "--field", pattern, choices) for pattern in patterns]
    return tuple(field for field in covenant.fields if any(names_field(pattern, field) for pattern in chosen))
