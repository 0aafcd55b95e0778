"""Texts that were right once, and bent: structure-aware input for every parser that reads what somebody else wrote.

A target takes bytes and returns, or raises what it says it raises; anything else that it raises is a crash. The short form draws some
hundred inputs in all (test_fuzz.py), the long one goes on for minutes (tests/soak/test_parsers.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.bundle import BundleManifest, Contents
from audit.checkpoint import Checkpoint, unverified_checkpoint
from audit.cosignature import Cosigner, CosignerKey
from audit.cursor import Cursor
from audit.database import KeptLog
from audit.entry import Envelope, envelope_bytes, parse_envelope
from audit.errors import AuditError, CursorInvalid, NotALog, NoteMalformed, NoteUnverified
from audit.evidence import Evidence
from audit.manifest import HEADER, Manifest, Tree, Written, open_manifest
from audit.note import NoteSigner, VerifierKey, base64_text, open_note, parse_note
from audit.quorum import TrustPolicy
from audit.tiles import Tile
from audit.tlog_proof import TlogProof
from audit.witness_request import AddCheckpoint, WitnessRefused
from broker import trace
from broker.certificates import CertificateHeader, CertificateRefused
from broker.clock import system_random
from broker.oauth.jwks import UnusableKeys, read_key_set, read_usable_keys
from broker.oauth.registration import UnusableRegistration, read_registration
from broker.wire import WireError, WireLimits, loads
from connectors.errors import ConnectorConfigError
from connectors.registry.load import load_sources
from policies.check import check

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = NoteSigner("log.example/a", KEY)
COSIGNER = Cosigner("witness.example", KEY)
VKEY = VerifierKey("log.example/a", KEY.public_key().public_bytes_raw())
CHECKPOINT = str(Checkpoint("log.example/a", 70, bytes(range(32))))
NOTE = SIGNER.sign(CHECKPOINT)
ID, TS, DIGEST = "01890a5d-ac96-774b-bcce-b302099a8057", "2026-11-01T12:00:00.000000Z", base64_text(bytes(range(32)))
ENVELOPE = Envelope("case.opened", "waterstad-noord", ID, TS, None, {"core": DIGEST, "subject": DIGEST})
BUNDLE = BundleManifest(KeptLog(0, "log.example/a", 70, bytes(64), TS), Contents.SEALED, {"checkpoints": [str(VKEY)]})
MANIFEST = Manifest(
    *(ID, TS, "waterstad-noord", "jsonl", "lawfulness", "auditor", "municipality", (("party", "police"),)),
    trees=(Tree("log.example/a", 70, bytes(32), NOTE),),
    written=Written(3, 3, 99, "0" * 64),
)
KEY_SET = json.dumps(
    {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"},
            {
                "kty": "EC", "crv": "P-256", "use": "sig",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            },
        ]
    }
).encode()  # fmt: skip
REGISTRATION = json.dumps(
    {
        "version": 1,
        "party": "police",
        "contact": "J. de Vries, 020 1234567",
        "clientId": "police-desk",
        "certificateBound": False,
        "scopes": ["door:connector"],
        "jwks": json.loads(KEY_SET),
    }
).encode()
SOURCES = b"""\
version: 1
sources:
  rental:
    kind: sql
    holder: corporation
    url: sqlite:///rental.sqlite
    person: {table: tenants, reference: id, type: integer}
    fields:
      complaints.kind: {table: view, column: kind, codes: {GEL: noise, 7: seven}, "null": empty, as_of: day}
      complaints.count_12m: {table: reports, count: rows, where: {kind: [GEL]}, "on": day, within: 12 months}
  system:
    kind: http-json
    holder: municipality
    url: http://127.0.0.1:8001/
    token_file: token
    deadline: 500ms
    fields: {person.last_name: name}
"""

#: what is put in: the ends of ranges, what other readers read otherwise, and what a parser of ours takes for a sign
HOSTILE = (
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n\n",
    b" ",
    b"\t",
    b"-1",
    b"+1",
    b"00",
    b"1e999",
    b"NaN",
    b"9" * 400,
    b"9" * 5000,
    b"18446744073709551616",
    b"[" * 2000,
    b'{"a":' * 500,
    b"null",
    b"true",
    b"{}",
    b"[]",
    b'""',
    b'"\\ud800"',
    b"&a *a",
    b"<<: *a",
    b"!!python/object:os.system",
    b"*",
    b"|",
    b"%",
    b"%00",
    b"../",
    b"x000/",
    b".p/0",
    b"=",
    b"==",
    b"AAAA",
    b"\xe2\x80\x94 ",
    b"old 0\n",
    b"2026-02-30",
    b"2026-01-01T25:61:61Z",
    b"9999-12-31",
    b"\xd9\xa3",
    b"\xef\xbc\x91",
    b":",
    b": ",
    b"- ",
    b"#",
    b"'",
    b'"',
)

#: what is put into JSON: values of another kind
OTHERS: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**53, 2**63, 2**64, 1e308, float("inf"), float("nan"), "", "x", "9" * 5000, "\ud800", "\u0000"),
    *("2026-02-30T00:00:00Z", "../..", "' OR 1=1--", [], {}, [[[[]]]], {"a": {"b": ["c"]}}, [1, "a", None], ["x"] * 300),
)


@dataclass(frozen=True)
class Target:
    """A parser, texts that it takes, and what it raises of others."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    refuses: tuple[type[Exception], ...] = ()

    def bend(self, random: Random) -> bytes:
        """A text of another kind than its seeds by a little; where they are JSON, often still JSON."""
        seed = random.choice(self.seeds)
        return bent_json(random, json.loads(seed)) if seed[:1] == b"{" and random.randrange(2) else bent(random, self.seeds)

    def try_(self, octets: bytes) -> bool:
        """Whether it was taken; raises what the parser had no right to raise."""
        try:
            self.read(octets)
        except self.refuses:
            return False
        return True


def bent(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of the texts with up to four places cut, doubled, swapped or overwritten, and sometimes another text's end behind it."""
    octets = random.choice(seeds)
    for _ in range(random.randrange(5)):
        begin = random.randrange(len(octets) + 1)
        end = begin + random.choice((0, 1, 2, 8, 64, 4096))
        put = random.choice((random.choice(HOSTILE), random.randbytes(random.randrange(7)), octets[begin:end] * 2, b""))
        octets = octets[:begin] + put + octets[end:]
    return octets if random.randrange(10) else octets[: random.randrange(len(octets) + 1)] + random.choice(seeds)


def bent_json(random: Random, seed: object) -> bytes:
    """JSON in which members were taken out, put in, or given a value of another kind."""

    def grown(value: object) -> object:
        if random.randrange(12) == 0:
            return random.choice(OTHERS)
        if isinstance(value, dict):
            kept = {name: grown(each) for name, each in value.items() if random.randrange(12)}
            return kept if random.randrange(8) else kept | {random.choice(("id", "", "party", "\u0000", "é")): random.choice(OTHERS)}
        if isinstance(value, list):
            return [grown(each) for each in value for _ in range(random.choice((0, 1, 1, 1, 1, 3)))]
        return value

    return json.dumps(grown(seed)).encode()


def text_of(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """A parser of texts, given bytes: what HTTP hands on is Latin-1, and what is not UTF-8 is that."""

    def reading(octets: bytes) -> object:
        try:
            return read(octets.decode())
        except UnicodeDecodeError:
            return read(octets.decode("latin-1"))

    return reading


def _certificate(told: str) -> None:
    found = CertificateHeader("Client-Cert", (ip_network("0.0.0.0/0"),)).thumbprint({"HTTP_CLIENT_CERT": told, "REMOTE_ADDR": "192.0.2.7"})
    assert found is None or len(found) == 43


def _manifest(octets: bytes) -> None:
    try:
        note = SIGNER.sign(f"{HEADER}\n{octets.decode()}\n")
    except ValueError:  # no note at all, which has a target of its own
        note = ""
    open_manifest(note.encode(), [VKEY])


def _trace(told: str) -> None:
    begun = trace.begin(told, system_random)
    assert len(begun.traceparent) == 55
    assert int(begun.trace_id, 16)


def _tile(path: str) -> None:
    assert str(Tile.parse(path)) == path


def _covenant(octets: bytes) -> None:
    found = check(octets, "covenant.yaml")
    assert found.policy is not None or found.errors  # what compiles may still be against the law


def _add_checkpoint() -> bytes:
    return f"old 3\n{'A' * 43}=\n\n{NOTE}".encode()


TARGETS: Mapping[str, Target] = {
    "JSON": Target(
        lambda octets: loads(octets, WireLimits()), (b'{"case": "a", "fields": ["b.c"], "n": 12, "x": {"y": [1, {}]}}',), (WireError,)
    ),
    "covenant": Target(_covenant, ((ROOT / "tests/policies/small.yaml").read_bytes(),)),
    "sources": Target(load_sources, (SOURCES,), (ConnectorConfigError,)),
    "keys": Target(read_key_set, (KEY_SET,), (UnusableKeys,)),
    "somebody else's keys": Target(read_usable_keys, (KEY_SET,), (UnusableKeys,)),
    "registration": Target(read_registration, (REGISTRATION,), (UnusableRegistration, UnusableKeys)),
    "note": Target(parse_note, (NOTE.encode(),), (NoteMalformed,)),
    "opened note": Target(lambda octets: open_note(octets, [VKEY]), (NOTE.encode(),), (AuditError,)),
    "checkpoint": Target(unverified_checkpoint, (NOTE.encode(),), (NoteMalformed,)),
    "key": Target(text_of(VerifierKey.parse), (str(VKEY).encode(),), (NoteMalformed,)),
    "cosigner's key": Target(text_of(CosignerKey.parse), (str(COSIGNER.verifier).encode(),), (NoteMalformed,)),
    "proof": Target(TlogProof.parse, (str(TlogProof(5, (bytes(32), bytes(32)), NOTE)).encode(),), (NoteMalformed,)),
    "witness's request": Target(AddCheckpoint.parse, (_add_checkpoint(),), (WitnessRefused,)),
    "trust policy": Target(
        TrustPolicy.parse, (f"log {VKEY}\nwitness w1 {COSIGNER.verifier}\ngroup g1 any w1\nquorum g1\n".encode(),), (NoteMalformed,)
    ),
    "evidence": Target(
        Evidence.parse,
        (json.dumps({"format": "covenant-broker/evidence/v1", "kind": "split", "first": NOTE, "second": NOTE, "seen": "x"}).encode(),),
        (NoteMalformed,),
    ),
    "manifest": Target(_manifest, (str(MANIFEST).split("\n")[1].encode(),), (NoteMalformed, NoteUnverified)),
    "bundle's manifest": Target(BundleManifest.parse, (str(BUNDLE).encode(),), (NotALog, NoteMalformed)),
    "envelope": Target(parse_envelope, (envelope_bytes(ENVELOPE),), (ValueError,)),
    "cursor": Target(
        text_of(lambda text: Cursor.parse(text, "x")),
        (str(Cursor("x", {2026: 70, 2025: 3}, 12, False, 2026, 7)).encode(),),
        (CursorInvalid,),
    ),
    "tile": Target(text_of(_tile), (b"0/000", b"1/x001/x234/067.p/8", b"63/000.p/255"), (NoteMalformed,)),
    "traceparent": Target(
        text_of(_trace), (b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", b"cc-" + b"1" * 32 + b"-" + b"2" * 16 + b"-00-x")
    ),
    "certificate": Target(
        text_of(_certificate),
        (b":MIIBIjANBg==:", b"-----BEGIN%20CERTIFICATE-----%0AMIIB%0A-----END%20CERTIFICATE-----%0A"),
        (CertificateRefused,),
    ),
}
