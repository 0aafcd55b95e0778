"""Reading everything that a search finds, page after page, as the log was when it began."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine

from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from audit.section import SubjectKeys


def every(engine: Engine, sought: Search, subject_keys: SubjectKeys | None = None) -> Iterator[Record]:
    """Every hit, newest first; subjects are opened only with `subject_keys`."""
    cursor: str | None = None
    while True:
        page = search(engine, sought, limit=PAGE_MAX, cursor=cursor, subject_keys=subject_keys)
        yield from page.hits
        cursor = page.cursor
        if cursor is None:
            return
