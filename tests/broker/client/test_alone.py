"""A partner installs no server: the kit runs where Flask, SQLAlchemy and the rest of the broker's dependencies are not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

ALONE = """
import importlib, pkgutil, sys

ALLOWED = {"audit", "broker", "connectors", "httpx", "joserfc", "cryptography", *OF_THEM}

class Absent:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first in sys.stdlib_module_names or first in ALLOWED:
            return None
        raise ModuleNotFoundError(name, name=first)

sys.meta_path.insert(0, Absent())
import broker.client
for module in pkgutil.walk_packages(broker.client.__path__, "broker.client."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
ours = sorted({name for name in sys.modules if name.startswith("broker.")} - {"broker.client"})
assert all(name.startswith("broker.client.") for name in ours), ours
assert {name for name in sys.modules if name.startswith("connectors.")} == {"connectors.bounded_http"}
from MODULE import main
main(ARGUMENTS)
"""
#: what httpx and cryptography bring along themselves
OF_THEM = ("anyio", "certifi", "cffi", "_cffi_backend", "h11", "httpcore", "idna", "sniffio", "typing_extensions")


def run_alone(module: str, arguments: str) -> subprocess.CompletedProcess[str]:
    """What a partner has at a shell, with the kit and its three libraries."""
    program = f"OF_THEM = {OF_THEM!r}\n{ALONE}".replace("MODULE", module).replace("ARGUMENTS", arguments)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV_")} | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd="/", check=False, timeout=60
    )


def test_the_kit_imports_nothing_but_the_logs_package_and_three_libraries() -> None:
    run = run_alone("broker.client.cli", '["--help"]')
    assert run.returncode == 0, run.stderr
    assert "receipts that were kept" in run.stdout


def test_the_brokers_own_command_says_in_one_sentence_that_there_is_no_broker_here() -> None:
    run = run_alone("broker.command", "")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("error: expected the broker's dependencies, not found: `click`. The commands of the client kit are ")
    assert run.stderr.count("\n") == 1
