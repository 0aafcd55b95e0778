"""Questions for somebody else's Casbin, and what we ourselves answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from policies.casbin_export import Question, casbin_files, question
from policies.compile import compile_covenant
from policies.decide import Ask, decide
from policies.policy import Policy
from policies.rules import Context, Rule
from policies.scenarios import favourable_case
from policies.vocabulary import FULL, ArticleId, CaseTypeId, FieldName, Form, FormKind, Phase, PurposeId, RoleId, SubjectKind
from tests.policies.builders import (
    ADVISER,
    COUNT,
    DIRECTOR,
    HOME,
    KIND,
    LANDLORD,
    LAST_ON,
    MINOR,
    NAME,
    NUISANCE,
    OFFICER,
    PLAN,
    STREET,
    SUPPORT,
    TENANT,
    TRIAGE,
    article,
    covenant,
)

#: what an article may be called by whoever builds a covenant without a file, and what a CSV reader trips over
_NAMES = ("5.1, lid 2 (a)", '"5"', "5,1", " 5 ", "5%2C1", "5|full", "#5", "p, 5", "v\u00ed\u00edf", "5\n5", "(5", "5]", "5;1", "5")
_FORMS = {
    NAME: (FULL, Form(FormKind.INITIALS)),
    COUNT: (FULL, Form(FormKind.BANDS, ("0-2", "3-9", "10+")), Form(FormKind.BANDS, ("0-9", "10+"))),
    LAST_ON: (FULL, Form(FormKind.MONTH)),
    KIND: (FULL,),
}
#: wrong names, and none at all
_STRANGERS = ("", "", "gossip", "municipality", "*", "a|b", "p, x", '"')


def exported(policy: Policy, folder: Path) -> Path:
    """The files of the export in a folder."""
    folder.mkdir()
    for name, text in casbin_files(policy, "nl").items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def generated(random: Random) -> Policy:
    """A covenant of the small one's parties whose articles have the worst of names."""
    articles = [
        article(
            name,
            LANDLORD,
            frozenset(random.sample([DIRECTOR, ADVISER, OFFICER], random.randint(1, 3))),
            {field: random.choice(_FORMS[field]) for field in random.sample(list(_FORMS), random.randint(1, 4))},
            purpose=random.choice([NUISANCE, SUPPORT]),
            case_types=frozenset(random.sample([STREET, HOME], random.randint(1, 2))),
            phases=frozenset(random.sample([TRIAGE, PLAN], random.randint(1, 2))),
            about=frozenset({TENANT, *random.sample([MINOR], random.randint(0, 1))}),
        )
        for name in random.sample(_NAMES, random.randint(3, 12))
    ]
    return compile_covenant(covenant(*articles))


def questions(policy: Policy, random: Random, number: int) -> Iterator[tuple[Question, bool]]:
    """So many questions and our answer to each: permits, near misses, strangers and empty names, each where any of the others may stand."""
    yield ("", "", ""), False
    for _ in range(number - 1):
        rule = random.choice(policy.rules)
        asked = _bent(policy, random, rule) if random.random() < 0.6 else rule
        yield question(asked.context, asked.field, asked.article, asked.form), ours(policy, asked)


def ours(policy: Policy, asked: Rule) -> bool:
    """Our own answer, by the mask that decisions are made from; a permit is one that `decide` gives where everything else is met."""
    context = asked.context
    found = any(
        (grant.field, grant.article, grant.form) == (asked.field, asked.article, asked.form) for grant in policy.mask(context).grants()
    )
    facts = favourable_case(policy, context.case_type, context.phase, context.subject)
    given = decide(policy, Ask(context.role, context.purpose, (asked.field,)), facts).granted
    if found and not given:
        raise AssertionError(f"the mask of {context.key} gives {asked.field}, and decide does not")
    return found


def _bent(policy: Policy, random: Random, rule: Rule) -> Rule:
    """The rule with one to three of its eight names changed."""
    for _ in range(random.randint(1, 3)):
        other, stranger = random.choice(policy.rules), random.choice(_STRANGERS)
        known, context = random.random() < 0.7, rule.context
        match random.randrange(8):
            case 0:
                rule = replace(rule, context=replace(context, role=other.context.role if known else RoleId(stranger)))
            case 1:
                rule = replace(rule, context=replace(context, purpose=other.context.purpose if known else PurposeId(stranger)))
            case 2:
                rule = replace(rule, context=replace(context, case_type=other.context.case_type if known else CaseTypeId(stranger)))
            case 3:
                rule = replace(rule, context=replace(context, phase=other.context.phase if known else Phase(stranger)))
            case 4:
                rule = replace(rule, context=replace(context, subject=other.context.subject if known else SubjectKind(stranger)))
            case 5:
                rule = replace(rule, field=other.field if known else FieldName(stranger))
            case 6:
                rule = replace(rule, article=other.article if known else ArticleId(stranger))
            case _:
                rule = replace(rule, form=other.form)
    return rule


__all__ = ["Context", "exported", "generated", "ours", "questions"]
