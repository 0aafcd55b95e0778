"""Verify what a covenant broker's audit log handed to you, without the broker, its software or its help.

Needs Python 3.11 or newer and `pip install cryptography`; nothing else, no network, and it writes nothing. `broker audit verifier`
printed it. Get the key on paper or in person, never from the file that you check with it: as `name+hash+key`, or for checkpoints
the bare key in base64, as `broker audit keys` prints it.

    verify.py bundle FILE --key KEY [--checkpoint NOTE]... [--witness VKEY]... [--quorum N]
    verify.py receipt FILE --key VKEY [--proof FILE.tlog-proof --log-key KEY]
    verify.py proof FILE.tlog-proof --key KEY --envelope FILE
    verify.py consistency OLD NEW PROOF --key KEY      (PROOF: one base64 hash a line)

Exit code 0 verified, 1 tampered or false, 2 incomplete (nothing signed, no quorum of witnesses, or something gone on the word of an entry
that is not signed yet), 3 the command or a file is unfit.
Formats: RFC 6962 (tree), C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof; a bundle is described in its broker's
documentation. A green verdict says that the log is the one that was signed; not that everything was written, nor that it was true.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LINE_MAX, FINDINGS_MAX, GAP_MAX, HASH, BARE = 8_000_000, 1000, 1_000_000, 32, 44  # base64 of a key's 32 bytes; a named one is longer
NOTE_MAX, SIGNATURES_MAX, NUMBER_MAX, NEVER = 1_000_000, 100, 2**63 - 1, 2**64
FILES = ("manifest.json", "checkpoints.jsonl", "entries.jsonl", "nodes.jsonl", "accounts.jsonl")
LEFT_OUT = {"sealed": (), "opened": (), "without-subjects": ("subject",), "without-sections": ("core", "actor", "subject")}
TERMINAL = {"exchange.release", "exchange.refused", "exchange.failed"}
TS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
P, ORDER_8_Y = 2**255 - 19, 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
LOW_ORDER_Y = {0, 1, P - 1, P, P + 1, ORDER_8_Y, P - ORDER_8_Y}


class Unfit(Exception):  # noqa: N818 - what was found
    """A file or a key is not what it should be: exit code 3."""


class Wrong(Exception):  # noqa: N818 - what was found
    """A signature or a proof does not hold: exit code 1."""


def say(line: str) -> None:
    """One line for the reader; nothing that was read can move the cursor."""
    sys.stdout.write("".join(c if c.isprintable() else "?" for c in line) + "\n")


def whole(value: object) -> int:
    """A whole number, as a number."""
    if type(value) is not int or abs(value) > NUMBER_MAX:
        raise TypeError("expected a whole number")
    return value


def decimal(text: str) -> int:
    """A whole number, as C2SP writes it in a text."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text):
        raise ValueError("expected a decimal number")
    return whole(int(text))


def canonical(text: str) -> dict[str, Any]:
    """The object of a canonical JSON text (RFC 8785 profile: ASCII, keys sorted, no spaces)."""
    try:
        members = json.loads(text)
    except RecursionError as error:
        raise ValueError("expected JSON of little depth") from error
    if not text.isascii() or "\\" in text:
        raise ValueError("expected text in which nothing is escaped")
    if not isinstance(members, dict) or json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False) != text:
        raise ValueError("expected canonical JSON")
    return members


def committed(name: str, part: dict[str, str], digest: str) -> bool:
    """Whether a section is what its leaf commits to: SHA-256 over a label, its salt and its canonical text."""
    try:
        plain = f"covenant-broker/section/v1\n{name}\n".encode() + unbase64(part["salt"]) + part["body"].encode("latin-1")
        return base64.b64encode(hashlib.sha256(plain).digest()).decode() == digest and canonical(part["body"]) is not None
    except (ValueError, KeyError):
        return False


def unbase64(text: str) -> bytes:
    """Octets from base64, canonical and nothing else."""
    octets = base64.b64decode(text, validate=True)
    if base64.b64encode(octets).decode() != text:
        raise ValueError("expected canonical base64")
    return octets


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def digests(lines: list[str]) -> list[bytes]:
    """The hashes of a proof, one a line."""
    found = [unbase64(line) for line in lines]
    if len(found) > 64 or any(len(one) != HASH for one in found):  # noqa: PLR2004 - a tree of 2^63 leaves needs no longer proof
        raise ValueError("expected hashes")
    return found


class Key:
    """A verifier key; `kind` 1 signs notes, 4 cosigns checkpoints. A bare one has no name: it signs for whichever log it is held to."""

    def __init__(self, vkey: str) -> None:
        text = vkey.strip()
        bare = len(text) == BARE
        try:
            self.name, said, encoded = ("", "", text) if bare else text.split("+", 2)
            octets = b"\x01" * bare + unbase64(encoded)
        except ValueError as error:
            raise Unfit("expected a verifier key: name+hash+key, or a bare one in base64") from error
        self.kind, self.raw = octets[0] if octets else 0, octets[1:]
        small = int.from_bytes(self.raw, "little") & (2**255 - 1) in LOW_ORDER_Y
        fits = bare or self.id_under(self.name).hex() == said
        if self.kind not in {1, 4} or len(self.raw) != 32 or small or not fits:  # noqa: PLR2004 - of a key
            raise Unfit("expected an Ed25519 verifier key whose hash fits and whose point has a large order")

    def id_under(self, name: str) -> bytes:
        """The key's id under a name: the broker's one key signs for each of its logs under that log's origin."""
        return hashlib.sha256(name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    def signed(self, text: str, octets: bytes) -> bool:
        """Whether these octets are this key's signature, or cosignature, of a text."""
        message = text.encode()
        if self.kind == 4:  # noqa: PLR2004 - a cosignature begins with its time
            message, octets = f"cosignature/v1\ntime {int.from_bytes(octets[:8], 'big')}\n{text}".encode(), octets[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(octets, message)
        except InvalidSignature:
            return False
        return True


def open_note(note: str, keys: list[Key], name: str | None = None) -> tuple[str, int]:
    """The text of a note and how many of these keys signed it; `name` stands for the keys' own. Raises Wrong: one of them did not."""
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note) or len(note.encode()) > NOTE_MAX:
        raise ValueError("expected a signed note")
    if lines.count("\n") > SIGNATURES_MAX:
        raise ValueError("expected fewer signatures")
    text, signers = text + "\n", set()
    for line in lines[:-1].split("\n"):
        mark, signer, encoded = line.split(" ")
        octets = unbase64(encoded)
        if mark != "—" or not signer or re.search(r"[\s+]", signer) or len(octets) < 5:  # noqa: PLR2004 - a key id and a signature
            raise ValueError("expected a signature line")
        for key in keys:
            if (signer, octets[:4]) == (name or key.name, key.id_under(name or key.name)):
                if not key.signed(text, octets[4:]):
                    raise Wrong("a signature that names your key is wrong")
                signers.add(key.raw)
    return text, len(signers)


def open_checkpoint(note: str, keys: list[Key]) -> tuple[str, int, bytes, int]:
    """Origin, size, root, and by how many of the keys the log signed it."""
    origin, size, *_ = note.split("\n")
    text, signers = open_note(note, keys, origin)
    _, _, root, *extensions = text[:-1].split("\n")
    (digest,) = digests([root])
    if not origin or not all(extensions):
        raise ValueError("expected a checkpoint")
    return origin, decimal(size), digest, signers


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    """RFC 9162 2.1.3.2. Raises Wrong: the proof does not lead from the leaf to the root."""
    inner = (index ^ (size - 1)).bit_length()
    if not 0 <= index < size or len(leaf) != HASH or len(proof) != inner + (index >> inner).bit_count():
        raise Wrong("the proof has not the length that its place asks for")
    for level, sibling in enumerate(proof):
        leaf = node(sibling, leaf) if level >= inner or index >> level & 1 else node(leaf, sibling)
    if leaf != root:
        raise Wrong("the proof does not lead to the root that was signed")


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    """RFC 9162 2.1.4.2. Raises Wrong: the new tree does not begin with the old one, or the proof does not show it."""
    if old == new and old_root == new_root and not proof:
        return
    if not 0 < old < new:
        raise Wrong("two different logs of one size, or an old checkpoint that is empty or larger than the new one")
    shift = (old & -old).bit_length() - 1
    inner, index, seed = ((old - 1) ^ (new - 1)).bit_length() - shift, (old - 1) >> shift, int(old != old & -old)
    if len(proof) != seed + inner + (index >> inner).bit_count():
        raise Wrong("the proof has not the length that the sizes ask for")
    older = newer = proof[0] if seed else old_root
    for level, sibling in enumerate(proof[seed:]):
        if level >= inner or index >> level & 1:
            older, newer = node(sibling, older), node(sibling, newer)
        else:
            newer = node(newer, sibling)
    if (older, newer) != (old_root, new_root):
        raise Wrong("the new checkpoint does not continue the old one")


def open_proof(text: str, keys: list[Key]) -> tuple[int, list[bytes], str, int, bytes]:
    """A tlog-proof: index, hashes, and origin, size and root of the checkpoint it leads to. Raises Wrong: none of the keys signed that."""
    head, _, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0).removeprefix("extra "))
    if header != "c2sp.org/tlog-proof@v1" or not lines or not lines[0].startswith("index "):
        raise ValueError("expected a tlog-proof")
    origin, size, root, signers = open_checkpoint(note, keys)
    if not signers:
        raise Wrong("none of your keys signed the checkpoint of the proof")
    return decimal(lines[0][6:]), digests(lines[1:]), origin, size, root


def fit(part: dict[str, Any]) -> None:
    """Raises: a section is not in the form that it has in a bundle."""
    unbase64(part["salt"])
    if "sealed" in part:
        unbase64(part["sealed"]), part["key"].encode()
    else:
        part["body"].encode("latin-1")


def index_of(one: dict[str, Any]) -> int:
    """The index of an entry. Raises: it is not in the form that it has in a bundle."""
    for part in one["sections"].values():
        fit(part)
    if one.get("id") is not None:
        one["id"].encode(), unbase64(one["leaf"]), one["envelope"].encode("latin-1")
    return whole(one["index"])


class Bundle:
    """One bundle while it is checked; `findings` are (index, kind, what)."""

    def __init__(self, path: Path, keys: list[Key]) -> None:
        self.path, self.keys = path, keys
        with zipfile.ZipFile(path) as archive:
            methods = {member.compress_type for member in archive.infolist()}
            if sorted(archive.namelist()) != sorted(FILES) or not methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise Unfit("expected a bundle")
        (manifest,) = self.lines("manifest.json")
        if manifest["format"] != "covenant-broker/bundle/v1" or whole(manifest["size"]) < 0 or not isinstance(manifest["keys"], dict):
            raise Unfit("expected a bundle of a format that this verifier knows")
        unbase64(manifest["frontier"]), manifest["origin"].encode(), manifest["lastTs"].encode()
        self.manifest, self.origin, self.size = manifest, manifest["origin"], manifest["size"]
        self.left_out = LEFT_OUT[manifest["contents"]]
        self.findings: list[tuple[int, str, str]] = []
        self.levels: list[bytearray] = [bytearray()]
        self.roots, self.wanted = {0: hashlib.sha256().digest()}, {self.size}
        self.missing: dict[str, tuple[int, list[str]]] = {}
        self.named: dict[str, dict[str, int]] = {"erase": {}, "retain": {}}
        self.ended, self.accounts = set[str](), set[str]()
        self.sealed, self.sealed_at, self.head = self.size, NEVER, True
        self.unopened, self.unknown, self.pending, self.last_ts = 0, 0, 0, ""

    def lines(self, name: str) -> Iterator[Any]:
        """The objects of one file, one at a time."""
        with zipfile.ZipFile(self.path) as archive, archive.open(name) as file:
            while line := file.readline(LINE_MAX):
                one = json.loads(line)
                if not line.endswith(b"\n") or not isinstance(one, dict):
                    raise Unfit("expected a bundle: an object on every line, each of them ended")
                yield one

    def find(self, index: int, kind: str, what: str) -> None:
        """Keep the first of what is wrong."""
        self.findings += [(index, kind, what)] if len(self.findings) < FINDINGS_MAX else []

    def check(self, given: list[str], witnesses: list[Key], quorum: int) -> int:
        """Everything; the exit code."""
        signed = [self.given(note) for note in given]
        signed += [
            found for one in self.lines("checkpoints.jsonl") for found in self.checkpoint(one["note"], whole(one["size"]), witnesses)
        ]
        self.wanted.update(size for size, _, _ in signed)
        for one in self.lines("accounts.jsonl"):
            self.foreign_account(one)
        self.entries()
        self.nodes()
        # An entry that was changed changes the head as well, which is named where nothing else explains it.
        if not self.head and all(index < 0 for index, _, _ in self.findings):
            self.find(-1, "changed", "head")
        for size, root, _ in signed:
            if self.roots.get(size) != root:
                self.find(min(size, self.size), "changed" if size <= self.size else "removed", "entry before a signed checkpoint")
        self.absences(max((size for size, root, _ in signed if self.roots.get(size) == root), default=0))
        for index, kind, what in sorted(self.findings):
            say(f"{self.origin}: {what} {kind}" + (f" at {index}" if index >= 0 else ""))
        held = [(size, seen) for size, root, seen in signed if self.roots.get(size) == root]
        witnessed = max((size for size, seen in held if seen >= quorum), default=0)
        extra = f", {self.unopened} subjects not opened" if self.unopened else ""
        extra += f", left out: {', '.join(self.left_out)}" if self.left_out else ""
        extra += f", {self.unknown} checkpoints that none of your keys signed" if self.unknown else ""
        extra += f", {self.pending} entries of which something is gone on the word of an unsigned entry" if self.pending else ""
        extra += f", with a quorum up to {witnessed}" if quorum else ""
        say(f"{self.origin}: {self.size} entries, signed up to {max(held, default=(0, 0))[0]}{extra}")
        return 1 if self.findings else 0 if witnessed and not self.pending else 2

    def given(self, note: str) -> tuple[int, bytes, int]:
        """(size, root, 0) of a checkpoint that was kept. One that cannot be believed is a mistake in the asking, and never left aside."""
        try:
            origin, size, root, signers = open_checkpoint(note, self.keys)
        except (Wrong, ValueError) as error:
            raise Unfit("expected a checkpoint that one of your keys signed") from error
        if not signers or origin != self.origin:
            raise Unfit("expected a checkpoint of the log of this bundle, signed by one of your keys")
        return size, root, 0

    def checkpoint(self, note: str, size: int, witnesses: list[Key]) -> list[tuple[int, bytes, int]]:
        """[(size, root, witnesses that cosigned)] of a checkpoint that one of the keys signed; nothing of others."""
        note.encode()  # half a character is no text
        try:
            origin, said, root, signers = open_checkpoint(note, self.keys)
        except (Wrong, ValueError):
            self.find(-1, "changed", "checkpoint")
            return []
        if (origin, said) != (self.origin, size):
            self.find(-1, "changed", "checkpoint")
        elif not signers:
            self.unknown += 1
        else:
            try:
                return [(said, root, open_note(note, witnesses)[1])]
            except Wrong:
                return [(said, root, 0)]
        return []

    def entries(self) -> None:
        """Every entry against its leaf hash, its commitments, the ones before it, and the head."""
        roots: list[bytes] = []
        following = 0
        for one in self.lines("entries.jsonl"):
            index = index_of(one)
            if one.get("id") is None or not following <= index < min(self.size, following + GAP_MAX):
                self.find(index, "inserted", "leaf or section")
                continue
            for gone in range(following, index):
                self.find(gone, "removed", "leaf")
                self.grow(roots, bytes(32), gone)
            leaf = hashlib.sha256(b"\x00" + one["envelope"].encode("latin-1")).digest()
            try:
                if leaf != unbase64(one["leaf"]):
                    raise ValueError("expected the envelope of the leaf")  # noqa: TRY301 - one place names what is wrong
                self.entry(index, one)
            except (KeyError, TypeError, ValueError, AttributeError):
                self.find(index, "changed", "entry")
            self.grow(roots, leaf, index)
            following = index + 1
        if following < self.size:
            self.find(following, "removed", "leaf")
        elif (b"".join(roots), self.last_ts) != (unbase64(self.manifest["frontier"]), self.manifest["lastTs"]):
            self.head = False

    def grow(self, roots: list[bytes], leaf: bytes, index: int) -> None:
        """One more leaf: the perfect subtrees that it completes, and the root where a checkpoint speaks of this size."""
        level, i = 0, index
        while i & 1:
            leaf, i, level = node(roots.pop(), leaf), i >> 1, level + 1
            self.levels += [bytearray()] if level == len(self.levels) else []
            self.levels[level] += leaf
        roots.append(leaf)
        if index + 1 in self.wanted:
            root = roots[-1]
            for left in reversed(roots[:-1]):
                root = node(left, root)
            self.roots[index + 1] = root

    def entry(self, index: int, one: dict[str, Any]) -> None:
        """One entry: canonical, after the one before it, and each section as it was committed to. Raises ValueError: it is not."""
        said = canonical(one["envelope"])
        if set(said) != {"v", "typ", "log", "id", "ts", "ref", "sec"} or (said["v"], said["id"], said["log"]) != (
            1,
            one["id"],
            self.origin,
        ):
            self.find(index, "changed", "envelope")
        if not {"core"} <= set(said["sec"]) <= {"core", "actor", "subject"} or not TS.fullmatch(said["ts"]):
            self.find(index, "changed", "envelope")
        if said["ts"] < self.last_ts:
            self.find(index, "reordered", "ts")
        self.last_ts = max(self.last_ts, said["ts"])
        gone = [name for name in said["sec"] if name not in one["sections"] and name not in self.left_out]
        self.missing.update({said["id"]: (index, gone)} if gone else {})
        self.accounts |= {said["id"]} if said["typ"] == "erasure" else set()
        for name, part in one["sections"].items():
            self.section(index, name, part, said)
        if said["typ"] in TERMINAL:
            if said["ref"] in self.ended:
                self.find(index, "inserted", "decision")
            self.ended.add(said["ref"])

    def section(self, index: int, name: str, part: dict[str, str], said: dict[str, Any]) -> None:
        """One section of an entry, against what its envelope commits to."""
        if name not in said["sec"]:
            self.find(index, "inserted", "section")
        elif "sealed" in part and name == "subject":
            self.unopened += 1
        elif not committed(name, part, said["sec"][name]):
            self.find(index, "changed", f"section.{name}")
        elif name == "core" and said["typ"] == "erasure":
            self.account(canonical(part["body"]), index)

    def account(self, core: dict[str, Any], index: int) -> None:
        """What an erasure at an index accounts for: subjects (`erase`), whole entries (`retain`), or a whole year (`seal`)."""
        details = dict(core.get("details", ()))
        if core.get("command") == "seal":
            if details.get("origin") == self.origin:
                self.sealed, self.sealed_at = int(details["size"]), min(index, self.sealed_at)
        elif core.get("command") != "order":
            for entry_id in core.get("entries", ()):
                self.named["retain" if core.get("command") == "retain" else "erase"].setdefault(entry_id, index)

    def foreign_account(self, one: dict[str, Any]) -> None:
        """An erasure in another log counts where a checkpoint signed by one of the keys proves it."""
        fit(one["core"])
        envelope, proof = one["envelope"].encode("latin-1"), one["proof"].encode().decode()
        try:
            said = canonical(one["envelope"])
            index, hashes, origin, size, root = open_proof(proof, self.keys)
            included(hashlib.sha256(b"\x00" + envelope).digest(), index, size, hashes, root)
        except (Wrong, ValueError):
            return
        if (origin, "erasure") == (said["log"], said["typ"]) and committed("core", one["core"], said["sec"].get("core")):
            self.account(canonical(one["core"]["body"]), -1)

    def absences(self, signed: int) -> None:
        """A section that is not there is accounted for by an erasure, or was taken away; one behind the last checkpoint is anybody's."""
        if self.size != self.sealed:
            self.find(min(self.sealed, self.size), "inserted" if self.size > self.sealed else "removed", "leaf")
        for entry_id, (index, gone) in self.missing.items():
            by = min(self.named["retain"].get(entry_id, NEVER), self.sealed_at if index < self.sealed else NEVER)
            by = NEVER if "core" in gone and entry_id in self.accounts else by
            by = min(by, self.named["erase"].get(entry_id, NEVER)) if gone == ["subject"] else by
            if by == NEVER:
                self.find(index, "removed", f"section.{gone[0]}")
            self.pending += signed <= by < NEVER

    def nodes(self) -> None:
        """Every stored node is one that the entries make, and none is missing; they stand by level and place."""
        following: dict[int, int] = {}
        for one in self.lines("nodes.jsonl"):
            level, i = whole(one["level"]), whole(one["i"])
            fits = 0 < level < len(self.levels) and i == following.get(level, 0)
            if not fits or bytes(self.levels[level][i * 32 : i * 32 + 32]) != unbase64(one["hash"]):
                # What is wrong below is wrong in every node above it, and is named once, where it is.
                first, beyond = max(i, 0) << min(max(level, 0), 63), max(i + 1, 0) << min(max(level, 0), 63)
                if not any(first <= at < beyond for at, _, _ in self.findings):
                    self.find(first, "changed", "node")
            following[level] = i + 1
        for level in range(1, len(self.levels)):
            if following.get(level, 0) * 32 != len(self.levels[level]):
                self.find(following.get(level, 0) << level, "removed", "node")


def check_receipt(path: Path, keys: list[Key], proof: Path | None, log_keys: list[Key]) -> None:
    """A receipt, and where its proof is given that what it promised is in the log. Raises Wrong: it is not."""
    text, signers = open_note(path.read_text(encoding="utf-8"), keys)
    header, origin, index, leaf, ts, entry = text.split("\n")[:-1]
    if header != "covenant-broker/receipt/v1":
        raise Unfit("expected a receipt")
    if not signers:
        raise Wrong("none of your keys signed the receipt")
    say(f"receipt: entry {entry} stands at {decimal(index)} of {origin} since {ts}")
    if proof is not None:
        at, hashes, log, size, root = open_proof(proof.read_text(encoding="utf-8"), log_keys)
        if (at, log) != (decimal(index), origin):
            raise Wrong("the proof is of another entry than the receipt")
        included(unbase64(leaf), at, size, hashes, root)
        say(f"proof: it is in the log that was signed at {size} entries")


def check_proof(path: Path, keys: list[Key], envelope: Path) -> None:
    """That an envelope, byte for byte, is the entry that a tlog-proof is about."""
    index, hashes, origin, size, root = open_proof(path.read_text(encoding="utf-8"), keys)
    included(hashlib.sha256(b"\x00" + envelope.read_bytes().removesuffix(b"\n")).digest(), index, size, hashes, root)
    say(f"proof: the envelope is entry {index} of {origin}, signed at {size} entries")


def check_consistency(old: Path, new: Path, proof: Path, keys: list[Key]) -> None:
    """That of two signed checkpoints the new one continues the old one."""
    one, two = (open_checkpoint(path.read_text(encoding="utf-8"), keys) for path in (old, new))
    if not one[3] or not two[3]:
        raise Wrong("none of your keys signed one of the checkpoints")
    if one[0] != two[0]:
        raise Unfit("expected two checkpoints of one log")
    consistent(one[1], one[2], two[1], two[2], digests(proof.read_text(encoding="utf-8").split()))
    say(f"consistency: {two[0]} at {two[1]} entries continues what it was at {one[1]}")


def run(given: argparse.Namespace) -> int:
    """Carry out what was asked; the exit code. Raises Unfit: something was not given."""
    if not given.key or len(given.files) != (3 if given.what == "consistency" else 1) or (given.what == "proof") != bool(given.envelope):
        raise Unfit("expected a --key and one FILE, with --envelope for a proof, or OLD NEW PROOF")
    if (given.proof is None) != (not given.log_key) or (given.quorum or 0) < 0:
        raise Unfit("expected a --log-key with a --proof, and a quorum of 0 or more")
    if any(key.kind != 1 for key in given.key + given.log_key) or any(key.kind != 4 for key in given.witness):  # noqa: PLR2004 - as C2SP has them
        raise Unfit("expected the key of a log as --key, and that of a witness as --witness")
    if given.what == "receipt" and not all(key.name for key in given.key):
        raise Unfit("expected the key of a receipt as name+hash+key: it has a name of its own")
    if given.what == "bundle":
        kept = [path.read_text(encoding="utf-8") for path in given.checkpoint]
        return Bundle(given.files[0], given.key).check(kept, given.witness, len(given.witness) if given.quorum is None else given.quorum)
    if given.what == "receipt":
        check_receipt(given.files[0], given.key, given.proof, given.log_key)
    elif given.what == "proof":
        check_proof(given.files[0], given.key, given.envelope)
    else:
        check_consistency(given.files[0], given.files[1], given.files[2], given.key)
    return 0


def main() -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("bundle", "receipt", "proof", "consistency"))
    parser.add_argument("files", nargs="+", type=Path)
    for option in ("key", "log-key", "witness"):
        parser.add_argument(f"--{option}", action="append", default=[], type=Key)
    parser.add_argument("--checkpoint", action="append", default=[], type=Path)
    parser.add_argument("--quorum", type=int)
    parser.add_argument("--proof", type=Path)
    parser.add_argument("--envelope", type=Path)
    try:
        code = run(parser.parse_args())
    except Wrong as error:
        say(f"false: {error}")
        code = 1
    except (Unfit, OSError) as error:
        say(f"error: {error}")
        code = 3
    except SystemExit as error:
        if not error.code:
            return 0  # help was asked for, and nothing was verified
        code = 3
    except Exception as error:  # noqa: BLE001 - whatever a stranger's file does to this program, it is not verified by it
        say(f"error: a file is damaged or not what it should be ({type(error).__name__})")
        code = 3
    say(("verified", "tampered", "incomplete", "usage")[code])
    return code


if __name__ == "__main__":
    sys.exit(main())
