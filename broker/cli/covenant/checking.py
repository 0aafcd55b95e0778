"""`broker covenant check`: everything that is wrong with a text, and everything that a privacy officer has to weigh."""

from __future__ import annotations

import difflib
import re
import sys
from datetime import datetime
from pathlib import Path

import click

from broker.cli.common import as_json, language, print_json, readable_file
from broker.cli.covenant import watching
from broker.covenants import COVENANT_ZONE
from policies.check import Checked, check
from policies.errors import Finding, Severity
from policies.legal import RULES
from policies.wording import Label, in_language, listed, say

#: a page for every code, beside the code that they explain; an installed wheel does not bring them
PAGES = Path(__file__).resolve().parents[3] / "docs" / "findings"

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("check")
@click.argument("file", type=readable_file, required=False)
@click.option("--today", type=_DAY, metavar="DATE", help="The day to look at it from, such as 2026-01-31. Default: today.")
@click.option("--watch", is_flag=True, help="Look again each time FILE is saved, until Ctrl-C; when clean, say what changed.")
@click.option("--explain", metavar="CODE", help="Print the page about a code instead, such as metadata-leak.")
@language
@as_json
def check_file(file: Path | None, today: datetime | None, explain: str | None, *, watch: bool, language: str, as_json: bool) -> None:
    """Read FILE and say everything that is wrong with it, each with its line, its column and its law.

    Exit code 0 clean (warnings may remain), 1 errors, 2 not understood. Clean is not lawful: it is consistent with these rules.
    """
    if explain is not None:
        click.echo(page_of(explain, language))
        return
    if file is None:
        raise click.UsageError(in_language(say("hier hoort FILE, of --explain CODE", "expected FILE, or --explain CODE"), language))
    if watch:
        watching.watch(file, language, lines_of)
        return
    checked = check(file.read_bytes(), str(file), today.date() if today else datetime.now(tz=COVENANT_ZONE).date())
    if as_json:
        print_json([_members(finding, language) for finding in checked.findings])
    else:
        for line in lines_of(checked, str(file), language):
            click.echo(line)
    sys.exit(1 if checked.errors else 0)


def lines_of(checked: Checked, name: str, language: str) -> list[str]:
    """What is printed of a text that was checked: a line for each finding, and one that sums up. Colours are for a terminal alone."""
    return [*(_coloured(finding, language) for finding in checked.findings), f"{name}: {in_language(summary(checked), language)}"]


def _coloured(finding: Finding, language: str) -> str:
    plain = f"{finding.severity}[{finding.code}]"
    return finding.text(language).replace(plain, click.style(plain, fg=_COLOURS[finding.severity], bold=True), 1)


def summary(checked: Checked) -> Label:
    """How many errors and warnings, and, where the text can be used, what is in it and its hash."""
    count = _counted(len(checked.errors), len(checked.warnings))
    if checked.policy is None or checked.errors:
        return count
    covenant = checked.policy.covenant
    return say(
        "{id} {version}: {parties} partijen, {articles} artikelen, {fields} velden, {rules} regels; {count}; sha256 {sha256}",
        "{id} {version}: {parties} parties, {articles} articles, {fields} fields, {rules} rules; {count}; sha256 {sha256}",
        id=covenant.id,
        version=covenant.version,
        parties=len(covenant.parties),
        articles=len(covenant.articles),
        fields=len(covenant.fields),
        rules=len(checked.policy.rules),
        count=count,
        sha256=checked.policy.covenant_sha256,
    )


def _counted(errors: int, warnings: int) -> Label:
    dutch = (f"{errors} fout{'' if errors == 1 else 'en'}", f"{warnings} waarschuwing{'' if warnings == 1 else 'en'}")
    english = (f"{errors} error{'' if errors == 1 else 's'}", f"{warnings} warning{'' if warnings == 1 else 's'}")
    return Label(", ".join(dutch), ", ".join(english))


def page_of(code: str, language: str) -> str:
    """The part of a code's page in one language; where the pages are not installed, what the rule says of itself.

    Raises:
        click.UsageError: there is no such code.
    """
    page = next((page for page in sorted(PAGES.glob("*.md")) if code in codes_of(page)), None)
    if page is not None:
        text = page.read_text(encoding="utf-8")
        head, dutch, rest = re.split(r"^## (?:Nederlands|English)$", text, flags=re.MULTILINE)
        english, examples, wrong = rest.partition("## Fout · wrong")
        return "\n\n".join(part.strip() for part in (head, dutch if language == "nl" else english, examples + wrong) if part.strip())
    rule = RULES.get(code)
    if rule is None:
        known = {*RULES, *(name for page in PAGES.glob("*.md") for name in codes_of(page))}
        near = listed(f"`{name}`" for name in difflib.get_close_matches(code, known) or ["metadata-leak"])
        unknown = say(
            "hier hoort een code zoals {near}, er staat `{code}`", "expected a code such as {near}, found `{code}`", near=near, code=code
        )
        raise click.UsageError(in_language(unknown, language))
    return f"{rule.severity}[{code}]: {in_language(rule.title, language)}" + (f" ({rule.law})" if rule.law else "")


def codes_of(page: Path) -> tuple[str, ...]:
    """The codes that a page explains: those of its first line; a page about several names each of them there."""
    with page.open(encoding="utf-8") as lines:
        return tuple(re.findall(r"`([a-z0-9-]+)`", lines.readline()))


def _members(finding: Finding, language: str) -> dict[str, object]:
    plain = {member: getattr(finding, member) for member in ("file", "line", "column", "severity", "code", "law")}
    hint = in_language(finding.hint, language) if finding.hint else None
    return plain | {"message": in_language(finding.message, language), "hint": hint}
