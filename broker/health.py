"""Whether the log can promise: what was seen of it, and the closed list of codes that follow. Pure.

A red code says that what happens now may not be provable later; the broker then answers that it is not ready. An amber code is for the
operator's eyes: something is owed or overdue, and the log still promises.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from audit.growth import CLOCKS_APART
from audit.verdict import Exit
from broker.health_notes import LastVerdict

#: the worker signs every minute; what stays unsigned for longer is not being signed
CHECKPOINT_LATE = timedelta(minutes=10)
#: as long as the design lets a checkpoint stand without enough witnesses; the settings may say otherwise
QUORUM_LATE = timedelta(hours=4)
#: the log is verified once a day
VERIFY_LATE = timedelta(hours=26)
#: a decision or a debt that is older was left by a crash, and the worker settles it within seconds
SETTLED_WITHIN = timedelta(minutes=2)
SETTLING_LATE = timedelta(minutes=10)


class Code(StrEnum):
    """What is wrong, the gravest first."""

    TAMPERED = "tampered"
    VERDICT_UNREADABLE = "verdict_unreadable"
    SIGNER_REFUSED = "signer_refused"
    APPEND_IMPOSSIBLE = "append_impossible"
    CLOCK_APART = "clock_apart"
    CHECKPOINT_LATE = "checkpoint_late"
    QUORUM_LATE = "quorum_late"
    WITNESSES_LATE = "witnesses_late"
    VERIFY_LATE = "verify_late"
    SETTLING_LATE = "settling_late"
    UNGUARDED = "unguarded"
    RATES_OF_NOBODY = "rates_of_nobody"


RED = frozenset(
    {
        Code.TAMPERED,
        Code.VERDICT_UNREADABLE,
        Code.SIGNER_REFUSED,
        Code.APPEND_IMPOSSIBLE,
        Code.CLOCK_APART,
        Code.CHECKPOINT_LATE,
        Code.QUORUM_LATE,
    }
)


@dataclass(frozen=True, slots=True)
class LogAge:
    """One log: for how long its oldest unsigned entry waits for a checkpoint, None where every entry is signed.

    `uncosigned` is the same for the word of enough witnesses; None also where no witnesses are asked for.
    """

    name: str
    size: int
    signed_size: int
    unsigned: timedelta | None
    uncosigned: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment. `clock_apart` is how far this machine's clock is from what the log's database says and has said.

    `open_decisions` and `debts` count what is older than `SETTLED_WITHIN`, with the age of the oldest. `rates_of_nobody` are names with a
    rate of their own that are no registered client's, `unguarded` triggers of the log's database that are gone.
    """

    at: datetime
    appendable: bool
    clock_apart: timedelta
    logs: tuple[LogAge, ...]
    open_decisions: int
    debts: int
    oldest_unsettled: timedelta
    verdict: LastVerdict | None
    refused_at: datetime | None
    quorum_required: bool = False
    quorum_max_age: timedelta = QUORUM_LATE
    rates_of_nobody: tuple[str, ...] = ()
    unguarded: tuple[str, ...] = ()


def codes_of(look: Look) -> tuple[Code, ...]:
    """Everything that is wrong, the gravest first; nothing where the log can promise and nothing is overdue."""
    uncosigned = any(log.uncosigned is not None and log.uncosigned > look.quorum_max_age for log in look.logs)
    found = {
        Code.TAMPERED: look.verdict is not None and look.verdict.exit is Exit.TAMPERED,
        # It may say that the log was changed, so it counts as if it did until the log is verified again.
        Code.VERDICT_UNREADABLE: look.verdict is not None and look.verdict.exit is None,
        Code.SIGNER_REFUSED: look.refused_at is not None,
        Code.APPEND_IMPOSSIBLE: not look.appendable,
        Code.CLOCK_APART: look.clock_apart > CLOCKS_APART,
        Code.CHECKPOINT_LATE: any(log.unsigned is not None and log.unsigned > CHECKPOINT_LATE for log in look.logs),
        Code.QUORUM_LATE: uncosigned and look.quorum_required,
        Code.WITNESSES_LATE: uncosigned and not look.quorum_required,
        # One that is yet to come was dated by a clock that was ahead: nobody knows how old it is.
        Code.VERIFY_LATE: look.verdict is None or not -CLOCKS_APART <= look.at - look.verdict.at <= VERIFY_LATE,
        Code.SETTLING_LATE: look.oldest_unsettled > SETTLING_LATE,
        Code.UNGUARDED: bool(look.unguarded),
        Code.RATES_OF_NOBODY: bool(look.rates_of_nobody),
    }
    return tuple(code for code in Code if found[code])
