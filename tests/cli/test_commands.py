"""Every command for a running app against the same facts: a name that is not known, a permission that is missing, no
terminal, JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.test_day_two_local import INFRA
from tests.deploy.running import Running, Said


class Command(NamedTuple):
    """How a command is called on the service Api, and what it comes to in an app where all is well."""

    arguments: tuple[str, ...]
    needs: str
    """An operation without which there is nothing to tell, as IAM names it."""
    exit_code: int = 0
    wants: str = "Api"
    """What it is called on."""

    def on(self, name: str) -> tuple[str, ...]:
        return tuple(name if one == self.wants else one for one in self.arguments)


ECS = "ecs:DescribeServices"
COMMANDS = {
    "status": Command(("status", "Api"), ECS),
    "logs": Command(("logs", "Api"), "logs:FilterLogEvents"),
    "exec": Command(("exec", "Api", "--output", "json", "--", "ls"), "ecs:ExecuteCommand", 1),
    "run": Command(("run", "Api", "--detach"), "ecs:RunTask"),
    "approve": Command(("approve", "Api"), ECS, 5),
    "reject": Command(("reject", "Api"), ECS, 5),
    "rollback": Command(("rollback", "Api"), ECS, 5),
    "scale": Command(("scale", "Api", "2"), "ecs:UpdateService"),
    "restart": Command(("restart", "Api", "--no-wait"), "ecs:UpdateService"),
    "diagnose": Command(("diagnose", "Api"), ECS),
    "drift": Command(("drift", "shop"), "cloudformation:DetectStackDrift", wants="shop"),
    "outputs": Command(("outputs", "shop"), "cloudformation:DescribeStacks", wants="shop"),
    "events": Command(("events", "Api"), ECS),
    "url": Command(("url", "Api"), "elasticloadbalancing:DescribeTargetGroups"),
    "open": Command(("open", "Api"), "elasticloadbalancing:DescribeTargetGroups"),
}
APIS = {"elasticloadbalancing": "elbv2"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_that_is_not_known_answers_with_the_nearest(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, world = COMMANDS[name], Running()
    world.exists = False
    said = Said(world, capsys, command.on(f"{command.wants}x"))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {command.wants}x: there is no ")
    assert said.err.endswith(f"; did you mean {command.wants}\n")
    assert world.calls.count("UpdateService") == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_permission_that_is_missing_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, world = COMMANDS[name], Running()
    service, _, operation = command.needs.partition(":")
    world.tasks[next(iter(world.tasks))]["containers"][0]["managedAgents"] = [
        {"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}
    ]
    code = "AccessDenied" if service in ("cloudformation", "elasticloadbalancing") else "AccessDeniedException"
    world.refuses(APIS.get(service, service), operation, code, "alice may not")
    said = Said(world, capsys, command.arguments)
    assert (said.code, said.err) == (1, f"error: not allowed: alice may not; it needs {command.needs}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_app_may_have_no_such_stack_yet(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, world = COMMANDS[name], Running()
    world.exists = False
    said = Said(world, capsys, command.arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: shop: the stack is not deployed; fargate-stacks deploy --stack shop\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose app is deployed to the local cloud of the folder, by the command line itself."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "infra.py").write_text(INFRA, "utf-8")
    assert process(folder, "deploy", "--local", "--yes").returncode == 0
    yield folder
    process(folder, "local", "stop")


def process(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process without a terminal."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "COV_"))}
    return subprocess.run(
        [sys.executable, "-m", "fargate_stacks", *arguments],
        cwd=folder,
        env=environment | {"PATH": "/usr/bin:/bin", "BROWSER": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_it_works_without_a_terminal(name: str, project: Path) -> None:
    command = COMMANDS[name]
    said = process(project, name, "--local", *command.arguments[1:])
    assert said.returncode == command.exit_code, said.stderr
    assert "\x1b" not in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.exit_code == 0])
def test_its_json_is_all_that_it_writes_to_standard_output(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    world = Running()
    world.lines = [(10.0, f"app/app/{'a' * 32}", "hello")]
    world.says("(service shop-Api) has started 1 tasks.")()
    arguments = COMMANDS[name].arguments
    said = Said(world, capsys, (arguments[0], "--output", "json", *arguments[1:]))
    assert said.code == 0, said.err
    if name in ("logs", "events"):
        assert [json.loads(line) for line in said.out.splitlines()]
    else:
        assert json.loads(said.out)
