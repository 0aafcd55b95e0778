"""`broker demo`: the whole story from an empty folder to a verified log, for people or as one JSON document."""

from __future__ import annotations

import json as json_format
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import httpx
from rich.console import Console

from broker.bootstrap import open_broker
from broker.demo.folder import FolderTaken, fresh
from broker.demo.partner import Refused
from broker.demo.processes import ProcessFailed
from broker.demo.running import Evening, opened
from broker.demo.scenes.closing import aftercare_and_close
from broker.demo.scenes.consultation import consultation, one_fact_many_eyes, plan_and_veto
from broker.demo.scenes.doors import wrong_doors
from broker.demo.scenes.escalation import escalation, killed_worker
from broker.demo.scenes.opening import covenant_in_force, two_signals
from broker.demo.scenes.proving import Proof, proof
from broker.demo.serving import keep_serving
from broker.demo.steps import NotSo, Script
from broker.demo.terminal import Terminal

FAILURES = (NotSo, ProcessFailed, Refused, FolderTaken, httpx.HTTPError)
INTERRUPTED = 130
#: called between scenes; raises KeyboardInterrupt where somebody asked to stop and was not heard
Heed: TypeAlias = Callable[[], None]
SETTING_UP = "Setting up: keys, databases, four source systems, signatures, two workers …"

OPENING = (
    "A man shouts at night; a neighbour no longer dares to use the stairs. The housing corporation hears the complaints, the municipality "
    "has the powers, the police know the incidents, care knows the man. Each sees one corner. “Privacy” keeps some from saying anything "
    "and stops others from nothing.\n\n"
    "What may be shared, they agreed on paper. Here that paper is a file that a machine enforces: field by field, phase by phase, with "
    "the article beside every answer; and a log that nobody rewrites unseen. Watch four organisations work one case. "
    "All people and organisations are invented; the processes, keys, requests and signatures are real."
)


def run(folder: Path, *, json: bool, serve: bool, console: Console, lang: str = "en") -> int:
    """Play the demonstration in `folder`, which is made anew; returns the exit code.

    Args:
        folder: where keys, databases and logs go; it stays afterwards. Only a folder that a demonstration made is ever emptied.
        json: print one JSON document at the end and nothing else.
        serve: instead of the story, set everything up, open a case and keep running until Ctrl-C.
        console: where to print; its width decides the layout.
        lang: the language of the covenant's labels, `en` or `nl`; the story itself is in English.

    Returns:
        0 all played and every claim was so; 1 not so, with a sentence that says what; 130 interrupted.
    """
    folder = folder.resolve()
    with _stopped_by_signals() as heed:
        if serve:
            return _serve(folder, console, lang, heed)
        return (_as_json if json else _as_text)(folder, console, lang, heed)


def story(evening: Evening, heed: Heed) -> Proof:
    """All scenes in order."""
    house = evening.house
    covenant_in_force(house)
    case, namesakes = two_signals(house)
    heed()
    corporation, before = consultation(house, case)
    one_fact_many_eyes(house, case)
    heed()
    plan_and_veto(house, case, corporation, before)
    wrong_doors(house, case, namesakes)
    heed()
    escalation(house, case, corporation)
    killed_worker(house, case, evening.server)
    heed()
    aftercare_and_close(house, case)
    evening.server.stop()
    broker = open_broker(house.stage.settings, evening.world)
    try:
        return proof(house, broker, case)
    finally:
        broker.close()


def _as_text(folder: Path, console: Console, lang: str, heed: Heed) -> int:
    begun = time.monotonic()
    terminal = Terminal(console, lang)
    terminal.open(OPENING)
    try:
        with fresh(folder), terminal.waiting(SETTING_UP), opened(folder, terminal, lang) as evening:
            terminal.ready()
            terminal.legend()
            told = story(evening, heed)
        terminal.close(told, time.monotonic() - begun, _hints(folder))
    except FAILURES as failure:
        terminal.stopped(str(failure), folder)
        return 1
    except KeyboardInterrupt:
        terminal.stopped("interrupted", folder)
        return INTERRUPTED
    return 0


def _as_json(folder: Path, console: Console, lang: str, heed: Heed) -> int:
    begun = time.monotonic()
    script = Script()
    document: dict[str, object] = {"demo": "covenant-broker", "lang": lang, "scenes": script.scenes, "summary": None, "failed": None}
    code = 0
    try:
        with fresh(folder), opened(folder, script, lang) as evening:
            document["summary"] = asdict(story(evening, heed)) | {"seconds": round(time.monotonic() - begun, 1), "folder": str(folder)}
    except FAILURES as failure:
        document["failed"], code = str(failure), 1
    except KeyboardInterrupt:
        document["failed"], code = "interrupted", INTERRUPTED
    print(json_format.dumps(document, ensure_ascii=False, indent=1), file=console.file)
    return code


def _serve(folder: Path, console: Console, lang: str, heed: Heed) -> int:
    terminal = Terminal(console, lang)
    try:
        with fresh(folder), terminal.waiting(SETTING_UP), opened(folder, Script(), lang) as evening:
            case, _ = two_signals(evening.house)
            consultation(evening.house, case)
            heed()
            terminal.ready()
            keep_serving(evening, case, folder, console)
    except FAILURES as failure:
        terminal.stopped(str(failure), folder)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
    return 0


def _hints(folder: Path) -> tuple[tuple[str, str], ...]:
    return (
        ("The same, running, for you to ask", "make serve"),
        ("The covenant with these parties' keys", f"{folder / 'covenant.yaml'}"),
        ("How an ask becomes a disclosure", "broker/exchange.py"),
    )


@contextmanager
def _stopped_by_signals() -> Iterator[Heed]:
    """End as on Ctrl-C when asked to terminate or when the terminal closes, so that every process is stopped then, too.

    Python drops an exception that is raised while an object is being finalized. So the signal is also remembered, and whoever calls what
    this yields hears of it then.
    """
    heard = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        heard.set()
        raise KeyboardInterrupt

    def heed() -> None:
        if heard.is_set():
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield heed  # only the main thread is told of signals
        return
    former = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield heed
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
