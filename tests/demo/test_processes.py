"""Processes and folders of the demonstration: stopped whatever happens, and never somebody else's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.config import read_settings
from broker.demo.folder import FolderTaken, fresh
from broker.demo.house import answer_of, problem_of
from broker.demo.partner import Refused
from broker.demo.processes import ProcessFailed, Running, broker_variables, environment, held_port
from broker.demo.stage import settings_for
from tests.demo.answers import disclosure, problem


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def server(folder: Path) -> Iterator[Running]:
    with held_port() as port:
        named = ("http.server", "--bind", "127.0.0.1", str(port))
        with Running("a server", named, folder / "server.log", environment()) as running:
            yield running


def test_a_process_is_stopped_when_the_story_breaks_off(tmp_path: Path) -> None:
    started: list[int] = []

    def break_off() -> None:
        with server(tmp_path) as running:
            started.append(running.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert gone(started[0])


def test_a_process_that_ends_before_it_is_ready_is_named_with_its_log(tmp_path: Path) -> None:
    with Running("the broker", ("no_such_module",), tmp_path / "broker.log", environment()) as running:
        with pytest.raises(ProcessFailed, match=r"the broker ended before its first answer; see .*broker\.log"):
            running.wait_until(lambda: False, "its first answer")
        with pytest.raises(ProcessFailed, match="did not start"):
            running.first_line()
    assert "No module named no_such_module" in (tmp_path / "broker.log").read_text()


def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    with server(tmp_path) as running:
        assert running.alive
        running.stop()
        assert not running.alive


def test_the_broker_is_given_the_settings_that_were_set_up_and_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_AUDIT_URL", "sqlite:////srv/production.sqlite")
    settings = settings_for(tmp_path, 8123)
    assert read_settings(broker_variables(settings)) == settings
    assert environment(settings)["BROKER_AUDIT_URL"] == settings.audit_url
    assert not any(name.startswith("BROKER_") for name in environment())


def test_a_folder_is_emptied_only_where_a_demonstration_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with fresh(folder):
        (folder / "audit.sqlite").write_text("old")
        (folder / "keys").mkdir()
        (folder / "keys" / "one.pem").write_text("old")
    assert (folder / "audit.sqlite").exists()
    with fresh(folder):
        assert [path.name for path in folder.iterdir()] == [".demonstration"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(FolderTaken, match="found something else"), fresh(tmp_path / "other"):
        pass
    assert (tmp_path / "other" / "letter.txt").read_text() == "mine"


def test_a_folder_behind_a_link_is_unlinked_and_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "letter.txt").write_text("mine")
    with fresh(tmp_path / "demo") as folder:
        (folder / "link").symlink_to(tmp_path / "elsewhere")
    with fresh(tmp_path / "demo"):
        assert (tmp_path / "elsewhere" / "letter.txt").read_text() == "mine"


def test_two_demonstrations_do_not_share_a_folder(tmp_path: Path) -> None:
    with fresh(tmp_path / "demo") as folder:
        (folder / "audit.sqlite").write_text("in use")
        with pytest.raises(FolderTaken, match="another demonstration is running"), fresh(folder):
            pass
        assert (folder / "audit.sqlite").read_text() == "in use"


def test_two_answers_are_the_same_but_for_what_must_differ() -> None:
    one, other = answer_of(disclosure("1", 17, "receipt — 1")), answer_of(disclosure("2", 17, "receipt — 2"))
    assert one.same == other.same
    assert answer_of(disclosure("1", 18, "receipt — 1")).same != one.same
    assert one.value("complaints.count_12m") == 17
    assert one.value("support.kind") is None


def test_a_problem_is_no_answer() -> None:
    with pytest.raises(Refused, match="404"):
        answer_of(problem(404, {"type": "/v1/problems/unknown-case"}))
    assert problem_of(problem(404, {"type": "/v1/problems/unknown-case"})) == "unknown-case"
    assert problem_of(problem(400, {"error": "unauthorized_client"})) == "unauthorized_client"
