"""`broker covenant export`: the compiled rules for somebody else's Casbin."""

from __future__ import annotations

from pathlib import Path

import click

from broker.cli.common import covenant_file, language
from broker.cli.covenant.usable import usable
from policies.casbin_export import casbin_files
from policies.wording import in_language, say


@click.command("export")
@covenant_file
@click.option(
    "--casbin",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder for model.conf, policy.csv and README.txt; it is made where it is not there.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@language
def export_rules(file: Path, *, folder: Path, force: bool, language: str) -> None:
    """Write what FILE permits as a Casbin model and policy, which any other Casbin loads and answers alike."""
    policy = usable(file, language)
    files = casbin_files(policy, language)
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        refusal = say(
            "`{folder}` heeft al {names}; --force schrijft eroverheen",
            "`{folder}` has {names} already; --force writes over it",
            folder=str(folder),
            names=", ".join(there),
        )
        raise click.UsageError(in_language(refusal, language))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    done = say(
        "{rules} regels van {covenant} in {folder}: {names}",
        "{rules} rules of {covenant} in {folder}: {names}",
        rules=len(policy.rules),
        covenant=f"{policy.covenant.id} {policy.covenant.version}",
        folder=str(folder),
        names=", ".join(files),
    )
    click.echo(in_language(done, language))
