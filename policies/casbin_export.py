"""The compiled rules as files that other Casbins load: `model.conf`, `policy.csv`, and a page that says how one asks them.

The CSV readers of the Casbins differ: pycasbin knows no quotes and cuts at every comma outside brackets, node-casbin knows both and takes a
space at a comma away, Go's knows quotes and no brackets. So no quoting is read alike, and what is written here holds nothing that any of
them gives a meaning: bands are parted by semicolons, and whatever else an id may hold beside letters, digits and `_ . -` is
percent-encoded. In a covenant that was read from a file no id has such characters, so there every name stands as it is.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from policies.enforcer import casbin_model_text
from policies.policy import Policy
from policies.rules import Context, Rule
from policies.vocabulary import ArticleId, FieldName, Form
from policies.wording import in_language, say

_PLAIN = frozenset(string.ascii_letters + string.digits + "_.-")

#: the three values of one question: context, field, grant
Question = tuple[str, str, str]


def question(context: Context, field: FieldName, article: ArticleId, form: Form) -> Question:
    """How one asks an exported policy whether this article gives this field in this form in this context."""
    where = (context.role, context.purpose, context.case_type, context.phase, context.subject)
    return "|".join(map(_plain, where)), _plain(field), f"{_plain(article)}|{_form(form)}"


def policy_csv(rules: Iterable[Rule]) -> str:
    """One line for each rule.

    Raises:
        ValueError: there are none: some Casbins allow everything that is empty when they have no rules.
    """
    lines = [f"p, {', '.join(question(rule.context, rule.field, rule.article, rule.form))}\n" for rule in rules]
    if not lines:
        raise ValueError("an exported policy without rules would allow what it was never told")
    return "".join(lines)


def casbin_files(policy: Policy, language: str) -> Mapping[str, str]:
    """Every file of the export by its name; the same policy always gives the same bytes."""
    return {"model.conf": casbin_model_text(), "policy.csv": policy_csv(policy.rules), "README.txt": _how_to_ask(policy, language)}


def _plain(name: str) -> str:
    return "".join(sign if sign in _PLAIN else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in name)


def _form(form: Form) -> str:
    return f"{form.kind}({';'.join(form.bands)})" if form.bands else str(form.kind)


def _how_to_ask(policy: Policy, language: str) -> str:
    rule, covenant = policy.rules[0], policy.covenant
    text = say(
        _NL,
        _EN,
        title=covenant.title,
        covenant=f"{covenant.id} {covenant.version}",
        covenant_sha256=policy.covenant_sha256,
        policy_sha256=policy.sha256,
        compiler=policy.compiler,
        rules=len(policy.rules),
        example="\n".join(f"    {name:<8} {value}" for name, value in zip(("context", "field", "grant"), _asked(rule), strict=True)),
        python=", ".join(f'"{value}"' for value in _asked(rule)),
    )
    return in_language(text, language)


def _asked(rule: Rule) -> Question:
    return question(rule.context, rule.field, rule.article, rule.form)


_NL = """\
{title}
convenant {covenant}, {rules} regels
sha256 van het convenant  {covenant_sha256}
sha256 van de regels      {policy_sha256} ({compiler})

model.conf en policy.csv zijn voor elke Casbin (pycasbin, node-casbin, Casbin voor Go, jCasbin): https://casbin.org

Een vraag heeft drie waarden:

    context  functie|doel|casussoort|fase|soort persoon
    field    categorie.veld
    grant    artikel|vorm

Bijvoorbeeld, en het antwoord is ja:

{example}

    Python   casbin.Enforcer("model.conf", "policy.csv").enforce({python})
    Node     (await newEnforcer("model.conf", "policy.csv")).enforce({python})

Vormen: full, month, year, initials, postcode4, present en bands(0-2;3-9;10+). Staat in een naam iets anders dan letters, cijfers en _ . -
dan staat dat teken hier procentgecodeerd (RFC 3986): artikel `5.1, lid 2` is 5.1%2C%20lid%202. Zo leest elke Casbin hetzelfde.

Wat dit niet weet: toestemming, veto, deelname en de andere voorwaarden van een artikel. Een ja zegt dat het artikel het veld in deze
situatie kan geven; of het dat in een casus doet, beslist de broker. Weiger een lege waarde voordat u Casbin vraagt.
"""

_EN = """\
{title}
covenant {covenant}, {rules} rules
sha256 of the covenant  {covenant_sha256}
sha256 of the rules     {policy_sha256} ({compiler})

model.conf and policy.csv are for any Casbin (pycasbin, node-casbin, Casbin for Go, jCasbin): https://casbin.org

A question has three values:

    context  role|purpose|case type|phase|kind of subject
    field    category.field
    grant    article|form

For instance, and the answer is yes:

{example}

    Python   casbin.Enforcer("model.conf", "policy.csv").enforce({python})
    Node     (await newEnforcer("model.conf", "policy.csv")).enforce({python})

Forms: full, month, year, initials, postcode4, present and bands(0-2;3-9;10+). Where a name holds anything but letters, digits and _ . -
that sign is percent-encoded here (RFC 3986): article `5.1, lid 2` is 5.1%2C%20lid%202. So every Casbin reads the same.

What this does not know: consent, a veto, taking part and the other conditions of an article. A yes says that the article can give the field
in this situation; whether it does in a case is the broker's to decide. Refuse an empty value before you ask Casbin.
"""
