"""One entry of the log as values: what an exchange, a case or a key has to say for itself, in codes.

An entry is drafted by its caller (`Draft`), gets its time and its log under the append lock, and becomes an *envelope*: the
canonical JSON whose hash is the leaf. The envelope commits to three sections without showing them (see `section.py`):

- **core**: what was asked, decided and released, under which covenant;
- **actor**: the professional, under the pseudonym that the employer made and can resolve;
- **subject**: whose case it is, under a pseudonym whose key can be destroyed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from audit.codes import Pair, check_codes, check_forms, check_log_name, check_sha256, check_sorted, check_trace, check_unique, check_uuid7
from audit.evaluations import Evaluation, Situation, check_evaluations

#: the log of what belongs to no covenant
HOUSE = "house"

DECISION = "exchange.decision"
RELEASE = "exchange.release"
REFUSED = "exchange.refused"
FAILED = "exchange.failed"
CLOCK_STEP = "clock.step"
ERASURE = "erasure"

#: what closes a decision: each decision is closed by exactly one of these, whose `ref` is the decision's id
TERMINAL = frozenset({RELEASE, REFUSED, FAILED})
EVALUATION = "access.evaluation"
EVALUATIONS = "access.evaluations"
SEARCH_SUBJECT = "access.search_subject"
SEARCH_ACTION = "access.search_action"
SEARCH_RESOURCE = "access.search_resource"

#: a call at the decision point, which gives no data: it is an entry of its own, and nothing closes it
ACCESS = frozenset({EVALUATION, EVALUATIONS, SEARCH_SUBJECT, SEARCH_ACTION, SEARCH_RESOURCE})
#: every type that stands alone
TYPES = TERMINAL | ACCESS | {DECISION, "contribution", "audit.read", "audit.export", ERASURE, "tally", CLOCK_STEP}
#: every family whose second word is the command or event, `case.veto`
FAMILIES = frozenset({"case", "signal", "emergency", "rights", "covenant", "key", "person"})

_VERB = re.compile(r"[a-z][a-z_]{0,39}")
_TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class Outcome(StrEnum):
    """What was decided about an ask."""

    PERMIT = "permit"
    PARTIAL = "partial"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Covenant:
    """The covenant that a decision rests on; `sha256` is of its canonical form, in hexadecimal."""

    id: str
    version: str
    sha256: str

    def __post_init__(self) -> None:
        check_codes("covenant", (self.id, self.version))
        check_sha256("covenant.sha256", self.sha256)


@dataclass(frozen=True, slots=True)
class Core:
    """What happened, in codes. A member that says nothing is not written.

    `released` holds (field, form), `withheld` (field, reason), `unavailable` (source, reason). `case_facts` are the sorted
    (name, code) pairs that a replay of the decision needs; `details` the same for a command's own codes; `entries` the ids of
    the entries that this one is about (an erasure, a correction). `span_parent` is the span of whoever called, in the same trace.
    `situations` and `evaluations` are of a call at the decision point.
    """

    outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    requester: str | None = None
    holders: tuple[str, ...] = ()
    purpose: str | None = None
    legal_bases: tuple[str, ...] = ()
    activity: str | None = None
    covenant: Covenant | None = None
    policy_sha256: str | None = None
    requested: tuple[str, ...] = ()
    released: tuple[Pair, ...] = ()
    withheld: tuple[Pair, ...] = ()
    unavailable: tuple[Pair, ...] = ()
    case_facts: tuple[Pair, ...] = ()
    trace_id: str | None = None
    span_id: str | None = None
    retention: str | None = None
    software: str | None = None
    command: str | None = None
    details: tuple[Pair, ...] = ()
    entries: tuple[str, ...] = ()
    span_parent: str | None = None
    situations: tuple[Situation, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()

    def __post_init__(self) -> None:
        single = tuple(
            code for code in (self.requester, self.purpose, self.activity, self.retention, self.software, self.command) if code is not None
        )
        paired = self.withheld + self.unavailable + self.case_facts + self.details
        listed = self.reasons + self.articles + self.holders + self.legal_bases + self.requested
        fields_released = tuple(field for field, _ in self.released)
        check_codes("core", single + listed + fields_released + tuple(code for pair in paired for code in pair))
        check_forms("released", tuple(form for _, form in self.released))
        for name, fields in (("requested", self.requested), ("released", self.released), ("withheld", self.withheld)):
            check_unique(name, fields)
        check_sorted("case_facts", self.case_facts)
        check_sorted("details", self.details)
        if self.policy_sha256 is not None:
            check_sha256("policy_sha256", self.policy_sha256)
        check_trace(self.trace_id, self.span_id, self.span_parent)
        if self.situations or self.evaluations:
            check_evaluations(self.situations, self.evaluations)
        for entry in self.entries:
            check_uuid7("entries", entry)


@dataclass(frozen=True, slots=True)
class Actor:
    """The professional who acted. The employer made `pseudonym` and can resolve it; the broker cannot."""

    pseudonym: str
    role: str
    on_behalf_of: str

    def __post_init__(self) -> None:
        check_codes("actor", (self.pseudonym, self.role, self.on_behalf_of))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose case it is. `key_id` names the subject key that seals this section; it is in the database, never in the leaf."""

    pseudonym: str
    case_pseudonym: str
    key_id: str

    def __post_init__(self) -> None:
        check_codes("subject", (self.pseudonym, self.case_pseudonym, self.key_id))


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place and a time.

    `log` is the covenant's id, or `house`. `id` is a UUIDv7 that its caller made: appending the same draft again is the same
    entry. `ref` is the id of the entry that this one continues; what closes a decision must name it.
    """

    typ: str
    id: str
    log: str
    ref: str | None
    core: Core
    actor: Actor | None = None
    subject: Subject | None = None

    def __post_init__(self) -> None:
        check_type(self.typ)
        check_uuid7("id", self.id)
        check_log_name("log", self.log)
        if self.ref is not None:
            check_uuid7("ref", self.ref)
        elif self.typ in TERMINAL:
            raise ValueError(f"ref: an entry of type {self.typ} names the decision that it closes")


def check_type(typ: str) -> None:
    """Refuse a type that the log does not know.

    Raises:
        ValueError: it is neither one of `TYPES` nor a lower-case word in one of `FAMILIES`.
    """
    family, _, verb = typ.partition(".")
    if typ not in TYPES and not (family in FAMILIES and _VERB.fullmatch(verb)):
        raise ValueError("typ: expected a type that the log knows")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the leaf hashes: the entry's place in time and its commitments, `sections` as name and SHA-256 in base64."""

    typ: str
    log: str
    id: str
    ts: str
    ref: str | None
    sections: Mapping[str, str]


def envelope_bytes(envelope: Envelope) -> bytes:
    """The envelope in canonical JSON (RFC 8785 profile: ASCII, no floats, closed schema)."""
    digests = digests_text(envelope.sections)
    return envelope_text(envelope.typ, envelope.log, envelope.id, envelope.ts, envelope.ref, digests).encode("ascii")


def digests_text(sections: Mapping[str, str]) -> str:
    """The commitments as they stand in an envelope."""
    return ",".join([f'"{name}":"{digest}"' for name, digest in sorted(sections.items())])


def envelope_text(typ: str, log: str, entry: str, ts: str, ref: str | None, digests: str) -> str:
    """The envelope in canonical JSON, `digests` being what `digests_text` makes.

    Written out, because every append and every verification does it: members in order, and no string in it has anything to escape.
    """
    said = "null" if ref is None else f'"{ref}"'
    return f'{{"id":"{entry}","log":"{log}","ref":{said},"sec":{{{digests}}},"ts":"{ts}","typ":"{typ}","v":1}}'


def parse_envelope(text: bytes) -> Envelope:
    """The envelope that this text is, byte for byte.

    Raises:
        ValueError: the text is no envelope in canonical form.
    """
    members = parse_json(text)
    if (
        not isinstance(members, dict)
        or members.keys() != {"v", "typ", "log", "id", "ts", "ref", "sec"}
        or not isinstance(members["sec"], dict)
    ):
        raise ValueError("expected an envelope with the members v, typ, log, id, ts, ref and sec")
    envelope = Envelope(members["typ"], members["log"], members["id"], members["ts"], members["ref"], members["sec"])
    strings = (envelope.typ, envelope.log, envelope.id, envelope.ts, *envelope.sections.values())
    if not all(isinstance(member, str) for member in strings) or not isinstance(envelope.ref, str | None):
        raise ValueError("expected an envelope whose members are strings")
    check_type(envelope.typ)
    if not _TS.fullmatch(envelope.ts):
        raise ValueError("ts: expected UTC with microseconds")
    # Spaces, escapes, doubled keys, another version: whatever is not canonical does not print back to the same bytes. That covers a
    # quote inside a string as well: it was escaped in the text, and is not escaped when printed.
    if envelope_bytes(envelope) != text:
        raise ValueError("expected canonical JSON")
    return envelope


def parse_json(text: bytes) -> object:
    """What a stored text says, before anything of it is believed.

    Raises:
        ValueError: it is no JSON, or nested deeper than anything that was ever written here.
    """
    try:
        return json.loads(text.decode("ascii"))
    except RecursionError as error:
        raise ValueError("expected JSON of little depth") from error
