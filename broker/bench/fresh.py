"""Processes for what is measured, that share nothing with the one that measures."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

#: what such a process imports; each by itself would take a second or more for it
_IMPORTED = ["broker.bench.audit", "broker.bench.load", "broker.bench.servers"]


def fresh_processes() -> ForkServerContext:
    """Processes forked from one that was started afresh and has our imports, and nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context
