"""What each party's system keeps in the demonstration: a connection file and a key for the client kit; and tokens to paste.

python -m broker.demo.tokens --folder var/demo police.community_officer
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from joserfc.jwk import RSAKey

from broker.client import ClientError, Connection, connect
from broker.client.connection import connection_document
from broker.demo.cast import professional
from policies.vocabulary import PartyId, RoleId

SCRIPT = "token"
OPERATOR = "broker"


def keep(folder: Path, connection: Connection, key: RSAKey) -> None:
    """Keep a connection and its private key in files that only their owner reads, as the party itself would."""
    party = connection.party
    parties = folder / "parties"
    parties.mkdir(mode=0o700, exist_ok=True)
    document = connection_document(connection, key=f"{party}.pem", receipts=f"{party}.receipts.sqlite")
    for name, content in ((f"{party}.json", document.encode()), (f"{party}.pem", key.as_pem(private=True))):
        with os.fdopen(os.open(parties / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)


def write_scripts(folder: Path, operators: Mapping[str, str]) -> None:
    """Write what to paste with: `token police.community_officer` prints a token; `broker …` is the command of this broker's operator.

    `operators` are the settings of the broker, as `BROKER_…`; there is no secret among them.
    """
    module = f"{quote(sys.executable)} -m"
    settings = " ".join(f"{name}={quote(value)}" for name, value in operators.items())
    for name, command in (
        (SCRIPT, f"{module} broker.demo.tokens --folder {quote(str(folder.resolve()))}"),
        (OPERATOR, f"env {settings} {module} broker"),
    ):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        script.chmod(0o700)


def fresh_token(folder: Path, role: RoleId) -> str:
    """An access token of the broker that serves this folder, for the professional who has this role in the demonstration.

    Raises:
        ClientError: no demonstration is kept in this folder, the role is of no party, or the broker gives none.
    """
    with connect(folder / "parties" / f"{PartyId(role.partition('.')[0])}.json") as client:
        return client.acting_for(professional(role), role).token()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a token; 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog=SCRIPT, description="Print an access token for a role such as police.community_officer.")
    parser.add_argument("role")
    parser.add_argument("--folder", type=Path, default=Path("var/demo"))
    given = parser.parse_args(arguments)
    try:
        print(fresh_token(given.folder, RoleId(given.role)))  # noqa: T201 - what the command is for
    except ClientError as error:
        print(f"error: no token for `{given.role}`: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
