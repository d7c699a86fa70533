"""What every command for a running app has: help with an example, JSON, --local, a section in the documentation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from fargate_stacks.cli.group import group
from tests.cli.conftest import Project, Run

COMMANDS = (
    "status logs exec tunnel run approve reject rollback scale restart diagnose drift outputs events url open".split()
)
PAGE = Path(__file__).parents[2] / "docs/how-to/day-two.md"


def options(name: str) -> set[str]:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return {option for one in command.params for option in one.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_its_help_has_an_example(name: str, run: Callable[..., Run]) -> None:
    text = run(name, "--help").out
    assert re.search(rf"Examples?:\n\s+fargate-stacks {name}\b", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_has_json_and_the_local_cloud(name: str) -> None:
    assert {"--output", "--local", "--region", "--profile", "--app", "--set"} <= options(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_has_a_section_in_the_documentation(name: str) -> None:
    assert re.search(rf"^## {name}\n\n```console\nfargate-stacks {name}\b", PAGE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", [one for one in COMMANDS if one not in ("drift", "outputs")])
def test_without_a_local_cloud_it_says_so(name: str, project: Project, run: Callable[..., Run]) -> None:
    project.infra('app = App([Stack("work", [Jobs("Jobs")])])')
    words = {"scale": ["Jobs", "1"], "exec": ["Jobs", "--", "ls"], "tunnel": ["Jobs", "8080"]}
    json = ["--output", "json"] if name in ("exec", "tunnel") else []
    said = run(name, "--local", *json, *words.get(name, ["Jobs"]))
    assert (said.code, said.err) == (1, "error: no local cloud runs here; deploy --local first\n")
