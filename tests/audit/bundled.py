"""The lines of a bundle, taken out and put back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit.bundle import ENTRIES, FILES

Lines = dict[str, list[dict[str, Any]]]


def opened(path: Path) -> Lines:
    with zipfile.ZipFile(path) as archive:
        return {name: [json.loads(line) for line in archive.read(name).splitlines()] for name in FILES}


def closed(lines: Lines, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, objects in lines.items():
            archive.writestr(name, "".join(json.dumps(one, sort_keys=True, separators=(",", ":")) + "\n" for one in objects))
    return path


def section(name: str, **members: object) -> Callable[[Lines], None]:
    return lambda lines: lines[ENTRIES][7]["sections"][name].update(members)
