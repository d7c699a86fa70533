"""Screens of whole runs, as they were last reviewed, and laws that hold for every one of them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC

import pytest
from syrupy.assertion import SnapshotAssertion

from fargate_stacks.cli.github import GitHub
from fargate_stacks.cli.screen import JsonLines, Plain, Quiet, Screen
from fargate_stacks.core.construct import Source
from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.evidence import Evidence, Stopped
from fargate_stacks.deploy.messages import Evidenced, Message, Warn
from fargate_stacks.errors import DeployError
from tests.deploy.golden import Beside, Frames, Golden
from tests.deploy.stage import Stage, referring, resource, template

OWNER = Owner("Web", "Service", Source("infra.py", 12))
NET = template("net", {"Jobs": resource(), "Old": resource()}, outputs={"Url": {"Value": {"Ref": "Jobs"}}})
SHOP = referring("shop", "net", owners={"Mail": OWNER}, outputs={"Mail": {"Value": {"Ref": "Mail"}}})
FILES = template(
    "files", {"Files": resource("AWS::S3::Bucket"), "Task": resource("AWS::ECS::TaskDefinition", Cpu="256")}
)
RISKY = template(
    "files",
    {
        "Task": resource("AWS::ECS::TaskDefinition", Cpu="512"),
        "Door": resource(
            "AWS::EC2::SecurityGroupIngress", IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
        ),
    },
)


def creates_two(stage: Stage) -> None:
    stage.deploy(NET, SHOP)


def create_fails(stage: Stage) -> None:
    denied = "User alice is not authorized to perform: sqs:CreateQueue (Service: Sqs, Status Code: 403, Request ID: 1)"
    stage.cfn.breaks["create", "Mail"] = (
        f'Resource handler returned message: "{denied}" (HandlerErrorCode: AccessDenied)'
    )
    stage.deploy(NET, SHOP, template("alone"))


def update_with_risks(stage: Stage) -> None:
    stage.deploy(FILES)
    stage.said.clear()
    stage.deploy(RISKY)


def destroys(stage: Stage) -> None:
    kept = template("kept", {"Logs": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}, "Jobs": resource()})
    stage.deploy(kept, FILES)
    stage.said.clear()
    stage.destroy(kept, FILES)


def nothing_to_do(stage: Stage) -> None:
    stage.deploy(NET)
    stage.said.clear()
    stage.deploy(NET)


SCENES: dict[str, Callable[[Stage], None]] = {
    one.__name__: one for one in (creates_two, create_fails, update_with_risks, destroys, nothing_to_do)
}


def played(name: str, screen: Callable[[Stage], Screen]) -> tuple[Screen, str]:
    """Play a scene on a screen; what it says is drawn while it happens."""
    stage = Stage()
    shown = screen(stage)

    class Said(list[Message]):
        def append(self, message: Message) -> None:
            super().append(message)
            shown(message)

        def clear(self) -> None:
            super().clear()
            parts.clear()

    parts: list[str] = []
    stage.said = Said()
    error = ""
    with suppress(DeployError):
        try:
            SCENES[name](stage)
        except DeployError as caught:
            error = f"error: {caught} [{caught.exit_code}]\n"
            raise
    return shown, error


def text(name: str, make: Callable[[io.StringIO], Screen]) -> str:
    stream = io.StringIO()
    _, error = played(name, lambda stage: make(stream))
    return re.sub(r"fs-[0-9a-f]{8}-[0-9a-f-]{27}", "fs-token", stream.getvalue()) + error


@pytest.mark.parametrize("name", SCENES)
def test_plain_is_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    drawn = text(name, lambda stream: Plain(stream, stream, zone=UTC))
    assert drawn == snapshot(extension_class=Golden, name=f"{name}-plain")


@pytest.mark.parametrize("name", SCENES)
def test_quiet_is_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    drawn = text(name, lambda stream: Quiet(stream, stream, zone=UTC))
    assert drawn == snapshot(extension_class=Golden, name=f"{name}-quiet")


@pytest.mark.parametrize("name", SCENES)
def test_json_lines_are_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    drawn = re.sub(r'"ts": "[^"]*", ', "", text(name, JsonLines))
    drawn = re.sub(r"fs-\d{20}-[0-9a-f]{8}", "fs-change-set", drawn)
    assert drawn == snapshot(extension_class=Golden, name=f"{name}-jsonl")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SCENES)
def test_live_is_as_reviewed(name: str, width: int, snapshot: SnapshotAssertion) -> None:
    shown, error = played(name, lambda stage: Frames(stage.clock.monotonic, width))
    assert isinstance(shown, Frames)
    assert "\n".join(shown.pictures) + "\n" + error == snapshot(extension_class=Golden, name=f"{name}-live-{width}")


def test_github_is_as_reviewed(snapshot: SnapshotAssertion, tmp_path: object) -> None:
    summary, outputs = f"{tmp_path}/summary", f"{tmp_path}/outputs"
    environment = {"GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": outputs}

    def make(stream: io.StringIO) -> Screen:
        screen = Beside(stream, stream)
        screen.beside = GitHub(stream, environment)
        return screen

    commands = "".join(text(name, make) for name in ("create_fails", "update_with_risks"))
    with open(summary, encoding="utf-8") as file:
        shown = file.read()
    with open(outputs, encoding="utf-8") as file:
        given = re.sub(r"end-[0-9a-f]{16}", "end", file.read())
    whole = f"{commands}--- summary\n{shown}--- outputs\n{given}"
    assert whole == snapshot(extension_class=Golden, name="github")


@pytest.mark.parametrize("height", [3, 5, 8, 40])
@pytest.mark.parametrize("width", [20, 80])
def test_the_block_is_never_taller_or_wider_than_the_terminal(height: int, width: int) -> None:
    stage = Stage()
    frames = Frames(stage.clock.monotonic, width, height)
    many = {f"Queue{number}": resource() for number in range(60)}
    stage.said = _Through(frames)
    stage.deploy(template("a", many), replace(template("b", many)), template("c", many))
    assert max(frames.heights) <= height - 1
    rows = [row for picture in frames.pictures if picture.startswith("| ") for row in picture.splitlines()]
    assert max(len(row) for row in rows) <= width + 2


class _Through(list[Message]):
    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def append(self, message: Message) -> None:
        self._screen(message)


def records(name: str) -> Iterator[dict[str, object]]:
    return (json.loads(line) for line in text(name, JsonLines).splitlines() if line.startswith("{"))


@pytest.mark.parametrize("name", SCENES)
def test_every_record_has_its_version_number_time_and_type(name: str) -> None:
    found = list(records(name))
    assert [one["seq"] for one in found] == list(range(len(found)))
    assert all(list(one)[:5] == ["v", "seq", "ts", "type", "stack"] for one in found)


@pytest.mark.parametrize(
    "text", ["::set-output name=a::b", "  ::error::x", "a\n::stop-commands::b", "x ##[set-output]y"]
)
def test_nothing_that_a_container_wrote_is_a_command_to_github(text: str) -> None:
    stream = io.StringIO()
    screens: list[Screen] = [Plain(stream, stream), JsonLines(stream)]
    stopped = Stopped("", "app", 1, "", 1, "t", None, log=tuple(text.splitlines()))
    for one in screens:
        one.beside = GitHub(io.StringIO(), {})
        one(Evidenced(stack="shop", evidence=Evidence("Web", (stopped,))))
        one(Warn(stack="", text=text))
    written = stream.getvalue()
    assert not re.search(r"(?m)^\s*::|##\[", written)
    assert json.loads(written.splitlines()[-1])["text"] == text
