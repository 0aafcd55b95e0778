"""What a partner's system knows about itself and about the broker: one JSON file, written when it is admitted.

    {
      "issuer": "https://broker.example.nl",
      "party": "municipality",
      "clientId": "municipality-system",
      "scopes": ["door:connector", "door:cases", "door:audit", "purpose:end_nuisance"],
      "key": "key.pem",
      "receiptKey": "broker.example.nl/receipts+1a2b3c4d+AQ…",
      "checkpointKey": "…",
      "receipts": "receipts.sqlite"
    }

`receiptKey` and `checkpointKey` come from the operator on paper or in person: whoever takes them from the broker believes the broker. Paths
are seen from the file. Optional: `algorithm` of the key, `caFile`, and `certificate` with `certificateKey` for mutual TLS.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from audit.errors import AuditError
from audit.note import VerifierKey
from broker.client.errors import AnswerUnusable, Unusable
from broker.client.reading import Members, read_json

#: the last word of the name of a receipt key; what stands before it begins every origin of the log
RECEIPTS = "/receipts"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Connection:
    """A party's system at one broker. `receipt_key` and `checkpoint_key` are the keys that it was given; later ones follow from them."""

    issuer: str
    party: str
    client_id: str
    scopes: frozenset[str]
    receipt_key: VerifierKey
    checkpoint_key: bytes

    def __post_init__(self) -> None:
        origin = urlsplit(self.issuer)
        if origin.scheme != "https" and not (origin.scheme == "http" and origin.hostname in _LOOPBACK):
            raise Unusable("issuer: expected https, or http on this machine")
        if not origin.netloc or origin.path or origin.query or origin.fragment or "@" in origin.netloc:
            raise Unusable("issuer: expected an origin such as https://broker.example.nl")
        if not self.party or not self.client_id or not self.scopes:
            raise Unusable("expected a party, a client id and scopes")
        if not self.receipt_key.name.endswith(RECEIPTS):
            raise Unusable("receiptKey: expected a key whose name ends in /receipts")
        VerifierKey("checkpoints", self.checkpoint_key)

    @property
    def log_name(self) -> str:
        """The first part of every origin of the broker's log."""
        return self.receipt_key.name.removesuffix(RECEIPTS)


@dataclass(frozen=True, slots=True)
class Files:
    """A connection file, and where what it names is kept."""

    connection: Connection
    key: Path
    algorithm: str | None
    receipts: Path
    ca_file: Path | None
    certificate: tuple[Path, Path] | None


def read_connection(path: Path) -> Files:
    """Read a connection file.

    Raises:
        Unusable: with the first thing that is wrong with it.
    """
    try:
        octets = path.read_bytes()
        members = read_json(octets[:_MAX_BYTES], path.name)
        return _files(members, path.parent)
    except AnswerUnusable as error:
        raise Unusable(str(error)) from None
    except (OSError, AuditError, ValueError, binascii.Error) as error:
        raise Unusable(f"{path}: {error}") from None


def connection_document(connection: Connection, *, key: str, receipts: str) -> str:
    """A connection as its file says it."""
    members = {
        "issuer": connection.issuer,
        "party": connection.party,
        "clientId": connection.client_id,
        "scopes": sorted(connection.scopes),
        "key": key,
        "receiptKey": str(connection.receipt_key),
        "checkpointKey": base64.b64encode(connection.checkpoint_key).decode(),
        "receipts": receipts,
    }
    return json.dumps(members, indent=2) + "\n"


def _files(members: Members, folder: Path) -> Files:
    certificate, its_key = members.optional_text("certificate"), members.optional_text("certificateKey")
    if (certificate is None) != (its_key is None):
        raise Unusable("expected `certificate` and `certificateKey` together")
    ca_file = members.optional_text("caFile")
    connection = Connection(
        members.text("issuer"),
        members.text("party"),
        members.text("clientId"),
        frozenset(members.texts("scopes")),
        VerifierKey.parse(members.text("receiptKey")),
        base64.b64decode(members.text("checkpointKey"), validate=True),
    )
    return Files(
        connection,
        folder / members.text("key"),
        members.optional_text("algorithm"),
        folder / members.text("receipts"),
        None if ca_file is None else folder / ca_file,
        None if certificate is None or its_key is None else (folder / certificate, folder / its_key),
    )
