"""How long the log waits for its lock: so long, and then whoever asked is told that nothing was promised."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import make_url

import audit.postgres
from audit.errors import LogUnavailable
from broker.database import upgrade
from tests.audit.builders import exchange, log_on, store_at


def test_a_lock_that_is_not_given_in_time_refuses_and_the_next_append_goes_on(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.postgres, "LOCK_TIMEOUT_MS", 200)
    upgrade(postgres_url, "audit")
    store = store_at(postgres_url)
    log, (decision, release) = log_on(store), exchange()
    log.append(decision)
    plain = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as holding:
        holding.execute("LOCK TABLE audit_head, audit_leaf IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(LogUnavailable):
            log.append(release)
        holding.rollback()
    assert log.append(release)
    store.close()
