"""The kit at a shell: `python -m broker.client`. It prints JSON, or for `check` a line per step.

Exit codes: 0 done, 1 refused or failed, 2 the command was not understood; of `receipts check` 0 all agrees, 1 something does not, 2 not
everything is signed or tallied yet, 3 it could not be carried out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TextIO

from joserfc.jwk import ECKey, OKPKey, RSAKey

from audit.errors import AuditError
from audit.note import VerifierKey, base64_octets
from audit.verdict import Exit
from broker.client.admission import AdmissionRequest
from broker.client.cli_words import MEANS, parser
from broker.client.client import Client, Professional, connect
from broker.client.connection import Connection, connection_document
from broker.client.errors import AnswerUnusable, ClientError, ReceiptUnusable, Unusable
from broker.client.reading import Members, read_json
from broker.client.receipts import Checked
from broker.client.selftest import try_out
from broker.client.signing import ALGORITHMS, public_key_set, read_key
from broker.client.values import Ask, Person, Released

#: what Python has another name for, since `from` is a word of its own
_WIRE: Mapping[str, str] = {"sender": "from", "to_role": "to"}
Command = Callable[[Client, Professional, argparse.Namespace], object]
_MAKE: Mapping[str, Callable[[], RSAKey | ECKey | OKPKey]] = {
    "RSA": lambda: RSAKey.generate_key(3072),
    "EC": lambda: ECKey.generate_key("P-256"),
    "OKP": lambda: OKPKey.generate_key("Ed25519"),
}


def main(arguments: Sequence[str] | None = None, *, words: TextIO = sys.stdin) -> int:
    """Run one command; returns the exit code. What a person wrote is read from `words`, never from the command line."""
    given = parser().parse_args(arguments)
    given.words = words
    try:
        if given.command in _SETTING_UP:
            _SETTING_UP[given.command](given)
            return 0
        if not given.professional or not given.role:
            raise Unusable(f"expected for whom: --professional PSEUDONYM --role PARTY.ROLE before `{given.command}`")
        with connect(given.connection) as client:
            professional = client.acting_for(given.professional, given.role)
            return _run(client, professional, given)
    except (ClientError, AuditError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command
        unlooked = given.command == "receipts" and given.what == "check" and not isinstance(error, ReceiptUnusable)
        return Exit.USAGE if unlooked else 1


def _run(client: Client, professional: Professional, given: argparse.Namespace) -> int:
    if given.command == "check":
        steps = list(try_out(client, professional, given.case, given.purpose))
        for step in steps:
            print(f"{'ok  ' if step.fine else 'FAIL'}  {step.name}: {step.found}")  # noqa: T201 - a command
        return 0 if all(step.fine for step in steps) else 1
    if given.command == "token":
        print(professional.token())  # noqa: T201 - what the command is for
        return 0
    if given.command == "receipts" and given.what == "check":
        checked = professional.receipts.check()
        _show(_verdict(checked))
        return checked.exit
    _show(_COMMANDS[given.command](client, professional, given))
    return 0


def _ask(_: Client, professional: Professional, given: argparse.Namespace) -> object:
    return professional.ask(Ask(given.case, given.purpose, tuple(given.fields), given.subject, strict=given.strict))


def _permissions(_: Client, professional: Professional, given: argparse.Namespace) -> object:
    return professional.permissions(given.case, given.purpose, given.subject)


def _signal(_: Client, professional: Professional, given: argparse.Namespace) -> object:
    read = _stdin(given, "a signal")
    person = Person(given.kind_of_person, read.optional_text("localReference"))
    return professional.signals.report(given.covenant, given.kind, person, read.text("words"))


def _contribute(_: Client, professional: Professional, given: argparse.Namespace) -> object:
    released = _stdin(given, "contribution").named("fields", _released)
    return {"id": professional.contribute(given.case, released, given.subject)}


def _withdraw(_: Client, professional: Professional, given: argparse.Namespace) -> object:
    return {"withdrawn": professional.withdraw(given.case, given.fields, given.subject)}


def _receipts(client: Client, _: Professional, given: argparse.Namespace) -> object:
    kept = client.store.receipts()
    return [{"receipt": one.note} for one in kept] if given.what == "export" else kept


_COMMANDS: Mapping[str, Command] = {
    "ask": _ask,
    "permissions": _permissions,
    "signal": _signal,
    "contribute": _contribute,
    "withdraw": _withdraw,
    "receipts": _receipts,
    "cases": lambda _client, professional, _given: professional.cases.open_ones(),
    "recalls": lambda _client, professional, _given: professional.recalls(),
}


def _stdin(given: argparse.Namespace, what: str) -> Members:
    """A reference or a text of a person: never on the command line, which everybody on the machine can read."""
    try:
        return read_json(given.words.read().encode(), what)
    except AnswerUnusable as error:
        raise Unusable(str(error)) from None


def _released(members: Members) -> Released:
    as_of = members.optional_text("asOf")
    return Released(members.value("value"), members.optional_text("form") or "full", None if as_of is None else date.fromisoformat(as_of))


def _new_key(given: argparse.Namespace) -> None:
    file, algorithm = given.file, given.algorithm
    kind = next(kind for kind, names in ALGORITHMS.items() if algorithm in names)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(_MAKE[kind]().as_pem(private=True))
    except OSError as error:
        raise Unusable(f"{file}: expected to write a new file: {type(error).__name__}") from None
    _public_key(given)


def _public_key(given: argparse.Namespace) -> None:
    _show(public_key_set(read_key(given.file, given.algorithm)))


def _request(given: argparse.Namespace) -> None:
    signer = read_key(given.key)
    asked = AdmissionRequest(given.party, given.client_id, given.contact, signer, given.scopes, given.certificate_bound)
    print(asked.text, end="")  # noqa: T201 - what the command is for
    print(f"checksum  {asked.checksum}", file=sys.stderr)  # noqa: T201 - beside the file, to be read out


def _connection(given: argparse.Namespace) -> None:
    try:
        keys = read_json(given.log_keys.read_bytes(), given.log_keys.name)
        receipt_key, checkpoint_key = VerifierKey.parse(keys.text("receipts")), base64_octets("checkpoints", keys.text("checkpoints"))
    except (OSError, AnswerUnusable) as error:
        raise Unusable(f"expected the keys of the log: {error}") from None
    made = Connection(given.issuer, given.party, given.client_id, frozenset(given.scopes), receipt_key, checkpoint_key)
    print(connection_document(made, key=str(given.key), receipts="receipts.sqlite"), end="")  # noqa: T201 - what the command is for


_SETTING_UP: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "new-key": _new_key,
    "public-key": _public_key,
    "request": _request,
    "connection": _connection,
}


def _verdict(checked: Checked) -> dict[str, object]:
    found = checked.comparison
    return {
        "exit": checked.exit.value,
        "means": MEANS[checked.exit],
        "receipts": found.receipts,
        "proven": found.proven,
        "uncovered": found.uncovered,
        "untallied": found.untallied,
        "overdue": found.overdue,
        "tallies": found.tallies,
        "disagreements": [str(one) for one in found.disagreements],
        "pulled": [one.disclosure for one in checked.pulled],
        "foundWithoutAnswer": [one.disclosure for one in checked.found],
        "ofAnotherDisclosure": [one.disclosure for one in checked.foreign],
        "notShown": [one.disclosure for one in checked.unseen],
    }


def _show(value: object) -> None:
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2))  # noqa: T201 - what the command is for


def _plain(value: object) -> object:
    """A frozen value as JSON has it, named as on the wire, hidden members included: whoever asks at a shell wants to see the answer."""
    if is_dataclass(value) and not isinstance(value, type):
        return {_on_the_wire(one.name): _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def _on_the_wire(name: str) -> str:
    first, *rest = name.split("_")
    return _WIRE.get(name) or first + "".join(word.capitalize() for word in rest)
