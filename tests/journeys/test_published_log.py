"""A partner that trusts nobody keeps checkpoints, and makes every root and proof from the tiles itself."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.merkle import inclusion_proof, verify_consistency, verify_inclusion
from audit.tiles import Tile, nodes_from, verify_tiles
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre


def signed(house: Theatre) -> tuple[str, Checkpoint]:
    """Where the log is, and its newest checkpoint, held against the broker's key."""
    house.broker.sweeper().sign()
    base = f"/v1/audit/logs/{COVENANT}/{house.entries()[-1].envelope.ts[:4]}"
    answer = house.send(DIRECTOR, "GET", f"{base}/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return base, open_checkpoint(answer.content, [house.broker.checkpoint_public_key()])


def tile(house: Theatre, base: str, path: object) -> bytes:
    answer = house.send(OFFICER, "GET", f"{base}/tile/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    assert "immutable" in answer.headers["Cache-Control"]
    return answer.content


def test_the_tiles_make_up_the_root_that_was_signed_and_every_proof(house: Theatre) -> None:
    house.open_case("consultation")
    base, checkpoint = signed(house)

    def read(wanted: Tile) -> bytes:
        return tile(house, base, wanted)

    verify_tiles(checkpoint.size, checkpoint.root, read)
    held = next(entry.position for entry in reversed(house.entries()) if entry.position.origin == checkpoint.origin)
    proof = inclusion_proof(held.index, checkpoint.size, nodes_from(checkpoint.size, read))
    verify_inclusion(index=held.index, size=checkpoint.size, leaf=held.leaf_hash, proof=proof, root=checkpoint.root)


def test_what_was_kept_is_continued_by_what_comes_later(house: Theatre) -> None:
    house.open_case()
    _, kept = signed(house)
    house.open_case()
    base, newer = signed(house)
    answer = house.get(OFFICER, f"{base}/consistency?old={kept.size}")
    proof = [base64.b64decode(digest) for digest in answer["hashes"]]
    assert kept.size < newer.size
    assert open_checkpoint(answer["note"].encode(), [house.broker.checkpoint_public_key()]) == newer
    verify_consistency(old=kept.size, new=newer.size, old_root=kept.root, new_root=newer.root, proof=proof)


def test_nothing_is_given_beyond_the_newest_checkpoint(small_house: Theatre) -> None:
    house = small_house
    house.open_case()
    base, kept = signed(house)
    house.open_case()
    assert house.send(OFFICER, "GET", f"{base}/checkpoint").text.splitlines()[1] == str(kept.size)
    assert house.send(OFFICER, "GET", f"{base}/tile/0/000.p/{kept.size}").status_code == 200
    for path in (f"tile/0/000.p/{kept.size + 1}", "tile/0/000", "tile/1/000.p/1", f"consistency?old={kept.size + 1}"):
        assert house.send(OFFICER, "GET", f"{base}/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["0", "0/0", "x/000", "0/000.p/0", "../checkpoint", "0/../../checkpoint", "entries/000", "0/000.p/1/", "9999/000"]
)
def test_what_is_no_tile_is_not_found(small_house: Theatre, path: str) -> None:
    small_house.open_case()
    base, _ = signed(small_house)
    assert small_house.send(DIRECTOR, "GET", f"{base}/tile/{quote(path, safe='')}").status_code == 404


def test_a_log_that_is_not_there_or_has_no_checkpoint_is_not_found(small_house: Theatre) -> None:
    year = small_house.entries()[-1].envelope.ts[:4]
    for log in (f"{COVENANT}/{year}", f"{COVENANT}/1999", f"nobody/{year}", f"house/{year}", f"{COVENANT}/-1", f"{COVENANT}/{10**40}"):
        assert small_house.send(DIRECTOR, "GET", f"/v1/audit/logs/{log}/checkpoint").status_code == 404
    assert signed(small_house)[1].size > 0


@pytest.mark.parametrize("query", ["", "?old=0", "?old=-1", "?old=x", "?old=1.5", "?old=1&old=2", "?old=1&new=2", f"?old={2**70}"])
def test_an_older_size_that_is_none_is_told(small_house: Theatre, query: str) -> None:
    small_house.open_case()
    base, _ = signed(small_house)
    assert small_house.send(DIRECTOR, "GET", f"{base}/consistency{query}").status_code == 400
