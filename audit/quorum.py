"""Whose word makes a checkpoint count: a trust policy (C2SP tlog-policy) of logs, witnesses, groups and one quorum.

A checkpoint is accepted when one of the logs signed it and enough witnesses cosigned it. A policy that names no witnesses says so with
`quorum none`; leaving the quorum out is a mistake, not a yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from audit.checkpoint import Checkpoint, unverified_checkpoint
from audit.cosignature import Cosignature, CosignerKey, cosignatures
from audit.errors import NoteMalformed, NoteUnverified
from audit.note import VerifierKey, open_note

POLICY_MAX_BYTES = 1_000_000
NONE = "none"

_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these witnesses or groups."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that counts, and the cosignatures that made it count."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """`witnesses` and `groups` by the names they have in the policy file; `quorum` is one of those names, or `none`."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, CosignerKey]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def parse(cls, octets: bytes) -> TrustPolicy:
        """Read a policy file.

        Raises:
            NoteMalformed: it is none; the line at fault is named.
        """
        return _Reading().policy(octets)

    def accept(self, note: bytes) -> Witnessed:
        """The checkpoint in a note, if it counts.

        Raises:
            NoteMalformed: it is no checkpoint.
            NoteUnverified: none of the logs signed it, a trusted signature is wrong, or the quorum is not met.
        """
        unverified = unverified_checkpoint(note)
        open_note(note, [log for log in self.logs if log.name == unverified.origin])
        given = cosignatures(note, tuple(self.witnesses.values()))
        if not self.met({cosignature.by for cosignature in given}):
            raise NoteUnverified(f"checkpoint: expected the quorum {self.quorum}, found cosignatures of {len(given)} witnesses")
        return Witnessed(unverified, given)

    def met(self, witnesses: set[CosignerKey]) -> bool:
        """Whether these witnesses make the quorum."""
        return self.quorum == NONE or self._witnessed(self.quorum, witnesses)

    def _witnessed(self, name: str, witnesses: set[CosignerKey]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name] in witnesses
        group = self.groups[name]
        return sum(self._witnessed(member, witnesses) for member in group.members) >= group.least


class _Reading:
    """One pass over a policy file, line by line; a name must be defined before it is used."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, CosignerKey] = {}
        self._groups: dict[str, Group] = {}
        self._urls: dict[str, str] = {}
        self._member: set[str] = set()
        self._quorum: str | None = None

    def policy(self, octets: bytes) -> TrustPolicy:
        if len(octets) > POLICY_MAX_BYTES or _FORBIDDEN.search(octets):
            raise NoteMalformed(f"policy: expected at most {POLICY_MAX_BYTES} bytes of text without control characters")
        # Names are octet strings. Those in UTF-8 are what a note says; what is not is kept apart, and no key can have it as its name.
        lines = octets.decode("utf-8", "surrogateescape").split("\n")
        known: Mapping[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._take_quorum,
        }
        for number, line in enumerate(lines, start=1):
            word, *rest = [part for part in re.split(r"[ \t]+", line) if part] or ["#"]
            if word.startswith("#"):
                continue
            if word not in known:
                raise NoteMalformed(f"policy line {number}: expected log, witness, group or quorum")
            try:
                known[word](rest)
            except (NoteMalformed, ValueError) as error:
                raise NoteMalformed(f"policy line {number}: {error}") from error
        if self._quorum is None:
            raise NoteMalformed("policy: expected a line with the quorum, `quorum none` where there is to be none")
        frozen = (MappingProxyType(self._witnesses), MappingProxyType(self._groups))
        return TrustPolicy(tuple(self._logs), *frozen, self._quorum, MappingProxyType(self._urls))

    def _log(self, words: Sequence[str]) -> None:
        key, url = _key_and_url(words)
        log = VerifierKey.parse(key)
        if any(known.key == log.key for known in self._logs):
            raise NoteMalformed("this log stands there already")
        self._logs.append(log)
        self._urls.update({log.name: url} if url else {})

    def _witness(self, words: Sequence[str]) -> None:
        if not words:
            raise NoteMalformed("expected a name and a vkey")
        key, url = _key_and_url(words[1:])
        witness = CosignerKey.parse(key)
        if any(known.key == witness.key for known in self._witnesses.values()):
            raise NoteMalformed("this witness stands there already")
        self._witnesses[self._new(words[0])] = witness
        self._urls.update({words[0]: url} if url else {})

    def _group(self, words: Sequence[str]) -> None:
        if len(words) < 3:  # noqa: PLR2004 - a name, a threshold and a member
            raise NoteMalformed("expected a name, a threshold and at least one member")
        name, threshold, *members = words
        for member in members:
            if member not in self._witnesses and member not in self._groups:
                raise NoteMalformed("expected members that are defined above it")
            if member in self._member:
                raise NoteMalformed("a member counts in one group only")
            self._member.add(member)
        if threshold not in {"any", "all"} and not _NUMBER.fullmatch(threshold):
            raise NoteMalformed("expected all, any or a number as the threshold")
        least = {"any": 1, "all": len(members)}.get(threshold) or int(threshold)
        if least > len(members):
            raise NoteMalformed(f"expected a threshold of at most {len(members)}")
        self._groups[self._new(name)] = Group(least, tuple(members))

    def _take_quorum(self, words: Sequence[str]) -> None:
        if self._quorum is not None:
            raise NoteMalformed("expected one quorum, found another")
        if len(words) != 1 or (words[0] != NONE and words[0] not in self._witnesses and words[0] not in self._groups):
            raise NoteMalformed("expected the name of a witness or group that is defined above it, or none")
        self._quorum = words[0]

    def _new(self, name: str) -> str:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise NoteMalformed("expected a name that is not taken")
        return name


def _key_and_url(words: Sequence[str]) -> tuple[str, str | None]:
    if not words or len(words) > 2:  # noqa: PLR2004 - a key and perhaps a URL
        raise NoteMalformed("expected a vkey and perhaps a URL")
    return words[0], words[1] if len(words) > 1 else None
