"""The edge of the command line: what is imported, what is said, and what the process ends with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from fargate_stacks.cli.group import NAMES, group
from tests.cli.conftest import Project, Run

ONE_STACK = 'app = App([Stack("one", [Jobs("A")])])\n'


def python(code: str, **environment: str) -> str:
    """Run code in a process of its own and give what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return result.stdout.strip()


def test_help_names_every_command(run: Callable[..., Run]) -> None:
    out = run("--help").out
    assert [line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.strip()] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_is_described(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    undescribed = [one.name for one in command.params if isinstance(one, click.Option) and not one.help]
    assert command.help
    assert undescribed == []


def test_an_unknown_command_answers_with_the_nearest(run: Callable[..., Run]) -> None:
    result = run("synht")
    assert result.code == 2
    assert result.err.endswith("Error: there is no command synht; did you mean synth\n")


def test_an_option_without_its_equals_sign_is_refused(project: Project, run: Callable[..., Run]) -> None:
    result = run("synth", "--set", "stage")
    assert result.code == 2
    assert "write KEY=VALUE, got 'stage'" in result.err


def test_a_setting_that_is_given_twice_is_refused(project: Project, run: Callable[..., Run]) -> None:
    result = run("synth", "--set", "a=1", "--set", "a=2")
    assert result.code == 2
    assert "a is given twice" in result.err


def test_version_says_the_packages_version(run: Callable[..., Run]) -> None:
    from importlib.metadata import version

    assert run("--version").out == f"fargate-stacks, version {version('fargate-stacks')}\n"


def test_synth_imports_no_other_command_and_nothing_slow(project: Project) -> None:
    project.infra(ONE_STACK)
    loaded = python(
        "import sys; from fargate_stacks.cli import main; sys.stdout = open('/dev/null', 'w'); main(['synth']);"
        "sys.stdout = sys.__stdout__; print(*sys.modules)"
    ).split()
    commands = {f"fargate_stacks.cli.{name}" for name in NAMES} - {"fargate_stacks.cli.synth"}
    slow = {"boto3", "botocore", "rich", "cfnlint", "ministack", "cloudformation_validate", "importlib.metadata"}
    unwanted = {"fargate_stacks.deploy", "fargate_stacks.checks", *commands, *slow}
    assert unwanted.intersection(loaded) == set()


def test_the_module_is_the_console_script(project: Project) -> None:
    project.infra(ONE_STACK)
    call = [sys.executable, "-m", "fargate_stacks", "ls"]
    assert subprocess.run(call, capture_output=True, text=True, check=True).stdout.startswith("one  2 resources")


def test_a_reader_that_goes_away_is_met_in_silence(project: Project) -> None:
    project.infra('app = App([Stack("s", [Jobs(f"A{i}") for i in range(240)])])')
    with subprocess.Popen(
        [sys.executable, "-m", "fargate_stacks", "synth"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_help_names_the_line_that_completes_in_a_shell(run: Callable[..., Run], shell: str) -> None:
    assert f"_FARGATE_STACKS_COMPLETE={shell}_source fargate-stacks" in run("--help").out


def test_completion_offers_the_commands(project: Project) -> None:
    offered = python(
        "from fargate_stacks.cli import main; main([])",
        _FARGATE_STACKS_COMPLETE="bash_complete",
        COMP_WORDS="fargate-stacks ",
        COMP_CWORD="1",
    )
    assert [line.partition(",")[2] for line in offered.splitlines()] == list(NAMES)


def test_what_was_written_before_an_error_is_not_lost(project: Project) -> None:
    project.write("infra.py", 'print("data")\nimport atexit\natexit.register(print, "later")\n1 / 0\n')
    call = [sys.executable, "-m", "fargate_stacks", "synth"]
    result = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "data\nlater\n")
