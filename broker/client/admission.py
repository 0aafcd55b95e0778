"""Asking to be admitted: the registration file that a partner sends to the operator, and the checksum that it reads out to them.

The broker's own `broker party request` makes the same file (docs/how-to/admit-a-partner.md); this needs no server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from broker.client.errors import Unusable
from broker.client.signing import KeySigner

VERSION = 1
#: 128 bits, in groups that can be read out
CHECKSUM_DIGITS = 32
#: what the operator's side takes, so that nobody sends a file that is refused there
_CONTACT = re.compile(r"[A-Za-z0-9 .,@+()_/-]{3,200}")
#: the members of a public key, by kind (RFC 7518 section 6, RFC 8037 section 2)
_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """What a system asks of the operator: whose it is, its public key, the scopes that it wants. `contact` is whom they call.

    Raises:
        Unusable: the contact holds something that is not shown on the operator's screen.
    """

    party: str
    client_id: str
    contact: str
    signer: KeySigner
    scopes: Collection[str]
    certificate_bound: bool = False

    def __post_init__(self) -> None:
        if not _CONTACT.fullmatch(self.contact):
            raise Unusable("contact: expected 3 to 200 of letters without accents, digits, spaces and . , @ + ( ) / _ -")

    @property
    def text(self) -> str:
        """The file."""
        return json.dumps(self._members(), indent=1) + "\n"

    @property
    def checksum(self) -> str:
        """The first 128 bits of SHA-256 over the file in canonical form (RFC 8785), in groups of four hexadecimal digits."""
        # Names and values are ASCII and there is no number but the version: sorted and compact is the canonical form.
        digits = hashlib.sha256(json.dumps(self._members(), sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()
        return " ".join(digits[place : place + 4] for place in range(0, CHECKSUM_DIGITS, 4))

    def _members(self) -> dict[str, object]:
        key = self.signer.key.as_dict(private=False)
        public = {name: key[name] for name in ("kty", *_PUBLIC[self.signer.key.key_type])} | {"kid": self.signer.kid}
        return {
            "version": VERSION,
            "party": self.party,
            "contact": self.contact,
            "clientId": self.client_id,
            "jwks": {"keys": [public]},
            "scopes": sorted(self.scopes),
            "certificateBound": self.certificate_bound,
        }
