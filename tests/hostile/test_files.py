"""Files that somebody sent to the operator: depth in one is a mistake like any other, and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.cli import broker

SHA256 = "0" * 64


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000], ids=["brackets", "braces"])
@pytest.mark.parametrize(
    "command",
    [
        ("covenant", "accept", "FILE", "--lang", "en"),
        ("covenant", "sign", SHA256, "--party", "care", "--key", "FILE", "--lang", "en"),
        ("audit", "report", "decide", "--party", "care", "--file", "FILE"),
    ],
    ids=["an answer", "a key", "decisions"],
)
def test_a_file_of_nothing_but_depth_is_a_mistake(tmp_path: Path, command: tuple[str, ...], deep: str) -> None:
    file = tmp_path / "sent.json"
    file.write_text(deep)
    result = CliRunner().invoke(broker, [part.replace("FILE", str(file)) for part in command], env={"BROKER_FOLDER": str(tmp_path)})
    assert result.exit_code in {1, 2}
    assert isinstance(result.exception, SystemExit), result.exception
    assert "expected" in result.output
