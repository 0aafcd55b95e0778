"""Tokens to paste: what a party's system does before it asks, for the commands that `make serve` prints.

python -m broker.demo.tokens --folder var/demo police.community_officer
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import httpx
from joserfc.jwk import Key, RSAKey

from broker.demo.cast import professional
from broker.demo.partner import Partner, Refused
from policies.vocabulary import PartyId, RoleId

SCRIPT = "token"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a party's system keeps about itself at the broker; `key` is its private key."""

    issuer: str
    party: PartyId
    client_id: str
    key: Key
    scopes: tuple[str, ...]

    def partner(self, http: httpx.Client) -> Partner:
        """The system itself."""
        return Partner(http, self.issuer, self.party, self.client_id, self.key, self.scopes)


def keep(folder: Path, registration: Registration) -> None:
    """Keep a registration in a file that only its owner reads, as the party itself would."""
    members = {"issuer": registration.issuer, "clientId": registration.client_id, "scopes": registration.scopes}
    path = _file(folder, registration.party)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(members | {"key": registration.key.as_dict(private=True)}, file)


def kept(folder: Path, party: PartyId) -> Registration:
    """A party's registration.

    Raises:
        OSError: none is kept in this folder.
    """
    members = json.loads(_file(folder, party).read_text(encoding="utf-8"))
    key = RSAKey.import_key(members["key"])
    return Registration(members["issuer"], party, members["clientId"], key, tuple(members["scopes"]))


def write_script(folder: Path) -> None:
    """Write the script that prints a token: `var/demo/token police.community_officer`."""
    script = folder / SCRIPT
    script.write_text(f'#!/bin/sh\nexec {quote(sys.executable)} -m broker.demo.tokens --folder {quote(str(folder.resolve()))} "$@"\n')
    script.chmod(0o700)


def fresh_token(folder: Path, role: RoleId) -> str:
    """An access token of the broker that serves this folder, for the professional who has this role in the demonstration.

    Raises:
        OSError: no demonstration is kept in this folder, or the role is of no party.
        Refused: the broker gives none.
        httpx.TransportError: it does not answer.
    """
    registration = kept(folder, PartyId(role.partition(".")[0]))
    with httpx.Client(base_url=registration.issuer) as http:
        return registration.partner(http).token(role, professional(role))


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


def _file(folder: Path, party: PartyId) -> Path:
    return folder / "parties" / f"{party}.json"


if __name__ == "__main__":
    sys.exit(main())
