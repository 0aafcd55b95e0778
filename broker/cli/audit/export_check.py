"""Checking an export: that its manifest is signed, that the file is the one it speaks of, and that its checkpoints are the log's."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import click

from audit.checkpoint import open_checkpoint
from audit.errors import NoteUnverified
from audit.manifest import Manifest, check_file, open_manifest
from audit.note import VerifierKey
from broker.cli.common import opened

SUFFIX = ".manifest"


def file_of(manifest: Path) -> Path:
    """The file beside its manifest.

    Raises:
        click.UsageError: the manifest has another name than exports give theirs.
    """
    if manifest.suffix != SUFFIX:
        raise click.UsageError(f"expected a manifest named FILE{SUFFIX}, or --out with the file that it is of")
    return manifest.with_suffix("")


def checked(manifest: Path, file: Path, receipts: str | None, checkpoints: str | None) -> Manifest:
    """The manifest, once it, the file and its checkpoints hold; without keys, those of the broker at hand.

    Raises:
        NoteMalformed, NoteUnverified: the manifest or a checkpoint in it does not hold.
        ProofWrong: the file is another one.
    """
    if receipts is None or checkpoints is None:
        with opened() as broker:
            receipts = receipts or str(broker.receipt_signer.verifier)
            key = broker.checkpoint_public_key() if checkpoints is None else _octets(checkpoints)
    else:
        key = _octets(checkpoints)
    stated = open_manifest(manifest.read_bytes(), (VerifierKey.parse(receipts),))
    check_file(stated, file)
    for tree in stated.trees:
        if tree.checkpoint is None:
            continue
        signed = open_checkpoint(tree.checkpoint.encode(), (key,))
        if signed.origin != tree.origin or signed.size > tree.size or (signed.size == tree.size and signed.root != tree.root):
            raise NoteUnverified("the manifest names a checkpoint that is not of the log that was exported")
    return stated


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise click.UsageError("expected the checkpoint key in base64, as `broker audit keys` prints it") from None
