"""Two covenants compared, and what was found as sets: what the tests of differences share."""

from __future__ import annotations

from dataclasses import replace

from policies.compile import compile_covenant
from policies.covenant import (
    Article,
    Covenant,
)
from policies.diff import Diff, Effect, FieldChange, TermChange, What, diff
from policies.vocabulary import FULL
from tests.policies.builders import (
    COUNT,
    DIRECTOR,
    LANDLORD,
    article,
)


def between(old: Covenant, new: Covenant) -> Diff:
    return diff(compile_covenant(old), compile_covenant(new))


def one(**changes: object) -> Article:
    """Article 1: the landlord tells the director how many complaints there are about a tenant."""
    return replace(article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}), **changes)  # type: ignore[arg-type]


def fields(found: Diff) -> set[tuple[What, Effect]]:
    assert all(isinstance(change, FieldChange) for change in found.changes), found.changes
    return {(change.what, change.effect) for change in found.changes if isinstance(change, FieldChange)}


def terms(found: Diff) -> set[tuple[str, Effect]]:
    return {(change.term, change.effect) for change in found.changes if isinstance(change, TermChange)}
