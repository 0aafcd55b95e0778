"""When a request is tried again: only where that is harmless, with growing pauses at random, and never past the deadline.

| what happened | tried again |
|---|---|
| nobody was reached | always: nothing was done |
| 429 | always: the broker says that it did nothing |
| 409 with `Retry-After` | where the request may be repeated; a command may no longer make sense after what others did |
| 502, 503, 504, or no whole answer | where the request may be repeated: reading, or with an `Idempotency-Key` |
| anything else | never: the answer would be the same |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from broker.client.errors import NoAnswer
from broker.client.transport import Answer, NotSent
from broker.client.world import Limits, World

_TOO_MANY, _CONFLICT = 429, 409
_PASSES = frozenset({502, 503, 504})


class Tries:
    """Repeats a request within its limits."""

    def __init__(self, limits: Limits, world: World) -> None:
        self._limits = limits
        self._world = world

    def until(self) -> float:
        """The moment, on the monotonic clock, at which a call that begins now has taken too long."""
        return self._world.monotonic() + self._limits.deadline_s

    def answer(self, send: Callable[[], Answer], until: float, *, repeatable: bool) -> Answer:
        """The first answer that is final, or the last that there was time for.

        Raises:
            NoAnswer: there was none.
        """
        for attempt in range(1, self._limits.tries + 1):
            answer: Answer | None = None
            failure: NoAnswer | None = None
            try:
                answer = send()
            except NoAnswer as error:
                failure = error
            pause_s = self._pause_s(answer, failure, attempt, repeatable=repeatable)
            late = pause_s is not None and self._world.monotonic() + pause_s >= until
            if pause_s is None or late or attempt == self._limits.tries:
                if answer is None:
                    raise failure or NoAnswer("no answer")
                return answer
            self._world.sleep(pause_s)
        raise AssertionError("unreachable")

    def _pause_s(self, answer: Answer | None, failure: NoAnswer | None, attempt: int, *, repeatable: bool) -> float | None:
        """How long to wait before the next try; None where there is none."""
        longest = min(self._limits.first_pause_s * 2.0 ** (attempt - 1), self._limits.longest_pause_s)
        jitter_s = longest * self._world.fraction()
        if answer is None:
            return jitter_s if repeatable or isinstance(failure, NotSent) else None
        asked_s = retry_after_s(answer, self._world.now())
        passes = answer.status in _PASSES or (answer.status == _CONFLICT and asked_s is not None)
        if answer.status == _TOO_MANY or (passes and repeatable):
            return (asked_s or 0.0) + jitter_s
        return None


def retry_after_s(answer: Answer, now_s: float) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or as a date (RFC 9110 section 10.2.3); None where it is neither."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - more seconds than anybody waits
        return float(text)
    moment = date_of(text)
    return None if moment is None else max(0.0, (moment - datetime.fromtimestamp(now_s, UTC)).total_seconds())


def date_of(text: str) -> datetime | None:
    """The moment that a header names (RFC 9110 section 5.6.7); None where it names none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
