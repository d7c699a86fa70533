"""Blue/green, linear and canary deployments: stages, weights, hooks, alarms, and the way back."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import ecs, ecs_guide, fact
from tests.deploy.local.scene import Scene, by_hand, ordered, scene
from tests.deploy.local.shifting import Shifting, shift, shifting
from tests.localcloud import CAPABILITIES, Cloud

__all__ = ["by_hand", "ordered", "scene", "shift"]

LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:check"


@fact("blue/green passes its lifecycle stages in order", source=ecs("ServiceDeployment.lifecycleStage"))
def test_a_deployment_passes_its_stages(shift: Shifting, by_hand: Any) -> None:
    """API reference, ServiceDeployment: lifecycleStage, in the order of its text."""
    shift.made_with()
    with by_hand():
        shift.update(taskDefinition=shift.revised())
        seen: list[str] = []
        for _ in range(500):
            if not seen or shift.stage() != seen[-1]:
                seen.append(shift.stage())
            shift.passes(1)
    assert seen == [
        "SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
    ]
    assert shift.deployment()["status"] == "SUCCESSFUL"


@fact(
    "blue and green run at the same time through the bake time", source=ecs_guide("blue-green-deployment-how-it-works")
)
def test_both_revisions_run_until_the_clean_up(shift: Shifting, by_hand: Any) -> None:
    """API reference, ServiceDeployment: BAKE_TIME, blue and green run at the same time."""
    shift.made_with()
    with by_hand():
        shift.update(taskDefinition=shift.revised())
        shift.until("BAKE_TIME")
        assert [one["runningCount"] for one in shift.service["deployments"]] == [1, 1]
        shift.passes(299)
        assert shift.stage() == "BAKE_TIME"
        shift.passes(200)
        assert [one["runningCount"] for one in shift.service["deployments"]] == [1]


@fact("test traffic moves first, production traffic at once", source=ecs_guide("deployment-type-blue-green"))
def test_traffic_moves_at_its_stage(shift: Shifting, by_hand: Any) -> None:
    """Developer guide, blue/green workflow: test traffic first, then all production traffic at once."""
    shift.made_with()
    assert (shift.weights("Production"), shift.weights("Test")) == ([100, 0], [100, 0])
    with by_hand():
        shift.update(taskDefinition=shift.revised())
        shift.passes(1)
        assert shift.weights("Production") == [100, 0]
        shift.until("TEST_TRAFFIC_SHIFT")
        assert (shift.weights("Production"), shift.weights("Test")) == ([100, 0], [0, 100])
        shift.until("BAKE_TIME")
        assert shift.weights("Production") == [0, 100]
        target = shift.deployment()["targetServiceRevision"]
        assert target["requestedProductionTrafficWeight"] == target["requestedTestTrafficWeight"] == 100.0
        assert shift.deployment()["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 0.0


def test_the_groups_take_turns(shift: Shifting) -> None:
    """Developer guide, blue/green: the alternate target group becomes the one in use, and so on."""
    shift.made_with()
    seen = [shift.weights()]
    for number in (2, 3):
        shift.update(taskDefinition=shift.revised(f"example/app:{number}"))
        seen.append(shift.weights())
    assert seen == [[100, 0], [0, 100], [100, 0]]
    assert [one["State"] for one in shift.health("Targets")] == ["healthy"]
    assert shift.health("Green") == []


@fact("a revision tells the target group that it resolved to", source=ecs("ServiceRevision.resolvedConfiguration"))
def test_a_revision_tells_its_target_group(shift: Shifting) -> None:
    """API reference, ServiceRevision: resolvedConfiguration."""
    shift.made_with()
    shift.update(taskDefinition=shift.revised())
    arn = shift.deployment()["targetServiceRevision"]["arn"]
    [revision] = shift.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"]
    assert revision["resolvedConfiguration"]["loadBalancers"] == [
        {"targetGroupArn": shift.ids["Green"], "productionListenerRule": shift.ids["Production"]}
    ]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (
            {"Strategy": "LINEAR", "LinearConfiguration": {"StepPercent": 25, "StepBakeTimeInMinutes": 2}},
            [0, 25, 50, 75, 100],
        ),
        (
            {"Strategy": "CANARY", "CanaryConfiguration": {"CanaryPercent": 10, "CanaryBakeTimeInMinutes": 2}},
            [0, 10, 100],
        ),
        ({"Strategy": "CANARY"}, [0, 5, 100]),
        ({"Strategy": "LINEAR"}, [0, *range(10, 101, 10)]),
    ],
)
def test_traffic_moves_in_steps(
    shift: Shifting, by_hand: Any, configuration: dict[str, Any], expected: list[int]
) -> None:
    """API reference, LinearConfiguration (10 % each 6 minutes) and CanaryConfiguration (5 % for 10 minutes)."""
    shift.made_with(**configuration)
    with by_hand():
        shift.update(taskDefinition=shift.revised())
        seen = [shift.weights()[1]]
        for _ in range(400):
            shift.passes(15)
            if shift.weights()[1] != seen[-1]:
                seen.append(shift.weights()[1])
    assert seen == expected
    assert shift.deployment()["status"] == "SUCCESSFUL"


@fact("a canary is from 0.1 percent", source=ecs("CanaryConfiguration.canaryPercent"))
def test_a_tenth_of_a_percent_is_a_weight(shift: Shifting, by_hand: Any) -> None:
    """API reference, CanaryConfiguration: from 0.1 percent; a rule's weights go to 999."""
    shift.made_with(Strategy="CANARY", CanaryConfiguration={"CanaryPercent": 0.1, "CanaryBakeTimeInMinutes": 5})
    with by_hand():
        shift.update(taskDefinition=shift.revised())
        shift.until("PRODUCTION_TRAFFIC_SHIFT")
        assert shift.weights() == [899, 1]


# --- hooks


def paused(stage: str = "POST_TEST_TRAFFIC_SHIFT", **timeout: Any) -> dict[str, Any]:
    more = {"TimeoutConfiguration": timeout} if timeout else {}
    return {"LifecycleHooks": [{"TargetType": "PAUSE", "LifecycleStages": [stage], **more}]}


@fact("a PAUSE hook waits for ContinueServiceDeployment", source=ecs("ContinueServiceDeployment"))
def test_a_pause_waits_for_a_person(shift: Shifting) -> None:
    """API reference, ContinueServiceDeployment: the deployment waits for an explicit action."""
    shift.made_with()
    hooks = [{"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]
    shift.update(taskDefinition=shift.revised(), deploymentConfiguration={"lifecycleHooks": hooks})
    [hook] = shift.deployment()["lifecycleHookDetails"]
    assert (hook["targetType"], hook["status"], hook["timeoutAction"]) == ("PAUSE", "AWAITING_ACTION", "ROLLBACK")
    # DeploymentLifecycleHookTimeoutConfiguration: 24 hours by default
    assert 86300 < hook["expiresAt"].timestamp() - time.time() < 86500
    assert (shift.stage(), shift.weights()) == ("POST_TEST_TRAFFIC_SHIFT", [100, 0])
    arn = shift.deployment()["serviceDeploymentArn"]
    answer = shift.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    assert answer["serviceDeploymentArn"] == arn
    assert (shift.deployment()["status"], shift.weights()) == ("SUCCESSFUL", [0, 100])


def waiting(shift: Shifting, **hook: Any) -> Any:
    """Deploy up to a pause, and give its details."""
    hooks = [{"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"], **hook}]
    shift.update(taskDefinition=shift.revised(), deploymentConfiguration={"lifecycleHooks": hooks})
    return shift.deployment()["lifecycleHookDetails"][0]


def test_a_pause_can_be_rejected(shift: Shifting) -> None:
    """API reference, ContinueServiceDeployment: action ROLLBACK."""
    shift.made_with()
    before = shift.service["taskDefinition"]
    hook = waiting(shift)
    arn = shift.deployment()["serviceDeploymentArn"]
    shift.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"], action="ROLLBACK")
    assert shift.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
    assert (shift.service["taskDefinition"], shift.service["runningCount"]) == (before, 1)
    assert (shift.weights("Production"), shift.weights("Test")) == ([100, 0], [100, 0])


def test_a_pause_is_answered_once(shift: Shifting) -> None:
    """API reference, ContinueServiceDeployment: the hook must await an action."""
    shift.made_with()
    hook = waiting(shift)
    request = {"serviceDeploymentArn": shift.deployment()["serviceDeploymentArn"], "hookId": hook["hookId"]}
    shift.ecs.continue_service_deployment(**request)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        shift.ecs.continue_service_deployment(**request)
    with pytest.raises(ClientError, match="ServiceDeploymentNotFoundException"):
        shift.ecs.continue_service_deployment(serviceDeploymentArn="arn:aws:ecs:x", hookId="1")


@fact(
    "a pause that nobody answers rolls back by default",
    source=ecs("DeploymentLifecycleHookTimeoutConfiguration.action"),
)
@pytest.mark.parametrize(
    ("action", "status"),
    [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL"), (None, "ROLLBACK_SUCCESSFUL")],
)
def test_a_pause_expires(shift: Shifting, by_hand: Any, action: str | None, status: str) -> None:
    """API reference, DeploymentLifecycleHookTimeoutConfiguration: the default action is ROLLBACK."""
    shift.made_with()
    timeout = {"timeoutInMinutes": 30, **({"action": action} if action else {})}
    hooks = [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"], "timeoutConfiguration": timeout}]
    with by_hand():
        shift.update(taskDefinition=shift.revised(), deploymentConfiguration={"lifecycleHooks": hooks})
        shift.until("POST_SCALE_UP")
        shift.passes(29 * 60)
        assert shift.stage() == "POST_SCALE_UP"
        shift.passes(3600)
        assert shift.deployment()["status"] == status


@pytest.mark.parametrize("outcome", ["SUCCEEDED", "FAILED", "TIMED_OUT"])
def test_a_function_answers_as_ordered(shift: Shifting, ordered: Any, outcome: str) -> None:
    """Developer guide, lifecycle hooks: hookStatus SUCCEEDED or FAILED; no answer in time rolls back."""
    shift.made_with()
    ordered(hook=[{"outcome": outcome, "stage": "POST_SCALE_UP"}])
    hooks = [{"hookTargetArn": LAMBDA, "lifecycleStages": ["POST_SCALE_UP"], "roleArn": "arn:aws:iam::1:role/hook"}]
    shift.update(taskDefinition=shift.revised(), deploymentConfiguration={"lifecycleHooks": hooks})
    told = shift.deployment()
    if outcome == "SUCCEEDED":
        assert told["status"] == "SUCCESSFUL"
        return
    assert told["status"] == "ROLLBACK_SUCCESSFUL"
    assert told["lifecycleStage"] == "POST_SCALE_UP"
    [hook] = told["lifecycleHookDetails"]
    assert (hook["targetType"], hook["targetArn"], hook["status"]) == ("AWS_LAMBDA", LAMBDA, outcome)
    # containers-roadmap #2664 shows these words
    assert any("deployment failed: hook execution failure(s) detected." in one for one in shift.events())


def test_a_pause_holds_the_stack_too(cloud: Cloud) -> None:
    """CloudFormation waits for the service deployment (resource schema: up to 36 hours)."""
    shift = Shifting(cloud).made_with()
    changed = shifting({"Image": "example/app:2"}, **paused())
    cloud.api("cloudformation").update_stack(
        StackName="web", TemplateBody=json.dumps(changed), Capabilities=CAPABILITIES
    )
    end = time.monotonic() + 10
    while not shift.deployment().get("lifecycleHookDetails"):
        assert time.monotonic() < end
        time.sleep(0.02)
    status = cloud.api("cloudformation").describe_stacks(StackName="web")["Stacks"][0]["StackStatus"]
    assert status == "UPDATE_IN_PROGRESS"
    told = shift.deployment()
    shift.ecs.continue_service_deployment(
        serviceDeploymentArn=told["serviceDeploymentArn"], hookId=told["lifecycleHookDetails"][0]["hookId"]
    )
    assert cloud.settled("web")["StackStatus"] == "UPDATE_COMPLETE"


def test_a_failed_hook_rolls_the_stack_back(cloud: Cloud, ordered: Any) -> None:
    """CloudFormation fails the update when ECS has rolled back (containers-roadmap #1205)."""
    shift = Shifting(cloud).made_with()
    ordered(hook=[{"outcome": "FAILED"}])
    hook = {"HookTargetArn": LAMBDA, "LifecycleStages": ["POST_SCALE_UP"], "RoleArn": "arn:aws:iam::1:role/hook"}
    changed = shifting({"Image": "example/app:2"}, LifecycleHooks=[hook])
    assert cloud.update("web", changed)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    [reason] = [one["ResourceStatusReason"] for one in cloud.history("web") if one["ResourceStatus"] == "UPDATE_FAILED"]
    assert "a lifecycle hook at POST_SCALE_UP failed" in reason
    assert (shift.weights(), shift.service["runningCount"]) == ([100, 0], 1)


# --- what stops a deployment


@fact("an alarm rolls a deployment back", source=ecs("DeploymentAlarms.rollback"))
@pytest.mark.parametrize("where", [{"after": 60}, {"stage": "BAKE_TIME", "after": 30}])
def test_an_alarm_on_order_rolls_back(shift: Shifting, ordered: Any, where: dict[str, Any]) -> None:
    """Developer guide, "How CloudWatch alarms detect Amazon ECS deployment failures"."""
    shift.made_with()
    shift.cloud.api("cloudwatch").put_metric_alarm(
        AlarmName="web-5xx",
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    ordered(alarm=[{"alarm": "5xx", **where}])
    shift.update(
        taskDefinition=shift.revised(),
        deploymentConfiguration={"alarms": {"alarmNames": ["web-5xx"], "enable": True, "rollback": True}},
    )
    told = shift.deployment()
    assert told["status"] == "ROLLBACK_SUCCESSFUL"
    assert told["alarms"] == {"status": "TRIGGERED", "alarmNames": ["web-5xx"], "triggeredAlarmNames": ["web-5xx"]}
    assert shift.weights() == [100, 0]


def test_tasks_that_fail_open_the_breaker(shift: Shifting, ordered: Any) -> None:
    """Developer guide, "Amazon ECS deployment failure detection": the breaker is for blue/green too."""
    shift.made_with()
    ordered(task=[{"scenario": "image-not-found", "image": "*:2"}])
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    shift.update(taskDefinition=shift.revised(), deploymentConfiguration=breaker)
    told = shift.deployment()
    assert (told["status"], told["deploymentCircuitBreaker"]["status"]) == ("ROLLBACK_SUCCESSFUL", "TRIGGERED")
    assert told["lifecycleStage"] == "SCALE_UP"


@fact("StopServiceDeployment rolls back", source=ecs("StopServiceDeployment"))
def test_a_deployment_can_be_stopped(shift: Shifting, by_hand: Any) -> None:
    """API reference, StopServiceDeployment: ROLLBACK by default, through ROLLBACK_REQUESTED."""
    shift.made_with()
    before = shift.service["taskDefinition"]
    with by_hand():
        shift.update(taskDefinition=shift.revised())
        shift.until("BAKE_TIME")
        arn = shift.deployment()["serviceDeploymentArn"]
        shift.ecs.stop_service_deployment(serviceDeploymentArn=arn)
        assert shift.deployment()["status"] == "ROLLBACK_REQUESTED"
        shift.passes(3)
        assert (shift.deployment()["status"], shift.weights()) == ("ROLLBACK_IN_PROGRESS", [100, 0])
        shift.passes(120)
        assert shift.deployment()["status"] == "ROLLBACK_SUCCESSFUL"
        assert shift.service["taskDefinition"] == before
        with pytest.raises(ClientError, match="ConflictException"):
            shift.ecs.stop_service_deployment(serviceDeploymentArn=arn)


def test_a_rolling_deployment_can_be_stopped(scene: Scene, by_hand: Any) -> None:
    """API reference, StopServiceDeployment: "even if you didn't configure … the rollback option"."""
    scene.made()
    before = scene.service["taskDefinition"]
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        scene.passes(5)
        scene.ecs.stop_service_deployment(serviceDeploymentArn=scene.deployment()["serviceDeploymentArn"])
        scene.passes(120)
        assert (scene.deployment()["status"], scene.service["taskDefinition"]) == ("ROLLBACK_SUCCESSFUL", before)
        assert len(scene.service["deployments"]) == 1


def test_a_service_goes_from_rolling_to_blue_green_and_back(shift: Shifting) -> None:
    """containers-roadmap #2664: both ways are updates."""
    shift.made_with(Strategy="ROLLING", BakeTimeInMinutes=0)
    for strategy in ("BLUE_GREEN", "ROLLING"):
        shift.update(forceNewDeployment=True, deploymentConfiguration={"strategy": strategy})
        assert (shift.deployment()["status"], shift.service["runningCount"]) == ("SUCCESSFUL", 1)
