"""Bundles: one log of one year as a plain file, for a court, an authority or a partner, verified without the database and its operator.

A bundle is a zip of text files, in this order; each but the first holds one canonical JSON object a line (keys sorted, no spaces):

- `manifest.json`: the log's origin, size, frontier and last time, what was left out, and the public keys. They are a convenience:
  whoever verifies brings keys of their own.
- `checkpoints.jsonl`: `{"note", "size"}`, every signed checkpoint with the lines of its witnesses.
- `entries.jsonl`: `{"envelope", "id", "index", "leaf", "sections"}`. The leaf hash is SHA-256 of 0x00 and the octets of `envelope`.
  A section is `{"body", "salt"}`, or `{"key", "salt", "sealed"}` where it is encrypted. An object without `id` holds sections whose
  leaf is gone.
- `nodes.jsonl`: `{"hash", "i", "level"}`, the inner nodes of the tree by level and place.
- `accounts.jsonl`: `{"core", "envelope", "proof"}`, entries of type `erasure` in other logs of the same broker that account for what is
  missing here, each with its tlog-proof.

Octets that are no text (hashes, salts, sealed bodies) are in base64. `envelope` and `body` have one character for each octet (ISO
8859-1), so whatever a database holds can be written down, and ASCII is readable. The same log gives the same bytes.

The query index is not in it: it can be computed again from the bodies and proves nothing, and it would tell pseudonyms of subjects that
are sealed here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from audit.database import KeptLog
from audit.errors import NotALog
from audit.note import base64_octets, base64_text
from audit.section import ACTOR, CORE, SUBJECT

FORMAT = "covenant-broker/bundle/v1"

MANIFEST = "manifest.json"
CHECKPOINTS = "checkpoints.jsonl"
ENTRIES = "entries.jsonl"
NODES = "nodes.jsonl"
ACCOUNTS = "accounts.jsonl"
FILES = (MANIFEST, CHECKPOINTS, ENTRIES, NODES, ACCOUNTS)

#: a longer line is refused unread
LINE_MAX_BYTES = 8_000_000
#: no log counts further
NUMBER_MAX = 2**63 - 1


class Contents(StrEnum):
    """Which sections a bundle holds: all with the subjects sealed, all with the subjects opened, all but the subjects, or none."""

    SEALED = "sealed"
    OPENED = "opened"
    WITHOUT_SUBJECTS = "without-subjects"
    WITHOUT_SECTIONS = "without-sections"

    @property
    def left_out(self) -> frozenset[str]:
        """The names of the sections that are left out."""
        if self is Contents.WITHOUT_SECTIONS:
            return frozenset({CORE, ACTOR, SUBJECT})
        return frozenset({SUBJECT}) if self is Contents.WITHOUT_SUBJECTS else frozenset()


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """What a bundle says about itself; `log.log_id` is no number of anything. `keys` are vkeys by use, `checkpoints` and `receipts`."""

    log: KeptLog
    contents: Contents
    keys: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        return line_of(
            {
                "contents": self.contents.value,
                "format": FORMAT,
                "frontier": base64_text(self.log.frontier),
                "keys": {use: [*keys] for use, keys in self.keys.items()},
                "lastTs": self.log.last_ts,
                "origin": self.log.origin,
                "size": self.log.size,
            }
        )

    @classmethod
    def parse(cls, octets: bytes) -> BundleManifest:
        """The manifest that this text is.

        Raises:
            NotALog: it is none.
        """
        members = object_of(octets)
        try:
            log = KeptLog(
                0, text(members["origin"]), number(members["size"]), base64_octets("frontier", members["frontier"]), text(members["lastTs"])
            )
            if members["format"] != FORMAT or log.size < 0 or not isinstance(members["keys"], dict):
                raise NotALog(f"expected the manifest of a bundle in the format {FORMAT}")
            return cls(log, Contents(members["contents"]), members["keys"])
        except (KeyError, TypeError, ValueError) as error:
            raise NotALog("expected the manifest of a bundle") from error


def line_of(members: Mapping[str, object]) -> str:
    """One line of a bundle's file."""
    return json.dumps(members, sort_keys=True, separators=(",", ":")) + "\n"


def object_of(line: bytes) -> dict[str, Any]:
    """The members of one line.

    Raises:
        NotALog: the line is no JSON object.
    """
    try:
        members = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotALog("bundle: expected a JSON object on every line") from error
    if not isinstance(members, dict):
        raise NotALog("bundle: expected a JSON object on every line")
    return members


def number(value: object) -> int:
    """A whole number of at most 63 bits. Raises TypeError: it is something else."""
    if type(value) is not int or abs(value) > NUMBER_MAX:
        raise TypeError("expected a whole number")
    return value


def text(value: object) -> str:
    """A text. Raises TypeError or ValueError: it is something else, or half a character."""
    if not isinstance(value, str):
        raise TypeError("expected a text")
    value.encode()
    return value
