"""The guides for privacy officers as they really go: `python -m tests.docs.guide docs/covenant-guide.md` prints one with what came out.

The `console` blocks of a guide are run in order, in an empty folder with a new broker on SQLite. What differs each time has a name in
capitals: SHA256 is what `propose` last showed, KEY-CARE what `new-key care.jwk` did.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from broker.cli import broker
from tests.docs.pages import ROOT

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SOURCES = "version: 1\nsources:\n" + "".join(
    f"  {party}-deposit: {{kind: deposit, holder: {party}}}\n" for party in ("municipality", "corporation", "care")
)
_SECONDS = re.compile(r"\d+[.,]\d+ s$", re.MULTILINE)


@cache
def _new_broker() -> Path:
    """A folder with keys and empty databases, made once per process."""
    folder = Path(tempfile.mkdtemp())
    (folder / "var").mkdir()
    (folder / "var/sources.yaml").write_text(SOURCES, encoding="utf-8")
    with chdir(folder):
        for command in (["keys", "init"], ["db", "upgrade"]):
            assert CliRunner().invoke(broker, command).exit_code == 0
    return folder


@dataclass
class Reader:
    """Somebody who types what a guide shows, in a folder; `names` are the words in capitals and what they stand for."""

    folder: Path
    names: dict[str, str] = field(default_factory=dict)

    def block(self, text: str) -> str:
        """A block with what came out of its commands now."""
        return "".join(f"$ {command}\n{self.type(command)}" for command in commands(text))

    def type(self, command: str) -> str:
        """What one command prints, in the words of a guide."""
        words = shlex.split(re.sub(r"\\\n\s*", "", command))
        for position, word in enumerate(words):
            words[position] = self.names.get(word, word)
        into = words.pop() if len(words) > 1 and words[-2] == ">" else None
        if into:
            words.pop()
        with chdir(self.folder):
            result = CliRunner().invoke(broker, words[1:], env={"COLUMNS": "100", "COVENANT_LANG": os.environ.get("COVENANT_LANG", "nl")})
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            assert result.exit_code != 2, f"{command}: {result.output}"  # a command that was not understood did nothing
            if into:
                Path(into).write_text(result.stdout, encoding="utf-8")
                return ""
        self._remember(words, result.output)
        return self._told(result.output)

    def _remember(self, words: list[str], output: str) -> None:
        if "propose" in words and (found := re.search(r"[0-9a-f]{64}", output)):
            self.names["SHA256"] = found[0]
        if "new-key" in words:
            self.names[f"KEY-{Path(words[-1]).stem.upper()}"] = output.strip()

    def _told(self, output: str) -> str:
        for name, value in self.names.items():
            output = output.replace(value, name)
        output = re.sub(r"\([0-9a-f]{12}\)", "(SHA256…)", re.sub(r"[0-9a-f]{64}", "SHA256", output))
        return "".join(f"{line.rstrip()}\n" for line in _SECONDS.sub("0,01 s", output).splitlines())


def commands(block: str) -> list[str]:
    """The commands of a block, with the lines that a backslash continues."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)


def readers(make: Callable[[], Path]) -> Iterator[Reader]:
    """A reader with a new broker, and the shipped covenant as `waterstad.yaml` to try things on."""
    folder = make()
    shutil.copytree(_new_broker(), folder, dirs_exist_ok=True)
    shutil.copy(ROOT / "covenant.yaml", folder / "waterstad.yaml")
    yield Reader(folder)


def as_it_goes(page: str, folder: Path) -> str:
    """A guide with what its commands print now."""
    (reader,) = readers(lambda: folder)
    return CONSOLE.sub(lambda block: f"```console\n{reader.block(block[1])}```", page)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.stdout.write(as_it_goes(Path(sys.argv[1]).read_text(encoding="utf-8"), Path(made)))
