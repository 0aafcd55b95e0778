"""The canonical form of a covenant: what each party signs, and what its hash is over (RFC 8785).

It is the covenant in its own language, as JSON: every text and label is in it, what says nothing is left out, sets are in sorted order.
It reads back to an equal covenant (JSON is YAML), so the stored form of a version is enough to decide by it again.
"""

from __future__ import annotations

import hashlib

import rfc8785

from policies.covenant import Covenant
from policies.schema import COVENANT


def canonical_bytes(covenant: Covenant) -> bytes:
    """The covenant as RFC 8785 JSON, in UTF-8."""
    return rfc8785.dumps(COVENANT.write(covenant))


def covenant_sha256(covenant: Covenant) -> str:
    """SHA-256 of the canonical form, in lower-case hex."""
    return hashlib.sha256(canonical_bytes(covenant)).hexdigest()
