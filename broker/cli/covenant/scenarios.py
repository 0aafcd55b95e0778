"""`broker covenant test`: the scenarios that the privacy officer wrote."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from broker.cli.common import as_json, covenant_file, print_json
from policies.compile import compile_covenant
from policies.load import load_covenant
from policies.scenarios import run_scenarios


@click.command("test")
@covenant_file
@as_json
def run_tests(file: Path, *, as_json: bool) -> None:
    """Run the scenarios in FILE. Exit code 0 when all pass, 1 otherwise."""
    results = run_scenarios(compile_covenant(load_covenant(file.read_bytes(), str(file))))
    if as_json:
        print_json([{"scenario": r.name, "passed": r.passed, "failures": list(r.failures)} for r in results])
    else:
        for result in results:
            click.echo(f"{'passed' if result.passed else 'FAILED'}  {result.name}")
            for failure in result.failures:
                click.echo(f"        {failure}")
        failed = sum(not result.passed for result in results)
        click.echo(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(0 if all(result.passed for result in results) else 1)
