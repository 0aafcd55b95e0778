"""Holding one entry against itself: the leaf against its envelope, the sections against their commitments, all against the schema.

Most entries of a log are alike in all but a few places, and a verifier reads millions. What has been found good once is known by its
text: an envelope by the one pattern that canonical ones follow, a core by its text around the trace, an actor by its whole text. A
text that is not known goes through the parsers of `entry.py` and `section.py`, which alone decide.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from hashlib import sha256
from typing import NamedTuple, TypeAlias, TypeVar

from audit.check_source import EntryRow, SectionRow
from audit.entry import ERASURE, Core, check_type, parse_envelope
from audit.errors import NoteMalformed, SubjectKeyGone, SubjectKeyUnknown
from audit.section import ACTOR, CORE, NAMES, SUBJECT, SubjectKeys, commitment, parse_actor, parse_core, parse_subject, unseal
from audit.terms import SEALED_KINDS, Term, terms_of
from audit.verdict import Kind

#: (what was done, to which part)
Fault: TypeAlias = tuple[Kind, str]
Text = TypeVar("Text")
Kept = TypeVar("Kept")

_UNSAID = frozenset({CORE, ACTOR})
_KNOWN_MAX = 8192
_KNOWN_BYTES_MAX = 8192

_SHA = rb'"([A-Za-z0-9+/]{43}=)"'
# Canonical envelopes and no other text. A string in one holds nothing that JSON escapes.
_ENVELOPE = re.compile(
    rb'\{"id":"([0-9a-f-]{36})","log":"([!#-\[\]-~]{1,300})","ref":(?:null|"([0-9a-f-]{36})"),'
    rb'"sec":\{(?:"actor":' + _SHA + rb',)?"core":' + _SHA + rb'(?:,"subject":' + _SHA + rb")?\},"
    rb'"ts":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)","typ":"([a-z_.]{1,60})","v":1\}'
)
_TRACE = re.compile(rb'"span_id":"[0-9a-f]{16}",(?:"span_parent":"[0-9a-f]{16}",)?"trace_id":"([0-9a-f]{32})"')
_CODE = r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,199}"
_SUBJECT_TEXT = re.compile(rf'\{{"case":"({_CODE})","pseudonym":"({_CODE})"\}}'.encode())


class Subjects(Enum):
    """What became of an entry's subject section."""

    NONE = "none"
    OPENED = "opened"
    UNOPENED = "unopened"
    #: keys were given, and the one that the section names was never among them
    KEYLESS = "keyless"


#: the section is there, and what it says is not known
CLOSED = frozenset({Subjects.UNOPENED, Subjects.KEYLESS})


class Read(NamedTuple):
    """An entry after checking. `leaf` is recomputed from the envelope; `faults` is what was found.

    `typ` is empty where the envelope could not be read. `missing` are the sections that are committed to and not there. `terms` is
    the sum over what the entry can be found by, None where it cannot be read whole. `erasure` is the core of an entry of that type.
    """

    leaf: bytes
    faults: tuple[Fault, ...]
    typ: str = ""
    id: str = ""
    ref: str | None = None
    ts: str = ""
    missing: tuple[str, ...] = ()
    subjects: Subjects = Subjects.NONE
    terms: int | None = None
    erasure: Core | None = None


class _Said(NamedTuple):
    """What an envelope says; `sections` holds the commitments as base64."""

    id: str
    log: str
    ref: str | None
    sections: Mapping[str, bytes]
    ts: str
    typ: str


class _Known(NamedTuple):
    """A core that was read before: what its entry can be found by through it, the trace excepted, and the sum of that.

    `core` is kept of an `erasure` alone: whoever sees all entries asks what it accounts for.
    """

    terms: frozenset[Term]
    total: int
    traced: bool
    core: Core | None


class EntryCheck:
    """Checks the entries of one log, one after the other. `weigh` gives every term a number, by which the index is compared in sums."""

    def __init__(
        self,
        origin: str,
        keys: SubjectKeys | None,
        weigh: Callable[[Term], int],
        *,
        left_out: frozenset[str] = frozenset(),
        subjects_opened: bool = False,
    ) -> None:
        self._origin = origin
        self._keys = keys
        self._weigh = weigh
        self._left_out = left_out
        self._opened = subjects_opened
        self._cores: dict[tuple[str, bytes, bytes | None], _Known] = {}
        self._actors: dict[bytes, frozenset[Term]] = {}
        self._types: set[str] = set()

    def check(self, row: EntryRow, last_ts: str) -> Read:
        """One entry on its own and after the one before it, whose time was `last_ts`."""
        leaf = sha256(b"\x00" + row[3]).digest()
        faults: list[Fault] = [] if leaf == row[2] else [(Kind.CHANGED, "envelope")]
        try:
            said = self._said(row[3])
        except ValueError:
            return Read(leaf, (*faults, (Kind.CHANGED, "envelope")))
        if said.id != row[1]:
            faults.append((Kind.CHANGED, "id"))
        if said.log != self._origin:
            faults.append((Kind.INSERTED, "envelope"))
        if said.ts < last_ts:
            faults.append((Kind.REORDERED, "ts"))
        before = len(faults)
        parts = _Parts(self._left_out)
        self._sections(said, row[4], parts, faults)
        total = None
        # An erased subject takes its own terms along; where core or actor are missing, or left out, nothing is held against the index.
        if parts.core is not None and len(faults) == before and not _UNSAID.intersection(parts.missing) and not _UNSAID & self._left_out:
            weigh = self._weigh
            total = parts.core.total + sum([weigh(term) for term in self._others(said, parts)])
        erasure = None if parts.core is None else parts.core.core
        return Read(leaf, tuple(faults), said.typ, said.id, said.ref, said.ts, tuple(parts.missing), parts.subjects, total, erasure)

    def terms(self, row: EntryRow) -> frozenset[Term]:
        """What an entry can be found by, to name what differs; where its subject was not opened, with nothing for the two values."""
        said = self._said(row[3])
        parts = _Parts(self._left_out)
        self._sections(said, row[4], parts, [])
        core: frozenset[Term] = frozenset() if parts.core is None else parts.core.terms
        return core.union(self._others(said, parts))

    def _others(self, said: _Said, parts: _Parts) -> list[Term]:
        """The terms beside those of the core, each once."""
        terms: list[Term] = [*parts.subject, *parts.trace]
        if said.ref is not None:
            terms.append(("ref", said.ref))
        terms.extend(term for term in parts.actor if parts.core is None or term not in parts.core.terms)
        if parts.subjects in CLOSED:
            terms.extend((kind, "") for kind in SEALED_KINDS)
        return terms

    def _said(self, envelope: bytes) -> _Said:
        """Raises ValueError: it is no envelope in canonical form."""
        match = _ENVELOPE.fullmatch(envelope)
        if match is None:
            one = parse_envelope(envelope)
            return _Said(one.id, one.log, one.ref, {name: text.encode() for name, text in one.sections.items()}, one.ts, one.typ)
        entry_id, log, ref, actor, core, subject, ts, typ = match.groups()
        kind = typ.decode()
        if kind not in self._types:
            check_type(kind)
            self._types.add(kind)
        sections = {CORE: core}
        if actor is not None:
            sections[ACTOR] = actor
        if subject is not None:
            sections[SUBJECT] = subject
        return _Said(entry_id.decode(), log.decode(), None if ref is None else ref.decode(), sections, ts.decode(), kind)

    def _sections(self, said: _Said, rows: Sequence[SectionRow], parts: _Parts, faults: list[Fault]) -> None:
        """Every section that the envelope commits to, and no other."""
        here: set[str] = set()
        for name, salt, body, key_id in rows:
            digest = said.sections.get(name) if name in NAMES else None
            if digest is None:
                faults.append((Kind.INSERTED, f"section.{name}" if name.isalnum() else "section"))
                continue
            here.add(name)
            try:
                if key_id is not None and name != SUBJECT:
                    raise ValueError("expected no key beside a section that is not sealed")  # noqa: TRY301 - one place names what is wrong
                plain = body if name != SUBJECT else self._plain(said.id, body, key_id, parts)
                if plain is not None:
                    if b2a_base64(commitment(name, salt, plain), newline=False) != digest:
                        raise ValueError("expected the section that the leaf commits to")  # noqa: TRY301 - one place names what is wrong
                    self._read(said.typ, name, plain, parts)
            except (TypeError, ValueError, NoteMalformed):
                faults.append((Kind.CHANGED, f"section.{name}"))
        if len(here) != len(said.sections) or CORE not in here:
            parts.miss(said, here, faults)

    def _plain(self, entry_id: str, body: bytes, key_id: str | None, parts: _Parts) -> bytes | None:
        if self._opened and key_id is None:
            return body
        parts.subjects = Subjects.UNOPENED
        if self._keys is None:
            return None
        if key_id is None:
            raise ValueError("expected the id of a key")
        try:
            key = self._keys.key(key_id)
        except SubjectKeyUnknown:
            parts.subjects = Subjects.KEYLESS
            return None
        except SubjectKeyGone:
            return None
        return unseal(body, key=key, entry_id=entry_id)

    def _read(self, typ: str, name: str, plain: bytes, parts: _Parts) -> None:
        if name == CORE:
            parts.core = self._core(typ, plain, parts)
        elif name == ACTOR:
            parts.actor = self._actor(plain)
        else:
            match = _SUBJECT_TEXT.fullmatch(plain)
            if match is not None:
                parts.subject = (("case", match[1].decode()), ("subject", match[2].decode()))
            else:
                subject = parse_subject(plain, "unknown")
                parts.subject = (("case", subject.case_pseudonym), ("subject", subject.pseudonym))
            parts.subjects = Subjects.OPENED

    def _core(self, typ: str, plain: bytes, parts: _Parts) -> _Known:
        """The core, by its text around the trace, which says nothing that is searched for and is another one at each exchange.

        INVARIANT: what is before a trace and after it is kept only once the parser has accepted the whole, so another trace in that
        very place is as good.
        """
        match = _TRACE.search(plain)
        text = (typ, plain, None) if match is None else (typ, plain[: match.start()], plain[match.end() :])
        known = self._cores.get(text)
        trace = None if match is None else match[1].decode()
        if known is None:
            core = parse_core(plain)
            all_terms = terms_of(typ, None, core, None, None)
            terms = all_terms - {("trace", trace or "")}
            known = _Known(terms, sum(self._weigh(term) for term in terms), terms != all_terms, core if typ == ERASURE else None)
            if len(plain) < _KNOWN_BYTES_MAX:
                _keep(self._cores, text, known)
        if known.traced:
            parts.trace = (("trace", trace or ""),)
        return known

    def _actor(self, plain: bytes) -> frozenset[Term]:
        known = self._actors.get(plain)
        if known is None:
            actor = parse_actor(plain)
            known = frozenset({("professional", actor.pseudonym), ("party", actor.on_behalf_of)})
            _keep(self._actors, plain, known)
        return known


class _Parts:
    """What the sections of one entry turned out to be."""

    __slots__ = ("_left_out", "actor", "core", "missing", "subject", "subjects", "trace")

    def __init__(self, left_out: frozenset[str]) -> None:
        self._left_out = left_out
        self.core: _Known | None = None
        self.actor: frozenset[Term] = frozenset()
        self.subject: tuple[Term, ...] = ()
        self.trace: tuple[Term, ...] = ()
        self.subjects = Subjects.NONE
        self.missing: list[str] = []

    def miss(self, said: _Said, here: set[str], faults: list[Fault]) -> None:
        """Sections that are committed to and not there, or there and not committed to."""
        if CORE not in said.sections:
            faults.append((Kind.REMOVED, f"section.{CORE}"))
        faults.extend((Kind.INSERTED, f"section.{name}") for name in sorted(said.sections.keys() - set(NAMES)))
        self.missing = [name for name in NAMES if name in said.sections and name not in here and name not in self._left_out]


def _keep(known: dict[Text, Kept], text: Text, value: Kept) -> None:
    """Remember what was read, within bounds: a log whose entries have nothing in common costs its parsing and no memory."""
    if len(known) >= _KNOWN_MAX:
        known.clear()
    known[text] = value
