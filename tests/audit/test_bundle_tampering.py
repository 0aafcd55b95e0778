"""Whatever was done to a bundle, our verifier and the one file that an outsider runs say the same of it."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from audit.bundle import ENTRIES, FILES, MANIFEST
from audit.errors import NotALog
from audit.merkle import leaf_hash
from audit.note import base64_text
from audit.verdict import Exit
from tests.audit.bundled import Lines, closed, opened, section
from tests.audit.conftest import Handed


def swap(lines: Lines) -> None:
    one, two = lines[ENTRIES][5], lines[ENTRIES][10]
    lines[ENTRIES][5], lines[ENTRIES][10] = {**two, "index": 5}, {**one, "index": 10}


def with_its_hash(lines: Lines) -> None:
    entry = lines[ENTRIES][6]
    entry["envelope"] = entry["envelope"].replace('"ref":null', '"ref":"00000000-0000-7000-8000-000000000000"')
    entry["leaf"] = base64_text(leaf_hash(entry["envelope"].encode()))


def renumber(lines: Lines) -> None:
    for at, entry in enumerate(lines[ENTRIES]):
        entry["index"] = at
    lines["manifest.json"][0]["size"] = len(lines[ENTRIES])


def taken_out(lines: Lines) -> None:
    del lines[ENTRIES][6]
    renumber(lines)


def put_in(lines: Lines) -> None:
    lines[ENTRIES].insert(6, {**lines[ENTRIES][3], "id": "00000000-0000-7000-8000-000000000000"})
    renumber(lines)


def cut_off(lines: Lines) -> None:
    del lines[ENTRIES][12:]
    renumber(lines)


def into(name: str, at: int, **members: object) -> Callable[[Lines], None]:
    return lambda lines: lines[name][at].update(members)


MUTATIONS: dict[str, tuple[Callable[[Lines], object], str]] = {
    "an envelope": (lambda lines: lines[ENTRIES][7].update(envelope=lines[ENTRIES][7]["envelope"].replace("2026", "2027")), "changed"),
    "an envelope with its hash": (with_its_hash, "changed"),
    "an envelope that is none": (into(ENTRIES, 7, envelope="[]"), "changed"),
    "a leaf hash": (into(ENTRIES, 7, leaf=base64_text(bytes(32))), "changed"),
    "an id": (into(ENTRIES, 7, id="00000000-0000-7000-8000-000000000000"), "changed"),
    "a core": (section("core", body='{"outcome":"permit"}'), "changed"),
    "a salt": (section("actor", salt=base64_text(bytes(32))), "changed"),
    "a body with a space": (lambda lines: section("core", body=lines[ENTRIES][7]["sections"]["core"]["body"] + " ")(lines), "changed"),
    "a section gone": (lambda lines: lines[ENTRIES][7]["sections"].pop("actor"), "removed"),
    "a subject gone": (lambda lines: lines[ENTRIES][7]["sections"].pop("subject"), "removed"),
    "a section more": (lambda lines: lines[ENTRIES][7]["sections"].update(x={"body": "{}", "salt": ""}), "inserted"),
    "an entry gone": (lambda lines: lines[ENTRIES].pop(7), "removed"),
    "an entry taken out": (taken_out, "removed"),
    "an entry put in": (put_in, "inserted"),
    "two entries that changed places": (swap, "reordered"),
    "two lines that changed places": (lambda lines: lines[ENTRIES].insert(5, lines[ENTRIES].pop(6)), "removed"),
    "the end cut off": (cut_off, "removed"),
    "an entry beyond the end": (lambda lines: lines[ENTRIES].append({**lines[ENTRIES][3], "index": 99}), "inserted"),
    "a node": (into("nodes.jsonl", 3, hash=base64_text(bytes(32))), "changed"),
    "a node gone": (lambda lines: lines["nodes.jsonl"].pop(3), "removed"),
    "a node more": (lambda lines: lines["nodes.jsonl"].append({"hash": "", "i": 0, "level": 9}), "inserted"),
    "the frontier": (into("manifest.json", 0, frontier=base64_text(bytes(64))), "changed"),
    "the last time": (into("manifest.json", 0, lastTs="2026-03-02T00:00:00.000000Z"), "changed"),
    "a checkpoint's text": (lambda lines: lines["checkpoints.jsonl"][0].update(note=lines["checkpoints.jsonl"][0]["note"].replace("\n8\n", "\n9\n")), "changed"),  # noqa: E501
    "a checkpoint's size": (into("checkpoints.jsonl", 0, size=9), "changed"),
    "an orphaned section": (lambda lines: lines[ENTRIES].append({"index": 40, "sections": {}}), "inserted"),
}  # fmt: skip


@pytest.mark.parametrize("what", MUTATIONS)
def test_each_kind_of_tampering_is_found_by_both_verifiers(handed: Handed, what: str) -> None:
    change, kind = MUTATIONS[what]
    lines = opened(handed.bundle)
    change(lines)
    path = closed(lines, handed.folder / "changed.zip")
    verdict = handed.judged(path)
    assert verdict.exit is Exit.TAMPERED
    assert kind in {finding.kind.value for finding in verdict.findings}
    assert handed.alone("bundle", path, "--key", handed.key) == 1


def test_an_octet_changed_anywhere_gets_one_answer_from_both_and_never_a_green_one_for_an_entry(handed: Handed) -> None:
    with zipfile.ZipFile(handed.bundle) as archive:
        files = {name: archive.read(name) for name in FILES}
    for name in FILES[1:4]:
        for at in range(3, len(files[name]) - 1, len(files[name]) // 25):
            path = handed.folder / "octet.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for other, octets in files.items():
                    archive.writestr(other, octets if other != name else octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :])
            try:
                ours = handed.judged(path).exit
            except NotALog:
                ours = Exit.USAGE
            theirs = handed.alone("bundle", path, "--key", handed.key)
            assert {ours, theirs} <= {1, 3} or ours == theirs, (name, at)
            assert name != ENTRIES or ours is not Exit.VERIFIED, at


def test_what_is_no_bundle_is_refused_by_both(handed: Handed) -> None:
    whole = handed.bundle.read_bytes()
    for octets in (b"", b"PK", whole[: len(whole) // 2], whole[:100] + bytes(50) + whole[150:]):
        path = handed.folder / "broken.zip"
        path.write_bytes(octets)
        with pytest.raises(NotALog):
            handed.judged(path)
        assert handed.alone("bundle", path, "--key", handed.key) == 3


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_bundle_packed_in_another_way_is_refused_by_both_whole_or_damaged(handed: Handed, method: int) -> None:
    """Their unpackers take a file's word for how much memory to take, and end in errors of their own."""
    path = handed.folder / "packed.zip"
    with zipfile.ZipFile(handed.bundle) as archive, zipfile.ZipFile(path, "w", method) as packed:
        for name in FILES:
            packed.writestr(name, archive.read(name))
    whole = path.read_bytes()
    begin = whole.index(MANIFEST.encode()) + len(MANIFEST)
    damaged = whole[: begin + 12] + bytes(octet ^ 0xFF for octet in whole[begin + 12 : begin + 30]) + whole[begin + 30 :]
    for octets in (whole, damaged):
        path.write_bytes(octets)
        with pytest.raises(NotALog):
            handed.judged(path)
        assert handed.alone("bundle", path, "--key", handed.key) == 3


def test_a_bomb_is_refused_by_both_before_it_has_gone_off(handed: Handed) -> None:
    with zipfile.ZipFile(handed.bundle) as whole:
        lines = {name: whole.read(name) for name in FILES}
    path = handed.folder / "bomb.zip"
    for name, bomb in ((MANIFEST, b" \n" * 10_000_000), (MANIFEST, b" " * 20_000_000), (ENTRIES, b"[" * 20_000_000)):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for each, octets in lines.items():
                archive.writestr(each, bomb if each == name else octets)
        tracemalloc.start()
        with pytest.raises(NotALog):
            handed.judged(path)
        assert handed.alone("bundle", path, "--key", handed.key) == 3
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
        tracemalloc.stop()
