"""Deploys as they go in ECS: how each ends, and its screens as they were last reviewed."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC

import pytest
from syrupy.assertion import SnapshotAssertion

from benchmarks.services import BUDGET, per_minute
from fargate_stacks.cli.screen import JsonLines, Plain
from fargate_stacks.deploy.messages import Message
from fargate_stacks.errors import DeployError
from fargate_stacks.snapshots import TemplateFile
from tests.deploy.rollouts import World
from tests.deploy.scenes import SCENES


class Golden(TemplateFile):
    """One text file a screen."""

    file_extension = "txt"


def play(name: str) -> tuple[World, list[Message], DeployError | None]:
    scene = SCENES[name]
    world = World(**scene.kind)
    world.deploys_as_usual()
    scene.build(world)
    said, error = world.play(**scene.options)
    return world, said, error


def plain(said: list[Message], error: DeployError | None) -> str:
    screen = io.StringIO()
    show = Plain(screen, screen, zone=UTC)
    for message in said:
        show(message)
    return screen.getvalue() + (f"error: {error}\n" if error is not None else "")


def json_lines(said: list[Message]) -> str:
    """The records without the time of this machine and without what is made by chance."""
    screen = io.StringIO()
    show = JsonLines(screen)
    for message in said:
        show(message)
    text = re.sub(r"fs-[0-9a-f]{8}-[0-9a-f-]{27}", "fs-token", screen.getvalue())
    records = [json.loads(line) for line in text.splitlines()]
    return "".join(json.dumps({key: one[key] for key in one if key != "ts"}) + "\n" for one in records)


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_ends_with_its_exit_code(name: str) -> None:
    _, _, error = play(name)
    assert (error.exit_code if error is not None else 0) == SCENES[name].exit_code, error


@pytest.mark.parametrize("services", [1, 40, 200])
def test_any_number_of_services_is_watched_within_the_budget(services: int) -> None:
    assert sum(per_minute(services).values()) <= BUDGET


@pytest.mark.parametrize("name", SCENES)
def test_the_screens_are_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    golden = snapshot.use_extension(Golden)
    _, said, error = play(name)
    assert plain(said, error) == golden(name="plain")
    assert json_lines(said) == golden(name="jsonl")
