"""The covenant that is shipped, loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.compile import Policy, compile_covenant
from policies.covenant import Covenant
from policies.load import load_covenant

PATH = Path(__file__).resolve().parents[2] / "covenant.yaml"


@pytest.fixture(scope="session")
def text() -> str:
    return PATH.read_text("utf-8")


@pytest.fixture(scope="session")
def raw(text: str) -> Mapping[str, Any]:
    """As any YAML reader sees it: words only, so that nothing of our own loader stands between the test and the file."""
    page: Mapping[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the safest of its loaders: texts, lists and maps
    return page


@pytest.fixture(scope="session")
def covenant(text: str) -> Covenant:
    return load_covenant(text.encode())


@pytest.fixture(scope="session")
def policy(covenant: Covenant) -> Policy:
    return compile_covenant(covenant)
