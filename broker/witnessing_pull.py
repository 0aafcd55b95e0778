"""A witness that fetches: for a partner that lets nobody in. What the broker shows is held against what it showed before, cosigned, and
the cosignature is brought back. It runs at the partner, and believes nothing that the broker's key did not sign.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from audit.checkpoint import Checkpoint, unverified_checkpoint
from audit.errors import NoteMalformed, ProofWrong
from audit.merkle import consistency_proof, root_at
from audit.note import base64_octets
from audit.tiles import Tile, nodes_from
from audit.witness import Witness
from audit.witness_request import PROOF_LINES_MAX, AddCheckpoint, Refusal, WitnessRefused
from audit.witness_state import Remembered
from broker.witnessing_http import Answer, PeerFailed
from broker.witnessing_token import Reach

OK, NOT_FOUND = 200, 404
_LISTED = "/v1/audit/checkpoints"


class Outcome(StrEnum):
    """What came of one log in one round."""

    COSIGNED = "cosigned"
    NOT_TAKEN = "not_taken"
    NOT_SIGNED = "not_signed"
    REFUSED = "refused"
    SMALLER = "smaller"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Pulled:
    """One log after one round; `size` is what the broker showed, 0 where it showed nothing."""

    origin: str
    size: int
    outcome: Outcome


def pull(witness: Witness, reach: Reach) -> tuple[Pulled, ...]:
    """One round over every log that the broker shows and this witness cosigns for, and those that it did before; there may be none.

    Raises:
        PeerFailed: the broker cannot be reached, or what it sends is not what was asked for.
        audit.witness_state.StateFailed, OSError: the witness's own folder fails.
    """
    shown = {origin: note for origin, note in _listed(reach) if witness.trusts(origin) and origin.count("/") > 1}
    kept = {one.origin: one for one in witness.all_latest()}
    # The same witness may know logs of another broker, which this one cannot be asked about.
    names = {origin.rsplit("/", 2)[0] for origin in shown}
    gone = {origin for origin in kept if not names or origin.rsplit("/", 2)[0] in names} - shown.keys()
    found = [_one(witness, reach, origin, note, kept.get(origin)) for origin, note in shown.items()]
    return tuple(sorted((*found, *(Pulled(origin, 0, Outcome.GONE) for origin in gone)), key=lambda one: one.origin))


def _one(witness: Witness, reach: Reach, origin: str, note: bytes, kept: Remembered | None, *, again: bool = True) -> Pulled:
    shown = _checkpoint(note)
    if shown.origin != origin:
        raise PeerFailed("other_log")
    try:
        if kept is not None and shown.size < kept.size:
            witness.hold(note)
            return Pulled(origin, shown.size, Outcome.SMALLER)
        request = _request(reach, origin, note, kept)
        line = witness.add(request)
    except WitnessRefused as refused:
        if refused.refusal is Refusal.OTHER_SIZE and again:  # it cosigned something else meanwhile, for somebody else
            return _one(witness, reach, origin, note, witness.latest(origin), again=False)
        if refused.refusal is Refusal.NOT_SIGNED:  # a key that the operator changed and did not tell, or somebody else's
            return Pulled(origin, shown.size, Outcome.NOT_SIGNED)
        if kept is not None and kept.size < shown.size:
            _prove(witness, reach, note, kept)
        return Pulled(origin, shown.size, Outcome.REFUSED)
    size = _checkpoint(request.note).size
    answer = reach.post(f"{_base(origin)}/cosignatures", {"size": size, "cosignatures": line})
    return Pulled(origin, size, Outcome.COSIGNED if answer.status == OK else Outcome.NOT_TAKEN)


def _request(reach: Reach, origin: str, note: bytes, kept: Remembered | None) -> AddCheckpoint:
    """What is put before the witness: the checkpoint that came with the proof, which may be newer than the one in the list."""
    if kept is None or not kept.size:
        return AddCheckpoint(0, (), note)
    answer = reach.get(f"{_base(origin)}/consistency?old={kept.size}")
    if answer.status == NOT_FOUND:
        return AddCheckpoint(kept.size, (), note)
    members = _members(answer)
    hashes = members.get("hashes")
    if not isinstance(hashes, list) or len(hashes) > PROOF_LINES_MAX or not isinstance(members.get("note"), str):
        raise PeerFailed("no_proof")
    proven = _octets(members["note"])
    if _checkpoint(proven).origin != origin:
        raise PeerFailed("other_log")
    return AddCheckpoint(kept.size, _digests(hashes), proven)


def _prove(witness: Witness, reach: Reach, note: bytes, kept: Remembered) -> None:
    """Make the proof of a fork from the broker's own tiles; a consistency proof alone shows none where the kept size is a power of two."""
    shown = _checkpoint(note)

    def read(tile: Tile) -> bytes:
        answer = reach.get(f"{_base(kept.origin)}/tile/{tile}")
        if answer.status != OK:
            raise PeerFailed("no_tile")
        return answer.body

    try:
        nodes = nodes_from(shown.size, read)
        witness.hold(note, consistency_proof(kept.size, shown.size, nodes), root_at(kept.size, nodes))
    except (PeerFailed, ProofWrong, WitnessRefused):
        return  # what could be kept without the tiles is kept already


def _listed(reach: Reach) -> Iterator[tuple[str, bytes]]:
    listed = _members(reach.get(_LISTED)).get("checkpoints")
    if not isinstance(listed, list):
        raise PeerFailed("no_checkpoints")
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("origin"), str) or not isinstance(one.get("note"), str):
            raise PeerFailed("no_checkpoints")
        yield one["origin"], _octets(one["note"])


def _members(answer: Answer) -> Mapping[str, Any]:
    try:
        members = json.loads(answer.body) if answer.status == OK else None
    except (ValueError, RecursionError) as error:
        raise PeerFailed("no_json") from error
    if not isinstance(members, dict):
        raise PeerFailed(f"status_{answer.status}")
    return members


def _octets(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:  # JSON can say half of a character
        raise PeerFailed("no_text") from error


def _checkpoint(note: bytes) -> Checkpoint:
    try:
        return unverified_checkpoint(note)
    except NoteMalformed as error:
        raise PeerFailed("no_checkpoint") from error


def _digests(hashes: Sequence[object]) -> tuple[bytes, ...]:
    try:
        return tuple(base64_octets("proof hash", str(one)) for one in hashes)
    except NoteMalformed as error:
        raise PeerFailed("no_proof") from error


def _base(origin: str) -> str:
    """Where a log is: an origin is `<name of the broker>/<covenant>/<year>`."""
    _, covenant, year = origin.rsplit("/", 2)
    return f"/v1/audit/logs/{quote(covenant, safe='')}/{quote(year, safe='')}"
