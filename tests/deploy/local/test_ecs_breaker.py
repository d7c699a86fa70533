"""The circuit breaker, and how CloudFormation sees a deployment of ECS end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.facts import ecs, ecs_guide, fact, thread
from tests.deploy.local.scene import Scene, by_hand, ordered, scene
from tests.deploy.local.services import definition, platform
from tests.localcloud import Cloud

__all__ = ["by_hand", "ordered", "scene"]

BREAKER = {"enable": True, "rollback": True}
CRASH = {"scenario": "crash", "image": "*:2", "exit_code": 3, "after": 5, "log": ["no such table: orders"]}


# --- the circuit breaker


@fact(
    "the threshold of the circuit breaker is half the desired count, from 3 to 200",
    source=ecs_guide("deployment-circuit-breaker"),
)
@pytest.mark.parametrize(("desired", "expected"), [(1, 3), (2, 3), (6, 3), (10, 5), (25, 13)])
def test_the_breaker_takes_half_the_desired_count(scene: Scene, desired: int, expected: int) -> None:
    """ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures": 25 tasks give 13."""
    scene.made(
        DesiredCount=desired, DeploymentConfiguration={"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    )
    assert scene.deployment()["deploymentCircuitBreaker"] == {
        "status": "MONITORING_COMPLETE",
        "failureCount": 0,
        "threshold": expected,
    }


@fact("the threshold may be configured", source=ecs("DeploymentCircuitBreaker.thresholdConfiguration"))
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"type": "COUNT", "value": 1}, 1),
        ({"type": "BOUNDED_PERCENT", "value": 100}, 4),
        ({"type": "UNBOUNDED_PERCENT", "value": 25}, 1),
        ({"type": "UNBOUNDED_PERCENT", "value": 100}, 4),
    ],
)
def test_a_threshold_may_be_configured(scene: Scene, said: dict[str, Any], expected: int) -> None:
    """API reference, ThresholdConfiguration."""
    scene.made(DesiredCount=4)
    scene.update(
        deploymentConfiguration={"deploymentCircuitBreaker": {**BREAKER, "thresholdConfiguration": said}},
        forceNewDeployment=True,
    )
    assert scene.deployment()["deploymentCircuitBreaker"]["threshold"] == expected


@fact(
    "with rollback the service goes back to the last deployment that completed",
    source=ecs("DeploymentCircuitBreaker.rollback"),
)
def test_the_breaker_rolls_back(scene: Scene, ordered: Any) -> None:
    """ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures"."""
    scene.made(DesiredCount=2)
    before = scene.service["taskDefinition"]
    ordered(task=[CRASH])
    scene.update(taskDefinition=scene.revised(), deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
    assert scene.service["taskDefinition"] == before
    assert [(one["taskDefinition"], one["runningCount"]) for one in scene.service["deployments"]] == [(before, 2)]
    told = scene.deployment()
    assert told["status"] == "ROLLBACK_SUCCESSFUL"
    assert told["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert told["deploymentCircuitBreaker"]["failureCount"] >= told["deploymentCircuitBreaker"]["threshold"] == 3
    assert told["rollback"]["reason"] == "tasks failed to start."


def test_a_rollback_is_told_in_events(scene: Scene, ordered: Any) -> None:
    """ECS developer guide, "Amazon ECS service event messages"."""
    scene.made()
    ordered(task=[CRASH])
    scene.update(taskDefinition=scene.revised(), deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
    said = scene.events()
    assert said[said.index("(service …) (deployment …) deployment failed: tasks failed to start.") + 1] == (
        "(service …) rolling back to (deployment …)."
    )
    assert said[-1] == "(service …) has reached a steady state."


@fact(
    "the deployment that completed goes from COMPLETED to IN_PROGRESS when a rollback starts",
    source=ecs_guide("deployment-circuit-breaker"),
)
def test_a_rollback_goes_to_the_deployment_that_completed(scene: Scene, ordered: Any, by_hand: Any) -> None:
    """ECS developer guide: "When the rollback starts, the deployment changes from a COMPLETED to IN_PROGRESS"."""
    scene.made()
    first = scene.service["deployments"][0]["id"]
    ordered(task=[CRASH])
    with by_hand():
        scene.update(taskDefinition=scene.revised(), deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
        for _ in range(200):
            if scene.deployment()["status"] == "ROLLBACK_IN_PROGRESS":
                break
            scene.passes(1)
        primary = scene.service["deployments"][0]
        assert (primary["id"], primary["status"], primary["rolloutState"]) == (first, "PRIMARY", "IN_PROGRESS")


@fact("a FAILED deployment starts no more tasks", source=ecs("Deployment.rolloutState"))
def test_without_rollback_a_deployment_stays_failed(scene: Scene, ordered: Any) -> None:
    """API reference, Deployment: "A deployment in FAILED state doesn't launch any new tasks"."""
    scene.made()
    ordered(task=[CRASH])
    wanted = scene.revised()
    scene.update(
        taskDefinition=wanted,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    new, old = scene.service["deployments"]
    assert (new["taskDefinition"], new["rolloutState"], new["failedTasks"]) == (wanted, "FAILED", 3)
    assert new["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert (old["runningCount"], scene.deployment()["status"]) == (1, "STOPPED")
    assert len(scene.tasks()) == 1


@fact(
    "a task that fails to start is started again, slower and slower, without a circuit breaker",
    source=ecs_guide("service-throttle-logic"),
)
def test_without_a_breaker_tasks_are_started_again_and_again(scene: Scene, ordered: Any, by_hand: Any) -> None:
    """ECS developer guide, "Amazon ECS service throttle logic": slower and slower, never given up."""
    scene.made()
    ordered(task=[CRASH])
    with by_hand():
        scene.update(taskDefinition=scene.revised())
        scene.passes(3 * 3600)
        assert scene.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        assert scene.service["deployments"][0]["failedTasks"] > 10
        assert any("is unable to consistently start tasks successfully." in one for one in scene.events())


@fact("a healthy task resets the count of failures", source=ecs("DeploymentCircuitBreaker.resetOnHealthyTask"))
def test_a_healthy_task_resets_the_count(scene: Scene, ordered: Any) -> None:
    """API reference, DeploymentCircuitBreaker: resetOnHealthyTask is true by default."""
    scene.made()
    ordered(task=[{**CRASH, "times": 2}])
    scene.update(taskDefinition=scene.revised(), deploymentConfiguration={"deploymentCircuitBreaker": BREAKER})
    assert scene.deployment()["status"] == "SUCCESSFUL"
    assert scene.deployment()["deploymentCircuitBreaker"]["failureCount"] == 0


def test_a_first_deployment_has_nothing_to_go_back_to(cloud: Cloud, ordered: Any) -> None:
    """ECS developer guide: without a COMPLETED deployment "the circuit breaker does not launch new tasks"."""
    ordered(task=[{"scenario": "crash"}])
    breaker = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    stack = cloud.create("web", platform(definition(), DeploymentConfiguration=breaker), DisableRollback=True)
    assert stack["StackStatus"] == "CREATE_FAILED"
    scene = Scene(cloud)
    scene.ids = cloud.physical("web")
    assert (scene.deployment()["status"], scene.deployment()["statusReason"]) == ("STOPPED", "tasks failed to start.")
    assert scene.tasks() == []


# --- as CloudFormation sees it


def reasons(cloud: Cloud) -> list[str]:
    return [one["ResourceStatusReason"] for one in cloud.history("web") if one["ResourceStatus"].endswith("E_FAILED")]


@fact(
    'a service whose breaker opens fails its stack: "ECS Deployment Circuit Breaker was triggered"',
    source=thread("aws/copilot-cli", 5586),
)
def test_a_failed_create_tells_of_the_breaker(cloud: Cloud, ordered: Any) -> None:
    """containers-roadmap #1205, copilot-cli #5586: the words of the resource handler."""
    ordered(task=[{"scenario": "crash"}])
    breaker = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    assert cloud.create("web", platform(DeploymentConfiguration=breaker))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert re.fullmatch(
        r"Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
        r"triggered'\.\" \(RequestToken: [-\da-f]{36}, HandlerErrorCode: GeneralServiceException\)",
        reasons(cloud)[0],
    )


@fact(
    "ECS goes back first, then the stack ends UPDATE_ROLLBACK_COMPLETE", source=thread("aws/containers-roadmap", 1205)
)
def test_a_failed_update_rolls_the_stack_back(scene: Scene, ordered: Any) -> None:
    """containers-roadmap #1205: ECS goes back first, then the stack ends as UPDATE_ROLLBACK_COMPLETE."""
    breaker = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
    scene.made(DeploymentConfiguration=breaker)
    before = scene.service["taskDefinition"]
    ordered(task=[CRASH])
    worse = platform(
        definition({"Image": "example/app:2", "HealthCheck": {"Ref": "AWS::NoValue"}}), DeploymentConfiguration=breaker
    )
    assert scene.cloud.update("web", worse)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "ECS Deployment Circuit Breaker was triggered" in reasons(scene.cloud)[0]
    assert (scene.service["taskDefinition"], scene.service["runningCount"]) == (before, 1)


@fact(
    "without a circuit breaker CloudFormation gives up after three hours",
    source=thread("aws-cloudformation/cloudformation-coverage-roadmap", 150),
)
def test_cloudformation_gives_up_after_three_hours(cloud: Cloud, ordered: Any) -> None:
    """CloudFormation waits three hours for a service without a circuit breaker (coverage-roadmap #150)."""
    ordered(task=[{"scenario": "crash"}])
    assert cloud.create("web", platform())["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "HandlerErrorCode: NotStabilized" in reasons(cloud)[0]


@fact("DeleteService: DRAINING while tasks stop, then INACTIVE", source=ecs("DeleteService"))
def test_a_deleted_service_is_inactive_and_empty(scene: Scene) -> None:
    """API reference, DeleteService: DRAINING, then INACTIVE; DescribeServices tells of it still."""
    scene.made(DesiredCount=2)
    scene.ecs.delete_service(cluster=scene.ids["Main"], service=scene.ids["Web"], force=True)
    assert (scene.service["status"], scene.service["runningCount"]) == ("INACTIVE", 0)
    assert scene.ecs.list_services(cluster=scene.ids["Main"])["serviceArns"] == []


@fact("a service above zero is deleted with force only", source=ecs("DeleteServiceRequest.force"))
def test_a_service_with_tasks_is_not_deleted_without_force(scene: Scene) -> None:
    """API reference, DeleteService: force."""
    scene.made()
    with pytest.raises(ClientError, match="cannot be stopped while it is scaled above 0"):
        scene.ecs.delete_service(cluster=scene.ids["Main"], service=scene.ids["Web"])


@fact("a service is not made under the name of one that is DRAINING", source=ecs("DeleteService"))
def test_a_draining_service_is_not_made_again(scene: Scene, by_hand: Any) -> None:
    """API reference, DeleteService: a service of the same name in DRAINING is an error."""
    scene.made()
    with by_hand():
        scene.ecs.delete_service(cluster=scene.ids["Main"], service=scene.ids["Web"], force=True)
        assert scene.service["status"] == "DRAINING"
        with pytest.raises(ClientError, match="still Draining"):
            scene.ecs.create_service(
                cluster=scene.ids["Main"],
                serviceName=scene.service["serviceName"],
                taskDefinition=scene.service["taskDefinition"],
                networkConfiguration=scene.service["networkConfiguration"],
            )


def test_the_pause_between_starts_grows_to_27_minutes_however_often_tasks_fail() -> None:
    from fargate_stacks.deploy.local.tempo import pause

    assert [pause(streak) for streak in (2, 3, 4, 11, 5000)] == [0.0, 10.0, 20.0, 1620.0, 1620.0]
