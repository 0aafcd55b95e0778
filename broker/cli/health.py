"""`broker health` for a person or a script, and `broker metrics`, the listener for Prometheus."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from audit.database import open_engine as open_log_engine
from broker.cli.beside import of_server
from broker.cli.common import as_json, language, print_json, settings
from broker.clock import system_clock
from broker.config import Settings
from broker.database import open_engine
from broker.health import RED, Code, codes_of
from broker.health_look import Watcher
from broker.health_notes import Notes
from broker.health_open import open_watcher
from broker.health_words import AMBER_WORD, GREEN, RED_WORD, WORDS
from broker.metrics_serve import LOOPBACK, PATH, Page, serve_metrics
from broker.serve import end_with
from policies.wording import in_language


@contextmanager
def watcher_of(chosen: Settings) -> Iterator[Watcher]:
    """A watcher for a process that exchanges nothing; it needs no key, and takes the word of those that do append."""
    engine, log_engine = open_engine(chosen.database_url), open_log_engine(chosen.audit_url)
    try:
        yield open_watcher(chosen, engine, log_engine, system_clock, Notes(chosen.health).append_failed_at)
    finally:
        engine.dispose()
        log_engine.dispose()


@click.command()
@language
@as_json
def health(*, language: str, as_json: bool) -> None:
    """Whether the log can promise, now; nothing is written to it.

    Exit code 0 where it can (something may be overdue and is said), 1 where it cannot.
    """
    with watcher_of(settings()) as watcher:
        found = codes_of(watcher.look())
    red = [code for code in found if code in RED]
    if as_json:
        print_json({"ready": not red, "red": [code.value for code in red], "amber": [code.value for code in found if code not in RED]})
    else:
        for code in found:
            click.echo(f"{in_language(RED_WORD if code in RED else AMBER_WORD, language)}  {code.value}: {_said(code, language)}")
        if not red:
            click.echo(in_language(GREEN, language))
    sys.exit(1 if red else 0)


def _said(code: Code, language: str) -> str:
    return in_language(WORDS[code], language)


@click.command()
@of_server
def metrics(server: int | None) -> None:
    """Serve Prometheus metrics on 127.0.0.1 at BROKER_METRICS_PORT; `broker serve` starts this where that is set."""
    chosen = settings()
    if chosen.metrics_port is None:
        raise click.UsageError("expected a port in BROKER_METRICS_PORT")
    with watcher_of(chosen) as watcher, serve_metrics(Page(chosen.health, watcher.look), chosen.metrics_port) as listener:
        for number in (signal.SIGTERM, signal.SIGINT):
            # shutdown waits for the loop that this very thread runs
            signal.signal(number, lambda *_: threading.Thread(target=listener.shutdown).start())
        if server is not None:
            end_with(server, listener.shutdown)
        click.echo(f"metrics on http://{LOOPBACK}:{chosen.metrics_port}{PATH}", err=True)
        listener.serve_forever()
