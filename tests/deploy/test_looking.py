"""The commands that look at what runs, run a task once, or enter one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.answers import OLD, SERVICE, STACK
from tests.deploy.running import OLDER, TASK, Running, Said

Call = Callable[..., Said]
STREAM = f"app/app/{'a' * 32}"
ENDED = f"app/app/{'b' * 32}"


@pytest.fixture
def world() -> Running:
    return Running()


@pytest.fixture
def call(world: Running, capsys: pytest.CaptureFixture[str]) -> Call:
    return lambda *arguments: Said(world, capsys, arguments)


# logs


def test_logs_are_in_the_order_of_time_with_their_tasks(call: Call, world: Running) -> None:
    world.lines = [(20.0, STREAM, "two"), (10.0, ENDED, "one")]
    assert call("logs", "Api").out.splitlines() == [
        "2026-03-01 12:00:10  bbbbbbbb  one",
        "2026-03-01 12:00:20  aaaaaaaa  two",
    ]


def test_logs_since_leaves_out_what_is_older(call: Call, world: Running) -> None:
    world.lines = [(10.0, STREAM, "old"), (580.0, STREAM, "new")]
    assert "old" not in call("logs", "Api", "--since", "1m").out


def test_logs_filter_is_handed_to_aws(call: Call, world: Running) -> None:
    world.lines = [(10.0, STREAM, "fine"), (20.0, STREAM, "ERROR")]
    assert call("logs", "Api", "--filter", "ERROR").out.count("\n") == 1
    assert world.asked["FilterLogEvents"][0]["filterPattern"] == "ERROR"


def test_logs_previous_are_those_of_the_task_that_ended_last(call: Call, world: Running) -> None:
    world.lines = [(10.0, ENDED, "bye"), (20.0, STREAM, "alive")]
    assert call("logs", "Api", "--previous").out.splitlines() == ["2026-03-01 12:00:10  bbbbbbbb  bye"]


def test_logs_of_one_task(call: Call, world: Running) -> None:
    world.lines = [(10.0, ENDED, "bye"), (20.0, STREAM, "alive")]
    assert call("logs", "Api", "--task", "aaaa").out == "2026-03-01 12:00:20  aaaaaaaa  alive\n"


def test_logs_follow_gives_each_line_once_as_it_comes(call: Call, world: Running) -> None:
    world.lines = [(float(second), STREAM, f"line {second}") for second in range(590, 640, 5)]

    def interrupted() -> None:
        raise KeyboardInterrupt

    world.at(650, interrupted)
    out = call("logs", "Api", "--follow").out.splitlines()
    assert [line.rpartition("  ")[2] for line in out] == [f"line {second}" for second in range(590, 640, 5)]


def test_logs_are_objects_for_programs(call: Call, world: Running) -> None:
    world.lines = [(10.0, STREAM, "hello")]
    line = json.loads(call("logs", "Api", "--output", "json").out)
    assert line == {"time": "2026-03-01T12:00:10+00:00", "task": "a" * 32, "container": "app", "text": "hello"}


def test_logs_of_a_container_that_there_is_not(call: Call) -> None:
    said = call("logs", "Api", "--container", "ap")
    assert (said.code, said.err) == (2, "error: there is no container ap; the task has app\n")


# run


def ends(world: Running, seconds: float, exit_code: int | None, **more: object) -> None:
    container = {} if exit_code is None else {"exitCode": exit_code}
    stopped = world.task("STOPPED", container=container, stopCode="EssentialContainerExited", **more)
    world.after_now(seconds, lambda: world.tasks.__setitem__(TASK, stopped))


def test_run_follows_the_log_and_ends_with_the_containers_exit_code(call: Call, world: Running) -> None:
    world.lines = [(605.0, STREAM, "migrating"), (612.0, STREAM, "done")]
    ends(world, 15, 3)
    said = call("run", "Api", "--env", "VERBOSE=1", "--", "migrate", "--all")
    assert said.code == 3
    assert said.out == "migrating\ndone\n"
    (asked,) = world.asked["RunTask"]
    assert asked["overrides"] == {
        "containerOverrides": [
            {"name": "app", "command": ["migrate", "--all"], "environment": [{"name": "VERBOSE", "value": "1"}]}
        ]
    }
    assert "Api: app exited with 3" in said.err


def test_run_that_ends_well_is_a_success(call: Call, world: Running) -> None:
    ends(world, 15, 0)
    assert call("run", "Api").code == 0


def test_run_of_a_task_that_never_started_says_why(call: Call, world: Running) -> None:
    ends(world, 15, None, stoppedReason="CannotPullContainerError: docker.io/example/api:8: not found")
    said = call("run", "Api")
    assert said.code == 1
    assert "image-not-found" in said.err


def test_run_that_ecs_refuses_says_why_and_what_to_do(call: Call, world: Running) -> None:
    world.apis["ecs"].answers["RunTask"] = lambda _: {
        "failures": [{"reason": "Capacity is unavailable at this time. Please try again later"}]
    }
    said = call("run", "Api")
    assert said.code == 1
    assert "ECS did not start the task: Capacity is unavailable" in said.err
    assert "ask for a higher Fargate vCPU quota" in said.err


@pytest.mark.parametrize(("option", "stopped"), [(["--stop-on-interrupt"], 1), ([], 0)])
def test_ctrl_c_stops_the_task_when_asked(call: Call, world: Running, option: list[str], stopped: int) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    world.after_now(5, interrupted)
    assert call("run", "Api", *option).code == 130
    assert world.calls.count("StopTask") == stopped


def test_run_need_not_wait(call: Call, world: Running) -> None:
    said = call("run", "Api", "--detach", "--output", "json")
    assert json.loads(said.out)["task"] == TASK


# exec


def test_exec_opens_a_session_of_the_newest_task(call: Call, world: Running) -> None:
    world.tasks[TASK]["containers"][0]["managedAgents"] = [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]
    command = json.loads(call("exec", "Api", "--output", "json", "--", "ls", "-l").out)["command"]
    assert command[0].endswith("session-manager-plugin")
    assert json.loads(command[1]) == {"SessionId": "s1", "StreamUrl": "wss://x", "TokenValue": "t"}
    assert command[3] == "StartSession"
    assert json.loads(command[5]) == {"Target": f"ecs:main_{'a' * 32}_r1"}
    assert world.asked["ExecuteCommand"][0]["command"] == "ls -l"


def test_exec_hands_the_session_to_the_plugin_and_ends_with_its_exit_code(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "session-manager-plugin"
    plugin.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/argv\nexit 7\n', "utf-8")
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said = call("exec", "Api", "--", "ls")
    assert (said.code, said.err) == (7, f"Api: app of task {'a' * 32}\n")
    assert (tmp_path / "argv").read_text("utf-8").splitlines()[1:3] == ["us-east-1", "StartSession"]


@pytest.mark.parametrize(("version", "hidden"), [("1.2.497.0", False), ("1.2.536.0", True), ("1.10.1.0", True)])
def test_exec_shows_its_token_to_nobody_where_the_plugin_can_take_it_otherwise(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, hidden: bool
) -> None:
    plugin = tmp_path / "session-manager-plugin"
    plugin.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo {version} && exit\n'
        f'printf "%s" "$1" > {tmp_path}/first\nprintf "%s" "$AWS_SSM_START_SESSION_RESPONSE" > {tmp_path}/kept\n',
        "utf-8",
    )
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert call("exec", "Api", "--", "ls").code == 0
    first, kept = (tmp_path / "first").read_text("utf-8"), (tmp_path / "kept").read_text("utf-8")
    assert first == "AWS_SSM_START_SESSION_RESPONSE" if hidden else kept == ""
    assert "TokenValue" in json.loads(kept if hidden else first)


def test_exec_without_the_plugin_says_where_it_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = call("exec", "Api", "--", "ls")
    assert said.code == 2
    assert "session-manager-plugin is not installed; AWS tells how: https://docs.aws.amazon.com" in said.err


def test_exec_says_that_it_is_not_enabled(call: Call, world: Running) -> None:
    world.tasks[TASK]["enableExecuteCommand"] = False
    assert "ECS Exec is not enabled in its tasks: give it exec=True" in call("exec", "Api", "--output", "json").err


def test_exec_says_that_the_agent_does_not_run_before_it_tries(call: Call, world: Running) -> None:
    world.tasks[TASK]["containers"][0]["managedAgents"] = [{"name": "ExecuteCommandAgent", "lastStatus": "STOPPED"}]
    assert "ssmmessages" in call("exec", "Api", "--output", "json").err
    assert "ExecuteCommand" not in world.calls


def test_exec_without_a_terminal_needs_a_command(call: Call) -> None:
    said = call("exec", "Api")
    assert (said.code, said.err) == (
        2,
        "error: exec: there is no terminal for a shell; give a command: exec Api -- ls\n",
    )


# events, diagnose, drift, outputs, url


def test_events_of_the_stack_and_its_services_are_one_list(call: Call, world: Running) -> None:
    world.cfn("shop", "UPDATE_IN_PROGRESS")()
    world.clock.passed += 5
    world.says("(service shop-Api) has started 1 tasks.")()
    world.clock.passed += 5
    world.cfn("shop", "UPDATE_COMPLETE")()
    assert [line.split("  ", 1)[1] for line in call("events").out.splitlines()] == [
        "shop  shop  UPDATE_IN_PROGRESS",
        "shop  Api  has started 1 tasks.",
        "shop  shop  UPDATE_COMPLETE",
    ]


def test_events_of_a_service_leave_the_rest_of_the_stack_out(call: Call, world: Running) -> None:
    world.cfn("shop", "UPDATE_IN_PROGRESS")()
    world.cfn("ApiService", "UPDATE_IN_PROGRESS", SERVICE)()
    assert call("events", "Api").out.count("\n") == 1


def test_diagnose_finds_cause_and_evidence_after_the_fact(call: Call, world: Running) -> None:
    world.cfn("shop", "UPDATE_IN_PROGRESS")()
    world.cfn("ApiService", "UPDATE_FAILED", SERVICE, "ECS Deployment Circuit Breaker was triggered")()
    world.cfn("shop", "UPDATE_ROLLBACK_COMPLETE")()
    world.fails("EssentialContainerExited", "Essential container in task exited", exit_code=137)()
    out = call("diagnose", "shop").out
    assert "shop: UPDATE_ROLLBACK_COMPLETE" in out
    assert "exit-137" in out
    assert "cause: ApiService (AWS::ECS::Service)" in out


def test_diagnose_of_a_stack_whose_service_the_rollback_deleted_finds_its_tasks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = Running(creates=True)
    world.exists, world.status = True, "ROLLBACK_COMPLETE"
    world.apis["cloudformation"].answers["ListStackResources"] = lambda _: {"StackResourceSummaries": []}
    world.cfn("shop", "CREATE_IN_PROGRESS")()
    world.cfn("ApiService", "CREATE_IN_PROGRESS", SERVICE)()
    world.cfn("ApiService", "CREATE_FAILED", SERVICE, "ECS Deployment Circuit Breaker was triggered")()
    world.cfn("shop", "ROLLBACK_COMPLETE")()
    world.fails("TaskFailedToStart", "CannotPullContainerError: x: not found")()
    said = Said(world, capsys, ("diagnose", "shop"))
    assert "image-not-found" in said.out
    assert world.asked["ListTasks"][-1]["family"] == "shop-Api"


def test_diagnose_of_what_is_well_says_so(call: Call, world: Running) -> None:
    world.cfn("shop", "UPDATE_IN_PROGRESS")()
    world.cfn("shop", "UPDATE_COMPLETE")()
    assert call("diagnose", "shop").out.splitlines()[-1] == (
        "nothing has failed that CloudFormation or ECS still know of"
    )


def test_drift_shows_what_was_changed_by_hand_and_fails_where_asked_to(call: Call, world: Running) -> None:
    world.drifts = [
        {
            "StackId": STACK,
            "LogicalResourceId": "ApiService",
            "ResourceType": "AWS::ECS::Service",
            "StackResourceDriftStatus": "MODIFIED",
            "Timestamp": world.clock.utc(),
            "PropertyDifferences": [
                {
                    "PropertyPath": "/EnableExecuteCommand",
                    "ExpectedValue": "false",
                    "ActualValue": "true",
                    "DifferenceType": "NOT_EQUAL",
                }
            ],
        }
    ]
    said = call("drift", "--fail")
    assert said.code == 3
    assert said.out.splitlines() == [
        'shop  ApiService  AWS::ECS::Service  Service "Api"  modified',
        "  /EnableExecuteCommand: false -> true",
    ]


def test_drift_finds_a_service_that_runs_another_task_definition(call: Call, world: Running) -> None:
    assert world.service is not None
    world.service["taskDefinition"] = OLDER
    assert f"/TaskDefinition: {OLD} -> {OLDER}" in call("drift", "shop").out


def test_no_drift_is_no_failure(call: Call) -> None:
    said = call("drift", "--fail")
    assert (said.code, said.out) == (0, "no drift in shop\n")


def test_url_of_a_service_without_a_load_balancer(call: Call, world: Running) -> None:
    assert world.service is not None
    world.service["loadBalancers"] = []
    assert call("url", "Api").code == 1


def test_open_writes_the_address_where_there_is_no_browser(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    said = call("open", "Api")
    assert (said.code, said.out) == (0, "https://shop.example.com/api/\n")


def test_outputs_of_one_stack_and_of_one_name(call: Call, world: Running) -> None:
    stack = world.apis["cloudformation"].answers["DescribeStacks"]

    def with_outputs(request: dict[str, object]) -> dict[str, object]:
        answer = stack(request)
        answer["Stacks"][0]["Outputs"] = [{"OutputKey": "Url", "OutputValue": "https://shop"}]
        return answer

    world.apis["cloudformation"].answers["DescribeStacks"] = with_outputs
    assert call("outputs").out == "shop.Url=https://shop\n"
    assert call("outputs", "shop", "Url").out == "https://shop\n"
    assert json.loads(call("outputs", "--output", "json").out) == {"shop": {"Url": "https://shop"}}
    said = call("outputs", "shop", "Ur")
    assert (said.code, said.err) == (2, "error: shop: there is no output Ur; did you mean Url\n")


def test_logs_that_are_empty_say_so(call: Call) -> None:
    said = call("logs", "Api", "--filter", "ERROR")
    assert (said.code, said.out) == (0, "")
    assert said.err == "Api: no lines that match since 2026-03-01 11:10; --since looks further back\n"


def test_status_without_a_service_names_the_stacks(call: Call, world: Running) -> None:
    world.apis["cloudformation"].answers["ListStackResources"] = lambda _: {"StackResourceSummaries": []}
    world.status = "ROLLBACK_COMPLETE"
    said = call("status")
    assert (said.code, said.out) == (0, "")
    assert said.err.splitlines() == [
        "no service is deployed",
        "shop: ROLLBACK_COMPLETE; fargate-stacks diagnose shop tells more",
    ]


def test_diagnose_of_a_service_that_is_gone_looks_at_its_stack(call: Call, world: Running) -> None:
    world.apis["cloudformation"].answers["ListStackResources"] = lambda _: {"StackResourceSummaries": []}
    world.cfn("shop", "UPDATE_IN_PROGRESS")()
    world.cfn("ApiService", "UPDATE_FAILED", SERVICE, "ECS Deployment Circuit Breaker was triggered")()
    world.cfn("shop", "UPDATE_ROLLBACK_COMPLETE")()
    assert call("diagnose", "Api").out == call("diagnose", "shop").out
