"""A watcher as the settings want it: for a broker that exchanges, and for a process that only looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine

from broker.clock import Clock
from broker.config import Settings
from broker.health_look import Watcher
from broker.health_notes import Notes
from broker.witnessing_policy import read_policy


def open_watcher(
    settings: Settings, engine: Engine, log_engine: Engine, clock: Clock, failed_at: Callable[[], float | None] = lambda: None
) -> Watcher:
    """Look at these databases; `failed_at` is when an append failed last.

    Raises:
        ConfigError: the witnesses' policy cannot be read.
    """
    return Watcher(
        engine=engine,
        log_engine=log_engine,
        audit_url=settings.audit_url,
        notes=Notes(settings.health),
        clock=clock,
        failed_at=failed_at,
        policy=read_policy(settings),
        quorum_required=settings.witness_required,
        quorum_max_age=timedelta(seconds=settings.witness_max_age_s),
        rated=tuple(name for name, _ in settings.client_rates),
    )
