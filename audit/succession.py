"""One signing key follows another: what both of them sign, so that whoever trusts the first knows every later one."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Succession:
    """The key `new` follows `old` in one use (`checkpoint` or `receipt`), as both say: raw Ed25519 keys and signatures.

    The old key's signature introduces the new one; the new key's shows that it is there.
    """

    use: str
    old: bytes
    new: bytes
    signed_by_old: bytes
    signed_by_new: bytes

    def holds(self, log_name: str) -> bool:
        """Whether both keys signed this for the log of that name."""
        said = statement(log_name, self.use, self.old, self.new)
        try:
            Ed25519PublicKey.from_public_bytes(self.old).verify(self.signed_by_old, said)
            Ed25519PublicKey.from_public_bytes(self.new).verify(self.signed_by_new, said)
        except (ValueError, InvalidSignature):
            return False
        return True


def statement(log_name: str, use: str, old: bytes, new: bytes) -> bytes:
    """What both keys sign when one follows the other."""
    return f"covenant-broker/key/v1\n{log_name}\n{use}\n{old.hex()}\n{new.hex()}\n".encode("ascii")
