"""What follows from an edit, shown before anything is written: whether the text still reads, its effect, its scenarios."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import click

from broker.cli.covenant.edit_effect import effect_lines, scenario_lines
from broker.cli.covenant.edit_file import held
from broker.covenants import COVENANT_ZONE
from policies.check import Checked, check
from policies.editing import Edit, EditRefused, new_version
from policies.errors import CovenantErrors, Finding, Severity
from policies.wording import Label, in_language, say

#: an edit of a text
Change = Callable[[str], Edit]


def carry_out(file: Path, change: Change, *, dry_run: bool, language: str, version: str | None = None) -> None:
    """Edit a file: show what follows and write it, or say why not and write nothing. Exits with 1 where it is refused.

    `version` also makes it a new version that supersedes the one it was.
    """
    try:
        with held(file) as opened:
            before = opened.content.decode()
            edit = change(before)
            if version is not None:
                edit = new_version(edit, version)
            old, new = _checked(before, file), _checked(edit.text, file)
            _refuse_errors(_came(old, new), language)
            if dry_run:
                click.echo(_difference(before, edit.text, file.name), nl=False)
            _say(_lines(old, new, edit, language))
            if not dry_run:
                opened.replace(edit.text)
                click.echo(in_language(say("geschreven: {file}", "written: {file}", file=str(file)), language))
            else:
                click.echo(in_language(say("proef: er is niets geschreven", "dry run: nothing was written"), language))
    except EditRefused as refused:
        click.echo(in_language(say("geweigerd: {why}", "refused: {why}", why=refused.message), language), err=True)
        sys.exit(1)
    except CovenantErrors as errors:
        _say([finding.text(language) for finding in errors.findings], err=True)
        sys.exit(1)
    except UnicodeDecodeError:
        click.echo(in_language(say("geweigerd: {file} is geen UTF-8", "refused: {file} is not UTF-8", file=str(file)), language), err=True)
        sys.exit(1)


def _checked(text: str, file: Path) -> Checked:
    return check(text.encode(), str(file), datetime.now(tz=COVENANT_ZONE).date())


def counted(number: int, dutch: tuple[str, str], english: tuple[str, str]) -> Label:
    """`1 fout`, `2 fouten`."""
    return Label(f"{number} {dutch[number != 1]}", f"{number} {english[number != 1]}")


def _came(old: Checked, new: Checked) -> list[Finding]:
    """The findings that were not there before. A text with errors may be edited, so that they can be mended one by one."""
    known = {(finding.code, finding.message.en) for finding in old.findings}
    return [finding for finding in new.findings if (finding.code, finding.message.en) not in known]


def _refuse_errors(came: list[Finding], language: str) -> None:
    errors = [finding for finding in came if finding.severity is Severity.ERROR]
    if errors:
        _say([finding.text(language) for finding in came], err=True)
        words = ("deze wijziging geeft {count}; er is niets geschreven", "this edit brings {count}; nothing was written")
        raise EditRefused(say(*words, count=counted(len(errors), ("fout", "fouten"), ("error", "errors"))))


def _lines(old: Checked, new: Checked, edit: Edit, language: str) -> Iterator[str]:
    for note in edit.notes:
        yield in_language(say("let op: {note}", "note: {note}", note=note), language)
    for finding in _came(old, new):
        yield finding.text(language)
    if new.errors:
        count = counted(len(new.errors), ("fout", "fouten"), ("error", "errors"))
        yield in_language(
            say(
                "nog {count} die er al stonden; `broker covenant check` noemt ze",
                "{count} left that were there before; `broker covenant check` names them",
                count=count,
            ),
            language,
        )
    if new.policy is None:
        return
    yield from effect_lines(old.policy, new.policy, language)
    yield from scenario_lines(new.policy, language)


def _difference(before: str, after: str, name: str) -> str:
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, name)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _say(lines: Iterator[str] | list[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(line, err=err)
