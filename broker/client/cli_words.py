"""The words that `python -m broker.client` understands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, TypeAlias

from audit.verdict import Exit
from broker.client.signing import ALGORITHMS

#: what argparse gives to add commands to, which it has no public name for
_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001

#: what the exit code of `receipts check` says
MEANS: Mapping[Exit, str] = {
    Exit.VERIFIED: "every receipt is in the log, and the log counts no more of yours than you have; the last two hours may wait",
    Exit.TAMPERED: "something does not agree: keep the store as it is, and tell the other parties and the auditor",
    Exit.INCOMPLETE: "nothing is counted yet, or something of more than two hours ago is not signed or counted: look again later",
    Exit.USAGE: "the log could not be looked at",
}
_CHECKED = """\
what `check` prints:
  receipts             receipts in your store, of different entries
  proven               those that a checkpoint of the log covers, with a proof
  uncovered            those that no checkpoint covers yet; one is signed every minute
  tallies              how many hours the log has counted for your party
  untallied            receipts that are newer than the last count; the log counts every hour
  overdue              receipts of more than two hours ago that are uncovered or untallied
  disagreements        what does not agree, each in a sentence
  pulled               disclosures of your own fields whose receipts are new here
  foundWithoutAnswer   disclosures that the log counts and you had no answer to: a broken connection, another system of
                       your party with a store of its own, or somebody with your key
  ofAnotherDisclosure  disclosures whose receipt turns out to be of another one: tampered with
  notShown             disclosures whose entry the log did not show

exit codes: """ + "; ".join(f"{code.value} {means}" for code, means in MEANS.items())


class _Parser(argparse.ArgumentParser):
    """Whose mistakes have the exit code of what could not be carried out: argparse's own 2 would tell a cron job to look again later."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: error: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = _Parser(prog="python -m broker.client", description="A partner's system, by hand. See docs/partner-guide.md.")
    parser.add_argument("--connection", type=Path, default=Path("connection.json"), help="the connection file (connection.json)")
    parser.add_argument("--professional", default="", help="the pseudonym that the employer made")
    parser.add_argument("--role", default="", help="a role of the party, such as municipality.director")
    commands = parser.add_subparsers(dest="command", required=True)
    _setting_up(commands)
    _calls(commands)
    return parser


def _setting_up(commands: _Commands) -> None:
    for name, does in (("new-key", "make the private key of a system, in PEM; prints"), ("public-key", "print")):
        key = commands.add_parser(name, help=f"{does} the public half, for the broker's operator")
        key.add_argument("file", type=Path)
        key.add_argument("--algorithm", choices=[one for names in ALGORITHMS.values() for one in names], default="RS256")
    request = commands.add_parser("request", help="print a registration file for the broker's operator, and its checksum to read out")
    request.add_argument("--contact", required=True, help="whom the operator calls: a mailbox or a telephone number")
    request.add_argument("--certificate-bound", action="store_true", help="ask that tokens count with our client certificate only")
    connection = commands.add_parser("connection", help="print a connection file")
    connection.add_argument("--issuer", required=True)
    for one in (request, connection):
        one.add_argument("--party", required=True)
        one.add_argument("--client-id", required=True)
        one.add_argument("--scope", action="append", required=True, dest="scopes")
        one.add_argument("--key", type=Path, default=Path("key.pem"), help="the file of your private key (key.pem)")
    connection.add_argument("--log-keys", type=Path, required=True, help="what the operator gave you: `broker audit keys --json`")
    check = commands.add_parser("check", help="try this set-up, step by step")
    check.add_argument("--case")
    check.add_argument("--purpose")


def _calls(commands: _Commands) -> None:
    commands.add_parser("token", help="print an access token")
    _asking(commands.add_parser("permissions", help="what may be asked of a case now"))
    ask = commands.add_parser("ask", help="ask for fields of a case")
    _asking(ask)
    ask.add_argument("fields", nargs="+", metavar="field")
    ask.add_argument("--strict", action="store_true", help="refuse all where one field is not in the covenant")
    commands.add_parser("cases", help="the open cases of this party")
    commands.add_parser("recalls", help="what this party must destroy")
    signal = commands.add_parser("signal", help='report a signal; {"words": …, "localReference": …} on standard input')
    for name in ("covenant", "kind", "kind_of_person"):
        signal.add_argument(name)
    contribute = commands.add_parser("contribute", help='release fields; {"fields": {name: {"value": …}}} on standard input')
    withdraw = commands.add_parser("withdraw", help="take fields back")
    for one in (contribute, withdraw):
        one.add_argument("case")
        one.add_argument("--subject", type=int)
    withdraw.add_argument("fields", nargs="+", metavar="field")
    receipts = commands.add_parser(
        "receipts",
        help="the receipts that were kept",
        description="Print the receipts that were kept, export them for `broker audit compare`, or hold all of them against the log.",
        epilog=_CHECKED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    receipts.add_argument("what", choices=["list", "export", "check"])


def _asking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case")
    parser.add_argument("purpose")
    parser.add_argument("--subject", type=int)
