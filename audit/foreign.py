"""Logs of other implementations: their notes, their checkpoints as they grow, their tiles up to the root, and who cosigned them.

Nothing here knows our entries. A log's key need not be named after its origin, as the keys of ours are (C2SP tlog-checkpoint only
recommends it), so whoever verifies says which keys are whose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from audit.checkpoint import Checkpoint
from audit.errors import NoteMalformed, ProofWrong
from audit.merkle import HASH_BYTES, root_at, verify_consistency
from audit.note import Note, VerifierKey, base64_octets, open_note
from audit.tiles import WIDTH, Tile, TileReader, nodes_from, verify_tiles


def foreign_checkpoint(note: bytes, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, Note]:
    """The checkpoint that one of these keys signed, and the note it stood in.

    Raises:
        NoteMalformed: it is no checkpoint.
        NoteUnverified: none of the keys signed it.
    """
    opened = open_note(note, keys)
    return Checkpoint.parse(opened.text), opened


def growing(checkpoints: Sequence[Checkpoint], read: TileReader | None = None) -> tuple[Checkpoint, ...]:
    """Checkpoints of one log, smallest first, after it was checked that they can be of one log that only grew.

    With tiles every root is made again from them. Without, only what contradicts itself is found: two roots at one size.

    Raises:
        NoteMalformed: they are not of one log, or there is none.
        ProofWrong: two of one size differ, or the tiles make another root.
    """
    ordered = sorted(checkpoints, key=lambda one: one.size)
    if len({one.origin for one in ordered}) != 1:
        raise NoteMalformed("expected checkpoints of one log")
    for older, newer in pairwise(ordered):
        if older.size == newer.size and older.root != newer.root:
            raise ProofWrong(f"two roots at size {older.size}: the log shows different things to different people")
    if read is not None:
        newest = ordered[-1]
        verify_tiles(newest.size, newest.root, read)
        nodes = nodes_from(newest.size, read)
        for one in ordered[:-1]:
            if root_at(one.size, nodes) != one.root:
                raise ProofWrong(f"the tiles do not make the root that was signed at size {one.size}")
    return tuple(ordered)


def continues(older: Checkpoint, newer: Checkpoint, proof: bytes) -> None:
    """Check that one checkpoint continues another, by a proof of one base64 hash a line.

    Raises:
        NoteMalformed: the proof is none, or the checkpoints are of two logs.
        ProofWrong: it does not.
    """
    if older.origin != newer.origin:
        raise NoteMalformed("expected checkpoints of one log")
    try:
        hashes = [base64_octets("proof", line) for line in proof.decode("ascii").split()]
    except UnicodeDecodeError as error:
        raise NoteMalformed("proof: expected one base64 hash a line") from error
    verify_consistency(old=older.size, new=newer.size, old_root=older.root, new_root=newer.root, proof=hashes)


def tiles_in(folder: Path, seen: Callable[[Tile], None] = lambda _: None) -> TileReader:
    """Reads the tiles of a folder that holds `<level>/<index>[.p/<width>]`, with or without `tile/` before it.

    Where a partial tile is gone because the log has grown, the beginning of a wider one is it (C2SP tlog-tiles). `seen` is told of
    each tile.
    """
    root = folder / "tile" if (folder / "tile").is_dir() else folder

    def read(tile: Tile) -> bytes:
        seen(tile)
        try:
            path = _wide_enough(root, tile)
            with path.open("rb") as file:
                octets = file.read(WIDTH * HASH_BYTES + 1)
        except OSError as error:
            raise ProofWrong(f"tile {tile}: expected a file, found none") from error
        its_own = path == root / str(tile)
        return octets if its_own or len(octets) > WIDTH * HASH_BYTES else octets[: tile.width * HASH_BYTES]

    return read


def _wide_enough(root: Path, tile: Tile) -> Path:
    """The file of a tile, or of one that begins with it: the full one, or the narrowest partial one that is wider."""
    path, full = root / str(tile), root / str(Tile(tile.level, tile.index))
    if path.is_file() or full.is_file():
        return path if path.is_file() else full
    widths = (int(one.name) for one in full.with_name(f"{full.name}.p").glob("[0-9]*") if one.name.isdecimal())
    return full.with_name(f"{full.name}.p") / str(min((width for width in widths if width >= tile.width), default=tile.width))
