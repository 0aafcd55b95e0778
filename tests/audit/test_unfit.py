"""What is given to be verified, and is not what it should be, gets one answer from both verifiers, and never a green one by mistake."""

from __future__ import annotations

import copy
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from audit.bundle import ENTRIES, MANIFEST
from audit.database import open_copy
from audit.errors import AuditError
from audit.note import NoteSigner, base64_text
from audit.standalone_verifier import Bundle, Key
from audit.verdict import Exit, plain
from audit.verify import verify
from broker.cli.audit.verify import verify_log
from tests.audit.bundled import Lines, closed, opened, section
from tests.audit.conftest import ORIGIN, Handed, Room, fill

NOTES, NODES, ACCOUNTS = "checkpoints.jsonl", "nodes.jsonl", "accounts.jsonl"
ROOT = base64_text(bytes(32))
LINE = f"— a.example {base64_text(bytes(68))}\n"


def both(handed: Handed, path: Path, *arguments: object) -> tuple[int, int]:
    """The exit codes of `broker audit verify` and of the one file. A defect in either is an exception."""
    given = [str(argument) for argument in ("--key", handed.key, *arguments)]
    result = CliRunner().invoke(verify_log, ["--bundle", str(path), *given])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result.exit_code, handed.alone("bundle", path, *given)


def member(name: str, at: int, **members: object) -> Callable[[Lines], None]:
    return lambda lines: lines[name][at].update(members)


def without(name: str, at: int, what: str) -> Callable[[Lines], object]:
    return lambda lines: lines[name][at].pop(what)


def noted(handed: Handed, text: str) -> str:
    return NoteSigner(ORIGIN, handed.room.signing_key).sign(text)


UNFIT: dict[str, Callable[[Lines], object]] = {
    "a size that is no number": member(MANIFEST, 0, size=True),
    "a size with a fraction": member(MANIFEST, 0, size=20.0),
    "a size beyond all logs": member(MANIFEST, 0, size=2**63),
    "an origin that is no text": member(MANIFEST, 0, origin="\ud800"),
    "keys that are none": member(MANIFEST, 0, keys=[]),
    "an index that is no number": member(ENTRIES, 1, index=True),
    "an id that is no text": member(ENTRIES, 1, id=5),
    "an entry without its leaf hash": without(ENTRIES, 1, "leaf"),
    "an entry without sections": without(ENTRIES, 1, "sections"),
    "a sealed section without its key": lambda lines: lines[ENTRIES][7]["sections"]["subject"].pop("key"),
    "a sealed section that is no base64": section("subject", sealed="!"),
    "a place that is no number": member(NODES, 0, i=2**200),
    "a checkpoint that is no text": member(NOTES, 0, note="\ud800"),
    "an account of nothing": lambda lines: lines[ACCOUNTS].append({"core": {}, "envelope": "x", "proof": "y"}),
}
WRONG: dict[str, Callable[[Lines], object]] = {
    "a body without end": section("core", body="[" * 200_000),
    "a level beyond all trees": lambda lines: lines[NODES].append({"hash": "", "i": 1, "level": 10**9}),
    "nodes in another order": lambda lines: lines[NODES].reverse(),
    "a signature by a name that is none": lambda lines: lines[NOTES][0].update(note=lines[NOTES][0]["note"] + LINE.replace("a.e", "a+e")),
    "a checkpoint of an origin that names no key": lambda lines: lines[NOTES].append({"note": f"a b\n1\n{ROOT}\n\n{LINE}", "size": 1}),
    "more signatures than a note has": lambda lines: lines[NOTES][0].update(note=lines[NOTES][0]["note"] + LINE * 100),
}


@pytest.mark.parametrize("what", UNFIT)
def test_a_bundle_in_a_form_that_none_has_is_unfit_for_both(handed: Handed, what: str) -> None:
    lines = opened(handed.bundle)
    UNFIT[what](lines)
    assert both(handed, closed(lines, handed.folder / "unfit.zip")) == (3, 3)


@pytest.mark.parametrize("what", WRONG)
def test_a_bundle_that_was_put_together_otherwise_is_tampered_for_both(handed: Handed, what: str) -> None:
    lines = opened(handed.bundle)
    WRONG[what](lines)
    assert both(handed, closed(lines, handed.folder / "wrong.zip")) == (1, 1)


def test_whatever_one_value_is_replaced_by_both_say_the_same(handed: Handed) -> None:
    whole = opened(handed.bundle)
    odd = [None, True, 0, -1, 1.5, "", "x", "é", [], {}, 2**64, "A" * 100]
    spots = [(name, at, key) for name, objects in whole.items() for at, one in enumerate(objects) for key in one]
    chance = random.Random(4)  # noqa: S311 - which values, not a secret
    for name, at, key in chance.sample(spots, 40):
        lines: dict[str, list[dict[str, Any]]] = copy.deepcopy(whole)
        lines[name][at][key] = chance.choice(odd)
        ours, theirs = both(handed, closed(lines, handed.folder / "odd.zip"))
        assert ours == theirs, (name, at, key, lines[name][at][key])


def test_a_bundle_of_nothing_is_no_verified_log(handed: Handed) -> None:
    lines = {name: [] if name != MANIFEST else objects for name, objects in opened(handed.bundle).items()}
    lines[MANIFEST][0].update(size=0, frontier="", lastTs="")
    assert both(handed, closed(lines, handed.folder / "empty.zip")) == (2, 2)


def test_a_checkpoint_that_cannot_be_believed_is_never_left_aside(handed: Handed, tmp_path: Path) -> None:
    """Else a log that was made anew and signed with a new key would pass for the one that a partner's old checkpoint vouches for."""
    kept, root = tmp_path / "kept", base64_text(bytes(32))
    former = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    for note, expected in (
        (former.sign(f"{ORIGIN}\n8\n{root}\n"), 3),
        (handed.notes[0].replace("\n8\n", "\n9\n"), 3),
        ("hello\n", 3),
        (NoteSigner("another", handed.room.signing_key).sign(f"another\n8\n{root}\n"), 3),
        (noted(handed, f"{ORIGIN}\n8\n{root}\n"), 1),
        (handed.notes[0], 0),
    ):
        kept.write_text(note)
        assert both(handed, handed.bundle, "--checkpoint", kept) == (expected, expected), note
    kept.write_text(former.sign(f"{ORIGIN}\n8\n{root}\n"))
    with pytest.raises(AuditError, match="a checkpoint that you gave"):
        handed.room.verify(checkpoints=[kept.read_text()])


def test_both_name_the_entry_that_was_changed_and_nothing_above_it(handed: Handed) -> None:
    for at in (0, 7, 18):
        lines = opened(handed.bundle)
        lines[ENTRIES][at]["envelope"] = "[]"
        path = closed(lines, handed.folder / "first.zip")
        first = handed.judged(path).first
        assert first is not None
        assert (first.index, first.kind.value) == (at, "changed")
        bundle = Bundle(path, [Key(handed.key)])
        bundle.check([], [], 0)
        assert min(bundle.findings)[:2] == (at, "changed")


def test_what_was_asked_wrongly_is_no_verdict(handed: Handed, tmp_path: Path) -> None:
    for arguments in (["--nonsense"], ["--bundle", str(tmp_path)], ["--bundle", str(handed.bundle)], ["--bundle", "x", "--key", "y"]):
        assert CliRunner().invoke(verify_log, arguments).exit_code == Exit.USAGE, arguments
    witness = ("--witness", handed.key)
    for given in (witness, ("--quorum", "-1"), ("--proof", handed.bundle)):
        assert handed.alone("bundle", handed.bundle, "--key", handed.key, *given) == 3, given


def test_nothing_that_was_read_writes_a_line_of_its_own(handed: Handed) -> None:
    assert plain("a\x1b[2J\nb\u202e\ud800c") == "a?[2J?b??c"
    lines = opened(handed.bundle)
    lines[MANIFEST][0]["origin"] = "x\nverified\x1b[8m"
    told = handed.judged(closed(lines, handed.folder / "origin.zip")).lines()
    assert all(line.isprintable() for line in told)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE audit_leaf SET envelope = CAST(x'ff' AS TEXT) WHERE idx = 3", "at 3: audit_leaf.envelope"),
        ("UPDATE audit_section SET key_id = x'ff' WHERE idx = 5 AND name = 'subject'", "at 5: audit_section.key_id"),
        ("UPDATE audit_head SET size = 'many'", "at None: audit_head.size"),
        ("UPDATE audit_head SET last_ts = x'00'", "at None: audit_head.last_ts"),
        ("UPDATE audit_node SET hash = CAST(x'ff' AS TEXT) WHERE level = 1 AND i = 0", "at None: audit_node.hash"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_by_its_column(sqlite_room: Room, statement: str, what: str) -> None:
    fill(sqlite_room)
    sqlite_room.signer.sign_all()
    sqlite_room.execute(statement)
    verdict = sqlite_room.verify()
    assert verdict.exit is Exit.TAMPERED
    assert f"at {verdict.findings[0].index}: {verdict.findings[0].what}" == what


def test_a_file_with_a_damaged_page_is_no_verdict_and_no_tampering(sqlite_room: Room, tmp_path: Path) -> None:
    fill(sqlite_room)
    sqlite_room.signer.sign_all()
    sqlite_room.store.close()
    sqlite_room.engine.dispose()
    octets = bytearray(Path(make_url(sqlite_room.url).database or "").read_bytes())
    connection = sqlite3.connect(make_url(sqlite_room.url).database or "")
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit_section'").fetchone()
    connection.close()
    octets[(page - 1) * 4096 : page * 4096] = bytes([0xFF]) * 4096
    copied = tmp_path / "damaged.sqlite"
    copied.write_bytes(octets)
    engine = open_copy(copied)
    with pytest.raises((sqlite3.DatabaseError, DatabaseError)):
        verify(engine, checkpoint_keys=[sqlite_room.public_key])
    engine.dispose()
