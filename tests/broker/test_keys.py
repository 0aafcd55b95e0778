"""The key directory: what is not private, not whole or not a key is refused with what to do about it."""

from __future__ import annotations

import base64
import os
import shutil
import stat
from pathlib import Path

import pytest

from broker.clock import system_random
from broker.keys import DEPOSIT_WRAPPING, FILES, PSEUDONYMS, RECEIPT_SIGNING, TOKEN_SIGNING, KeyDirectory, KeyDirectoryError, create_keys


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "keys"
    create_keys(folder, system_random)
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(made_once, tmp_path / "keys")
    return tmp_path / "keys"


def read_all(keys: KeyDirectory) -> tuple[object, ...]:
    return (
        keys.token_signing(),
        keys.receipt_signing(),
        keys.checkpoint_signing(),
        keys.deposit_wrapping(),
        keys.deposit_index(),
        keys.pseudonyms(),
    )


def test_a_directory_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(KeyDirectoryError, match=r"expected a directory of mode 0700, found nothing; `broker keys init` makes it"):
        KeyDirectory(tmp_path / "none").pseudonyms()


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_directory_that_others_can_enter_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(KeyDirectoryError, match=f"expected a directory of mode 0700, found mode {mode:04o}"):
        KeyDirectory(folder).pseudonyms()


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_others_can_read_is_refused(folder: Path, name: str) -> None:
    (folder / name).chmod(0o640)
    with pytest.raises(KeyDirectoryError, match=f"{name}: expected a file of mode 0600, found mode 0640"):
        read_all(KeyDirectory(folder))


def test_a_link_in_place_of_a_key_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / PSEUDONYMS).rename(tmp_path / "elsewhere")
    (folder / PSEUDONYMS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyDirectoryError, match="found something else"):
        KeyDirectory(folder).pseudonyms()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_empty_or_oversized_file_is_refused(folder: Path, name: str) -> None:
    for content in (b"", b"\x00\xff", b"x" * 70_000):
        (folder / name).write_bytes(content)
        with pytest.raises(KeyDirectoryError, match=f"{name}: expected"):
            read_all(KeyDirectory(folder))
    (folder / name).unlink()
    with pytest.raises(KeyDirectoryError, match=f"{name}: expected a file of mode 0600, found nothing"):
        read_all(KeyDirectory(folder))


def test_a_key_of_another_kind_is_refused(folder: Path) -> None:
    token, receipt = (folder / TOKEN_SIGNING).read_bytes(), (folder / RECEIPT_SIGNING).read_bytes()
    (folder / TOKEN_SIGNING).write_bytes(receipt)
    (folder / RECEIPT_SIGNING).write_bytes(token)
    with pytest.raises(KeyDirectoryError, match="expected an RSA key"):
        KeyDirectory(folder).token_signing()
    with pytest.raises(KeyDirectoryError, match="expected an Ed25519 key"):
        KeyDirectory(folder).receipt_signing()


@pytest.mark.parametrize("line", ["k1", "K1 " + "A" * 44, f"k2 {base64.b64encode(b'short').decode()}", "\n", "k2  " + "A" * 44])
def test_a_ring_with_a_line_that_is_not_a_key_is_refused(folder: Path, line: str) -> None:
    with (folder / DEPOSIT_WRAPPING).open("a") as ring:
        ring.write(line + "\n")
    with pytest.raises(KeyDirectoryError, match="expected lines of a key id"):
        KeyDirectory(folder).deposit_wrapping()


def test_a_key_id_twice_is_refused(folder: Path) -> None:
    line = (folder / DEPOSIT_WRAPPING).read_text()
    (folder / DEPOSIT_WRAPPING).write_text(line + line)
    with pytest.raises(KeyDirectoryError, match="no id twice"):
        KeyDirectory(folder).deposit_wrapping()


def test_keys_are_never_made_over_others(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in FILES}
    (folder / TOKEN_SIGNING).unlink()
    with pytest.raises(KeyDirectoryError, match=r"expected no keys yet, found checkpoint-signing\.pem, "):
        create_keys(folder, system_random)
    assert not (folder / TOKEN_SIGNING).exists()
    assert {name: (folder / name).read_bytes() for name in FILES[1:]} == {name: before[name] for name in FILES[1:]}


def test_keys_are_not_made_in_a_directory_that_others_can_enter(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o755)  # whatever the umask
    with pytest.raises(KeyDirectoryError, match="found mode 0755"):
        create_keys(tmp_path / "keys", system_random)
    assert list((tmp_path / "keys").iterdir()) == []


def test_made_keys_are_private_whatever_the_umask_and_each_is_another(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys = create_keys(tmp_path / "a" / "keys", system_random)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE((tmp_path / "a" / "keys" / name).stat().st_mode) for name in FILES}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "a" / "keys").stat().st_mode) == 0o700
    ring = keys.deposit_wrapping()
    assert len({ring.keys[ring.current], keys.deposit_index(), keys.pseudonyms()}) == 3
    assert keys.receipt_signing().private_bytes_raw() != keys.checkpoint_signing().private_bytes_raw()


def test_a_ring_seals_with_its_last_line_and_keeps_the_others(folder: Path) -> None:
    with (folder / DEPOSIT_WRAPPING).open("a") as ring:
        ring.write(f"k2 {base64.b64encode(bytes(range(32))).decode()}\n")
    rotated = KeyDirectory(folder).deposit_wrapping()
    assert rotated.current == "k2"
    assert rotated.keys["k2"] == bytes(range(32))
    assert set(rotated.keys) == {"k1", "k2"}
    assert repr(rotated) == "Ring(current='k2')"
