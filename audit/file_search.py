"""Whether a file holds one of the texts on standard input, one a line: a program of its own, of the standard library alone.

Exit status 0 where it holds none of them, 1 where it holds one; nothing is printed.
"""

from __future__ import annotations

import mmap
import sys
from pathlib import Path


def main() -> int:
    """Search the file that is named on the command line."""
    marks = sys.stdin.buffer.read().splitlines()
    with Path(sys.argv[1]).open("rb") as octets, mmap.mmap(octets.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return int(any(content.find(mark) >= 0 for mark in marks))


if __name__ == "__main__":
    sys.exit(main())
