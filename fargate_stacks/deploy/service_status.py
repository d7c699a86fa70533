"""How a running service is. What these credentials may not read is named and fails nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_values import Deployment, Hook, Notice, Service, revision_of
from fargate_stacks.deploy.names import Found
from fargate_stacks.deploy.urls import Url, urls

_T = TypeVar("_T")


@dataclass(frozen=True)
class Target:
    """One address behind a load balancer."""

    address: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class LastDeployment:
    """The newest rollout of a service."""

    status: str
    revision: str
    started: datetime | None = None
    finished: datetime | None = None
    stage: str = ""
    traffic: float | None = None
    failed: int = 0
    reason: str = ""
    hook: Hook | None = None
    """The pause that waits for a person."""


@dataclass(frozen=True)
class ServiceStatus:
    """A service at a glance."""

    name: str
    stack: str
    arn: str
    health: str
    """healthy, rolling out, degraded, stopped (0 tasks wanted) or missing."""
    running: int = 0
    desired: int = 0
    pending: int = 0
    task_definition: str = ""
    bounds: tuple[int, int] | None = None
    """The least and the most tasks that autoscaling keeps."""
    deployment: LastDeployment | None = None
    targets: tuple[Target, ...] = ()
    alarms: tuple[tuple[str, str], ...] = ()
    """The alarms that watch its deployments, with their states."""
    urls: tuple[Url, ...] = ()
    events: tuple[Notice, ...] = ()
    """Newest first."""
    not_read: tuple[str, ...] = ()
    """What these credentials may not read."""


def statuses(found: Sequence[Found], *, events: int = 5) -> list[ServiceStatus]:
    """Give how services are, in order; services of one account and region are described together."""
    live: dict[str, Service] = {}
    for ecs in {id(one.ecs): one.ecs for one in found}.values():
        live |= ecs.services(one.physical_id for one in found if one.ecs is ecs)
    deployments = {
        id(ecs): ecs.service_deployments(
            live[one.physical_id].current
            for one in found
            if one.ecs is ecs and one.physical_id in live and live[one.physical_id].current
        )
        for ecs in {id(one.ecs): one.ecs for one in found}.values()
    }
    return [_status(one, live.get(one.physical_id), deployments[id(one.ecs)], events=events) for one in found]


def _status(found: Found, service: Service | None, native: dict[str, Deployment], *, events: int) -> ServiceStatus:
    if service is None or service.status == "INACTIVE":
        return ServiceStatus(found.name, found.stack, found.physical_id, "missing")
    ecs, missed = found.ecs, _Missed()
    last = native.get(service.current) or service.primary
    targets = missed.ask(lambda: [Target(*one) for group in service.target_groups for one in ecs.target_health(group)])
    return ServiceStatus(
        name=found.name,
        stack=found.stack,
        arn=service.arn,
        health=health(service, last),
        running=service.running,
        desired=service.desired,
        pending=service.pending,
        task_definition=service.task_definition,
        bounds=missed.ask(lambda: ecs.bounds(service)),
        deployment=None if last is None else _last(last),
        targets=tuple(targets or ()),
        alarms=tuple(missed.ask(lambda: alarm_states(ecs, service.alarms)) or ()),
        urls=tuple(missed.ask(lambda: urls(ecs, service)) or ()),
        events=service.events[:events],
        not_read=tuple(missed.said),
    )


def health(service: Service, last: Deployment | None) -> str:
    """Judge a service by its counts and its last rollout."""
    if last is not None and last.status in ("PENDING", "IN_PROGRESS") and service.desired:
        return "rolling out"
    if last is not None and (last.status.startswith("ROLLBACK_") or last.status in ("FAILED", "STOP_REQUESTED")):
        over = last.status == "ROLLBACK_SUCCESSFUL" and service.running == service.desired
        return "rolled back" if over else "degraded"
    if service.running < service.desired:
        return "degraded"
    return "stopped" if service.desired == 0 else "healthy"


def alarm_states(ecs: Ecs, names: Sequence[str]) -> list[tuple[str, str]]:
    """Give the states of alarms: OK, ALARM or INSUFFICIENT_DATA."""
    if not names:
        return []
    answer = ecs.call("DescribeAlarms", of="cloudwatch", AlarmNames=list(names)[:100])
    found = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    states = {one["AlarmName"]: one.get("StateValue", "") for one in found}
    return [(name, states.get(name, "missing")) for name in names]


def _last(one: Deployment) -> LastDeployment:
    return LastDeployment(
        status=one.status or "unknown",
        revision=revision_of(one.task_definition),
        started=one.created,
        finished=one.finished,
        stage=one.stage,
        traffic=one.weight,
        failed=one.failed,
        reason=one.rollback or one.reason,
        hook=next((hook for hook in one.hooks if hook.waits), None),
    )


class _Missed:
    """Asks what may be refused, and remembers what was."""

    def __init__(self) -> None:
        self.said: dict[str, None] = {}

    def ask(self, question: Callable[[], _T]) -> _T | None:
        try:
            return question()
        except CallFailed as trouble:
            if trouble.expired:
                raise
            self.said.setdefault(f"{trouble.operation}: {trouble.message or trouble.code}", None)
            return None
