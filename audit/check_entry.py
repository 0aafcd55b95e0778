"""Holding one entry against itself: the leaf against its envelope, the sections against their commitments, all against the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from audit.entry import Actor, Core, Envelope, Subject, parse_envelope
from audit.errors import NoteMalformed, SubjectKeyGone
from audit.merkle import leaf_hash
from audit.note import base64_octets
from audit.section import ACTOR, CORE, NAMES, SUBJECT, SubjectKeys, commitment, parse_actor, parse_core, parse_subject, unseal
from audit.verdict import Kind


class Subjects(Enum):
    """What became of an entry's subject section."""

    NONE = "none"
    OPENED = "opened"
    UNOPENED = "unopened"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class StoredSection:
    """One row of `audit_section`."""

    salt: bytes
    body: bytes
    key_id: str | None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row of `audit_leaf` with the sections that stand beside it."""

    id: str
    leaf_hash: bytes
    envelope: bytes
    sections: Mapping[str, StoredSection]


@dataclass(frozen=True, slots=True)
class Checked:
    """An entry after checking. `leaf` is recomputed from the envelope; `faults` is what was found; None what could not be read."""

    leaf: bytes
    faults: tuple[tuple[Kind, str], ...]
    envelope: Envelope | None
    core: Core | None
    actor: Actor | None
    subject: Subject | None
    subjects: Subjects


def check_entry(stored: StoredEntry, origin: str, last_ts: str, keys: SubjectKeys | None) -> Checked:
    """One entry on its own and after the one before it, whose time was `last_ts`."""
    faults: list[tuple[Kind, str]] = []
    leaf = leaf_hash(stored.envelope)
    if leaf != stored.leaf_hash:
        faults.append((Kind.CHANGED, "envelope"))
    try:
        envelope = parse_envelope(stored.envelope)
    except ValueError:
        return Checked(leaf, (*faults, (Kind.CHANGED, "envelope")), None, None, None, None, Subjects.NONE)
    if envelope.id != stored.id:
        faults.append((Kind.CHANGED, "id"))
    if envelope.log != origin:
        faults.append((Kind.INSERTED, "envelope"))
    if envelope.ts < last_ts:
        faults.append((Kind.REORDERED, "ts"))
    sections = _Sections(stored, envelope, keys)
    sections.check()
    return Checked(leaf, (*faults, *sections.faults), envelope, sections.core, sections.actor, sections.subject, sections.subjects)


class _Sections:
    """The sections of one entry while they are checked."""

    def __init__(self, stored: StoredEntry, envelope: Envelope, keys: SubjectKeys | None) -> None:
        self._stored = stored
        self._envelope = envelope
        self._keys = keys
        self.faults: list[tuple[Kind, str]] = []
        self.core: Core | None = None
        self.actor: Actor | None = None
        self.subject: Subject | None = None
        self.subjects = Subjects.NONE

    def check(self) -> None:
        """Every section that the envelope commits to, and no other."""
        if CORE not in self._envelope.sections:
            self.faults.append((Kind.REMOVED, f"section.{CORE}"))
        for name in self._envelope.sections.keys() - set(NAMES):
            self.faults.append((Kind.INSERTED, f"section.{name}"))
        for name in self._stored.sections.keys() - self._envelope.sections.keys():
            self.faults.append((Kind.INSERTED, f"section.{name}"))
        for name in NAMES:
            if name in self._envelope.sections:
                self._check(name)

    def _check(self, name: str) -> None:
        section = self._stored.sections.get(name)
        if section is None:
            # A missing subject may have been erased; whoever sees all entries decides. Core and actor are never erased.
            if name == SUBJECT:
                self.subjects = Subjects.MISSING
            else:
                self.faults.append((Kind.REMOVED, f"section.{name}"))
            return
        try:
            plain = section.body if name != SUBJECT else self._opened(section)
            if plain is not None:
                self._read(name, section, plain)
        except (ValueError, NoteMalformed):
            self.faults.append((Kind.CHANGED, f"section.{name}"))

    def _opened(self, section: StoredSection) -> bytes | None:
        self.subjects = Subjects.UNOPENED
        if self._keys is None:
            return None
        if section.key_id is None:
            raise ValueError("expected the id of a key")
        try:
            key = self._keys.key(section.key_id)
        except SubjectKeyGone:
            return None
        return unseal(section.body, key=key, entry_id=self._stored.id)

    def _read(self, name: str, section: StoredSection, plain: bytes) -> None:
        if commitment(name, section.salt, plain) != base64_octets(name, self._envelope.sections[name]):
            raise ValueError("expected the section that the leaf commits to")
        if name == CORE:
            self.core = parse_core(plain)
        elif name == ACTOR:
            self.actor = parse_actor(plain)
        else:
            self.subject = parse_subject(plain, section.key_id or "")
            self.subjects = Subjects.OPENED
