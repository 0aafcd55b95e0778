"""`broker covenant check`: everything that is wrong with a text."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from broker.cli.common import as_json, covenant_file, language, print_json
from policies.compile import Policy, compile_covenant
from policies.errors import CovenantErrors, Finding
from policies.load import load_covenant
from policies.wording import in_language


@click.command()
@covenant_file
@language
@as_json
def check(file: Path, *, language: str, as_json: bool) -> None:
    """Read FILE and say everything that is wrong, each with its line and column. Exit code 0 clean, 1 mistakes."""
    try:
        policy = compile_covenant(load_covenant(file.read_bytes(), str(file)))
    except CovenantErrors as errors:
        if as_json:
            print_json([_members(finding, language) for finding in errors.findings])
        else:
            for finding in errors.findings:
                click.echo(finding.text(language))
        sys.exit(1)
    if as_json:
        print_json([])
        return
    click.echo(f"{file}: {_summary(policy)}")


def _summary(policy: Policy) -> str:
    found = policy.covenant
    return (
        f"{found.id} {found.version}: {len(found.parties)} parties, {len(found.articles)} articles, {len(found.fields)} fields, "
        f"{len(policy.rules)} rules; covenant sha256 {policy.covenant_sha256}"
    )


def _members(finding: Finding, language: str) -> dict[str, object]:
    plain = {member: getattr(finding, member) for member in ("file", "line", "column", "severity", "code", "law")}
    hint = in_language(finding.hint, language) if finding.hint else None
    return plain | {"message": in_language(finding.message, language), "hint": hint}
