"""Tokens to paste: what a party's system does before it asks, for the commands that `make serve` prints.

python -m broker.demo.tokens --folder var/demo police.community_officer
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import httpx
from joserfc.jwk import RSAKey

from broker.clock import new_id
from broker.demo.partner import Partner, Refused
from broker.demo.stage import Stage, professional
from policies.load import load_covenant
from policies.vocabulary import PartyId, RoleId

#: the doors that a party's system has here
DOORS = ("door:audit", "door:cases", "door:connector", "door:covenants")
ISSUER_FILE = "issuer"
SCRIPT = "token"


def keep_keys(stage: Stage) -> None:
    """Keep every party's client key in a file of its own, as the party itself would, and the script that asks a token with it."""
    (stage.folder / ISSUER_FILE).write_text(stage.settings.issuer)
    for party, keys in stage.parties.items():
        _write_private(_key_file(stage.folder, party), json.dumps(keys.client.as_dict(private=True)))
    script = stage.folder / SCRIPT
    script.write_text(f'#!/bin/sh\nexec {quote(sys.executable)} -m broker.demo.tokens --folder {quote(str(stage.folder.resolve()))} "$@"\n')
    script.chmod(0o700)


def fresh_token(folder: Path, role: RoleId) -> str:
    """An access token of the broker that serves this folder, for the professional who has this role in the demonstration.

    Raises:
        Refused: the broker gives none.
        OSError: no demonstration is kept in this folder, or the role is of no party.
    """
    party = PartyId(role.partition(".")[0])
    key = RSAKey.import_key(json.loads(_key_file(folder, party).read_text()))
    covenant = load_covenant((folder / "covenant.yaml").read_bytes())
    scopes = (*DOORS, *(f"purpose:{purpose}" for purpose in covenant.purposes))
    issuer = (folder / ISSUER_FILE).read_text()
    with httpx.Client(base_url=issuer) as http:
        return Partner(http, issuer, party, f"{party}-system", key, scopes, new_id).token(role, professional(role))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a token; 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog=SCRIPT, description="Print an access token for a role such as police.community_officer.")
    parser.add_argument("role")
    parser.add_argument("--folder", type=Path, default=Path("var/demo"))
    given = parser.parse_args(arguments)
    try:
        print(fresh_token(given.folder, RoleId(given.role)))  # noqa: T201 - what the command is for
    except (OSError, Refused, httpx.TransportError) as error:
        print(f"error: no token for `{given.role}`: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0


def _key_file(folder: Path, party: PartyId) -> Path:
    return folder / "parties" / f"{party}.jwk"


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
