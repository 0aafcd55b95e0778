"""Edits of a covenant's text that leave every other byte as it was: text in, text out.

A privacy officer's file holds more than YAML: comments, an order, quotes, columns that line up. No emitter gives all of that back, so none
is used. Each edit finds the span of the words in the text and replaces only that (`source`, `splices`). Whatever an edit does is then
read again: the text must say what it said before with exactly the one difference that was asked, or the edit is refused.
"""

from __future__ import annotations

from policies.editing.additions import NewArticle, NewField, NewScenario, add_article, add_field, add_role, add_scenario, remove_article
from policies.editing.edit import Edit, EditRefused
from policies.editing.renaming import KINDS, rename
from policies.editing.setting import new_version, set_value, unset

__all__ = [
    "KINDS",
    "Edit",
    "EditRefused",
    "NewArticle",
    "NewField",
    "NewScenario",
    "add_article",
    "add_field",
    "add_role",
    "add_scenario",
    "new_version",
    "remove_article",
    "rename",
    "set_value",
    "unset",
]
