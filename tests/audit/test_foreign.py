"""Logs of other implementations: their notes, checkpoints, tiles and cosignatures, with nothing of ours in between."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode as octets
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import standalone_verifier
from audit.checkpoint import Checkpoint
from audit.cosignature import Cosigner
from audit.errors import NoteMalformed, ProofWrong
from audit.foreign import continues, growing, tiles_in
from audit.merkle import consistency_proof
from audit.note import NoteSigner, VerifierKey, base64_text
from audit.tiles import Tile, count_of, nodes_from, tiles_of
from broker.cli.audit.verify_foreign import foreign
from tests.audit.test_tiles import files, grown

SIGNER = NoteSigner("someone.example", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ORIGIN = "log with an origin that is no key name"
SIZES = (1, 3, 256, 300, 700)


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, grown(size)[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What another log serves at 700 entries, and its checkpoints as it grew."""
    folder = tmp_path_factory.mktemp("foreign")
    for path, hashes in files(SIZES[-1]).items():
        (folder / "tile" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tile" / path).write_bytes(hashes)
    for size in SIZES:
        (folder / f"checkpoint-{size}").write_text(SIGNER.sign(str(checkpoint(size))))
    return folder


def ran(*arguments: object) -> Result:
    return CliRunner().invoke(foreign, [str(argument) for argument in arguments])


def notes(folder: Path) -> list[Path]:
    return [folder / f"checkpoint-{size}" for size in SIZES]


def test_the_tiles_of_a_log_make_every_root_that_it_signed(folder: Path) -> None:
    result = ran("tiles", folder, *notes(folder), "--key", SIGNER.verifier)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{ORIGIN}: the tiles make the root at {size} entries" for size in SIZES]


def test_a_partial_tile_is_the_beginning_of_the_full_one(folder: Path) -> None:
    nodes = nodes_from(300, tiles_in(folder))
    assert consistency_proof(256, 300, nodes)
    growing([checkpoint(300)], tiles_in(folder))


@pytest.mark.parametrize("path", ["0/000", "0/002.p/188", "1/000.p/2"])
def test_a_tile_that_was_changed_or_is_gone_is_found(folder: Path, path: str, tmp_path: Path) -> None:
    def changed(tile: Tile) -> bytes:
        octets = tiles_in(folder)(tile)
        return bytes([octets[0] ^ 1]) + octets[1:] if str(tile) == path else octets

    with pytest.raises(ProofWrong):
        growing([checkpoint(700)], changed)
    with pytest.raises(ProofWrong, match="expected a file"):
        growing([checkpoint(700)], tiles_in(tmp_path))


def test_a_partial_tile_is_as_long_as_its_name_says(folder: Path, tmp_path: Path) -> None:
    tiles = tmp_path / "tiles"
    shutil.copytree(folder / "tile", tiles)
    with (tiles / "0" / "002.p" / "188").open("ab") as file:
        file.write(bytes(32))
    with pytest.raises(ProofWrong, match="found"):
        growing([checkpoint(700)], tiles_in(tiles))


def test_a_root_that_was_signed_and_that_the_tiles_do_not_make_is_found(folder: Path) -> None:
    with pytest.raises(ProofWrong, match="size 300"):
        growing([Checkpoint(ORIGIN, 300, bytes(32)), checkpoint(700)], tiles_in(folder))


def test_a_size_that_no_log_has_is_not_counted_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "huge").write_text(SIGNER.sign(str(Checkpoint(ORIGIN, 2**62, bytes(32)))))
    assert ran("tiles", folder, tmp_path / "huge", "--key", SIGNER.verifier).exit_code == 1
    assert [count_of(size) for size in SIZES] == [len(list(tiles_of(size))) for size in SIZES]


def test_what_was_asked_wrongly_is_no_verdict(folder: Path) -> None:
    for arguments in (("note", folder / "checkpoint-3"), ("tiles", folder / "nothing"), ("cosignature", "--nonsense"), ("note", folder)):
        assert ran(*arguments).exit_code == 3


def test_what_a_log_calls_itself_moves_no_cursor(tmp_path: Path) -> None:
    (tmp_path / "note").write_text(SIGNER.sign(str(Checkpoint("x\x9b2J\u202ey", 1, bytes(32)))))
    assert ran("checkpoint", tmp_path / "note", "--key", SIGNER.verifier).stdout == "x?2J?y: 1 entries\n"


def test_two_roots_at_one_size_are_two_stories() -> None:
    with pytest.raises(ProofWrong, match="different people"):
        growing([checkpoint(300), Checkpoint(ORIGIN, 300, bytes(32))])


def test_checkpoints_of_two_logs_do_not_grow_together() -> None:
    with pytest.raises(NoteMalformed):
        growing([checkpoint(3), Checkpoint("another", 7, grown(7)[0])])
    with pytest.raises(NoteMalformed):
        continues(checkpoint(3), Checkpoint("another", 7, grown(7)[0]), b"")


def test_a_proof_shows_that_one_checkpoint_continues_another(folder: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    proof.write_text("".join(base64_text(digest) + "\n" for digest in consistency_proof(3, 700, nodes_from(700, tiles_in(folder)))))
    arguments = ("checkpoint", folder / "checkpoint-3", folder / "checkpoint-700", "--key", SIGNER.verifier)
    assert ran(*arguments, "--proof", proof).exit_code == 0
    assert "was not shown" in ran(*arguments).output
    proof.write_text(base64_text(bytes(32)))
    assert ran(*arguments, "--proof", proof).exit_code == 1


def test_a_note_by_another_key_is_false_and_what_is_no_note_is_unfit(folder: Path) -> None:
    other = NoteSigner("someone.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert ran("note", folder / "checkpoint-3", "--key", SIGNER.verifier).exit_code == 0
    assert ran("note", folder / "checkpoint-3", "--key", other.verifier).exit_code == 1
    assert ran("note", folder / "tile/0/000", "--key", SIGNER.verifier).exit_code == 3
    assert ran("note", folder / "nothing", "--key", SIGNER.verifier).exit_code == 3
    assert ran("note", folder / "checkpoint-3", "--key", "no key").exit_code == 3


def test_who_cosigned_is_told_and_a_quorum_is_asked_for(folder: Path, tmp_path: Path) -> None:
    witness = Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
    cosigned, policy = tmp_path / "cosigned", tmp_path / "policy"
    cosigned.write_text(SIGNER.sign(str(checkpoint(300))) + str(witness.cosign(str(checkpoint(300)), 1_770_000_000)))
    policy.write_text(f"log {SIGNER.verifier}\nwitness w {witness.verifier}\nquorum w\n")
    result = ran("cosignature", cosigned, "--witness", witness.verifier)
    assert (result.exit_code, result.output) == (0, "cosigned by witness.example at 2026-02-02T02:40:00+00:00\n")
    assert ran("cosignature", cosigned, "--policy", policy).exit_code == 0
    assert ran("cosignature", folder / "checkpoint-300", "--policy", policy).exit_code == 2
    assert ran("cosignature", cosigned, "--policy", policy, "--witness", witness.verifier).exit_code == 0
    policy.write_text(f"log {SIGNER.verifier}\nquorum none\n")
    assert ran("cosignature", folder / "checkpoint-300", "--policy", policy).exit_code == 0
    policy.write_text("quorum none\n")
    assert ran("cosignature", folder / "checkpoint-300", "--policy", policy).exit_code == 2, "nobody was asked whether it was signed"
    policy.write_text(f"log {SIGNER.verifier}\nwitness w {witness.verifier}\nquorum w\n")
    cosigned.write_text(f"{checkpoint(300)}\n{witness.cosign(str(checkpoint(300)), 2**62)}")
    assert "seconds after 1970" in ran("cosignature", cosigned, "--witness", witness.verifier).output
    assert ran("cosignature", cosigned, "--policy", policy).exit_code == 1, "its log did not sign it"


def test_the_checkpoint_of_the_go_checksum_database_is_verified(shared: Path, tmp_path: Path) -> None:
    vector = json.loads((shared / "vectors/go-sumdb-note/note_vectors.json").read_text())["sumdb_checkpoint"]
    (tmp_path / "latest").write_text(vector["note"])
    result = ran("checkpoint", tmp_path / "latest", "--key", vector["vkey"])
    assert (result.exit_code, "go.sum database tree" in result.output) == (0, True)


def test_the_one_file_opens_and_refuses_the_notes_that_sumdb_does(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/go-sumdb-note/note_vectors.json").read_text())
    for vkey in vectors["good_vkeys"]:
        standalone_verifier.Key(vkey)
    for vkey in vectors["bad_vkeys"]:
        with pytest.raises(standalone_verifier.Unfit):
            standalone_verifier.Key(vkey)
    for case in vectors["open_ok"]:
        assert standalone_verifier.open_note(case["note"], [standalone_verifier.Key(vkey) for vkey in case["vkeys"]])[1]


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_one_file_judges_the_proofs_of_transparency_dev_as_they_do(shared: Path, kind: str) -> None:
    judged = 0
    for path in sorted((shared / "vectors/transparency-dev-merkle" / kind).rglob("*.json")):
        case = json.loads(path.read_text())
        proof = [octets(one) for one in case["proof"] or ()]
        try:
            if kind == "inclusion":
                leaf = octets(case["leafHash"] or "")
                standalone_verifier.included(leaf, case["leafIdx"], case["treeSize"], proof, octets(case["root"] or ""))
            else:
                roots = (octets(case["root1"] or ""), octets(case["root2"] or ""))
                standalone_verifier.consistent(case["size1"], roots[0], case["size2"], roots[1], proof)
            wrong = False
        except standalone_verifier.Wrong:
            wrong = True
        # An empty tree is a first contact: the file says of two equal roots that they are equal, and leaves what an empty root is to the
        # checkpoint, which it does not open without a hash of 32 bytes.
        assert wrong is case["wantErr"] or path.name == "roots-do-not-match-and-sizes-are-zero.json" or case.get("size2") == 0, path.name
        judged += 1
    assert judged == 98


def test_a_verifier_key_of_the_one_file_is_ours() -> None:
    key = standalone_verifier.Key(str(SIGNER.verifier))
    assert (key.raw, key.id_under(key.name)) == (SIGNER.verifier.key, VerifierKey.parse(str(SIGNER.verifier)).id)
