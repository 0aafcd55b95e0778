"""`broker covenant schema`: the language for editors."""

from __future__ import annotations

import click

from broker.cli.common import print_json
from policies.json_schema import json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of the covenant language, for editors.

    \b
    Keep it beside the covenant:
        broker covenant schema > covenant.schema.json
    and write this above it:
        # yaml-language-server: $schema=covenant.schema.json
    An editor with the YAML language server (VS Code's YAML extension, Neovim,
    IntelliJ, Emacs) then completes keys and words, says in Dutch and English
    what each is for, and underlines what cannot be. What only the whole text
    shows (names, grounds, what must never be) is for `broker covenant check`.
    """  # noqa: D301 - click reads the backspace: these lines keep their ends
    print_json(json_schema())
