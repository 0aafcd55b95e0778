"""Files that hold keys: written whole and durably or not at all, for their owner alone from the first byte on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class KeyDirectoryError(Exception):
    """The key directory cannot be used: absent, open to others, incomplete or malformed. The message says which file and what to do."""


def check_private(path: Path, *, directory: bool, hint: str = "; `broker keys init` makes it") -> None:
    """Refuse a directory or a file that somebody else could use; `hint` says how to come by one that is not there.

    Raises:
        KeyDirectoryError: it is not there, is something else, or others have rights on it.
    """
    expected = "a directory of mode 0700" if directory else "a file of mode 0600"
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise KeyDirectoryError(f"{path}: expected {expected}, found nothing{hint}") from None
    except OSError as error:
        raise KeyDirectoryError(f"{path}: expected {expected}, could not look: {error.strerror}") from None
    right_kind = stat.S_ISDIR(status.st_mode) if directory else stat.S_ISREG(status.st_mode)
    if not right_kind:
        raise KeyDirectoryError(f"{path}: expected {expected}, found something else")
    if status.st_mode & 0o077:
        raise KeyDirectoryError(f"{path}: expected {expected}, found mode {stat.S_IMODE(status.st_mode):04o}; others could use the keys")


def write_new(path: Path, content: bytes) -> None:
    """Write a file that was never there, readable by its owner from its first byte on, and durable before anything is sealed with it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Write a file beside, and rename it into its place: it is there whole, or as it was before."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    write_new(draft, content)
    draft.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make what was renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    """A private key in PKCS #8, PEM, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
