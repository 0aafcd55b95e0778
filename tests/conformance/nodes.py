"""Node with one of npm's packages: what is asked goes in as JSON, what is answered comes out as JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def node(package: str) -> str:
    """The interpreter, where it can load the package; in CI its absence is an error, not a skip."""
    name = package.partition("@")[0]
    found = shutil.which("node")
    if found is not None and subprocess.run([found, "-e", f"require.resolve('{name}')"], capture_output=True, check=False).returncode == 0:
        return found
    reason = f"node cannot load npm's `{name}` (npm install --prefix DIR {package}; export NODE_PATH=DIR/node_modules)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def run(package: str, script: Path, asked: object) -> Any:  # noqa: ANN401 - any JSON
    """What a script answers."""
    done = subprocess.run([node(package), script], input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
