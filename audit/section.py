"""The three sections of an entry: their canonical bytes, the commitment to them, and the sealed form of the subject's.

The leaf commits to the *plaintext* of a section under a random salt. The stored body of the subject section is encrypted, and
AES-GCM does not commit to its key: one ciphertext can be made to open to two plaintexts under two keys. The salted digest of
the plaintext can not, so what the section says is fixed from the moment of the append, whoever holds which key. Deleting body
and salt leaves a digest that says nothing (the salt has 256 bits), and every proof still holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.codes import Pair
from audit.entry import Actor, Core, Covenant, Draft, Outcome, Subject, digests_text, parse_json
from audit.evaluations import read_evaluations, read_situations, write_evaluations, write_situations
from audit.note import base64_text

CORE = "core"
ACTOR = "actor"
SUBJECT = "subject"
NAMES = (CORE, ACTOR, SUBJECT)

SALT_BYTES = 32
NONCE_BYTES = 12
#: so many random bytes does an entry need: a salt for each section, and the nonce of the sealed one
NOISE_BYTES = 3 * SALT_BYTES + NONCE_BYTES

_Json: TypeAlias = Any  # what a stranger's JSON may be


class SubjectKeys(Protocol):
    """The keystore of the subjects, somewhere else than the log, with its own short backup."""

    def key(self, key_id: str) -> bytes:
        """The 32 bytes of one subject's key.

        Raises:
            SubjectKeyGone: it was destroyed, and what it seals is about to be removed.
            SubjectKeyUnknown: there is none.
        """


@dataclass(frozen=True, slots=True)
class Section:
    """One section as it is stored: `body` is plain for core and actor, and sealed for the subject; `key_id` names its key."""

    name: str
    salt: bytes
    body: bytes
    digest: bytes
    key_id: str | None = None


_LABELS = MappingProxyType({name: f"covenant-broker/section/v1\n{name}\n".encode("ascii") for name in NAMES})


def commitment(name: str, salt: bytes, plain: bytes) -> bytes:
    """SHA-256 over a domain label, the salt and the canonical section: binding and hiding."""
    return sha256(_LABELS[name] + salt + plain).digest()


def sections_of(draft: Draft, noise: bytes, key: bytes | None) -> tuple[Section, ...]:
    """The sections of a draft, each with its own salt: `noise` is `NOISE_BYTES` of it. `key` is that of its subject, where it has one.

    Raises:
        ValueError: it has a subject, and there is no key.
    """
    salts = [noise[at : at + SALT_BYTES] for at in range(0, 3 * SALT_BYTES, SALT_BYTES)]
    core = core_bytes(draft.core)
    sections = [Section(CORE, salts[0], core, commitment(CORE, salts[0], core))]
    if draft.actor is not None:
        actor = actor_bytes(draft.actor)
        sections.append(Section(ACTOR, salts[1], actor, commitment(ACTOR, salts[1], actor)))
    if draft.subject is not None:
        if key is None:
            raise ValueError("expected the key of the subject")
        plain = subject_bytes(draft.subject)
        sealed = seal(plain, key=key, entry_id=draft.id, nonce=noise[-NONCE_BYTES:])
        sections.append(Section(SUBJECT, salts[2], sealed, commitment(SUBJECT, salts[2], plain), draft.subject.key_id))
    return tuple(sections)


def digests_of(sections: tuple[Section, ...]) -> str:
    """The commitments to these sections as an envelope has them."""
    return digests_text({section.name: base64_text(section.digest) for section in sections})


def seal(plain: bytes, *, key: bytes, entry_id: str, nonce: bytes) -> bytes:
    """AES-256-GCM: nonce and ciphertext; the associated data binds it to its entry, so that it opens nowhere else."""
    return nonce + AESGCM(key).encrypt(nonce, plain, _associated(entry_id))


def unseal(body: bytes, *, key: bytes, entry_id: str) -> bytes:
    """The plaintext of a sealed section.

    Raises:
        ValueError: the body was changed, or belongs to another entry or another key.
    """
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _associated(entry_id))
    except InvalidTag as error:
        raise ValueError("subject: expected a body sealed for this entry under this key") from error


def _associated(entry_id: str) -> bytes:
    return b"covenant-broker/subject/v1\n" + entry_id.encode("ascii")


def core_bytes(core: Core) -> bytes:
    """The canonical JSON of a core; members that say nothing are left out.

    Written out, because every append and every verification does it: `Core` holds codes only, and no code has anything to escape.
    """
    members = [f"{name}{write(member)}" for (name, write), member in zip(_WRITTEN, _MEMBERS(core), strict=True) if member]
    return ("{" + ",".join(members) + "}").encode("ascii")


def _code(code: str) -> str:
    return f'"{code}"'


def _list(codes: tuple[str, ...]) -> str:
    return '["' + '","'.join(codes) + '"]'


def _pair_list(pairs: tuple[Pair, ...]) -> str:
    return "[" + ",".join([f'["{first}","{second}"]' for first, second in pairs]) + "]"


def _covenant(covenant: Covenant) -> str:
    return f'{{"id":"{covenant.id}","sha256":"{covenant.sha256}","version":"{covenant.version}"}}'


#: every member of a core in canonical order, and how it is written
_WRITTEN: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ('"activity":', _code),
    ('"articles":', _list),
    ('"case_facts":', _pair_list),
    ('"command":', _code),
    ('"covenant":', _covenant),
    ('"details":', _pair_list),
    ('"entries":', _list),
    ('"evaluations":', write_evaluations),
    ('"holders":', _list),
    ('"legal_bases":', _list),
    ('"outcome":', _code),
    ('"policy_sha256":', _code),
    ('"purpose":', _code),
    ('"reasons":', _list),
    ('"released":', _pair_list),
    ('"requested":', _list),
    ('"requester":', _code),
    ('"retention":', _code),
    ('"situations":', write_situations),
    ('"software":', _code),
    ('"span_id":', _code),
    ('"span_parent":', _code),
    ('"trace_id":', _code),
    ('"unavailable":', _pair_list),
    ('"withheld":', _pair_list),
)
_MEMBERS = attrgetter(*[name.strip('":') for name, _ in _WRITTEN])


def actor_bytes(actor: Actor) -> bytes:
    """The canonical JSON of an actor."""
    return f'{{"on_behalf_of":"{actor.on_behalf_of}","pseudonym":"{actor.pseudonym}","role":"{actor.role}"}}'.encode("ascii")


def subject_bytes(subject: Subject) -> bytes:
    """The canonical JSON of a subject, the id of its key excepted: keys may be rewrapped, the leaf may not change."""
    return f'{{"case":"{subject.case_pseudonym}","pseudonym":"{subject.pseudonym}"}}'.encode("ascii")


def parse_core(body: bytes) -> Core:
    """The core that this body is, byte for byte.

    Raises:
        ValueError: the body is no core in canonical form.
    """
    try:
        members = _members(body)
        outcome, covenant = members.get("outcome"), members.get("covenant")
        core = Core(
            outcome=None if outcome is None else Outcome(outcome),
            reasons=_codes(members, "reasons"),
            articles=_codes(members, "articles"),
            requester=members.get("requester"),
            holders=_codes(members, "holders"),
            purpose=members.get("purpose"),
            legal_bases=_codes(members, "legal_bases"),
            activity=members.get("activity"),
            covenant=None if covenant is None else Covenant(covenant["id"], covenant["version"], covenant["sha256"]),
            policy_sha256=members.get("policy_sha256"),
            requested=_codes(members, "requested"),
            released=_pairs(members, "released"),
            withheld=_pairs(members, "withheld"),
            unavailable=_pairs(members, "unavailable"),
            case_facts=_pairs(members, "case_facts"),
            trace_id=members.get("trace_id"),
            span_id=members.get("span_id"),
            retention=members.get("retention"),
            software=members.get("software"),
            command=members.get("command"),
            details=_pairs(members, "details"),
            entries=_codes(members, "entries"),
            span_parent=members.get("span_parent"),
            situations=read_situations(members.get("situations", ())),
            evaluations=read_evaluations(members.get("evaluations", ())),
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("core: expected the closed schema of a core") from error
    # Unknown members, another order, other spacing: whatever is not the closed canonical form does not print back the same.
    if core_bytes(core) != body:
        raise ValueError("core: expected canonical JSON of the closed schema")
    return core


def parse_actor(body: bytes) -> Actor:
    """The actor that this body is, byte for byte.

    Raises:
        ValueError: the body is no actor in canonical form.
    """
    try:
        members = _members(body)
        actor = Actor(members["pseudonym"], members["role"], members["on_behalf_of"])
    except (TypeError, KeyError) as error:
        raise ValueError("actor: expected the closed schema of an actor") from error
    if actor_bytes(actor) != body:
        raise ValueError("actor: expected canonical JSON of the closed schema")
    return actor


def parse_subject(plain: bytes, key_id: str) -> Subject:
    """The subject that this opened body is, byte for byte.

    Raises:
        ValueError: it is no subject in canonical form.
    """
    try:
        members = _members(plain)
        subject = Subject(members["pseudonym"], members["case"], key_id)
    except (TypeError, KeyError) as error:
        raise ValueError("subject: expected the closed schema of a subject") from error
    if subject_bytes(subject) != plain:
        raise ValueError("subject: expected canonical JSON of the closed schema")
    return subject


# The types of a stranger's JSON are checked by the constructors above and by printing it back.
def _members(body: bytes) -> dict[str, _Json]:
    members = parse_json(body)
    if not isinstance(members, dict):
        raise TypeError("expected an object")
    return members


def _codes(members: dict[str, _Json], name: str) -> tuple[str, ...]:
    return tuple(members.get(name, ()))


def _pairs(members: dict[str, _Json], name: str) -> tuple[Pair, ...]:
    return tuple((first, second) for first, second in members.get(name, ()))
