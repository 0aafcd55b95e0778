"""The problems of those who read the log, prove things with it and vouch for it; rows of the table in `broker.problems`."""

from __future__ import annotations

from audit.codes import CODES_MAX
from audit.errors import CursorInvalid, UnknownEntry
from broker.auditing.errors import ExportsBusy, PersonSearchRefused, SearchTooWide
from broker.errors import CallTooWide, CosignatureRefused, Unwitnessed
from broker.problem import Problem, retry_after

LOG_PROBLEMS: tuple[Problem, ...] = (
    Problem(
        (CursorInvalid,),
        "invalid-cursor",
        400,
        "The cursor is not of this search",
        "Begin again without a cursor.",
    ),
    Problem(
        (PersonSearchRefused,),
        "no-search-by-person",
        403,
        "This reader does not search by person",
        "Only readers whose role has it search the log by case or subject. Others search by time, party, article and the like.",
    ),
    Problem(
        (SearchTooWide,),
        "search-too-wide",
        400,
        "There is more than one answer can hold",
        "This interface has no pages. Ask for a shorter time, or for one trace.",
    ),
    Problem(
        (CallTooWide,),
        "call-too-wide",
        400,
        "This call touches too much",
        f"Every call is one entry of the log, which names at most {CODES_MAX:,} fields, articles and facts. Ask it in several calls.",
    ),
    Problem(
        (ExportsBusy,),
        "exports-busy",
        429,
        "Other exports are under way",
        "Exchanges go first here. Try again when one of the exports is done.",
        headers=retry_after,
    ),
    Problem(
        (UnknownEntry,),
        "unknown-entry",
        404,
        "There is no such entry yet",
        "The log has no entry by this id, or no checkpoint covers it yet.",
    ),
    Problem(
        (Unwitnessed,),
        "unwitnessed",
        503,
        "The witnesses of the log are missing",
        "Nobody outside the broker has vouched for its log for too long, so nothing is exchanged. Nothing was released. Try again.",
        headers=retry_after,
    ),
    Problem(
        (CosignatureRefused,),
        "cosignature-refused",
        400,
        "The cosignature does not hold",
        "Send signature lines of a witness that this broker's policy names, over this broker's own checkpoint of that size.",
    ),
)
