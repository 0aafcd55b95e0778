"""Test 11 of the design: a clock that jumps, and a log whose time does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from audit.entry import CLOCK_STEP, parse_envelope
from audit.tables import leaf
from audit.verdict import Exit
from tests.audit.builders import draft
from tests.audit.conftest import Room


@pytest.mark.parametrize("days", [-1 / 24, 366])
def test_a_clock_that_jumps_never_turns_the_log_s_time_back_and_a_step_back_is_an_entry(room: Room, days: float) -> None:
    """Test 11: an hour back, a year ahead and back again."""
    room.log.append(draft())
    room.clock.now += timedelta(days=days)
    room.log.append(draft())
    room.clock.now -= timedelta(days=days)
    (last, *_) = room.log.append(draft())
    with room.engine.connect() as connection:
        envelopes = [
            parse_envelope(row.encode()) for row in connection.execute(select(leaf.c.envelope).order_by(leaf.c.log_id != 0)).scalars()
        ]
        kinds = [envelope.typ for envelope in envelopes]
    times = sorted(envelope.ts for envelope in envelopes)
    assert kinds.count(CLOCK_STEP) == 1
    assert times[-1] == last.ts
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED
