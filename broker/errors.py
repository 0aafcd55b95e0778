"""Refusals that more than one room of the broker raises. They know nothing of HTTP; `broker/problems.py` does."""

from __future__ import annotations


class CovenantRefused(Exception):  # noqa: N818 - named as its problem type
    """A covenant version cannot take this step: what was expected and what was found."""


class CovenantUnknown(Exception):  # noqa: N818 - named as its problem type
    """No such covenant or version is known here, or none is in force."""
