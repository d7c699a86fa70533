"""The page about a running app, played: its app is deployed to the local cloud, and every command on it is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fargate_stacks.cli.group import run as run_command
from fargate_stacks.cli.load import load_templates
from fargate_stacks.core.template import Template
from fargate_stacks.deploy.engine import deploy
from tests.localcloud import Cloud

pytestmark = pytest.mark.xdist_group("day-two-page")  # one app, and commands in the order of the page

PAGE = Path(__file__).parents[2] / "docs/how-to/day-two.md"
TEXT = PAGE.read_text("utf-8")
ENDLESS = ("--follow",)
ELSEWHERE = ("deploy", "tunnel")
"""Commands of the page that tests of their own play."""
CODES = {
    "logs Api --previous": 1,
    "approve Api": 5,
    "reject Api": 5,
    "rollback Api": 5,
    "rollback Api --to 41": 2,
    "rollback shop --yes": 5,
    "scale Api 1 --min 1": 2,
}
"""What a command comes to where nothing waits, ended or ran before, and nothing scales; 0 otherwise."""
BY_HAND = "drift shop --fail"
"""It finds the count of Web once `scale` has changed it, and nothing before."""


def commands() -> Iterator[str]:
    for block in re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            command = line.removeprefix("fargate-stacks ").replace(" --local", "")
            if not any(word in command for word in ENDLESS) and command.partition(" ")[0] not in ELSEWHERE:
                yield command


@pytest.fixture(scope="module")
def shop(local_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cloud, dict[str, Template]]:
    folder = tmp_path_factory.mktemp("page")
    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    (folder / "infra.py").write_text(code, "utf-8")
    templates = load_templates(str(folder / "infra.py"), {}, cwd=folder)
    cloud = Cloud(local_endpoint, "999000000017")
    deploy(_without_pause(templates), cloud.client(), out=lambda _: None, ask=lambda _: True)
    return cloud, templates


def _without_pause(templates: dict[str, Template]) -> dict[str, Template]:
    """The first deployment of a service would wait for a person as well."""
    configuration = templates["shop"].resources["ApiService"]["Properties"]["DeploymentConfiguration"]
    configuration["LifecycleHooks"] = []
    return templates


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A session-manager-plugin that writes down how it was called."""
    program, heard = tmp_path / "session-manager-plugin", tmp_path / "heard"
    program.write_text(f'#!/bin/sh\n[ -z "$3" ] || echo "$3" >> {heard}\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return lambda: heard.read_text("utf-8") if heard.exists() else ""


@pytest.mark.parametrize("command", list(commands()))
def test_a_command_of_the_page_does_what_the_page_says(
    command: str,
    shop: tuple[Cloud, dict[str, Template]],
    plugin: Callable[[], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BROWSER", "true")
    cloud, templates = shop
    words = shlex.split(command)
    if words == ["exec", "Api"]:
        pytest.skip("a shell wants a terminal: tests/cli/test_day_two_terminal.py")
    code = run_command(words, {"client": cloud.client(), "templates": templates})
    said = capsys.readouterr()
    assert code in ((0, 3) if command == BY_HAND else (CODES.get(command, 0),)), said.err
    assert said.out or said.err
    if words[0] == "exec":
        assert plugin() == "StartSession\n"


def test_the_page_plays_every_command_for_a_running_app() -> None:
    played = {one.partition(" ")[0] for one in commands()}
    everything = "status logs exec run approve reject rollback scale restart diagnose drift outputs events url open"
    assert played == set(everything.split())
