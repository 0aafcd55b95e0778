"""What it does to those who exchange when one version takes the place of another: compared by what is compiled, not by the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from broker.versions.steps import Effect
from policies.compile import Policy
from policies.covenant import Article, Covenant
from policies.diff import diff


def effect_of(old: Policy | None, new: Policy) -> Effect:
    """The effect of `new` in the place of `old`, or of nothing, as `broker covenant diff` shows it."""
    if old is None:
        return Effect.WIDENS
    found = diff(old, new)
    if found.narrows:
        return Effect.BOTH if found.widens else Effect.NARROWS
    return Effect.WIDENS if found.widens else Effect.NONE


def narrows(old: Policy, new: Policy) -> bool:
    """Whether something that `old` gives to somebody might not be given by `new`: what the fence of a release goes by. In doubt it might.

    The diff is for people and may change its mind about what matters; this errs to one side. False means: every decision under `old` would
    be given by `new` as well, in the same form, by the same article, on the same grounds.
    """
    if not frozenset(old.rules) <= frozenset(new.rules):
        return True
    if any(_otherwise(article, new.articles[article.id]) for article in old.covenant.articles):
        return True
    return not all(_keeps(one, other) for one, other in zip(_terms(old.covenant), _terms(new.covenant), strict=True))


def _otherwise(old: Article, new: Article) -> bool:
    """Whether an article gives on other grounds or conditions. To whom, where and what it gives is in the rules, and words give nothing."""
    same = replace(
        new, title=old.title, to=old.to, case_types=old.case_types, phases=old.phases, about=old.about, fields=old.fields,
        necessity=old.necessity,
    )  # fmt: skip
    return same != old


def _terms(covenant: Covenant) -> tuple[Mapping[str, object], ...]:
    """What a decision and its disclosure rest on beside articles: a change of any of it counts."""
    parts = (covenant.parties, covenant.subjects, covenant.legal_bases, covenant.purposes, covenant.case_types, covenant.fields)
    return tuple({str(name): value for name, value in part.items()} for part in parts)


def _keeps(old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    return all(new.get(name) == value for name, value in old.items())
