"""Deploys as they go in ECS: how each ends, and its screens as they were last reviewed."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from benchmarks.services import BUDGET, per_minute
from fargate_stacks.cli.lines import Line
from fargate_stacks.cli.screen import JsonLines, Plain
from fargate_stacks.cli.tree import Tree
from fargate_stacks.deploy.ecs_row import Row
from fargate_stacks.deploy.messages import Evidenced, Message, Rollout, TaskFailed
from fargate_stacks.errors import DeployError
from fargate_stacks.snapshots import TemplateFile
from tests.deploy.answers import OLD, SERVICE
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


class Frames(Tree):
    """The live screen as a sequence of pictures: what stays above, and the block whenever it looks different."""

    def __init__(self, world: World) -> None:
        self.console = Console(file=io.StringIO(), width=110, height=24, color_system=None, legacy_windows=False)
        super().__init__(io.StringIO(), io.StringIO(), zone=UTC, console=self.console, now=world.clock.monotonic)
        self.pictures: list[str] = []

    def _above(self, line: Line, *, out: bool = False) -> None:
        self.pictures.append(line.text)

    def _show(self) -> None:
        with self.console.capture() as drawn:
            self.console.print(self.block())
        picture = "".join(f"| {line.rstrip()}\n" for line in drawn.get().splitlines()).rstrip()
        if picture.strip("| ") and picture not in self.pictures[-1:]:
            self.pictures.append(picture)


def live(name: str) -> str:
    scene = SCENES[name]
    world = World(**scene.kind)
    world.deploys_as_usual()
    scene.build(world)
    frames = Frames(world)
    _, error = world.play(frames, **scene.options)
    return "\n".join(frames.pictures) + "\n" + (f"error: {error}\n" if error is not None else "")


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


def test_express_is_said_on_the_change_set_and_nowhere_else() -> None:
    world = World()
    world.deploys_as_usual()
    SCENES["express_waits_for_the_service"].build(world)
    world.play(express=True)
    assert world.requests["CreateChangeSet"]["DeploymentConfig"] == {"Mode": "EXPRESS", "DisableRollback": False}
    assert "DisableRollback" not in world.requests["ExecuteChangeSet"]


def only_the_service_changes(world: World) -> None:
    """The service is updated, its task definition stays, and ECS begins a deployment some seconds later."""
    world.at(0, world.cfn("shop", "UPDATE_IN_PROGRESS"))
    world.at(1, world.cfn("ApiService", "UPDATE_IN_PROGRESS", SERVICE))
    world.at(8, world.rolls_out(OLD))


def rows(said: list[Message]) -> list[Row]:
    return [one.ecs for one in said if isinstance(one, Rollout)]


def test_what_ran_before_is_not_done_while_something_may_follow() -> None:
    world = World(native=False)
    world.clock.sleep(60)
    only_the_service_changes(world)
    failure = world.fails("EssentialContainerExited", "x", exit_code=1, definition=OLD)
    world.at(20, failure, world.counts(running=0, pending=2, failed=1))
    world.at(40, world.comes_up())
    world.ends_well(45)
    said, _ = world.play()
    assert [row.state for row in rows(said)] == ["waiting", "rolling out", "rolling out", "done"]
    assert [one.failing.exit_code for one in said if isinstance(one, TaskFailed)] == [1]


def test_an_update_that_needs_no_deployment_is_done_when_cloudformation_is() -> None:
    world = World(native=False)
    world.clock.sleep(60)
    world.at(0, world.cfn("shop", "UPDATE_IN_PROGRESS"))
    world.at(1, world.cfn("ApiService", "UPDATE_IN_PROGRESS", SERVICE))
    world.ends_well(20)
    said, error = world.play()
    assert error is None
    assert [row.state for row in rows(said)] == ["waiting", "done"]
    assert world.clock.passed < 100


def test_what_a_service_said_before_is_no_evidence() -> None:
    world = World()
    world.says("was unable to place a task. Reason: Capacity is unavailable at this time.")()
    world.clock.sleep(60)
    world.deploys_as_usual()
    SCENES["crash_loop"].build(world)
    said, _ = world.play()
    (found,) = [one.evidence for one in said if isinstance(one, Evidenced)]
    assert not [text for text in found.events if "Capacity" in text]


@pytest.mark.parametrize(("services", "stacks"), [(1, 1), (40, 1), (200, 1), (40, 20)])
def test_any_number_of_services_is_watched_within_the_budget(services: int, stacks: int) -> None:
    assert sum(per_minute(services, stacks).values()) <= BUDGET


@pytest.mark.parametrize("name", SCENES)
def test_the_screens_are_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    golden = snapshot.use_extension(Golden)
    _, said, error = play(name)
    assert plain(said, error) == golden(name="plain")
    assert json_lines(said) == golden(name="jsonl")
    assert live(name) == golden(name="live")
