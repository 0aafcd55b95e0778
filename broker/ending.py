"""The one end of every exchange: released, refused or failed, and never none of them; and a decision for each, whatever breaks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType, TracebackType
from typing import Self

from audit.errors import DecisionClosed, LogUnavailable
from audit.growth import Position
from audit.log import Log
from broker.cases.errors import CaseChanged
from broker.clock import Ids
from broker.disclosure import Question, Refusal
from broker.errors import OutOfTime
from broker.records import Asked, Records
from policies.mask import Masked
from policies.vocabulary import FieldName, Reason

#: the reason on the record where something broke that nobody foresaw
UNEXPECTED = "unexpected"
#: the reasons on the record for what was foreseen
REASONS: Mapping[type[Exception], str] = MappingProxyType({CaseChanged: "case_kept_changing", OutOfTime: "out_of_time"})


class Beginning:
    """Holds step 1; where it breaks, that somebody asked is on the record, with its end in the same commit."""

    def __init__(self, log: Log, records: Records, ids: Ids, exchange: str, unseen: Asked) -> None:
        self._log = log
        self._records = records
        self._ids = ids
        self._exchange = exchange
        self._unseen = unseen

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error is None:
            return
        with suppress(LogUnavailable):  # with the log down an error goes on as what it was
            self._log.append(
                self._records.decision(self._exchange, self._unseen, None, (UNEXPECTED,), None),
                self._records.failed(self._ids(), self._unseen, UNEXPECTED, self._exchange),
            )


class Ending:
    """Holds one exchange open from step 3 to step 6; whatever leaves it otherwise, it is on the record as failed."""

    def __init__(self, log: Log, records: Records, ids: Ids, exchange: str) -> None:
        self._log = log
        self._records = records
        self._ids = ids
        self._exchange = exchange
        self._ended = False
        self.asked: Asked | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._ended or self.asked is None:
            return
        reason = next((reason for kind, reason in REASONS.items() if isinstance(error, kind)), UNEXPECTED)
        try:
            self._log.append(self._records.failed(self._ids(), self.asked, reason, self._exchange))
        except (LogUnavailable, DecisionClosed):
            # The log is down, or took the release after all and could not say so. Nothing has left either way. The sweeper looks again:
            # a decision that is still open then is closed as interrupted.
            return

    def release(
        self, question: Question, masked: Mapping[FieldName, Masked], withheld: Mapping[FieldName, Reason], unavailable: Mapping[str, str]
    ) -> Position:
        """Step 6: append what leaves, under the fence of the case it was decided on.

        Raises:
            audit.errors.FenceMoved: the case or what is in force has changed; nothing was appended.
            audit.errors.LogUnavailable: nothing may leave.
        """
        draft = self._records.release(self._ids(), question.asked, question.granted, masked, withheld, unavailable, self._exchange)
        (position,) = self._log.append(draft, fence=question.fence)
        self._ended = True
        return position

    def refuse(self, refusal: Refusal) -> None:
        """End an exchange that turned out to be refused when it was decided again.

        Raises:
            audit.errors.LogUnavailable: it is not on the record.
        """
        if self.asked is None:
            raise ValueError("an exchange is refused after it was asked")
        self._log.append(self._records.refused(self._ids(), self.asked, (refusal.value,), self._exchange))
        self._ended = True
