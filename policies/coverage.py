"""Which articles and never statements no scenario tries: what could be changed in a covenant without a scenario noticing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.covenant import Covenant, Expectation, Given, Never
from policies.never import binds, covers, names_field
from policies.scenarios import ScenarioResult
from policies.vocabulary import ArticleId


@dataclass(frozen=True, slots=True)
class Untried:
    """An article or a never statement that no scenario tries, and the line on which it stands in the covenant."""

    id: str
    line: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a covenant its scenarios try."""

    articles: int
    statements: int
    uncovered: tuple[Untried, ...]
    untried: tuple[Untried, ...]


def coverage(covenant: Covenant, scenarios: Iterable[Expectation], results: Iterable[ScenarioResult]) -> Coverage:
    """What is tried and what is not.

    An article is covered when something that a scenario sees is given by it, in that form. A never statement is tried when a scenario never
    sees a field that the statement speaks of, for a role that it binds, and trivially when the covenant has no such field.
    """
    met: frozenset[ArticleId] = frozenset[ArticleId]().union(*(result.met_by for result in results))
    known = tuple(scenarios)
    return Coverage(
        articles=len(covenant.articles),
        statements=len(covenant.never),
        uncovered=tuple(
            Untried(article.id, covenant.places.of("articles", position)[0])
            for position, article in enumerate(covenant.articles)
            if article.id not in met
        ),
        untried=tuple(
            Untried(never.statement, covenant.places.of("never", position)[0])
            for position, never in enumerate(covenant.never)
            if not _is_tried(covenant, never, known)
        ),
    )


def _is_tried(covenant: Covenant, never: Never, scenarios: Sequence[Expectation]) -> bool:
    spoken_of = [name for name, known in covenant.fields.items() if covers(never, known)]
    return not spoken_of or any(
        _fits(never, scenario.given) and any(names_field(pattern, name) for pattern in scenario.never_sees for name in spoken_of)
        for scenario in scenarios
    )


def _fits(never: Never, given: Given) -> bool:
    """Whether some situation is the statement's and the scenario's as well; what either does not say means any."""
    return (
        binds(never, given.role)
        and (given.purpose is None or not never.purposes or given.purpose in never.purposes)
        and (given.phase is None or not never.phases or given.phase in never.phases)
        and (given.subject is None or not never.about or given.subject in never.about)
    )
