"""The scripts: how rollouts go, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from tests.deploy.aws import refusal
from tests.deploy.rollouts import World

BREAKER = (
    "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
    "triggered'.\" (RequestToken: 1c2f7a00-0000-4000-8000-000000000000, HandlerErrorCode: GeneralServiceException)"
)
ROLLED_BACK = "tasks failed to start."


class Scene(NamedTuple):
    build: Callable[[World], None]
    kind: dict[str, Any]
    """What the world is made with."""
    options: dict[str, Any]
    """What the deploy is called with."""
    exit_code: int


SCENES: dict[str, Scene] = {}


def scene(
    exit_code: int = 0, options: dict[str, Any] | None = None, **kind: Any
) -> Callable[[Callable[[World], None]], None]:
    def keep(build: Callable[[World], None]) -> None:
        SCENES[build.__name__] = Scene(build, kind, options or {}, exit_code)

    return keep


def breaks(world: World, seconds: float) -> None:
    """The circuit breaker opens, ECS rolls back, CloudFormation hears of it and does the same."""
    if not world.creates:
        world.at(seconds, world.deploys(status="ROLLBACK_IN_PROGRESS", rollback={"reason": ROLLED_BACK}))
    else:
        world.at(seconds, world.entry("FAILED", ROLLED_BACK))
        world.at(seconds, world.deploys(status="STOPPED", statusReason=ROLLED_BACK))
    world.ends_badly(seconds + 10, BREAKER)


def fails_thrice(world: World, *failure: str, **more: Any) -> None:
    for number in range(3):
        world.at(
            20 + 20 * number,
            world.fails(*failure, **more),
            world.counts(running=0, pending=2, failed=number + 1),
        )
    breaks(world, 65)


@scene()
def healthy(world: World) -> None:
    world.targets = ["healthy", "initial"]
    world.at(12, world.counts(running=1, pending=1))
    world.at(25, world.counts(running=2))
    world.at(40, world.comes_up())
    world.ends_well(45)


@scene(exit_code=7)
def image_missing(world: World) -> None:
    fails_thrice(
        world,
        "TaskFailedToStart",
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        "docker.io/example/api:8: docker.io/example/api:8: not found",
    )


@scene(exit_code=7, creates=True)
def secret_denied(world: World) -> None:
    fails_thrice(
        world,
        "TaskFailedToStart",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:api-AbCdEf from secrets manager: AccessDeniedException: "
        "User: arn:aws:sts::000000000000:assumed-role/shop-ApiExecutionRole/1 is not authorized to perform: "
        "secretsmanager:GetSecretValue status code: 400, request id: 8d6b2a52-0000-4000-8000-000000000000",
    )


@scene(exit_code=7)
def crash_loop(world: World) -> None:
    fails_thrice(
        world,
        "EssentialContainerExited",
        "Essential container in task exited",
        exit_code=1,
        log=(
            "starting api 8.0",
            "Traceback (most recent call last):",
            '  File "/app/main.py", line 3, in <module>',
            "ModuleNotFoundError: No module named 'psycopg'",
        ),
    )


@scene(exit_code=7)
def health_check_failing(world: World) -> None:
    world.targets = ["unhealthy", "unhealthy"]
    world.at(10, world.counts(running=2))
    world.at(
        50,
        world.says(
            "(service shop-Api) (task 00000000000000000000000000000000) (port 80) is unhealthy in (target-group "
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/api/1) due to (reason Health checks "
            "failed with these codes: [404])"
        ),
        world.fails(
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group "
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/api/1)",
            exit_code=143,
            log=("GET /health 404",),
        ),
        world.counts(running=1, pending=1, failed=1),
    )
    breaks(world, 80)


@scene(exit_code=9, options={"timeout": 120.0})
def capacity_missing(world: World) -> None:
    world.at(
        15,
        world.says(
            "(service shop-Api) was unable to place a task. Reason: Capacity is unavailable at this time. Please try "
            "again later or in a different availability zone."
        ),
    )


@scene(exit_code=7, creates=True)
def breaker_and_the_service_deleted(world: World) -> None:
    fails_thrice(
        world,
        "EssentialContainerExited",
        "Essential container in task exited",
        exit_code=137,
        why="OutOfMemoryError: Container killed due to memory usage",
        log=("loading the model",),
    )
    world.at(80, world.is_deleted())


def stages(world: World, *at: tuple[float, str, float]) -> None:
    configured = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
    world.at(3, world.deploys(deploymentConfiguration=configured, lifecycleStage="RECONCILE_SERVICE", weight=0))
    for seconds, stage, weight in at:
        world.at(seconds, world.deploys(lifecycleStage=stage, weight=weight))


@scene()
def blue_green_with_bake(world: World) -> None:
    stages(world, (5, "SCALE_UP", 0), (40, "PRODUCTION_TRAFFIC_SHIFT", 100), (50, "BAKE_TIME", 100))
    world.at(30, world.counts(running=2))
    stages(world, (350, "CLEAN_UP", 100))
    world.at(365, world.comes_up())
    world.ends_well(370)


def shares(world: World, seconds: float, step: float, *percent: float, **configured: Any) -> float:
    """Traffic moves by shares, each held for so many seconds; give when the last has moved."""
    world.at(3, world.deploys(deploymentConfiguration=configured, lifecycleStage="SCALE_UP", weight=0))
    world.at(30, world.counts(running=2))
    for number, share in enumerate(percent):
        at = seconds + number * step
        world.at(at, world.deploys(lifecycleStage="PRODUCTION_TRAFFIC_SHIFT", weight=share))
    return seconds + (len(percent) - 1) * step


LINEAR = {
    "strategy": "LINEAR",
    "bakeTimeInMinutes": 2,
    "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 3},
}
CANARY = {
    "strategy": "CANARY",
    "bakeTimeInMinutes": 2,
    "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 4},
}


@scene()
def linear(world: World) -> None:
    last = shares(world, 40, 180, 25, 50, 75, 100, **LINEAR)
    world.at(last + 10, world.deploys(lifecycleStage="BAKE_TIME", weight=100))
    world.at(last + 135, world.deploys(lifecycleStage="CLEAN_UP"))
    world.at(last + 150, world.comes_up())
    world.ends_well(last + 155)


@scene()
def canary(world: World) -> None:
    last = shares(world, 40, 240, 10, 100, **CANARY)
    world.at(last + 10, world.deploys(lifecycleStage="BAKE_TIME", weight=100))
    world.at(last + 135, world.comes_up())
    world.ends_well(last + 140)


@scene(exit_code=7)
def canary_ended_by_an_alarm(world: World) -> None:
    shares(world, 40, 240, 10, **CANARY)
    alarms = {"status": "TRIGGERED", "alarmNames": ["api-5xx"], "triggeredAlarmNames": ["api-5xx"]}
    reason = "alarm detected: api-5xx"
    world.at(100, world.deploys(status="ROLLBACK_IN_PROGRESS", alarms=alarms, rollback={"reason": reason}, weight=0))
    world.ends_badly(110, f'Resource handler returned message: "{reason}"', why=reason)


@scene(exit_code=7)
def hook_fails(world: World) -> None:
    stages(world, (5, "SCALE_UP", 0), (40, "POST_TEST_TRAFFIC_SHIFT", 0))
    world.at(30, world.counts(running=2))
    hook = {"hookId": "h1", "targetType": "AWS_LAMBDA", "targetArn": "arn:aws:lambda:us-east-1:000000000000:function:t"}
    world.at(40, world.deploys(lifecycleHookDetails=[{**hook, "status": "IN_PROGRESS"}]))
    world.at(60, world.deploys(lifecycleHookDetails=[{**hook, "status": "FAILED"}]))
    reason = "Service deployment rolled back because a lifecycle hook at POST_TEST_TRAFFIC_SHIFT failed."
    world.at(61, world.deploys(status="ROLLBACK_IN_PROGRESS", rollback={"reason": reason}))
    world.ends_badly(75, f'Resource handler returned message: "{reason}"', why=reason)


def pauses(world: World, **more: Any) -> None:
    stages(world, (5, "SCALE_UP", 0), (40, "POST_TEST_TRAFFIC_SHIFT", 0))
    world.at(30, world.counts(running=2))
    hook = {"hookId": "h1", "targetType": "PAUSE", "status": "AWAITING_ACTION", "timeoutAction": "ROLLBACK"}
    expires = world.clock.utc() + timedelta(minutes=30)
    world.at(40, world.deploys(lifecycleHookDetails=[{**hook, "expiresAt": expires}]))


@scene()
def pause_approved(world: World) -> None:
    pauses(world)
    world.at(120, world.deploys(lifecycleHookDetails=[]))
    stages(world, (125, "PRODUCTION_TRAFFIC_SHIFT", 100))
    world.at(150, world.comes_up())
    world.ends_well(155)


@scene(exit_code=7)
def pause_expired(world: World) -> None:
    pauses(world)
    reason = "Service deployment rolled back because a lifecycle hook at POST_TEST_TRAFFIC_SHIFT timed out."
    world.at(1800, world.deploys(status="ROLLBACK_IN_PROGRESS", rollback={"reason": reason}, lifecycleHookDetails=[]))
    world.ends_badly(1815, f'Resource handler returned message: "{reason}"', why=reason)


@scene(exit_code=7)
def alarm_fires(world: World) -> None:
    stages(world, (5, "SCALE_UP", 0), (30, "PRODUCTION_TRAFFIC_SHIFT", 100), (40, "BAKE_TIME", 100))
    world.at(25, world.counts(running=2))
    alarms = {"status": "TRIGGERED", "alarmNames": ["api-5xx"], "triggeredAlarmNames": ["api-5xx"]}
    reason = "alarm detected: api-5xx"
    world.at(100, world.deploys(status="ROLLBACK_IN_PROGRESS", alarms=alarms, rollback={"reason": reason}))
    world.ends_badly(110, f'Resource handler returned message: "{reason}"', why=reason)


@scene(exit_code=10)
def silent_rollback(world: World) -> None:
    world.at(
        20,
        world.fails(
            "EssentialContainerExited",
            "Essential container in task exited",
            exit_code=255,
            log=("exec /bin/api: exec format error",),
        ),
        world.counts(running=0, pending=2, failed=1),
    )
    world.at(40, world.goes_back("the circuit breaker opened"))
    world.ends_well(45)


@scene(native=False)
def older_than_service_deployments(world: World) -> None:
    world.at(20, world.counts(running=2))
    world.at(30, world.comes_up())
    world.ends_well(35)


@scene(exit_code=10, native=False)
def silent_rollback_without_service_deployments(world: World) -> None:
    world.at(20, world.counts(running=0, pending=2, failed=2))
    world.at(40, world.goes_back(""))
    world.ends_well(45)


@scene()
def values_that_this_version_does_not_know(world: World) -> None:
    world.at(10, world.deploys(lifecycleStage="QUANTUM_SHIFT", weight=33.3))
    world.at(15, world.deploys(deploymentConfiguration={"strategy": "QUANTUM"}))
    world.at(20, world.deploys(status="HALF_SUCCESSFUL"), world.counts(running=2))
    world.at(40, world.comes_up())
    world.ends_well(45)


@scene(options={"express": True})
def express_waits_for_the_service(world: World) -> None:
    world.ends_well(5)
    world.at(60, world.counts(running=1, pending=1))
    world.at(90, world.comes_up())


@scene(exit_code=10, options={"express": True})
def express_that_does_not_come_up(world: World) -> None:
    world.ends_well(5)
    world.at(
        30,
        world.fails("EssentialContainerExited", "Essential container in task exited", exit_code=1),
        world.counts(running=0, pending=2, failed=1),
    )
    world.at(60, world.deploys(status="ROLLBACK_IN_PROGRESS", rollback={"reason": ROLLED_BACK}))
    world.at(80, world.goes_back(ROLLED_BACK))


@scene(exit_code=7, options={"fail_fast": 2})
def fail_fast_rolls_back(world: World) -> None:
    def stopped() -> None:
        world.after_now(1, world.deploys(status="ROLLBACK_REQUESTED", rollback={"reason": "stopped by a person"}))
        world.begun = world.begun or 0
        world.ends_badly(world.clock.passed - world.begun + 10, BREAKER)

    world.outcomes["StopServiceDeployment"] = stopped
    for number in range(2):
        world.at(
            20 + 20 * number,
            world.fails("EssentialContainerExited", "Essential container in task exited", exit_code=1),
            world.counts(running=0, pending=2, failed=number + 1),
        )


@scene(exit_code=7, options={"fail_fast": 1}, creates=True)
def fail_fast_deletes_a_stack_that_never_was(world: World) -> None:
    def deleted() -> None:
        world.after_now(1, world.cfn("shop", "DELETE_IN_PROGRESS"), world.is_deleted())
        world.after_now(20, world.cfn("shop", "DELETE_COMPLETE"))

    world.outcomes["DeleteStack"] = deleted
    world.at(
        20,
        world.fails("EssentialContainerExited", "Essential container in task exited", exit_code=1),
        world.counts(running=0, pending=2, failed=1),
    )


def refused(request: dict[str, Any]) -> dict[str, Any]:
    raise refusal("AccessDeniedException", "User alice is not authorized to perform this action")


@scene()
def ecs_denied(world: World) -> None:
    world.apis["ecs"].answers["DescribeServices"] = refused
    world.at(30, world.comes_up())
    world.ends_well(35)


@scene()
def service_deployments_denied(world: World) -> None:
    world.apis["ecs"].answers["DescribeServiceDeployments"] = refused
    world.at(20, world.counts(running=2))
    world.at(30, world.comes_up())
    world.ends_well(35)
