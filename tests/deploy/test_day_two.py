"""The commands for a running service, on a clock that only tests move and an AWS held against botocore's models."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.deploy.answers import DEPLOYMENT, NEW, OLD, SERVICE, STACK
from tests.deploy.running import OLDER, Running, Said

Call = Callable[..., Said]


@pytest.fixture
def world() -> Running:
    return Running()


@pytest.fixture
def call(world: Running, capsys: pytest.CaptureFixture[str]) -> Call:
    return lambda *arguments: Said(world, capsys, arguments)


def waits(world: Running) -> None:
    """A blue/green deployment of the service waits for a person."""
    world.rolls_out()()
    world.deploys(
        lifecycleStage="POST_TEST_TRAFFIC_SHIFT",
        lifecycleHookDetails=[
            {
                "hookId": "h1",
                "targetType": "PAUSE",
                "status": "AWAITING_ACTION",
                "timeoutAction": "ROLLBACK",
                "expiresAt": world.clock.utc() + timedelta(minutes=30),
            }
        ],
    )()


# names


def test_an_unknown_name_answers_with_the_nearest(call: Call, world: Running) -> None:
    world.exists = False
    said = call("status", "Apy")
    assert (said.code, said.err) == (2, "error: Apy: there is no service or stack of that name; did you mean Api\n")


def test_a_service_is_found_by_its_arn_without_the_app(call: Call) -> None:
    assert call("url", SERVICE).out == "https://shop.example.com/api/\n"


def test_a_stack_that_is_not_deployed_is_said_so(call: Call, world: Running) -> None:
    world.exists = False
    assert "shop: the stack is not deployed; fargate-stacks deploy --stack shop" in call("logs", "Api").err


def test_a_logical_id_and_a_stack_are_names_too(call: Call) -> None:
    assert call("url", "ApiService").out == call("url", "shop").out


def test_a_missing_permission_is_named(call: Call, world: Running) -> None:
    world.refuses("ecs", "UpdateService", message="alice is not authorized to perform: ecs:UpdateService")
    said = call("restart", "Api")
    assert said.code == 1
    assert said.err == (
        "error: not allowed: alice is not authorized to perform: ecs:UpdateService; it needs ecs:UpdateService\n"
    )


# status


def test_status_shows_the_service_at_a_glance(call: Call, world: Running) -> None:
    world.bounds = (2, 10)
    assert world.service is not None
    world.service["deploymentConfiguration"] = {"alarms": {"alarmNames": ["api-5xx"], "rollback": True, "enable": True}}
    world.says("(service shop-Api) has reached a steady state.")()
    assert call("status", "Api").out.splitlines() == [
        "Api  healthy  2/2 running, scaled 2 to 10  (shop)",
        "  deployment  rev 17, successful, 10m ago",
        "  targets     2/2 healthy",
        "  alarm       api-5xx: OK",
        "  url         https://shop.example.com/api/",
        "    0s ago    has reached a steady state.",
    ]


def test_status_names_what_may_not_be_read_and_shows_the_rest(call: Call, world: Running) -> None:
    world.refuses("elbv2", "DescribeTargetHealth")
    out = call("status", "Api").out
    assert "Api  healthy  2/2 running" in out
    assert "  not shown   DescribeTargetHealth: no" in out


def test_status_fails_where_asked_to(call: Call, world: Running) -> None:
    assert world.service is not None
    world.service["runningCount"] = 1
    assert call("status", "--fail").code == 3
    assert call("status").code == 0


def test_status_says_how_to_approve(call: Call, world: Running) -> None:
    waits(world)
    out = call("status", "Api").out
    assert "Api  rolling out" in out
    assert "it waits for fargate-stacks approve Api, or reject" in out


def test_status_is_an_object_for_programs(call: Call) -> None:
    (service,) = json.loads(call("status", "--output", "json").out)["services"]
    assert service["name"] == "Api"
    assert service["health"] == "healthy"
    assert service["deployment"]["revision"] == "17"


def goes_back_as_a_stack(world: Running) -> None:
    world.after_now(1, world.cfn("shop", "UPDATE_ROLLBACK_IN_PROGRESS"))
    world.after_now(20, world.cfn("shop", "UPDATE_ROLLBACK_COMPLETE"))


# approve, reject


def test_approve_lets_the_deployment_go_on_and_follows_it(call: Call, world: Running) -> None:
    waits(world)
    world.outcomes["ContinueServiceDeployment"] = lambda: world.after_now(
        30, world.deploys(lifecycleHookDetails=[]), world.comes_up()
    )
    said = call("approve", "Api")
    assert said.code == 0
    assert said.err.splitlines()[-1] == "Api: approve, done"
    assert world.asked["ContinueServiceDeployment"] == [
        {"serviceDeploymentArn": DEPLOYMENT, "hookId": "h1", "action": "CONTINUE"}
    ]


def test_approve_of_a_deployment_that_is_rolled_back_after_all_is_a_failure(call: Call, world: Running) -> None:
    waits(world)
    world.outcomes["ContinueServiceDeployment"] = lambda: world.after_now(30, world.goes_back("alarm api-5xx"))
    said = call("approve", "Api")
    assert (said.code, said.err.splitlines()[-1]) == (10, "error: Api: it is rolled back: alarm api-5xx")


def test_reject_ends_well_when_the_deployment_is_rolled_back(call: Call, world: Running) -> None:
    waits(world)
    world.outcomes["ContinueServiceDeployment"] = lambda: world.after_now(30, world.goes_back("rejected"))
    said = call("reject", "Api")
    assert (said.code, said.err.splitlines()[-1]) == (0, "Api: reject, rolled back")
    assert world.asked["ContinueServiceDeployment"][0]["action"] == "ROLLBACK"


def test_approve_without_anything_that_waits_starts_nothing(call: Call, world: Running) -> None:
    assert call("approve", "Api").code == 5
    assert "ContinueServiceDeployment" not in world.calls


def test_approve_of_a_hook_that_does_not_wait_names_those_that_do(call: Call, world: Running) -> None:
    waits(world)
    assert "no hook h7 waits; there are h1" in call("approve", "Api", "--hook", "h7").err


# restart, scale, rollback


def test_restart_forces_a_deployment_and_waits_for_that_one(call: Call, world: Running) -> None:
    world.after_now(40, world.comes_up())
    said = call("restart", "Api", "--output", "json")
    assert json.loads(said.out)["state"] == "done"
    assert world.asked["UpdateService"][0]["forceNewDeployment"] is True
    assert world.clock.passed >= 640


def test_restart_that_does_not_come_up_shows_the_evidence(call: Call, world: Running) -> None:
    world.after_now(
        20,
        world.fails("EssentialContainerExited", "Essential container in task exited", exit_code=1, definition=OLD),
        world.counts(running=0, pending=2, failed=1),
    )
    world.after_now(40, world.deploys(status="STOPPED", statusReason="it never came up"))
    said = call("restart", "Api")
    assert said.code == 10
    assert "Api: why it does not come up" in said.err
    assert "exit-1" in said.err


def test_restart_stops_watching_after_the_time(call: Call) -> None:
    assert call("restart", "Api", "--timeout", "60s").code == 9


def test_restart_need_not_wait(call: Call) -> None:
    assert call("restart", "Api", "--no-wait").err == "Api: restart, started\n"


def test_scale_sets_the_count(call: Call, world: Running) -> None:
    said = call("scale", "Api", "3")
    assert (said.code, said.err) == (0, "Api: 2 -> 3 tasks\n")
    assert world.asked["UpdateService"][0]["desiredCount"] == 3


def test_scale_out_of_the_scalers_bounds_is_refused_with_the_cure(call: Call, world: Running) -> None:
    world.bounds = (2, 10)
    said = call("scale", "Api", "1")
    assert (said.code, said.err) == (2, "error: Api: autoscaling keeps 2 to 10 tasks, got 1; give --min 1 too\n")


def test_scale_moves_the_bounds_when_told(call: Call, world: Running) -> None:
    world.bounds = (2, 10)
    assert call("scale", "Api", "1", "--min", "1").code == 0
    moved = world.asked["RegisterScalableTarget"][0]
    assert (moved["MinCapacity"], moved["MaxCapacity"]) == (1, 10)


def test_scale_has_no_bounds_to_move_where_nothing_scales(call: Call) -> None:
    assert "nothing scales it" in call("scale", "Api", "1", "--min", "1").err


def test_rollback_stops_a_running_deployment(call: Call, world: Running) -> None:
    world.rolls_out()()
    world.outcomes["StopServiceDeployment"] = lambda: world.after_now(20, world.goes_back("stopped"))
    said = call("rollback", "Api")
    assert (said.code, said.err.splitlines()[-1]) == (0, "Api: rollback, rolled back")


def test_rollback_takes_the_revision_that_last_ran_well(call: Call, world: Running) -> None:
    world.history = [(OLD, "SUCCESSFUL"), (NEW, "ROLLBACK_SUCCESSFUL"), (OLDER, "SUCCESSFUL")]
    world.after_now(20, world.comes_up())
    assert call("rollback", "Api").code == 0
    assert world.asked["UpdateService"][0]["taskDefinition"] == OLDER


def test_rollback_without_a_history_takes_the_revision_before(call: Call, world: Running) -> None:
    world.after_now(20, world.comes_up())
    call("rollback", "Api")
    assert world.asked["UpdateService"][0]["taskDefinition"] == OLDER


def test_rollback_to_a_deregistered_revision_says_that_aws_runs_it_no_more(call: Call, world: Running) -> None:
    world.apis["ecs"].answers["DescribeTaskDefinition"] = lambda request: {
        "taskDefinition": {"taskDefinitionArn": request["taskDefinition"], "status": "INACTIVE"}
    }
    said = call("rollback", "Api", "--to", "16")
    assert said.code == 5
    assert "revision 16 was deregistered" in said.err


def test_rollback_to_what_runs_is_refused(call: Call) -> None:
    assert "revision 17 is what runs" in call("rollback", "Api", "--to", "17").err


def test_rollback_of_a_stuck_stack_continues_and_skips_what_it_is_told(call: Call, world: Running) -> None:
    world.status = "UPDATE_ROLLBACK_FAILED"
    world.outcomes["ContinueUpdateRollback"] = lambda: goes_back_as_a_stack(world)
    said = call("rollback", "shop", "--skip", "ApiService", "--yes")
    assert (said.code, said.err.splitlines()[-1]) == (0, "shop: UPDATE_ROLLBACK_COMPLETE")
    assert world.asked["ContinueUpdateRollback"][0]["ResourcesToSkip"] == ["ApiService"]


def test_rollback_of_a_running_update_cancels_it(call: Call, world: Running) -> None:
    world.status = "UPDATE_IN_PROGRESS"
    world.outcomes["CancelUpdateStack"] = lambda: goes_back_as_a_stack(world)
    assert call("rollback", STACK, "--yes").code == 0


def test_rollback_of_a_stack_asks_and_there_is_nobody(call: Call, world: Running) -> None:
    world.status = "UPDATE_IN_PROGRESS"
    assert call("rollback", "shop").code == 4
    assert "CancelUpdateStack" not in world.calls
