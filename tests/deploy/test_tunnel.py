"""A port of this machine that leads through a task: what it stands for, what is asked of AWS, what the plugin gets."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.aws import Api
from tests.deploy.running import TASK, Running, Said

Call = Callable[..., Said]
OPENED = {"SessionId": "s1", "StreamUrl": "wss://x", "TokenValue": "t"}
TOLD = {
    "ORDERS_HOST": "orders.cluster-x.eu-west-1.rds.amazonaws.com",
    "ORDERS_PORT": "5432",
    "SHOP_API_URL": "http://shop-api:8080",
    "JOBS_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
    "STAGE": "dev",
    "LONELY_HOST": "somewhere",
}


@pytest.fixture
def world() -> Running:
    world = Running()
    told = [{"name": key, "value": value} for key, value in TOLD.items()]
    described = world.apis["ecs"].answers["DescribeTaskDefinition"]

    def with_environment(request: dict[str, Any]) -> dict[str, Any]:
        answer = described(request)
        containers = [{**one, "environment": told} for one in answer["taskDefinition"]["containerDefinitions"]]
        return {**answer, "taskDefinition": {**answer["taskDefinition"], "containerDefinitions": containers}}

    world.apis["ecs"].answers["DescribeTaskDefinition"] = with_environment
    world.apis["ssm"] = Api("ssm", {"StartSession": world._kept("StartSession", lambda _: OPENED)}, world.calls)
    return world


@pytest.fixture
def call(world: Running, capsys: pytest.CaptureFixture[str]) -> Call:
    return lambda *arguments: Said(world, capsys, arguments)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.mark.parametrize(
    ("to", "far"),
    [
        ("Orders", "orders.cluster-x.eu-west-1.rds.amazonaws.com:5432"),
        ("ORDERS_HOST", "orders.cluster-x.eu-west-1.rds.amazonaws.com:5432"),
        ("ShopApi", "shop-api:8080"),
        ("Jobs", "sqs.eu-west-1.amazonaws.com:443"),
        ("db.internal:6379", "db.internal:6379"),
        ("8080", "8080"),
    ],
)
def test_where_it_leads(call: Call, to: str, far: str) -> None:
    assert json.loads(call("tunnel", "Api", to, "--output", "json").out)["to"] == far


def test_a_host_is_reached_by_the_document_for_remote_hosts(call: Call, world: Running) -> None:
    near = str(free_port())
    call("tunnel", "Api", "Orders", "--local-port", near, "--output", "json")
    assert world.asked["StartSession"] == [
        {
            "Target": f"ecs:main_{'a' * 32}_r1",
            "DocumentName": "AWS-StartPortForwardingSessionToRemoteHost",
            "Parameters": {
                "host": ["orders.cluster-x.eu-west-1.rds.amazonaws.com"],
                "portNumber": ["5432"],
                "localPortNumber": [near],
            },
        }
    ]


def test_a_port_of_the_task_is_reached_by_the_plain_document(call: Call, world: Running) -> None:
    near = str(free_port())
    call("tunnel", "Api", "8080", "--local-port", near, "--output", "json")
    (asked,) = world.asked["StartSession"]
    assert asked["DocumentName"] == "AWS-StartPortForwardingSession"
    assert asked["Parameters"] == {"portNumber": ["8080"], "localPortNumber": [near]}


def test_the_plugin_gets_the_session_and_what_it_is_for(call: Call, world: Running) -> None:
    told = json.loads(call("tunnel", "Api", "Orders", "--output", "json", "--profile", "shop").out)
    path, opened, region, operation, profile, request = told["command"]
    assert path.endswith("session-manager-plugin")
    assert json.loads(opened) == OPENED
    assert (region, operation, profile) == ("us-east-1", "StartSession", "shop")
    assert json.loads(request) == world.asked["StartSession"][0]


def test_it_lasts_as_long_as_the_plugin(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "session-manager-plugin"
    plugin.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/argv\nexit 7\n', "utf-8")
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    near = str(free_port())
    said = call("tunnel", "Api", "Orders", "--local-port", near)
    assert said.code == 7
    assert said.err == (
        f"Api: 127.0.0.1:{near} leads to orders.cluster-x.eu-west-1.rds.amazonaws.com:5432 through task {'a' * 32}\n"
    )
    assert json.loads((tmp_path / "argv").read_text("utf-8").splitlines()[0]) == OPENED


def test_without_a_port_of_ones_own_it_is_the_far_one(call: Call) -> None:
    far = free_port()
    assert json.loads(call("tunnel", "Api", f"h:{far}", "--output", "json").out)["local_port"] == far


def test_a_far_port_that_is_taken_here_becomes_a_free_one(call: Call) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        far = holder.getsockname()[1]
        near = json.loads(call("tunnel", "Api", f"h:{far}", "--output", "json").out)["local_port"]
    assert near != far and near >= 1024


def test_a_port_for_which_one_must_be_root_becomes_a_free_one(call: Call) -> None:
    assert json.loads(call("tunnel", "Api", "443", "--output", "json").out)["local_port"] >= 1024


def test_a_port_of_ones_own_that_is_taken_is_refused(call: Call, world: Running) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        near = str(holder.getsockname()[1])
        said = call("tunnel", "Api", "8080", "--local-port", near, "--output", "json")
    assert (said.code, said.err) == (
        2,
        f"error: tunnel: port {near} of this machine is taken; give another --local-port\n",
    )
    assert "StartSession" not in world.calls


def test_what_the_task_is_not_told_of_is_refused_with_what_it_is_told_of(call: Call) -> None:
    said = call("tunnel", "Api", "Payments", "--output", "json")
    assert (said.code, said.err) == (
        2,
        "error: Api: its task is told of no Payments that has a host and a port; "
        "it is told of JOBS, ORDERS, SHOP_API\n",
    )


def test_a_port_that_is_none_is_refused(call: Call) -> None:
    said = call("tunnel", "Api", "99999", "--output", "json")
    assert (said.code, said.err) == (2, "error: tunnel: a port is 1 to 65535, got 99999\n")


def test_it_needs_exec(call: Call, world: Running) -> None:
    world.tasks[TASK]["enableExecuteCommand"] = False
    said = call("tunnel", "Api", "8080", "--output", "json")
    assert "ECS Exec is not enabled in its tasks: give it exec=True" in said.err


def test_an_agent_that_does_not_run_is_told_with_what_keeps_it(call: Call, world: Running) -> None:
    world.refuses("ssm", "StartSession", "TargetNotConnected", "ecs:x is not connected.")
    said = call("tunnel", "Api", "8080", "--output", "json")
    assert "the agent of ECS Exec does not run in it (not connected)" in said.err


def test_a_missing_permission_is_named(call: Call, world: Running) -> None:
    world.refuses("ssm", "StartSession", "AccessDeniedException", "not authorized")
    assert "it needs ssm:StartSession" in call("tunnel", "Api", "8080", "--output", "json").err


def test_without_the_plugin_it_says_where_it_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = call("tunnel", "Api", "8080")
    assert said.code == 2
    assert "tunnel: session-manager-plugin is not installed; AWS tells how: https://docs.aws.amazon.com" in said.err
