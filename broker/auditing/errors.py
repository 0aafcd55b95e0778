"""Refusals of whoever reads the log. Each depends on the reader or on what was asked, never on what the log holds about a person."""

from __future__ import annotations


class PersonSearchRefused(Exception):  # noqa: N818 - what was refused
    """This reader may not search by person; it is refused whether the person is in the log or not."""


class SearchTooWide(Exception):  # noqa: N818 - what was found
    """An interface without pages would have had to leave results out without a word."""


class ExportsBusy(Exception):  # noqa: N818 - a state of this process
    """As many exports are under way as one process serves beside its exchanges."""
