"""The log's public keys, and signing it now."""

from __future__ import annotations

import base64

import click

from audit.note import VerifierKey
from broker.bootstrap import Broker
from broker.cli.common import as_json, opened, print_json
from broker.health_notes import sign_and_note
from broker.rotating import KnownKey, Moment, history


@click.command("keys")
@as_json
def show_keys(*, as_json: bool) -> None:
    """The public keys that receipts and checkpoints are checked with; give them to every partner on paper or in person.

    Below them all that the log knows, with the times between which each signed: what an older one signed then is checked with it.
    """
    with opened() as broker:
        receipts, checkpoints = str(broker.receipt_signer.verifier), base64.b64encode(broker.checkpoint_public_key()).decode()
        known = _known(broker)
        name, log_name = broker.receipt_signer.verifier.name, broker.settings.log_name
    if as_json:
        print_json({"name": log_name, "receipts": receipts, "checkpoints": checkpoints, "keys": [_members(one, name) for one in known]})
        return
    click.echo(f"name         {log_name} (every log's own origin begins with it)")
    click.echo(f"receipts     {receipts}")
    click.echo(f"checkpoints  {checkpoints} (Ed25519, base64; every log's own origin is the name of its key)")
    for one in known:
        since, until = (moment.ts[:19] if moment else "" for moment in (one.since, one.until))
        click.echo(f"{one.use:<11}  {_written(one, name)}  {since} - {until}  {'certified' if one.certified else 'not certified'}")


@click.command("sign")
def sign_now() -> None:
    """Sign a checkpoint of every log that has grown, now; `broker worker` does so every minute.

    Prints the newest checkpoint of every log. Keep them: `broker audit verify --checkpoint FILE` takes what this prints.
    """
    with opened() as broker:
        signed = sign_and_note(broker.sweeper().sign, broker.notes, broker.world.clock)
    click.echo("\n".join(one.note for one in signed), nl=False)


def _known(broker: Broker) -> tuple[KnownKey, ...]:
    present = {"receipt": broker.receipt_signer.verifier.key, "checkpoint": broker.checkpoint_public_key()}
    return history(broker.log_engine, broker.settings.log_name, present)


def _written(one: KnownKey, name: str) -> str:
    """As C2SP writes a key where it has one name, else in base64."""
    octets = bytes.fromhex(one.public_key)
    return str(VerifierKey(name, octets)) if one.use == "receipt" else base64.b64encode(octets).decode()


def _members(one: KnownKey, name: str) -> dict[str, object]:
    return {
        "use": one.use,
        "key": _written(one, name),
        "since": _place(one.since),
        "until": _place(one.until),
        "certified": one.certified,
    }


def _place(moment: Moment | None) -> dict[str, object] | None:
    return None if moment is None else {"index": moment.index, "ts": moment.ts}
