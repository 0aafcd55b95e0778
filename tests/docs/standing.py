"""`broker` for a shell, without the second that each start costs: one process has everything imported and forks per command.

The commands are the real ones, each in a process, folder, environment and with streams of its own; only their imports are shared. Run as a
program this is that process; `shim` writes the `broker` that a shell then finds, which passes everything on and exits as it is told.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 16


@contextmanager
def standing(folder: Path) -> Iterator[Path]:
    """A folder for PATH in which there is a `broker`, for as long as this lasts."""
    door = folder / "door"
    command = [sys.executable, "-m", "tests.docs.standing", str(door)]
    process = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[2], stdout=subprocess.PIPE)
    try:
        if process.stdout is None or process.stdout.readline() != b"standing\n":
            raise AssertionError("expected the process to stand")
        yield _shim(folder, door)
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def _shim(folder: Path, door: Path) -> Path:
    shim = folder / "broker"
    shim.write_text(
        textwrap.dedent(f"""\
            #!{sys.executable} -IS
            import json, os, socket, sys
            said = json.dumps({{"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ), "umask": os.umask(0o077)}})
            with socket.socket(socket.AF_UNIX) as to:
                os.chdir({str(door.parent)!r})  # a socket's whole address may be longer than there is room for
                to.connect({door.name!r})
                socket.send_fds(to, [said.encode()], [0, 1, 2])
                sys.exit(int(to.recv(8)))
            """)
    )
    shim.chmod(0o700)
    return folder


def _serve(door: Path) -> None:
    from broker.cli import main  # noqa: PLC0415 - the imports that this process is for

    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(door.parent)  # as the shim does
        listening.bind(door.name)
        listening.listen()
        sys.stdout.write("standing\n")
        sys.stdout.flush()
        while True:
            caller, _ = listening.accept()
            with caller:
                said, streams, _, _ = socket.recv_fds(caller, MAX_BYTES, 3)
                child = os.fork()
                if child == 0:
                    _become(json.loads(said), streams, main)
                for stream in streams:
                    os.close(stream)
                caller.sendall(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(said: Mapping[str, Any], streams: list[int], main: Callable[[], None]) -> None:
    """Run the command in this forked process, and never return."""
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(said["cwd"])
        os.umask(said["umask"])
        os.environ.clear()
        os.environ.update(said["env"])
        sys.argv = ["broker", *said["argv"]]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
