"""The production server in a process of its own, started as `broker serve` starts it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import httpx

SERVER = """
import json, os, sys, threading, time
from pathlib import Path
import broker.serve
from broker.config import read_settings
from broker.serve import Served, Stopping, serve

here = Path(os.environ["HOME"])
broker.serve.HEADER_TIMEOUT_MS = int(os.environ.get("HEADER_TIMEOUT_MS", 60_000))
broker.serve.MARGIN_S = int(os.environ.get("MARGIN_S", 1))
meeting = threading.Barrier(16)

class Drain(threading.Timer):
    def run(self):  # a drain lasts until the test has seen enough of it, however busy the machine
        while self.interval and not (here / "enough").exists():
            time.sleep(0.02)
        self.function(*self.args, **self.kwargs)

def told(stopping):
    begin(stopping)
    (here / "told").touch()

broker.serve.threading.Timer = Drain
begin, Stopping.begin = Stopping.begin, told

def build(stopping):
    def application(environ, start_response):
        if environ["PATH_INFO"] in {"/slow", "/never"}:
            (here / "inside").touch()
        if environ["PATH_INFO"] == "/slow":
            until = time.monotonic() + 60
            while not (here / "go").exists() and time.monotonic() < until:
                time.sleep(0.02)
        if environ["PATH_INFO"] == "/meet":
            meeting.wait(60)
        if environ["PATH_INFO"] == "/never":
            time.sleep(600)
        if environ["PATH_INFO"] == "/stopping":
            start_response("503 Stopping" if stopping() else "204 No Content", [])
            return []
        body = json.dumps({"pid": os.getpid(), "environ": [k for k, v in environ.items() if "tulip" in str(v)]}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
    return Served(application, lambda: (here / f"settled-{os.getpid()}").touch())

serve(build, read_settings({k: v for k, v in os.environ.items() if k.startswith("BROKER_")}))
"""


Start = Callable[..., tuple[subprocess.Popen[bytes], str]]


def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes about by itself; three minutes are only there to end a wait in vain."""
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=20).status_code == 200
    except httpx.TransportError:
        return False
