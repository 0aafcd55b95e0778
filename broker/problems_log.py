"""The problems of those who read the log, prove things with it and vouch for it; rows of the table in `broker.problems`."""

from __future__ import annotations

from audit.errors import CursorInvalid, UnknownEntry
from broker.errors import CosignatureRefused, Unwitnessed
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
