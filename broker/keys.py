"""The broker's own keys: a directory of mode 0700 with one file of mode 0600 per use, made once and never by accident.

A process opens only the files that it needs: the web workers never read the key that signs checkpoints. Signing keys are PKCS #8 in
PEM. A ring of symmetric keys is text, one key per line (`<key id> <base64>`); the last line's key seals, the others only open, so that
rotating is adding a line.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from broker.clock import Random
from broker.key_files import KeyDirectoryError as KeyDirectoryError  # noqa: PLC0414 - whoever opens the directory finds its error here
from broker.key_files import check_private, pem, replace, sync, write_new

KEY_BYTES = 32
RSA_BITS = 3072
MAX_FILE_BYTES = 64 * 1024

TOKEN_SIGNING = "token-signing.pem"  # noqa: S105 - a file's name
RECEIPT_SIGNING = "receipt-signing.pem"
CHECKPOINT_SIGNING = "checkpoint-signing.pem"
DEPOSIT_WRAPPING = "deposit-wrapping.ring"
DEPOSIT_INDEX = "deposit-index.key"
PSEUDONYMS = "pseudonyms.key"
FILES = (TOKEN_SIGNING, RECEIPT_SIGNING, CHECKPOINT_SIGNING, DEPOSIT_WRAPPING, DEPOSIT_INDEX, PSEUDONYMS)

#: public halves of keys that signed before, so that what they signed still verifies; made by the first rotation
FORMER = "former-keys.json"
#: what can be rotated, and the file of its present key
ROTATED: Mapping[str, str] = MappingProxyType({"checkpoint": CHECKPOINT_SIGNING, "receipt": RECEIPT_SIGNING})

#: a key of access tokens and the Unix second from which it signs; the first has none
_TURN = re.compile(r"token-signing(?:\.([1-9][0-9]{0,10}))?\.pem")
_RING_LINE = re.compile(r"([a-z0-9][a-z0-9-]{0,31}) ([A-Za-z0-9+/=]{44})")


@dataclass(frozen=True, slots=True)
class Stamp:
    """One file with a key of access tokens: from which Unix second it signs, and what changes when the file does."""

    from_s: int
    name: str
    inode: int
    modified_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Ring:
    """Symmetric keys of 32 bytes by id: `current` seals, every one opens."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)


class KeyDirectory:
    """The keys of one broker. Each method reads its own file, and refuses one that others could read or change."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def token_signing(self, name: str = TOKEN_SIGNING) -> RSAPrivateKey:
        """A key of access tokens (RS256, which the NL GOV profile requires), by its file.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        key = self._private_key(name)
        if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:  # noqa: PLR2004 - RFC 7518 section 3.3
            raise KeyDirectoryError(f"{self._path / name}: expected an RSA key of at least 2048 bits")
        return key

    def token_signing_files(self) -> tuple[Stamp, ...]:
        """The files with keys of access tokens, in the order of their turns: `token-signing.pem`, `token-signing.<Unix second>.pem`.

        Raises:
            KeyDirectoryError: the directory cannot be used.
        """
        check_private(self._path, directory=True)
        found = []
        for path in self._path.glob("token-signing*.pem"):
            match = _TURN.fullmatch(path.name)
            # A file may go between the listing and this look: then it is not there.
            with suppress(FileNotFoundError):
                status = path.lstat()
                if match:
                    found.append(Stamp(int(match[1] or 0), path.name, status.st_ino, status.st_ctime_ns, status.st_size))
        return tuple(sorted(found, key=lambda stamp: stamp.from_s))

    def add_token_signing(self, key: RSAPrivateKey, from_s: int) -> str:
        """Keep a key that signs from a moment on; returns the name of its file.

        Raises:
            KeyDirectoryError: the directory cannot be used.
        """
        check_private(self._path, directory=True)
        name = f"token-signing.{from_s}.pem"
        replace(self._path / name, pem(key))
        return name

    def keep_token_signing(self, key: RSAPrivateKey) -> None:
        """Let this be the only key of access tokens, at once: the files of all others are gone.

        Raises:
            KeyDirectoryError: the directory cannot be used.
        """
        # Those that are to come go first: if we die in between, none of them ever takes its turn.
        for stamp in self.token_signing_files():
            if stamp.name != TOKEN_SIGNING:
                (self._path / stamp.name).unlink(missing_ok=True)
        replace(self._path / TOKEN_SIGNING, pem(key))

    def drop_token_signing(self, over: Collection[Stamp], first: Stamp) -> None:
        """Remove keys whose time is over; `first`, the oldest that still counts, takes the name of the first file."""
        for stamp in over:
            if stamp.name != TOKEN_SIGNING:
                (self._path / stamp.name).unlink(missing_ok=True)
        (self._path / first.name).replace(self._path / TOKEN_SIGNING)
        sync(self._path)

    def receipt_signing(self) -> Ed25519PrivateKey:
        """The key of receipts, in the web workers' hands.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        return self._ed25519(RECEIPT_SIGNING)

    def checkpoint_signing(self) -> Ed25519PrivateKey:
        """The key of the log's checkpoints, for the one signing worker.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        return self._ed25519(CHECKPOINT_SIGNING)

    def deposit_wrapping(self) -> Ring:
        """The keys under which the deposit's data keys are wrapped.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        lines = [_RING_LINE.fullmatch(line) for line in _ascii(self._read(DEPOSIT_WRAPPING)).splitlines()]
        pairs = [(match[1], _decoded(match[2])) for match in lines if match]
        keys = dict(pairs)
        if not pairs or len(pairs) < len(lines) or len(keys) < len(pairs) or any(len(key) != KEY_BYTES for key in keys.values()):
            raise KeyDirectoryError(f"{self._path / DEPOSIT_WRAPPING}: expected lines of a key id and 32 bytes in base64, no id twice")
        return Ring(pairs[-1][0], MappingProxyType(keys))

    def deposit_wrapping_file(self) -> tuple[int, int, int]:
        """What changes when the file of the wrapping keys does, or who may read it: inode, time of the last change of either, and size.

        Raises:
            KeyDirectoryError: it is not there.
        """
        try:
            status = (self._path / DEPOSIT_WRAPPING).lstat()
        except OSError:
            raise KeyDirectoryError(f"{self._path / DEPOSIT_WRAPPING}: expected a file, found none") from None
        return status.st_ino, status.st_ctime_ns, status.st_size

    def deposit_index(self) -> bytes:
        """The key of the deposit's keyed index, 32 bytes.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        return self._symmetric(DEPOSIT_INDEX)

    def pseudonyms(self) -> bytes:
        """The key under which pseudonyms are made, 32 bytes.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        return self._symmetric(PSEUDONYMS)

    def former(self, use: str) -> tuple[bytes, ...]:
        """The public keys, 32 bytes each, that signed checkpoints or receipts before the present one, oldest first.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        if not (self._path / FORMER).exists():
            return ()
        try:
            kept = json.loads(self._read(FORMER))
            return tuple(bytes.fromhex(one) for one in kept.get(use, ()))
        except (ValueError, AttributeError, TypeError):
            raise KeyDirectoryError(f"{self._path / FORMER}: expected public keys in hexadecimal by use") from None

    def successor(self, use: str) -> Ed25519PrivateKey:
        """The key that is to come: made now, or by a rotation that was broken off. It signs nothing yet.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        name = f"{ROTATED[use]}.next"
        if not (self._path / name).exists():
            replace(self._path / name, pem(Ed25519PrivateKey.generate()))
        return self._ed25519(name)

    def succeed(self, use: str) -> None:
        """Put the successor in the place of the present key, whose public half is kept.

        Raises:
            KeyDirectoryError: see the class of the error.
        """
        present = self._ed25519(ROTATED[use]).public_key().public_bytes_raw()
        kept = {each: [one.hex() for one in self.former(each)] for each in ROTATED}
        if present.hex() not in kept[use]:
            kept[use].append(present.hex())
        # If we die after this line, the present key is listed as a former one as well, which says nothing false; then the rename is due.
        replace(self._path / FORMER, json.dumps(kept, indent=1).encode("ascii"))
        (self._path / f"{ROTATED[use]}.next").replace(self._path / ROTATED[use])
        sync(self._path)

    def _ed25519(self, name: str) -> Ed25519PrivateKey:
        key = self._private_key(name)
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyDirectoryError(f"{self._path / name}: expected an Ed25519 key")
        return key

    def _private_key(self, name: str) -> object:
        try:
            return load_pem_private_key(self._read(name), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyDirectoryError(f"{self._path / name}: expected an unencrypted PKCS #8 key in PEM") from None

    def _symmetric(self, name: str) -> bytes:
        key = _decoded(_ascii(self._read(name)).strip())
        if len(key) != KEY_BYTES:
            raise KeyDirectoryError(f"{self._path / name}: expected {KEY_BYTES} bytes in base64")
        return key

    def _read(self, name: str) -> bytes:
        check_private(self._path, directory=True)
        check_private(self._path / name, directory=False)
        try:
            content = (self._path / name).read_bytes()
        except OSError as error:
            # Another account's, which `sudo` leaves behind, or gone this very moment.
            raise KeyDirectoryError(f"{self._path / name}: expected a file that can be read here: {error.strerror}") from None
        if len(content) > MAX_FILE_BYTES:
            raise KeyDirectoryError(f"{self._path / name}: expected a key, found {len(content)} bytes")
        return content


def create_keys(path: Path, random: Random) -> KeyDirectory:
    """Make every key, once: an existing file is never overwritten, because what it sealed or signed would be lost with it.

    Raises:
        KeyDirectoryError: the directory holds a key already, or cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private(path, directory=True)
    present = sorted(name for name in FILES if (path / name).exists())
    if present:
        raise KeyDirectoryError(f"{path}: expected no keys yet, found {', '.join(present)}")
    write_new(path / TOKEN_SIGNING, pem(generate_private_key(public_exponent=65537, key_size=RSA_BITS)))
    write_new(path / RECEIPT_SIGNING, pem(Ed25519PrivateKey.generate()))
    write_new(path / CHECKPOINT_SIGNING, pem(Ed25519PrivateKey.generate()))
    write_new(path / DEPOSIT_WRAPPING, b"k1 " + base64.b64encode(random(KEY_BYTES)) + b"\n")
    write_new(path / DEPOSIT_INDEX, base64.b64encode(random(KEY_BYTES)) + b"\n")
    write_new(path / PSEUDONYMS, base64.b64encode(random(KEY_BYTES)) + b"\n")
    return KeyDirectory(path)


def _ascii(content: bytes) -> str:
    return content.decode("ascii", errors="replace")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
