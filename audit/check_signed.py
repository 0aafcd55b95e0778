"""Gathering what was signed about the logs: checkpoints of the database, of the anchor, and of whoever kept one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from audit.anchor import Anchored
from audit.checkpoint import Checkpoint, log_keys, open_checkpoint, unverified_checkpoint
from audit.cosignature import cosignatures
from audit.errors import NoteMalformed, NoteUnverified
from audit.note import parse_note
from audit.quorum import TrustPolicy
from audit.verdict import Finding, Kind


@dataclass(frozen=True, slots=True)
class Kept:
    """A note as somebody kept it. `origin` and `size` are what it stands under, None where it stands under nothing."""

    source: str
    note: str
    origin: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """One checkpoint of a log; `checkpoint` None where none of the given keys signed it. `source` says where it was kept."""

    origin: str
    source: str
    checkpoint: Checkpoint | None
    note: str


def collect_signed(
    origins: Collection[str], kept: Iterable[Kept], keys: Sequence[bytes], *, covered: bool = True
) -> tuple[list[Signed], list[Finding]]:
    """Every checkpoint there is, and what is wrong with the notes themselves.

    `covered` while every log that there is should be here; a bundle holds one, and checkpoints of others say nothing about it.
    """
    signed: list[Signed] = []
    findings: list[Finding] = []
    for one in kept:
        try:
            opened, said = _opened(one.note, one.source, keys)
        except NoteMalformed:
            findings.append(Finding(one.origin or "", None, Kind.CHANGED, one.source))
            continue
        if said.origin != (one.origin or said.origin) or said.size != (said.size if one.size is None else one.size):
            findings.append(Finding(one.origin or "", None, Kind.CHANGED, one.source))
            continue
        signed.append(opened)
        if covered and said.origin not in origins and opened.checkpoint is not None:
            findings.append(Finding(said.origin, 0, Kind.REMOVED, "log"))
    return signed, findings


def dropped_checkpoints(stored: Iterable[Kept], anchored: Mapping[str, Anchored]) -> Iterator[Finding]:
    """Logs that keep fewer checkpoints than were signed up to the one of the anchor.

    That one itself may not be there: this is a copy from before, or the signer has stopped in between.
    """
    sizes: dict[str, set[int]] = {}
    for one in stored:
        sizes.setdefault(one.origin or "", set()).add(one.size or 0)
    for origin, last in sorted(anchored.items()):
        with suppress(NoteMalformed):
            size = unverified_checkpoint(last.note.encode()).size
            if len({size, *(one for one in sizes.get(origin, ()) if one <= size)}) < last.count:
                yield Finding(origin, None, Kind.REMOVED, "checkpoint")


def given_checkpoints(notes: Sequence[str], keys: Sequence[bytes]) -> tuple[Checkpoint, ...]:
    """The checkpoints that whoever asks has kept. One that cannot be believed is a mistake in the asking: left aside, a log that was made
    anew and signed with another key would pass for the one that it vouches for.

    Raises:
        NoteMalformed: one of them is no checkpoint.
        NoteUnverified: none of the keys signed it.
    """
    opened: list[Checkpoint] = []
    for note in notes:
        try:
            opened.append(open_checkpoint(note.encode(), keys))
        except (NoteMalformed, NoteUnverified) as error:
            raise type(error)(f"a checkpoint that you gave: {error}") from error
    return tuple(opened)


def starting_points(notes: Sequence[str], keys: Sequence[bytes]) -> Mapping[str, Checkpoint]:
    """The checkpoints from which logs are to be checked, by origin; of two of one log the larger.

    Raises:
        NoteMalformed, NoteUnverified: see `given_checkpoints`.
    """
    return {one.origin: one for one in sorted(given_checkpoints(notes, keys), key=lambda one: one.size)}


def witnessed_size(signed: Iterable[Signed], policy: TrustPolicy, sizes: range) -> int:
    """The size of the largest checkpoint, of those sizes, that enough of a policy's witnesses vouch for; 0 where none is.

    That its own log signed it was found before. The policy is not asked for that again: it names a key once (C2SP tlog-policy), and one
    key signs for every log of a broker, each under its own origin.
    """
    inside = [one for one in signed if one.checkpoint is not None and one.checkpoint.size in sizes]
    for one in sorted(inside, key=lambda one: -(one.checkpoint.size if one.checkpoint else 0)):
        try:
            given = cosignatures(one.note.encode(), tuple(policy.witnesses.values()))
        except (NoteMalformed, NoteUnverified):
            continue
        if one.checkpoint is not None and policy.met({cosignature.by for cosignature in given}):
            return one.checkpoint.size
    return 0


def _opened(note: str, source: str, keys: Sequence[bytes]) -> tuple[Signed, Checkpoint]:
    octets = note.encode()
    said = unverified_checkpoint(octets)
    try:
        return Signed(said.origin, source, open_checkpoint(octets, keys), note), said
    except NoteUnverified as error:
        known = {(key.name, key.id) for key in log_keys(said.origin, keys)}
        if any((signature.name, signature.key_id) in known for signature in parse_note(octets).signatures):
            raise NoteMalformed("expected a signature that holds") from error
        return Signed(said.origin, source, None, note), said
