"""What ECS says, as plain values. A status or a stage stays a text: one that is not known is shown, never refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Hook:
    """A lifecycle hook of a running deployment: a function, or a pause that waits for a person."""

    id: str
    kind: str
    """AWS_LAMBDA or PAUSE."""
    status: str
    expires: datetime | None = None
    at_expiry: str = ""
    """CONTINUE or ROLLBACK."""
    target: str = ""

    @property
    def waits(self) -> bool:
        """It waits for a person."""
        return self.status == "AWAITING_ACTION"


@dataclass(frozen=True)
class Deployment:
    """One rollout of a service: a service deployment, or an entry of `deployments` where there are none."""

    id: str
    status: str
    """As service deployments call it: PENDING, IN_PROGRESS, SUCCESSFUL, ROLLBACK_IN_PROGRESS, …"""
    task_definition: str
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0
    breaker: int | None = None
    """Failures at which the circuit breaker opens; None where AWS does not tell."""
    reason: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    finished: datetime | None = None
    stage: str = ""
    strategy: str = "ROLLING"
    weight: float | None = None
    """Per cent of the production traffic that the new revision has."""
    test_weight: float | None = None
    bake_minutes: float = 0
    step_minutes: float = 0
    """How long each share of the traffic is held, under LINEAR and CANARY."""
    hooks: tuple[Hook, ...] = ()
    alarms: tuple[str, ...] = ()
    """The alarms that have fired."""
    rollback: str = ""
    """Why it is being or was rolled back."""
    revision: str = ""
    """The ARN of the service revision that it brings."""

    @property
    def native(self) -> bool:
        """It is a service deployment, which can be described, stopped and continued by its ARN."""
        return self.id.startswith("arn:")


@dataclass(frozen=True)
class Service:
    """What DescribeServices says of a service."""

    arn: str
    name: str
    cluster: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    rollouts: tuple[Deployment, ...] = ()
    """Those of `deployments`, the primary one first."""
    events: tuple[Notice, ...] = ()
    """Newest first."""
    current: str = ""
    """The ARN of the running service deployment."""
    target_groups: tuple[str, ...] = ()
    balanced: tuple[str, ...] = ()
    """The containers that load balancers reach."""
    alarms: tuple[str, ...] = ()
    grace: int | None = None
    exec: bool = False
    network: Mapping[str, Any] = field(default_factory=dict)
    capacity: tuple[Mapping[str, Any], ...] = ()
    launch_type: str = ""
    platform_version: str = ""
    volumes: tuple[Mapping[str, Any], ...] = ()
    """What it says at launch of the volumes that its task definition leaves open."""

    @property
    def primary(self) -> Deployment | None:
        return self.rollouts[0] if self.rollouts else None


@dataclass(frozen=True)
class Notice:
    """One event of a service, in ECS's words."""

    id: str
    time: datetime
    text: str


@dataclass(frozen=True)
class Container:
    """A container of a task, running or not."""

    name: str
    status: str
    exit_code: int | None = None
    reason: str = ""
    health: str = ""
    image: str = ""
    runtime_id: str = ""
    exec_agent: str = ""
    """The status of the agent that ECS Exec needs; empty where there is none."""


@dataclass(frozen=True)
class Task:
    """What DescribeTasks says of a task."""

    arn: str
    status: str
    task_definition: str
    group: str = ""
    started_by: str = ""
    stop_code: str = ""
    stopped_reason: str = ""
    created: datetime | None = None
    started: datetime | None = None
    stopped: datetime | None = None
    health: str = ""
    zone: str = ""
    exec: bool = False
    containers: tuple[Container, ...] = ()

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]


def cluster_of(arn: str) -> str:
    """Give the cluster of a service's or task's ARN; one in the old form is in the default cluster."""
    parts = arn.partition(":service/" if ":service/" in arn else ":task/")[2].split("/")
    return parts[0] if len(parts) > 1 else "default"


def scalable_id(service_arn: str) -> str:
    """Give the name under which autoscaling knows a service."""
    return f"service/{cluster_of(service_arn)}/{service_arn.rpartition('/')[2]}"


def revision_of(task_definition: str) -> str:
    """Give the revision number of a task definition's ARN, as text; empty without one."""
    number = task_definition.rpartition(":")[2]
    return number if number.isdigit() else ""


def forgotten(arn: str, task_definition: str) -> Service:
    """Give what is known of a service that ECS does not tell of any more."""
    return Service(arn, arn.rpartition("/")[2], cluster_of(arn), "INACTIVE", task_definition, 0, 0, 0)


def service(raw: Mapping[str, Any]) -> Service:
    rollouts = [rollout(one) for one in sorted(raw.get("deployments", []), key=lambda d: d.get("status") != "PRIMARY")]
    balancers = raw.get("loadBalancers", [])
    groups = [one.get("targetGroupArn") for one in balancers]
    groups += [one.get("advancedConfiguration", {}).get("alternateTargetGroupArn") for one in balancers]
    return Service(
        arn=raw["serviceArn"],
        name=raw["serviceName"],
        cluster=raw.get("clusterArn", cluster_of(raw["serviceArn"])),
        status=raw.get("status", ""),
        task_definition=raw.get("taskDefinition", ""),
        desired=raw.get("desiredCount", 0),
        running=raw.get("runningCount", 0),
        pending=raw.get("pendingCount", 0),
        rollouts=tuple(rollouts),
        events=tuple(Notice(one["id"], one["createdAt"], one.get("message", "")) for one in raw.get("events", [])),
        current=raw.get("currentServiceDeployment", ""),
        target_groups=tuple(one for one in groups if one),
        balanced=tuple(one["containerName"] for one in balancers if "containerName" in one),
        alarms=tuple(raw.get("deploymentConfiguration", {}).get("alarms", {}).get("alarmNames", [])),
        grace=raw.get("healthCheckGracePeriodSeconds"),
        exec=bool(raw.get("enableExecuteCommand")),
        network=raw.get("networkConfiguration", {}),
        capacity=tuple(raw.get("capacityProviderStrategy", [])),
        launch_type=raw.get("launchType", ""),
        platform_version=raw.get("platformVersion", ""),
        volumes=tuple(
            one
            for rollout in raw.get("deployments", [])
            if rollout.get("status") == "PRIMARY"
            for one in rollout.get("volumeConfigurations", [])
        ),
    )


_STATES = {"COMPLETED": "SUCCESSFUL", "FAILED": "FAILED", "IN_PROGRESS": "IN_PROGRESS"}


def rollout(raw: Mapping[str, Any]) -> Deployment:
    state = raw.get("rolloutState", "")
    return Deployment(
        id=raw.get("id", ""),
        # without a rollout state, that of other deployment controllers, whoever reads it counts tasks
        status=_STATES.get(state, state) if raw.get("status") != "INACTIVE" else "STOPPED",
        task_definition=raw.get("taskDefinition", ""),
        desired=raw.get("desiredCount", 0),
        running=raw.get("runningCount", 0),
        pending=raw.get("pendingCount", 0),
        failed=raw.get("failedTasks", 0),
        reason=raw.get("rolloutStateReason", ""),
        created=raw.get("createdAt"),
        updated=raw.get("updatedAt"),
    )


def native(raw: Mapping[str, Any], revisions: Mapping[str, str]) -> Deployment:
    target = raw.get("targetServiceRevision", {})
    breaker = raw.get("deploymentCircuitBreaker", {})
    configured = raw.get("deploymentConfiguration", {})
    return Deployment(
        id=raw["serviceDeploymentArn"],
        status=raw.get("status", ""),
        task_definition=revisions.get(target.get("arn", ""), ""),
        desired=target.get("requestedTaskCount", 0),
        running=target.get("runningTaskCount", 0),
        pending=target.get("pendingTaskCount", 0),
        failed=breaker.get("failureCount", 0),
        breaker=breaker.get("threshold") if breaker.get("status") != "DISABLED" else None,
        reason=raw.get("statusReason", ""),
        created=raw.get("createdAt"),
        updated=raw.get("updatedAt"),
        finished=raw.get("finishedAt") or raw.get("stoppedAt"),
        stage=raw.get("lifecycleStage", ""),
        strategy=configured.get("strategy", "ROLLING"),
        weight=target.get("requestedProductionTrafficWeight"),
        test_weight=target.get("requestedTestTrafficWeight"),
        bake_minutes=configured.get("bakeTimeInMinutes", 0),
        step_minutes=configured.get("linearConfiguration", {}).get("stepBakeTimeInMinutes")
        or configured.get("canaryConfiguration", {}).get("canaryBakeTimeInMinutes")
        or 0,
        hooks=tuple(
            Hook(
                id=one.get("hookId", ""),
                kind=one.get("targetType", ""),
                status=one.get("status", ""),
                expires=one.get("expiresAt"),
                at_expiry=one.get("timeoutAction", ""),
                target=one.get("targetArn", ""),
            )
            for one in raw.get("lifecycleHookDetails", [])
        ),
        alarms=tuple(raw.get("alarms", {}).get("triggeredAlarmNames", [])),
        rollback=raw.get("rollback", {}).get("reason", ""),
        revision=target.get("arn", ""),
    )


def task(raw: Mapping[str, Any]) -> Task:
    return Task(
        arn=raw["taskArn"],
        status=raw.get("lastStatus", ""),
        task_definition=raw.get("taskDefinitionArn", ""),
        group=raw.get("group", ""),
        started_by=raw.get("startedBy", ""),
        stop_code=raw.get("stopCode", ""),
        stopped_reason=raw.get("stoppedReason", ""),
        created=raw.get("createdAt"),
        started=raw.get("startedAt"),
        stopped=raw.get("stoppedAt"),
        health=raw.get("healthStatus", ""),
        zone=raw.get("availabilityZone", ""),
        exec=bool(raw.get("enableExecuteCommand")),
        containers=tuple(container(one) for one in raw.get("containers", [])),
    )


def container(raw: Mapping[str, Any]) -> Container:
    agents = [one for one in raw.get("managedAgents", []) if one.get("name") == "ExecuteCommandAgent"]
    return Container(
        name=raw.get("name", ""),
        status=raw.get("lastStatus", ""),
        exit_code=raw.get("exitCode"),
        reason=raw.get("reason", ""),
        health=raw.get("healthStatus", ""),
        image=raw.get("image", ""),
        runtime_id=raw.get("runtimeId", ""),
        exec_agent=agents[0].get("lastStatus", "") if agents else "",
    )
