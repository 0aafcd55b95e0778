"""What a verification found: frozen values that print as text for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What was done to a log."""

    REORDERED = "reordered"
    INSERTED = "inserted"
    REMOVED = "removed"
    CHANGED = "changed"
    HIDDEN = "hidden"


class Exit(IntEnum):
    """The exit codes of `broker audit verify`."""

    VERIFIED = 0
    TAMPERED = 1
    INCOMPLETE = 2
    USAGE = 3


def plain(text: str) -> str:
    """One line for a reader: nothing that was read, however hostile, moves the cursor or writes a second line."""
    return "".join(character if character.isprintable() else "?" for character in text)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was committed to.

    `what` names the part (`envelope`, `section.core`, `term`, `node`, `head`, `checkpoint`, `anchor`, …). `index` is the first entry
    concerned, None where no entry is; `through` is the last one it may be, where the evidence leaves that open.
    """

    origin: str
    index: int | None
    kind: Kind
    what: str
    through: int | None = None

    @property
    def place(self) -> tuple[str, int, int]:
        """Sorts findings by log, then by entry, then by how much they explain."""
        return (self.origin, -1 if self.index is None else self.index, list(Kind).index(self.kind))

    def __str__(self) -> str:
        where = (
            ""
            if self.index is None
            else f" at {self.index}"
            if self.through in {None, self.index}
            else f" at {self.index} to {self.through}"
        )
        return f"{self.origin or 'database'}: {self.what} {self.kind}{where}"


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """One log. `signed_size` is the size of the largest checkpoint that this log's key signed and that holds; 0 where none does.

    `unopened` subject sections were there and not opened: no keys were given, or the key is destroyed and an erasure under way. `keyless`
    of them name a key that is not there, or does not open: they came back with a backup, or no erasure is to find them. `erased` ones are
    gone under an `erasure` entry, `dropped` entries have lost their bodies under one, since their time had passed; of `pending` ones of
    both that entry is not signed yet, so that anybody who can write may have put it there. `unknown_signatures` counts checkpoints that
    none of the given keys signed. `unanchored` where there are checkpoints and the anchor, which was asked, knows of none.
    """

    origin: str
    size: int
    root: bytes
    signed_size: int
    checkpoints: int
    unknown_signatures: int
    unopened: int
    erased: int
    keyless: int = 0
    dropped: int = 0
    pending: int = 0
    since: int = 0
    witnessed_size: int | None = None
    left_out: tuple[str, ...] = ()
    unanchored: bool = False

    @property
    def uncovered(self) -> tuple[str, ...]:
        """What was not checked, each in one phrase."""
        phrases = (
            (self.since, f"entries before {self.since}, for which the checkpoint you kept vouches"),
            (self.left_out, f"{', '.join(self.left_out)}: not in the bundle"),
            (self.unopened, f"{self.unopened} subject sections that were not opened"),
            (self.keyless, f"of these {self.keyless} whose key the keystore does not have or cannot open, so that no erasure finds them"),
            (self.unanchored, "that this is the newest state, and that no checkpoint was taken out: the anchor says nothing of this log"),
            (self.unknown_signatures, f"{self.unknown_signatures} checkpoints that none of your keys signed"),
            (self.pending, f"{self.pending} entries of which something is gone, on the word of an entry that no checkpoint covers yet"),
            (
                self.signed_size > (self.witnessed_size or self.signed_size),
                f"entries from {self.witnessed_size} on, which no quorum of witnesses covers yet",
            ),
            (self.size > self.signed_size > 0, f"entries from {self.signed_size} on, which no checkpoint covers yet"),
        )
        return tuple(phrase for applies, phrase in phrases if applies)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole database. `findings` are in order, the first bad entry first; `total_findings` counts those left out as well.

    `unguarded` names triggers that are gone. Nothing follows from that about what is there: see `guards.py`.
    """

    logs: tuple[LogVerdict, ...]
    findings: tuple[Finding, ...]
    total_findings: int
    unguarded: tuple[str, ...] = ()

    @property
    def exit(self) -> Exit:
        """0 verified, 1 tampered, 2 incomplete: nothing there, or a log that no checkpoint speaks for, or none that was witnessed, or
        something gone on the word of an entry that none speaks for, or a section that names a key that there is not.
        """
        if self.findings:
            return Exit.TAMPERED
        return Exit.VERIFIED if self._signed and not self._unwitnessed else Exit.INCOMPLETE

    @property
    def outcome(self) -> str:
        """The exit code in a word: verified, tampered, incomplete or unwitnessed."""
        return "unwitnessed" if self.exit is Exit.INCOMPLETE and self._signed else self.exit.name.lower()

    @property
    def _signed(self) -> bool:
        """There are logs; a checkpoint speaks for each, and for whatever accounts for something gone; nothing lacks its key or anchor."""
        return bool(self.logs) and all(log.signed_size and not (log.pending or log.keyless or log.unanchored) for log in self.logs)

    @property
    def _unwitnessed(self) -> bool:
        """A policy was given, and of some log no checkpoint has the quorum that it asks for."""
        return any(log.witnessed_size == 0 for log in self.logs)

    @property
    def first(self) -> Finding | None:
        """The first bad entry, if any."""
        return self.findings[0] if self.findings else None

    def lines(self) -> tuple[str, ...]:
        """The verdict for a person, one sentence a line, the outcome last."""
        lines: list[str] = []
        for log in self.logs:
            signed = f"signed up to {log.signed_size}" if log.signed_size else "no signed checkpoint"
            sealed = f", {log.unopened} subjects not opened" if log.unopened else ""
            erased = f", {log.erased} subjects erased" if log.erased else ""
            dropped = f", {log.dropped} entries past their time dropped" if log.dropped else ""
            since = f", read from {log.since} on" if log.since else ""
            quorum = (
                "" if log.witnessed_size is None else f", witnessed up to {log.witnessed_size}" if log.witnessed_size else ", no quorum"
            )
            lines.append(f"{log.origin}: {log.size} entries, {signed}{quorum}{since}{sealed}{erased}{dropped}")
            lines.extend(f"  not covered: {phrase}" for phrase in log.uncovered)
        lines.extend(str(finding) for finding in self.findings)
        if self.total_findings > len(self.findings):
            lines.append(f"and {self.total_findings - len(self.findings)} more")
        if self.unguarded:
            lines.append(f"the database no longer forbids every change; triggers that are gone: {', '.join(self.unguarded)}")
        return (*map(plain, lines), self.outcome)

    def as_json(self) -> str:
        """The same for a program; hashes in hexadecimal."""
        members = {
            "outcome": self.outcome,
            "exit": self.exit.value,
            "logs": [
                {
                    "origin": log.origin,
                    "size": log.size,
                    "root": log.root.hex(),
                    "signedSize": log.signed_size,
                    "checkpoints": log.checkpoints,
                    "unknownSignatures": log.unknown_signatures,
                    "unopened": log.unopened,
                    "keyless": log.keyless,
                    "erased": log.erased,
                    "dropped": log.dropped,
                    "pending": log.pending,
                    "since": log.since,
                    "witnessedSize": log.witnessed_size,
                    "leftOut": [*log.left_out],
                    "notCovered": [*log.uncovered],
                }
                for log in self.logs
            ],
            "findings": [
                {"origin": one.origin, "index": one.index, "through": one.through, "kind": one.kind.value, "what": one.what}
                for one in self.findings
            ],
            "totalFindings": self.total_findings,
            "unguarded": [*self.unguarded],
        }
        return json.dumps(members, indent=1)
