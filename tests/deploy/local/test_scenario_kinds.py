"""Each failure on order: what AWS says that it looks like, seen through the API."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest

from fargate_stacks.deploy.local.scenario_table import TABLE
from tests.deploy.local.scene import Scene, by_hand, ordered, scene

__all__ = ["by_hand", "ordered", "scene"]


class Stop(NamedTuple):
    """How a task tells of its end."""

    code: str
    reason: str
    exit: int | None = None
    container: str = ""
    line: str = ""


PULL = "CannotPullContainerError: pull image manifest has been retried"
INIT = "ResourceInitializationError: "
START, EXIT = "TaskFailedToStart", "EssentialContainerExited"
EXITED = "Essential container in task exited"
STOPS = {
    "image-not-found": Stop(START, PULL + r".* 5 time.*docker.io/example/app:1: not found"),
    "image-denied": Stop(START, PULL + ".*pull access denied.*no basic auth credentials"),
    "registry-rate-limit": Stop(START, PULL + ".*429 Too Many Requests.*toomanyrequests"),
    "wrong-architecture": Stop(START, PULL + ".*does not contain descriptor matching platform 'linux/arm64"),
    "no-route": Stop(START, PULL + r".*dial tcp [\d.]+:443: i/o timeout"),
    "secret-denied": Stop(
        START, INIT + ".*AccessDeniedException.*not authorized to perform: secretsmanager:GetSecretV"
    ),
    "secret-missing": Stop(
        START, INIT + ".*ResourceNotFoundException: Secrets Manager can't find the specified secret"
    ),
    "log-group-denied": Stop(START, INIT + ".*validate logger args.*AccessDeniedException.*logs:CreateLogStream"),
    "secret-no-route": Stop(START, INIT + ".*secretsmanager.us-east-1.amazonaws.com.*i/o timeout"),
    "log-group-no-route": Stop(START, INIT + ".*validate logger args.*connection issue between the task and Amazon Cl"),
    "exec-format-error": Stop(EXIT, EXITED, 255, line="exec /app: exec format error"),
    "crash": Stop(EXIT, EXITED, 1, line="fatal"),
    "read-only": Stop(EXIT, EXITED, 1, line=r"30: Read-only file system"),
    "operation-not-permitted": Stop(EXIT, EXITED, 1, line="Operation not permitted"),
    "task-role-denied": Stop(EXIT, EXITED, 1, line="AccessDenied.*is not authorized to perform: sqs:sendmessage"),
    "segmentation-fault": Stop(EXIT, EXITED, 139),
    "out-of-memory": Stop(EXIT, EXITED, 137, "OutOfMemoryError: Container killed due to memory usage"),
    "spot-interruption": Stop("SpotInterruption", "Your Spot Task was interrupted.", 143),
}
SEEN_IN_SERVICES = {"no-capacity", "vcpu-quota", "slow-start", "failing-health-check", "silent-health-check"}
SEEN_IN_SERVICES |= {"failing-container-check", "runs"}


def test_every_kind_is_shown_here() -> None:
    assert {one.name for one in TABLE} == STOPS.keys() | SEEN_IN_SERVICES


@pytest.mark.parametrize("kind", STOPS)
def test_a_task_stops_as_aws_tells_of_it(scene: Scene, ordered: Any, kind: str) -> None:
    ordered(task=[{"scenario": kind}])
    expected = STOPS[kind]
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    task = scene.made(DesiredCount=0).ran(**({"capacityProviderStrategy": spot} if kind.startswith("spot") else {}))
    [container] = task["containers"]
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", expected.code)
    assert re.search(expected.reason, task["stoppedReason"]), task["stoppedReason"]
    assert container.get("exitCode") == expected.exit
    assert re.search(expected.container, container.get("reason", ""))
    if expected.line:
        assert re.search(expected.line, scene.lines(task)[-1])


@pytest.mark.parametrize("kind", [name for name, one in STOPS.items() if one.code == START])
def test_a_task_that_did_not_start_has_never_run(scene: Scene, ordered: Any, kind: str) -> None:
    ordered(task=[{"scenario": kind}])
    task = scene.made(DesiredCount=0).ran()
    assert "startedAt" not in task
    assert {"createdAt", "stoppingAt", "stoppedAt"} <= task.keys()


NO_PLACE = {
    "no-capacity": "Capacity is unavailable at this time.",
    "vcpu-quota": "You've reached the limit on the number of vCPUs you can run concurrently",
}


@pytest.mark.parametrize("kind", NO_PLACE)
def test_without_a_place_a_service_says_so_and_starts_nothing(scene: Scene, ordered: Any, kind: str) -> None:
    scene.made(DesiredCount=0)
    ordered(task=[{"scenario": kind}])
    scene.update(desiredCount=1)
    assert scene.service["runningCount"] == scene.service["pendingCount"] == 0
    assert any(f"was unable to place a task. Reason: {NO_PLACE[kind]}" in one for one in scene.events())


@pytest.mark.parametrize("kind", NO_PLACE)
def test_without_a_place_run_task_starts_nothing(scene: Scene, ordered: Any, kind: str) -> None:
    ordered(task=[{"scenario": kind}])
    told = scene.made(DesiredCount=0).run()
    assert told["tasks"] == []
    assert told["failures"][0]["reason"].startswith(NO_PLACE[kind])


SLOW = {"scenario": "slow-start", "after": 120}


def test_a_slow_start_takes_its_time(scene: Scene, ordered: Any, by_hand: Any) -> None:
    scene.made(DesiredCount=0, behind=True, HealthCheckGracePeriodSeconds=600)
    ordered(task=[SLOW])
    with by_hand():
        scene.update(desiredCount=1)
        scene.passes(100)
        assert [one["State"] for one in scene.health()] == ["unhealthy"]
        scene.passes(200)
        assert [one["State"] for one in scene.health()] == ["healthy"]
    assert scene.tasks("STOPPED") == []


def test_a_slow_start_without_a_grace_period_is_cut_off(scene: Scene, ordered: Any, by_hand: Any) -> None:
    scene.made(DesiredCount=0, behind=True)
    ordered(task=[SLOW])
    with by_hand():
        scene.update(desiredCount=1)
        scene.passes(300)
    assert "Task failed ELB health checks" in scene.tasks("STOPPED")[0]["stoppedReason"]


@pytest.mark.parametrize(
    ("kind", "reason", "said"),
    [
        ("failing-health-check", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"),
        ("silent-health-check", "Target.Timeout", "Request timed out"),
    ],
)
def test_a_target_fails_its_health_checks(
    scene: Scene, ordered: Any, by_hand: Any, kind: str, reason: str, said: str
) -> None:
    scene.made(DesiredCount=0, behind=True, HealthCheckGracePeriodSeconds=600)
    ordered(task=[{"scenario": kind}])
    with by_hand():
        scene.update(desiredCount=1)
        scene.passes(120)
        [health] = scene.health()
        assert (health["State"], health["Reason"], health["Description"]) == ("unhealthy", reason, said)


def test_a_task_that_fails_its_load_balancer_is_replaced(scene: Scene, ordered: Any, by_hand: Any) -> None:
    scene.made(DesiredCount=0, behind=True)
    ordered(task=[{"scenario": "failing-health-check", "times": 1}])
    with by_hand():
        scene.update(desiredCount=1)
        scene.passes(600)
        stopped = scene.tasks("STOPPED")
        assert [re.sub(r"arn:\S+", "ARN", one["stoppedReason"]) for one in stopped] == [
            "Task failed ELB health checks in (target-group ARN"
        ]
        assert [one["State"] for one in scene.health()] == ["healthy"]
    assert any("is unhealthy in (target-group …) due to (reason Health checks failed" in one for one in scene.events())


def test_a_container_that_fails_its_own_check_is_replaced(scene: Scene, ordered: Any, by_hand: Any) -> None:
    checked = {"HealthCheck": {"Command": ["CMD", "/ok"], "Interval": 5, "Retries": 2, "Timeout": 2}}
    scene.made(checked, DesiredCount=0)
    ordered(task=[{"scenario": "failing-container-check", "times": 1}])
    with by_hand():
        scene.update(desiredCount=1)
        scene.passes(600)
        assert [one["stoppedReason"] for one in scene.tasks("STOPPED")] == ["Task failed container health checks"]
        assert [one["healthStatus"] for one in scene.tasks()] == ["HEALTHY"]
    assert "(service …) (task …) failed container health checks." in scene.events()


def test_a_task_that_runs_does_not_end(scene: Scene, ordered: Any) -> None:
    ordered(task=[{"scenario": "runs"}])
    task = scene.made(DesiredCount=0).ran()
    assert (task["lastStatus"], task.get("stopCode")) == ("RUNNING", None)


# --- the health of targets, without any order


def test_targets_go_from_initial_to_healthy(scene: Scene, by_hand: Any) -> None:
    scene.made(DesiredCount=0, behind=True)
    with by_hand():
        scene.update(desiredCount=1)
        seen = []
        for _ in range(120):
            scene.passes(1)
            seen += [(one["State"], one.get("Reason", "")) for one in scene.health()]
    assert list(dict.fromkeys(seen)) == [("initial", "Elb.RegistrationInProgress"), ("healthy", "")]


def test_targets_drain_before_they_are_gone(scene: Scene, by_hand: Any) -> None:
    scene.made(behind=True)
    with by_hand():
        scene.update(desiredCount=0)
        scene.passes(1)
        [health] = scene.health()
        assert (health["State"], health["Reason"]) == ("draining", "Target.DeregistrationInProgress")
        scene.passes(120)
        assert scene.health() == []
