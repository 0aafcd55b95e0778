"""A covenant that a command can use, or everything that is wrong with it in the reader's language."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from policies.compile import compile_covenant
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.policy import Policy


def usable(file: Path, language: str) -> Policy:
    """The compiled covenant; where it has mistakes they are said on standard error, and the command ends with exit code 1."""
    try:
        return compile_covenant(load_covenant(file.read_bytes(), str(file)))
    except CovenantErrors as errors:
        for finding in errors.findings:
            click.echo(finding.text(language), err=True)
        sys.exit(1)
