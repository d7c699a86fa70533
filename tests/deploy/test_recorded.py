"""Every screen of runs that were recorded from the local cloud, as it was last reviewed."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from syrupy.assertion import SnapshotAssertion

from fargate_stacks.cli.github import GitHub
from fargate_stacks.cli.screen import JsonLines, Plain, Quiet, Screen
from fargate_stacks.deploy import engine
from fargate_stacks.deploy.client import Client
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.messages import Ended, Happened, Message, Summary
from fargate_stacks.errors import DeployError
from tests.deploy.fake_api import held
from tests.deploy.fake_recorded import LOGS, Log, Replay, read
from tests.deploy.fake_time import VirtualClock
from tests.deploy.golden import Beside, Frames, Golden

RUNS = sorted(one.stem for one in LOGS.glob("*.json"))


class Said(NamedTuple):
    at: float
    message: Message


class Played(NamedTuple):
    said: list[Said]
    error: str


@cache
def played(name: str) -> Played:
    """Deploy from a log, one stack after the other; then move the stacks to where the graph would have begun them."""
    logs = read(name)
    clock = VirtualClock()
    said: list[Said] = []

    def out(message: Message) -> None:
        said.append(Said(clock.monotonic(), message))

    templates = {stack: log.as_template(stack) for stack, log in logs.items()}
    do: Any = destroy if all(one.verb == "delete" for one in logs.values()) else engine.deploy
    error = ""
    try:
        do(templates, Client(Replay(clock, logs)), out=out, ask=lambda question: True, clock=clock)
    except DeployError as caught:
        error = f"error: {caught} [{caught.exit_code}]\n"
    return Played(list(side_by_side(said, logs)), error)


def side_by_side(said: list[Said], logs: Mapping[str, Log]) -> Iterator[Said]:
    planned = next((n for n, one in enumerate(said) if isinstance(one.message, Summary)), -1) + 1
    yield from said[:planned]
    begin = said[planned - 1].at if planned else 0.0
    ends: dict[str, float] = {}
    moved: list[Said] = []
    rest = said[planned:]
    for stack, log in logs.items():
        own = [one for one in rest if one.message.stack == stack]
        if not own:
            continue
        shift = max([begin, *(ends[one] for one in log.needs if one in ends)]) - own[0].at
        shift = shift if len(logs) > 1 else 0.0
        for one in own:
            message = one.message
            if isinstance(message, Happened):
                event = message.event
                message = replace(message, event=replace(event, time=event.time + timedelta(seconds=shift)))
            moved.append(Said(one.at + shift, message))
            if isinstance(message, Ended):
                ends[stack] = one.at + shift
    yield from sorted(moved, key=lambda one: one.at)
    yield from (one for one in rest if not one.message.stack)


def drawn(name: str, screen: Screen, stream: io.StringIO) -> str:
    found = played(name)
    for one in found.said:
        screen(one.message)
    return stream.getvalue() + found.error


@pytest.mark.parametrize("name", RUNS)
def test_a_log_is_what_botocore_describes(name: str) -> None:
    for log in read(name).values():
        stacks = [one for one in (log.before, log.after) if one]
        held("cloudformation", "DescribeStacks", {"Stacks": stacks})
        held("cloudformation", "DescribeStackEvents", {"StackEvents": list(itertools.chain(*log.events.values()))})
        held("cloudformation", "ListStackResources", {"StackResourceSummaries": log.resources})
        for one in log.change_sets.values():
            held("cloudformation", "DescribeChangeSet", one)


def test_every_kind_of_run_is_there() -> None:
    assert RUNS == ["create", "create_fails", "destroys", "many", "nested", "update", "update_fails"]


@pytest.mark.parametrize("name", RUNS)
def test_every_event_of_the_log_is_said_once(name: str) -> None:
    ids = [one.message.event.id for one in played(name).said if isinstance(one.message, Happened)]
    logged = [event["EventId"] for log in read(name).values() for some in log.events.values() for event in some]
    assert sorted(ids) == sorted(logged)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", RUNS)
def test_live_is_as_reviewed(name: str, width: int, snapshot: SnapshotAssertion) -> None:
    found = played(name)
    now = [0.0]
    frames = Frames(lambda: now[0], width, 24)
    for one in found.said:
        now[0] = one.at
        frames(one.message)
    text = "\n".join(frames.pictures) + "\n" + found.error
    assert max(frames.heights) <= 23
    assert max(len(row) for row in text.splitlines() if row.startswith("| ")) <= width + 2
    assert text == snapshot(extension_class=Golden, name=f"{name}-live-{width}")


@pytest.mark.parametrize("name", RUNS)
def test_plain_is_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    stream = io.StringIO()
    assert drawn(name, Plain(stream, stream, zone=UTC), stream) == snapshot(
        extension_class=Golden, name=f"{name}-plain"
    )


@pytest.mark.parametrize("name", RUNS)
def test_quiet_is_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    stream = io.StringIO()
    assert drawn(name, Quiet(stream, stream, zone=UTC), stream) == snapshot(
        extension_class=Golden, name=f"{name}-quiet"
    )


@pytest.mark.parametrize("name", RUNS)
def test_json_lines_are_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    stream = io.StringIO()
    text = re.sub(r'"ts": "[^"]*", ', "", drawn(name, JsonLines(stream), stream))
    text = re.sub(r"fs-[0-9a-f]{8}-[0-9a-f-]{27}", "fs-token", text)
    assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))
    assert text == snapshot(extension_class=Golden, name=f"{name}-jsonl")


@pytest.mark.parametrize("name", RUNS)
def test_github_is_as_reviewed(name: str, snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    stream = io.StringIO()
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    screen = Beside(stream, stream)
    screen.beside = GitHub(stream, {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)})
    commands = drawn(name, screen, stream)
    files = [one.read_text("utf-8") if one.exists() else "" for one in (summary, outputs)]
    text = f"{commands}--- summary\n{files[0]}--- outputs\n{files[1]}"
    assert re.sub(r"end-[0-9a-f]{16}", "end", text) == snapshot(extension_class=Golden, name=f"{name}-github")
