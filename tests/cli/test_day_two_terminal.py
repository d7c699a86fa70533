"""The commands for a running app on a terminal of their own: Ctrl-C, questions, and the session that a plugin opens."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks.deploy.client import local_api
from tests.cli import terminal
from tests.cli.terminal import Terminal
from tests.cli.test_commands import process
from tests.cli.test_day_two_local import INFRA

RUNS = '[[task]]\nscenario = "runs"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that is deployed to the local cloud of its folder; its one-off tasks do not end by themselves."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "infra.py").write_text(INFRA.replace("count=2,", "count=2, exec=True,"), "utf-8")
    assert process(folder, "deploy", "--local", "--yes").returncode == 0
    (folder / "local.toml").write_text(RUNS, "utf-8")
    yield folder
    process(folder, "local", "stop")


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    for name in [one for one in os.environ if one.startswith(("AWS_", "COV_"))]:
        monkeypatch.delenv(name)
    return folder


def started(folder: Path) -> list[dict[str, Any]]:
    """Give the tasks that nobody's service runs."""
    (said,) = process(folder, "local", "status").stdout.split()
    api = local_api("ecs", said.partition("=")[2])
    (cluster,) = api.list_clusters()["clusterArns"]
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in api.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    ]
    found = api.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return [one for one in found if not one.get("group", "").startswith("service:")]


def call(*arguments: str, during: Callable[[int, int, Terminal], None] | None = None) -> tuple[str, int]:
    """Run a command on a terminal; give what stands there at the end, and the exit code."""
    command = [sys.executable, "-m", "fargate_stacks", arguments[0], "--local", *arguments[1:]]
    screen, code = terminal.run(command, rows=40, columns=160, during=during, seconds=30)
    return "\n".join(screen.lines), code


def types(keys: str, *, after: str) -> Callable[[int, int, Terminal], None]:
    """Press keys once a text stands on the screen."""
    pressed: list[float] = []

    def during(pid: int, descriptor: int, screen: Terminal) -> None:
        if not pressed and any(after in line for line in screen.lines):
            pressed.append(time.monotonic())
            os.write(descriptor, keys.encode())

    return during


def test_ctrl_c_stops_a_task_where_that_was_asked_for(here: Path) -> None:
    shown, code = call("run", "Api", "--stop-on-interrupt", during=types("\x03", after="no container runs here"))
    assert code == 130
    assert "is being stopped" in shown
    (task,) = started(here)
    assert (task["desiredStatus"], task["stopCode"]) == ("STOPPED", "UserInitiated")


def test_ctrl_c_leaves_a_task_running_by_default_and_says_how_to_see_it(here: Path) -> None:
    shown, code = call("run", "Web", during=types("\x03", after="no container runs here"))
    assert code == 130
    assert "goes on; its lines: fargate-stacks logs Web --follow" in shown
    (running,) = [one for one in started(here) if one["lastStatus"] == "RUNNING"]
    assert running["desiredStatus"] == "RUNNING"


def test_ctrl_c_ends_logs_that_follow(here: Path) -> None:
    shown, code = call("logs", "Api", "--follow", during=types("\x03", after="no container runs here"))
    assert code == 0
    assert "Traceback" not in shown


def test_ctrl_c_ends_events_that_follow(here: Path) -> None:
    shown, code = call("events", "Api", "--follow", during=types("\x03", after="has reached a steady state"))
    assert code == 0
    assert "Traceback" not in shown


@pytest.mark.parametrize(("key", "code", "told"), [("n", 4, "declined; nothing was started"), ("y", 5, "no revision")])
def test_rollback_of_several_services_asks(here: Path, key: str, code: int, told: str) -> None:
    shown, ended = call("rollback", "shop", during=types(f"{key}\n", after="put back Web, Api?"))
    assert ended == code
    assert told in shown


def test_exec_opens_a_shell_on_the_terminal(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "session-manager-plugin"
    plugin.write_text('#!/bin/sh\ntest -t 0 && echo "a terminal, $3, $5"\nread line\necho "heard $line"\nexit 7\n')
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    shown, code = call("exec", "Api", during=types("hello\n", after="a terminal"))
    assert code == 7
    assert 'a terminal, StartSession, {"Target": "ecs:shop-MainCluster_' in shown.replace("\n", "")
    assert "heard hello" in shown
