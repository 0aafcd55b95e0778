"""What the operator's page says is so: its settings, its events, its grants and its commands."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from time import monotonic, sleep

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url

from audit.anchor import Anchor
from audit.database import open_engine
from audit.growth import FOLD_EVERY
from audit.query import Search, search
from audit.signer import Signer
from audit.tables import APPEND_ONLY
from audit.tables import metadata as log_tables
from audit.verdict import Exit
from audit.verify import verify
from broker.bootstrap import open_broker
from broker.clock import system_clock
from broker.config import PREFIX, Settings
from broker.database import upgrade
from broker.demo.processes import held_port
from broker.demo.stage import covering
from broker.keys import CHECKPOINT_SIGNING, FILES
from broker.service import create_service
from tests.audit.builders import Clock, Keys, exchange, log_on, store_at
from tests.docs.pages import ROOT, blocks, page, rows, section
from tests.docs.standing import standing

PAGE = page("docs/operations.md")


def test_every_setting_stands_in_the_table_with_its_default_and_no_other_does() -> None:
    told = {key.strip("`"): default.strip("`") for key, default, _ in rows(section(PAGE, "Settings"))}
    defaults = {PREFIX + each.name.upper(): getattr(Settings(), each.name) for each in fields(Settings)}
    assert told == {key: "–" if default in {None, ()} else str(default) for key, default in defaults.items()}


def test_every_limit_has_the_number_of_the_code_and_a_test_that_there_is() -> None:
    limits = rows(section(PAGE, "Limits"))
    assert len(limits) >= 20
    for what, default, by, answer, named in limits:
        path, _, name = named.strip("`").partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), what
        assert answer, what
        where = by.strip("`")
        if where.startswith(PREFIX):
            found = getattr(Settings(), where.removeprefix(PREFIX).lower())
        else:
            module, _, constant = where.rpartition(".")
            found = getattr(importlib.import_module(module), constant)
        assert float(default) == float(found), what
    per_minute = {each.name for each in fields(Settings) if each.name.endswith("_per_minute")}
    assert per_minute <= {by.strip("`").removeprefix(PREFIX).lower() for _, _, by, _, _ in limits}


def test_every_key_file_stands_in_the_table_and_no_other_does() -> None:
    assert [name.strip("`") for name, _, _ in rows(section(PAGE, "Keys"))] == list(FILES)


def test_every_event_stands_in_the_table_with_its_level_and_no_other_does() -> None:
    assert {(name.strip("`"), level) for name, level, _ in rows(section(PAGE, "Watching"))} == set(_events())


def _events() -> Iterator[tuple[str, str]]:
    """(name, level) of every event that the broker's code writes."""
    for path in (ROOT / "broker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"info", "warning", "error"}:
                name = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
                if isinstance(name, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", name):
                    yield name, node.func.attr


def test_the_grants_are_enough_to_append_sign_and_verify_and_for_nothing_else(postgres_url: str, tmp_path: Path) -> None:
    roles, grants = blocks(section(PAGE, "Databases"), "sql")
    database = make_url(postgres_url).database
    owner, writer = (_as(postgres_url, role) for role in ("log_owner", "log_writer"))
    _run(postgres_url, *[line for line in roles.splitlines() if "DATABASE" not in line], f'ALTER DATABASE "{database}" OWNER TO log_owner')
    try:
        upgrade(owner, "audit")
        _run(owner, *grants.splitlines())
        _append_sign_and_verify(writer, tmp_path)
        # So that there is a row to change; a sealed year is the eraser's (tests/audit/test_erasure_grants.py).
        _run(writer, "INSERT INTO audit_cosignature SELECT log_id, size, 'key', 1, 'line', signed_at FROM audit_checkpoint")
        for table in APPEND_ONLY:
            changes = (f"UPDATE {table} SET log_id = 1", f"DELETE FROM {table}")  # noqa: S608 - the log's own tables
            forbidden = (f"TRUNCATE {table}", f"DROP TABLE {table}", f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for statement in (*changes, *forbidden, f"DROP TRIGGER {table}_grows ON {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    _run(writer, statement)
            for statement in changes if table != "audit_sealed" else ():  # not even the owner, unless it first takes the triggers away
                with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                    _run(owner, statement)
    finally:
        _run(postgres_url, f'ALTER DATABASE "{database}" OWNER TO CURRENT_USER', "DROP OWNED BY log_writer, log_owner CASCADE")
        _run(postgres_url, "DROP ROLE log_writer", "DROP ROLE log_owner")


def test_the_grants_name_every_table_of_the_log() -> None:
    _, grants = blocks(section(PAGE, "Databases"), "sql")
    readable = " ".join(line for line in grants.splitlines() if line.startswith("GRANT SELECT"))
    assert set(re.findall(r"audit_[a-z]+", readable)) == set(log_tables.tables)


def _append_sign_and_verify(url: str, folder: Path) -> None:
    store, engine, key, keys = store_at(url), open_engine(url), Ed25519PrivateKey.generate(), Keys()
    try:
        log = log_on(store, keys=keys)
        for _ in range(FOLD_EVERY):  # twice as many entries, so that the index is folded as well
            decision, release = exchange()
            log.append(decision)
            log.append(release)
        log.barrier()
        assert Signer(engine, Anchor(folder / "anchor"), key, clock=Clock()).sign_all()
        assert search(engine, Search(log="waterstad-noord")).total == 2 * FOLD_EVERY
        found = verify(engine, checkpoint_keys=[key.public_key().public_bytes_raw()], subject_keys=keys)
        assert found.exit is Exit.VERIFIED, found.lines()
    finally:
        store.close()
        engine.dispose()


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def _run(url: str, *statements: str) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class Shell:
    """A shell in a folder, whose `broker` and `python` are ours."""

    folder: Path
    commands: Path

    def run(self, script: str, **settings: str) -> str:
        done = self.attempt(script, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attempt(self, script: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"umask 077\n{script}"],
            cwd=self.folder,
            env=self.environment | settings,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        """This process's, without anybody's settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return kept | {"PATH": f"{self.commands}:{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A folder in which all commands of the steps were run, by the shell, as they stand on the page."""
    with standing(tmp_path_factory.mktemp("bin")) as commands:
        shell = Shell(tmp_path_factory.mktemp("rehearsal"), commands)
        covenant = covering((ROOT / "covenant.yaml").read_text(encoding="utf-8"), system_clock().date())
        (shell.folder / "covenant.yaml").write_text(covenant, encoding="utf-8")
        shell.run("\n".join(blocks(section(PAGE, "Putting a covenant in force"), "sh")))
        yield shell


@pytest.fixture
def shell(rehearsed: Shell, tmp_path: Path) -> Shell:
    """The same in a copy of the folder, which a test may change."""
    return replace(rehearsed, folder=Path(shutil.copytree(rehearsed.folder, tmp_path / "copy")))


def test_after_the_steps_the_covenant_is_in_force_and_the_log_tells_each_of_them(shell: Shell) -> None:
    listed = json.loads(shell.run("broker covenant list --json"))
    assert [(one["state"], one["accepted"]) for one in listed] == [("active", ["care", "corporation", "municipality", "police"])]
    clients = json.loads(shell.run("broker party list --json"))
    assert [(one["clientId"], one["party"], one["suspended"]) for one in clients] == [("police-system", "police", False)]
    accepted = json.loads(shell.run(blocks(section(PAGE, "Watching"), "sh")[1]))
    assert accepted["total"] == 4


def test_what_was_put_in_force_is_served_and_stops_cleanly(shell: Shell) -> None:
    command = [sys.executable, "-m", "broker", "serve", "--without-worker"]
    with held_port() as port:
        issuer = f"http://127.0.0.1:{port}"
        settings = {"BROKER_PORT": str(port), "BROKER_ISSUER": issuer, "BROKER_WORKERS": "1"}
        server = subprocess.Popen(command, cwd=shell.folder, env=shell.environment | settings, stderr=subprocess.DEVNULL)
        try:
            served = _answered(f"{issuer}/v1/covenants", server)
        finally:
            server.terminate()
            code = server.wait(90)
    assert [covenant["id"] for covenant in served["covenants"]] == ["waterstad-noord"]
    assert code == 0


def _answered(url: str, server: subprocess.Popen[bytes]) -> dict[str, list[dict[str, str]]]:
    until = monotonic() + 90
    with httpx.Client(timeout=60, trust_env=False) as http:
        while monotonic() < until and server.poll() is None:
            try:
                answer: dict[str, list[dict[str, str]]] = http.get(url).json()
            except httpx.TransportError:
                sleep(0.1)
            else:
                return answer
    raise AssertionError("expected the server to answer within a minute")


def test_keys_are_replaced_as_the_page_says_and_the_broker_still_opens(shell: Shell) -> None:
    ring, publish = blocks(section(PAGE, "Keys"), "sh")
    shell.run(ring)
    assert (shell.folder / "var/keys/deposit-wrapping.ring").read_text().splitlines()[1].startswith("k2 ")
    printed = shell.run(publish)
    assert re.search(r"receipts: +covenant-broker\.localhost/receipts\+[0-9a-f]{8}\+\S+\ncheckpoints: [0-9a-f]{64}\n", printed)
    (rotating,) = blocks(section(PAGE, "Tokens"), "sh")
    assert "counts until" in shell.run(rotating)
    assert len(list((shell.folder / "var/keys").glob("token-signing.*.pem"))) == 1
    shell.run("broker covenant list")


def test_a_restored_log_is_not_signed_and_what_is_missing_is_named(shell: Shell) -> None:
    daily, reading = blocks(section(PAGE, "Watching"), "sh")
    shell.run(f"{reading}\n{daily}")
    shutil.copy(shell.folder / "var/audit.sqlite", shell.folder / "backup.sqlite")
    shell.run(f"{reading}\n{daily}")
    shutil.copy(shell.folder / "backup.sqlite", shell.folder / "var/audit.sqlite")
    refused = shell.attempt(blocks(section(PAGE, "Backup and restore"), "sh")[0])
    assert refused.returncode == 1
    assert re.search(r"size \d+ was signed, the log has \d+: a restored backup", refused.stderr)
    verdict = shell.attempt("broker audit verify")
    assert verdict.returncode == 1
    assert "removed" in verdict.stdout
    # Beginning anew takes all three that the page names: an empty database, a new anchor, another name.
    anew = {"BROKER_AUDIT_URL": "sqlite:///var/audit-2.sqlite", "BROKER_ANCHOR": "var/anchor-2", "BROKER_LOG_NAME": "second.localhost"}
    shell.run(f"broker db upgrade\n{reading}\n{daily}", **anew)


def test_web_processes_start_without_the_key_that_signs_checkpoints(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (shell.folder / "var/keys" / CHECKPOINT_SIGNING).unlink()
    monkeypatch.chdir(shell.folder)
    broker = open_broker(Settings())
    try:
        assert create_service(broker).name == "broker"
    finally:
        broker.close()
