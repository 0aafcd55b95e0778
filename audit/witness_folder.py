"""A witness's folder: its key, whose logs it watches, what it remembers, and its evidence. Nothing of it is the broker's.

witness.pem     the Ed25519 key, PKCS #8, mode 0600; who has it speaks for the witness
witness.json    its name, and the logs and brokers it cosigns for, as C2SP vkeys
state.sqlite    the checkpoints it cosigned
evidence/       files for `broker audit evidence`
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from audit.cosignature import Cosigner, CosignerKey
from audit.errors import AuditError, NoteMalformed
from audit.evidence_store import EvidenceStore
from audit.note import VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_state import WitnessState

KEY, CONFIG, STATE, EVIDENCE = "witness.pem", "witness.json", "state.sqlite", "evidence"


class WitnessUnfit(AuditError):  # noqa: N818 - a state of the folder
    """A witness's folder is absent, incomplete, or open to others; the message says which file and what was expected."""


class WitnessFolder:
    """One witness on one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def init(self, name: str, trusted: TrustedLogs) -> CosignerKey:
        """Make the folder and everything in it, once; nothing is ever overwritten. The public key is returned.

        Raises:
            WitnessUnfit: something stands there already, or cannot be made.
        """
        key = Ed25519PrivateKey.generate()
        try:
            witness = Cosigner(name, key).verifier
        except ValueError as error:
            raise WitnessUnfit(str(error)) from error
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._path / EVIDENCE).mkdir(mode=0o700)
            _write(self._path / CONFIG, _config_of(name, trusted))
            WitnessState(self._path / STATE).create()
            # the key comes last: a folder with a key in it is whole
            _write(self._path / KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        except OSError as error:
            raise WitnessUnfit(f"{self._path}: expected an empty folder that can be written, found otherwise") from error
        return witness

    def cosigner(self) -> Cosigner:
        """The key, under the witness's name.

        Raises:
            WitnessUnfit: see the class of the error.
        """
        path = self._path / KEY
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                raise WitnessUnfit(f"{path}: expected a file of mode 0600, found one that others could use")
            key = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise WitnessUnfit(f"{path}: expected a key, found none; `broker audit witness init` makes it") from error
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise WitnessUnfit(f"{path}: expected an unencrypted PKCS #8 key in PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise WitnessUnfit(f"{path}: expected an Ed25519 key")
        return Cosigner(str(self._config()["name"]), key)

    def trusted(self) -> TrustedLogs:
        """Whose checkpoints are cosigned.

        Raises:
            WitnessUnfit: see the class of the error.
        """
        config = self._config()
        try:
            logs, brokers = (tuple(VerifierKey.parse(str(text)) for text in config[member]) for member in ("logs", "brokers"))
            return TrustedLogs(logs, brokers)
        except (NoteMalformed, TypeError, ValueError) as error:
            raise WitnessUnfit(f"{self._path / CONFIG}: {error}") from error

    def trust(self, more: TrustedLogs) -> None:
        """Cosign for these too, from the next start on: another log, or a broker's new key beside its old one.

        Raises:
            WitnessUnfit: see the class of the error.
        """
        known, name = self.trusted(), str(self._config()["name"])
        both = TrustedLogs(tuple(dict.fromkeys((*known.logs, *more.logs))), tuple(dict.fromkeys((*known.brokers, *more.brokers))))
        draft = self._path / f"{CONFIG}.draft"
        try:
            draft.unlink(missing_ok=True)
            # If we die before the rename, the old file stands.
            _write(draft, _config_of(name, both))
            draft.replace(self._path / CONFIG)
        except OSError as error:
            raise WitnessUnfit(f"{self._path / CONFIG}: expected a file that can be replaced") from error

    def witness(self, clock: Callable[[], datetime]) -> Witness:
        """The witness itself.

        Raises:
            WitnessUnfit: see the class of the error.
        """
        return Witness(self.cosigner(), self.trusted(), WitnessState(self._path / STATE), self.evidence(), clock)

    def evidence(self) -> EvidenceStore:
        """What it has kept."""
        return EvidenceStore(self._path / EVIDENCE)

    def _config(self) -> dict[str, Any]:
        path = self._path / CONFIG
        try:
            config = json.loads(path.read_bytes())
        except (OSError, RecursionError, ValueError) as error:
            raise WitnessUnfit(f"{path}: expected the JSON that `broker audit witness init` made") from error
        if not isinstance(config, dict) or config.keys() != {"name", "logs", "brokers"}:
            raise WitnessUnfit(f"{path}: expected an object with name, logs and brokers")
        return config


def _config_of(name: str, trusted: TrustedLogs) -> bytes:
    lists = {"logs": [str(log) for log in trusted.logs], "brokers": [str(broker) for broker in trusted.brokers]}
    return json.dumps({"name": name, **lists}, ensure_ascii=False, indent=1).encode() + b"\n"


def _write(path: Path, content: bytes) -> None:
    """A file that was never there, its owner's alone from its first byte on, durable."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
