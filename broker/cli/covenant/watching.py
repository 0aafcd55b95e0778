"""`broker covenant check --watch`: look again each time the file is saved, and say what changed since it was last clean."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from broker.cli.covenant.edit_effect import effect_lines, scenario_lines
from broker.covenants import COVENANT_ZONE
from policies.check import Checked, check
from policies.policy import Policy
from policies.wording import in_language, say

#: how often the file is looked at, in seconds
POLL_S = 0.3

#: what prints a checked text: `checking.lines_of`
Lines = Callable[[Checked, str, str], list[str]]


def watch(file: Path, language: str, lines_of: Lines, wait: Callable[[], None] = lambda: time.sleep(POLL_S)) -> None:
    """Check a file now and after each save, until Ctrl-C. Nothing on the screen is cleared.

    A save is another time, size or file under the name: editors that write a new file and rename it are seen too.
    """
    seen: object = None
    clean: Policy | None = None
    try:
        while True:
            now = _state(file)
            if now is not None and now != seen:
                seen = now
                clean = _look(file, clean, language, lines_of)
            wait()
    except KeyboardInterrupt:
        click.echo("\n" + in_language(say("gestopt met kijken", "stopped watching"), language), err=True)


def _state(file: Path) -> object:
    """What differs after a save; None while the file is away, as between an editor's two renames."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _look(file: Path, clean: Policy | None, language: str, lines_of: Lines) -> Policy | None:
    """Say what there is to say; the policy that the next look is compared with."""
    moment = datetime.now(tz=COVENANT_ZONE)
    try:
        checked = check(file.read_bytes(), str(file), moment.date())
    except FileNotFoundError:
        return clean
    click.echo(click.style(f"── {moment:%H:%M:%S} ", bold=True))
    for line in lines_of(checked, str(file), language):
        click.echo(line)
    if checked.policy is None or checked.errors:
        return clean
    for line in (*effect_lines(clean, checked.policy, language), *scenario_lines(checked.policy, language)):
        click.echo(line)
    return checked.policy
