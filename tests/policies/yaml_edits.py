"""The small covenant as a file, and what a single edit of it brings about."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.compile import compile_covenant
from policies.covenant import Covenant
from policies.errors import CovenantErrors
from policies.load import load_covenant

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")


def edited(*edits: tuple[str, str]) -> bytes:
    text = SMALL
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the small covenant"
        text = text.replace(old, new)
    return text.encode()


def loaded(*edits: tuple[str, str]) -> Covenant:
    return load_covenant(edited(*edits))


def mistakes(content: bytes) -> list[str]:
    """What loading says, one line for each mistake, without the name of the file."""
    with pytest.raises(CovenantErrors) as caught:
        load_covenant(content)
    assert all(finding.file == "covenant.yaml" for finding in caught.value.findings)
    return [line.removeprefix("covenant.yaml:") for line in str(caught.value).split("\n")]


def mistakes_of(*edits: tuple[str, str]) -> list[str]:
    return mistakes(edited(*edits))


def refusals_of(*edits: tuple[str, str]) -> list[str]:
    """What compiling says of a covenant that loads."""
    with pytest.raises(CovenantErrors) as caught:
        compile_covenant(loaded(*edits))
    return [line.removeprefix("covenant.yaml:") for line in str(caught.value).split("\n")]
