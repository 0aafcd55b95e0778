"""Adding up what all processes counted. What a process that ended had counted stays: a counter that falls would look like a restart.

The listener alone folds the cells of ended processes into `ended.json`. A crash between writing that and removing the cells counts nothing
twice: the file names what it has taken in.
"""

from __future__ import annotations

import fcntl
import json
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

from broker.metrics import CELL, OF_NAME, SUFFIX, Series

ENDED = "ended.json"

Cells = dict[Series, list[int]]


def add_up(folder: Path) -> tuple[Mapping[Series, list[int]], Mapping[str, int]]:
    """The sum of every series over all processes, and how many processes live, by kind.

    Raises:
        OSError: the folder cannot be read or written.
    """
    if not folder.is_dir():
        return {}, {}
    ended, folded = _read_ended(folder)
    living: dict[str, int] = {}
    sums: Cells = {}
    over: list[Path] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if path.name in folded:
            path.unlink(missing_ok=True)  # taken in already, by a listener that died before it could remove it
            continue
        with path.open("rb") as file:
            cells = _cells(file.read())
            if _is_over(file.fileno()):
                # read again: between the two it may have counted on, and then died
                file.seek(0)
                # what goes up and down is of a process that lives
                _add(ended, [cells for cells in _cells(file.read()) if not OF_NAME[cells[0][0]].gauge])
                over.append(path)
                continue
        _add(sums, cells)
        kind = path.name.partition("-")[0]
        living[kind] = living.get(kind, 0) + 1
    if over:
        _write_ended(folder, ended, [path.name for path in over])
        for path in over:
            path.unlink(missing_ok=True)
    _add(sums, ended.items())
    return sums, living


def _is_over(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _cells(octets: bytes) -> list[tuple[Series, list[int]]]:
    """What a file of cells says; nothing of one that is none, and of another version only what has still the same form."""
    header, line, rest = octets.partition(b"\n")
    try:
        series = [(str(name), tuple(labels), int(width)) for name, labels, width in json.loads(header)]
    except (TypeError, ValueError):
        return []
    values = array("q", rest[: len(rest) // CELL * CELL]) if line else array("q")
    found: list[tuple[Series, list[int]]] = []
    at = 0
    for name, labels, width in series:
        if name in OF_NAME and OF_NAME[name].cells == width and at + width <= len(values):
            found.append(((name, labels), values[at : at + width].tolist()))
        at += width
    return found


def _add(sums: Cells, cells: Iterable[tuple[Series, list[int]]]) -> None:
    for series, values in cells:
        before = sums.get(series)
        sums[series] = list(values) if before is None else [one + other for one, other in zip(before, values, strict=True)]


def _read_ended(folder: Path) -> tuple[Cells, frozenset[str]]:
    try:
        kept = json.loads((folder / ENDED).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}, frozenset()
    known = [(name, tuple(labels), cells) for name, labels, cells in kept["series"] if name in OF_NAME]
    return {(name, labels): cells for name, labels, cells in known if OF_NAME[name].cells == len(cells)}, frozenset(kept["folded"])


def _write_ended(folder: Path, ended: Cells, folded: list[str]) -> None:
    draft = folder / f"{ENDED}.draft"
    series = [[name, list(labels), cells] for (name, labels), cells in ended.items()]
    draft.write_text(json.dumps({"folded": folded, "series": series}), encoding="utf-8")
    draft.replace(folder / ENDED)
