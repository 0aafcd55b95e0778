"""Bringing an older text back: the same agreement under a new name, in the place of the version in force, to be signed by all again."""

from __future__ import annotations

from broker.errors import CovenantRefused
from policies.editing import EditRefused, set_value


def brought_back(text: bytes, *, version: str, supersedes: str) -> bytes:
    """The text with another `version` and `supersedes`, and every other byte as it was.

    Raises:
        CovenantRefused: the name cannot be one, or it is the old one.
    """
    edited = text.decode()
    try:
        edited = set_value(edited, "version", version).text
        edited = set_value(edited, "supersedes", supersedes).text
    except EditRefused as error:
        raise CovenantRefused(f"expected another version name that can stand in this text: {error}", "name_taken") from error
    return edited.encode()
