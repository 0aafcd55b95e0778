"""The shipped covenant, loaded and compiled once per session."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.compile import compile_covenant
from policies.covenant import Covenant
from policies.load import load_covenant
from policies.policy import Policy

SHIPPED = Path(__file__).resolve().parents[2] / "covenant.yaml"


@pytest.fixture(scope="session")
def shipped() -> Covenant:
    return load_covenant(SHIPPED.read_bytes())


@pytest.fixture(scope="session")
def shipped_policy(shipped: Covenant) -> Policy:
    return compile_covenant(shipped)
