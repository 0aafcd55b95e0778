"""What goes with an export: a signed statement of what was sought, in which state of the log, and of the file that came of it.

A manifest is a signed note (C2SP signed-note). Its text is a header and one line of JSON, sorted, compact and in ASCII:

    covenant-broker/export/v1
    {"at":"…Z","bytes":…,"checkpoints":[…],…}

The key is the one that signs receipts. Web processes hold it, an export is answered by one of them, and the log has certified it; the key
that signs checkpoints stays with the one worker. A receipt and a manifest cannot be taken for each other: their first lines differ.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.codes import Pair, check_codes, check_log_name, check_sha256, check_sorted, check_uuid7
from audit.errors import NoteMalformed, ProofWrong
from audit.growth import moment_of, timestamp
from audit.merkle import HASH_BYTES
from audit.note import NoteSigner, VerifierKey, base64_octets, base64_text, open_note

HEADER = "covenant-broker/export/v1"
FORMATS = ("jsonl", "csv", "ldv", "adl")

_FORMAT = re.compile("|".join(FORMATS))
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """The state of one year's log that was exported; `checkpoint` is the newest note that was signed by then, if any."""

    origin: str
    size: int
    root: bytes
    checkpoint: str | None

    def __post_init__(self) -> None:
        if not self.origin or self.size < 0 or len(self.root) != HASH_BYTES:
            raise ValueError("tree: expected an origin, a size and a root")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: `entries` were sought and found, `records` came of them, `octets` bytes with this SHA-256."""

    entries: int
    records: int
    octets: int
    sha256: str

    def __post_init__(self) -> None:
        if min(self.entries, self.records, self.octets) < 0:
            raise ValueError("written: expected counts")
        check_sha256("written", self.sha256)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One export. `id` is its entry in the log; `filters` are (name, value), a person's as the pseudonym that the log has."""

    id: str
    at: str
    log: str
    format: str
    purpose: str
    reader: str
    party: str | None
    filters: tuple[Pair, ...]
    trees: tuple[Tree, ...]
    written: Written

    def __post_init__(self) -> None:
        check_uuid7("manifest id", self.id)
        check_log_name("manifest log", self.log)
        if timestamp(moment_of(self.at)) != self.at or not _FORMAT.fullmatch(self.format):
            raise ValueError("manifest: expected a time in UTC and a known format")
        check_codes("manifest", (self.purpose, self.reader, *(() if self.party is None else (self.party,))))
        check_sorted("manifest filters", self.filters)

    def __str__(self) -> str:
        members = {
            "id": self.id,
            "at": self.at,
            "log": self.log,
            "format": self.format,
            "for": self.purpose,
            "reader": self.reader,
            "party": self.party,
            "filters": dict(self.filters),
            "trees": [
                {"origin": tree.origin, "size": tree.size, "root": base64_text(tree.root), "checkpoint": tree.checkpoint}
                for tree in self.trees
            ],
            "entries": self.written.entries,
            "records": self.written.records,
            "bytes": self.written.octets,
            "sha256": self.written.sha256,
        }
        return f"{HEADER}\n{json.dumps(members, sort_keys=True, separators=(',', ':'))}\n"


class ManifestSigner:
    """Signs manifests with the key of receipts, under the same name."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._signer = NoteSigner(name, key)

    def sign(self, manifest: Manifest) -> str:
        """The manifest as a signed note."""
        return self._signer.sign(str(manifest))


def open_manifest(note: bytes, trusted: Sequence[VerifierKey]) -> Manifest:
    """What was stated about an export.

    Raises:
        NoteMalformed: it is no manifest.
        NoteUnverified: no trusted key signed it.
    """
    text = open_note(note, trusted).text
    try:
        header, line, rest = text.split("\n")
        manifest = _manifest(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NoteMalformed("manifest: expected the closed form of one") from error
    if header != HEADER or rest or str(manifest) != text:
        raise NoteMalformed(f"manifest: expected {HEADER} and one line of JSON in the form in which it is written")
    return manifest


def check_file(manifest: Manifest, file: Path) -> None:
    """Hold a file against its manifest.

    Raises:
        ProofWrong: it is not the file that was written.
        OSError: it cannot be read.
    """
    digest, octets = hashlib.sha256(), 0
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
            octets += len(block)
    if (octets, digest.hexdigest()) != (manifest.written.octets, manifest.written.sha256):
        raise ProofWrong(f"{file.name}: expected {manifest.written.octets} bytes with the SHA-256 of the manifest, found another file")


def _manifest(members: Mapping[str, Any]) -> Manifest:
    # The types of a stranger's JSON are checked by the constructors and by printing it back.
    return Manifest(
        id=members["id"],
        at=members["at"],
        log=members["log"],
        format=members["format"],
        purpose=members["for"],
        reader=members["reader"],
        party=members["party"],
        filters=tuple(sorted((name, value) for name, value in members["filters"].items())),
        trees=tuple(
            Tree(tree["origin"], tree["size"], base64_octets("manifest root", tree["root"]), tree["checkpoint"])
            for tree in members["trees"]
        ),
        written=Written(members["entries"], members["records"], members["bytes"], members["sha256"]),
    )
