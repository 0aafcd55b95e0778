"""Where a search goes on: the sizes that the logs had when it began, so that pages stay whole while the log grows."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from audit.errors import CursorInvalid

#: every number in a cursor is below this, so that no database is asked for one that it cannot hold
NUMBER_MAX = 2**53
#: a longer text was never handed out: a century of logs fits in it
LENGTH_MAX = 4000


@dataclass(frozen=True, slots=True)
class Cursor:
    """`sizes` per year, `year` and `index` of the last hit shown, `total` as counted at the start, `search` a digest of what is sought."""

    search: str
    sizes: Mapping[int, int]
    total: int
    capped: bool
    year: int
    index: int

    def __post_init__(self) -> None:
        numbers = (*self.sizes.keys(), *self.sizes.values(), self.total, self.year, self.index)
        if not all(type(number) is int and 0 <= number < NUMBER_MAX for number in numbers):
            raise ValueError("expected whole numbers")

    def __str__(self) -> str:
        sizes = sorted(self.sizes.items())
        members = [self.search, sizes, self.total, self.capped, self.year, self.index]
        return base64.urlsafe_b64encode(json.dumps(members, separators=(",", ":")).encode()).decode("ascii").rstrip("=")

    @classmethod
    def parse(cls, text: str, search: str) -> Cursor:
        """The cursor that this search handed out. It is not signed: whoever changes it sees what the search shows him anyway.

        Raises:
            CursorInvalid: it is none, or another search's.
        """
        if len(text) > LENGTH_MAX:
            raise CursorInvalid("expected a cursor that a page gave")
        try:
            members = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
            found, sizes, total, capped, year, index = members
            # A digest that is no text equals none below; a flag that is none is one of the two.
            cursor = cls(found, dict(sizes), total, bool(capped), year, index)
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise CursorInvalid("expected a cursor that a page gave") from error
        if cursor.search != search:
            raise CursorInvalid("expected a cursor of the same search")
        return cursor


def search_digest(*parts: object) -> str:
    """A short digest of what is sought, to keep a cursor from wandering into another search."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
