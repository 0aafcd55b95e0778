"""Casbin, behind the smallest door that keeps it the authority: may this article give this field in this form, here?

pycasbin has edges that fail open (an empty policy allows empty strings; a switch allows everything; it is not safe under threads).
So this module alone imports it, the enforcer never leaves it, empty and unknown requests are refused before it is asked, rules
are checked before it sees them, and it is asked under a lock. tests/policies/test_enforcer.py pins every one of these.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from typing import Any

from casbin import FastEnforcer, Model
from casbin.model import FastModel
from casbin.persist import Adapter

from policies.errors import EnforcementError
from policies.rules import Context, Rule, grant_key
from policies.vocabulary import FULL, ArticleId, FieldName, Form

#: (context, field): the two columns by which Casbin finds its rows; with one, three or four its own `get_policy` breaks
_CACHE_KEYS = (0, 1)
_BARS = 4


class _Rows(Adapter):  # type: ignore[misc]  # casbin ships no types
    """Hands rows over as they are: the CSV adapters cut an article id at its comma, and `add_policies` is quadratic."""

    def __init__(self, rows: Collection[tuple[str, ...]]) -> None:
        self._rows = rows

    def load_policy(self, model: Model) -> None:
        policy = model.model["p"]["p"].policy
        for row in self._rows:
            policy.append(row)


class _ParsedOnce(FastEnforcer):  # type: ignore[misc]  # casbin ships no types
    """Casbin that keeps its matcher parsed. By itself it parses it again for every question, half of what one costs, and each time sets the
    warning filters of the whole process aside.
    """

    def __init__(self, model: Model, rows: _Rows) -> None:
        self._parsed: dict[str, Any] = {}
        super().__init__(model, rows, enable_log=False, cache_key_order=_CACHE_KEYS)

    def _get_expression(self, expr: str, functions: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - Casbin's own kind of value
        # INVARIANT: the same text has the same meaning; the model has no roles, so that Casbin's functions are always its own.
        if expr not in self._parsed:
            self._parsed[expr] = super()._get_expression(expr, functions)
        return self._parsed[expr]


def casbin_model_text() -> str:
    """The model that Casbin runs, as other Casbins can load it."""
    return files("policies").joinpath("casbin_model.conf").read_text(encoding="utf-8")


def _checked_rows(rules: Collection[Rule]) -> Iterator[tuple[str, ...]]:
    for rule in rules:
        if not (rule.field and rule.article) or rule.context.key.count("|") != _BARS:
            raise ValueError(f"expected a rule without empty names, found {rule.row}")
        yield rule.row


class Enforcer:
    """Casbin over the compiled rules of one covenant version. A new version gets a new enforcer; nothing is ever reloaded."""

    #: one for all enforcers of a process, not one for each: an enforcer's first question is parsed with `ast.parse`, whose depth Python
    #: 3.11 counts per interpreter, so that two at once can end as a SystemError, and a good ask as one that is refused
    _lock = threading.Lock()

    def __init__(self, rules: Collection[Rule]) -> None:
        rows = tuple(_checked_rows(rules))
        if not rows:
            raise ValueError("an enforcer without rules would allow what it was never told")
        model = FastModel(_CACHE_KEYS)
        model.load_model_from_text(casbin_model_text())
        self._contexts = frozenset(rule.context.key for rule in rules)
        self._casbin = _ParsedOnce(model, _Rows(rows))

    def allows(self, context: Context, field: FieldName, article: ArticleId, form: Form) -> bool:
        """Casbin's answer; a context that no rule knows, and anything empty, is refused without asking it."""
        if not field or not article or context.key not in self._contexts:
            return False
        # INVARIANT: one thread at a time. Shared by four threads, FastEnforcer gave 1,456 wrong answers in 32,000.
        with self._lock:
            answer = self._casbin.enforce(context.key, field, grant_key(article, form))
        return answer is True

    def refuses_all_but(self, context: Context, rules: Collection[Rule], fields: Collection[FieldName]) -> int:
        """Ask Casbin about each field under an article of this context that does not give it.

        Returns:
            How many questions were asked.

        Raises:
            EnforcementError: Casbin allows what no rule says.
        """
        giving: dict[FieldName, set[ArticleId]] = {}
        for rule in rules:
            giving.setdefault(rule.field, set()).add(rule.article)
        articles = sorted({rule.article for rule in rules})
        strangers = [(field, article) for field in fields for article in articles if article not in giving.get(field, ())]
        asked = dict(strangers)  # one article for each field
        for field, article in asked.items():
            if self.allows(context, field, article, FULL):
                raise EnforcementError(f"casbin allows {field} by article {article} in {context.key}, which no rule says")
        return len(asked)
