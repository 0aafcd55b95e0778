"""Whoever signs in the tests, and whoever verifies: two libraries. The exceptions stand in `tests.foreign`, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey

from broker.client import KeySigner, Signer, SignerElsewhere
from tests.foreign import THE_KIT_SIGNS

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
#: what signs, or hands a key to what signs
SIGNS = frozenset({"KeySigner", "SignerElsewhere", "read_key", "connect", "main"})
#: they hold the others to it
OURSELVES = {"tests/foreign.py", "tests/architecture/test_foreign_assertions.py"}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Every name that a module imports, with where from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name) for one in node.names)
        elif isinstance(node, ast.Import):
            yield from ((one.name, "") for one in node.names)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_test_signs_with_the_library_that_verifies() -> None:
    signing = {"joserfc.jwt", "joserfc.jws", "joserfc.jwe"}
    found = [
        name_of(path)
        for path in TESTS
        for module, name in imported(path)
        if module.startswith("authlib") or module in signing or f"{module}.{name}" in signing or (module, name) == ("joserfc", "")
    ]
    assert found == []


def test_the_kit_is_given_a_key_only_where_it_is_said_why() -> None:
    found = {name_of(path) for path in TESTS for module, name in imported(path) if module.startswith("broker.client") and name in SIGNS}
    assert found - OURSELVES <= set(THE_KIT_SIGNS)
    assert all((ROOT / name).is_file() for name in THE_KIT_SIGNS)


def test_elsewhere_the_kit_signs_nothing() -> None:
    key = RSAKey.generate_key(2048)
    device = key.private_key
    assert device is not None
    signers: tuple[Signer, ...] = (
        KeySigner(key, "RS256"),
        SignerElsewhere(key, "RS256", lambda octets: device.sign(octets, PKCS1v15(), SHA256())),
    )
    for signer in signers:
        with pytest.raises(AssertionError, match="expected an assertion by a foreign library in tests/architecture"):
            signer.sign({})
