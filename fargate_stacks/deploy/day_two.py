"""What people do to a running service: approve, reject, roll back, scale, restart; each followed to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fargate_stacks.core.template import Owner
from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.ecs_row import State
from fargate_stacks.deploy.ecs_values import Deployment, Hook, Service, revision_of, scalable_id
from fargate_stacks.deploy.ecs_watch import ServiceWatch
from fargate_stacks.deploy.evidence import Collector
from fargate_stacks.deploy.messages import Evidenced, Out
from fargate_stacks.deploy.names import Found
from fargate_stacks.errors import DeployError

_SKEW = timedelta(seconds=2)
"""How much older a service deployment may be than the entry of `deployments` that it belongs to."""
_RUNNING = ("PENDING", "IN_PROGRESS")


@dataclass(frozen=True)
class Begun:
    """A rollout that was started or let go on: what is to run at its end, and from when on it counts."""

    task_definition: str
    since: datetime | None = None
    back: bool = False
    """It is meant to end rolled back."""


def live(found: Found) -> Service:
    """Give a service as it is now. Raises DeployError when it is gone."""
    service = found.ecs.services([found.physical_id]).get(found.physical_id)
    if service is None or service.status == "INACTIVE":
        raise DeployError(f"{found.name}: there is no such service any more", exit_code=2)
    return service


def running_deployment(ecs: Ecs, service: Service) -> Deployment | None:
    """Give the service deployment that runs; None when none does, or AWS does not tell."""
    if not service.current:
        return None
    found = ecs.service_deployments([service.current]).get(service.current)
    return found if found is not None and found.status in _RUNNING else None


def answer(found: Found, action: str, *, hook: str | None = None) -> Begun:
    """Let a deployment that waits for a person go on (CONTINUE) or roll back (ROLLBACK).

    Raises DeployError with exit code 5 when nothing waits.
    """
    service = live(found)
    deployment = running_deployment(found.ecs, service)
    waiting = [one for one in deployment.hooks if one.waits] if deployment is not None else []
    if deployment is None or not waiting:
        why = found.ecs.without and f" ({found.ecs.without})"
        raise DeployError(f"{found.name}: no deployment waits for approval{why}", exit_code=5)
    chosen = _chosen(found.name, waiting, hook)
    found.ecs.call("ContinueServiceDeployment", serviceDeploymentArn=deployment.id, hookId=chosen.id, action=action)
    return Begun(deployment.task_definition, deployment.created, back=action == "ROLLBACK")


def _chosen(name: str, waiting: list[Hook], wanted: str | None) -> Hook:
    if wanted is None and len(waiting) == 1:
        return waiting[0]
    ids = ", ".join(one.id for one in waiting)
    if wanted is None:
        raise DeployError(f"{name}: {len(waiting)} hooks wait; name one with --hook: {ids}", exit_code=2)
    match = next((one for one in waiting if one.id == wanted), None)
    if match is None:
        raise DeployError(f"{name}: no hook {wanted} waits; there are {ids}", exit_code=2)
    return match


def restart(found: Found) -> Begun:
    """Start all tasks anew with the same task definition."""
    service = live(found)
    return _updated(found, service, forceNewDeployment=True)


def roll_back(found: Found, *, to: int | None = None) -> Begun:
    """Stop a running deployment and go back, or put the task definition before back that ran well.

    `to` is a revision. Raises DeployError with exit code 5 when there is none to go back to.
    """
    ecs, service = found.ecs, live(found)
    deployment = running_deployment(ecs, service)
    if deployment is not None and to is None:
        ecs.call("StopServiceDeployment", serviceDeploymentArn=deployment.id, stopType="ROLLBACK")
        return Begun(deployment.task_definition, deployment.created, back=True)
    wanted = _numbered(service, to) if to is not None else _before(ecs, service)
    if wanted is None:
        raise DeployError(f"{found.name}: no revision is known that ran before {_revision(service)}", exit_code=5)
    if wanted == service.task_definition:
        raise DeployError(f"{found.name}: revision {_revision(service)} is what runs", exit_code=5)
    try:
        status = ecs.task_definition(wanted).get("status")
    except CallFailed as trouble:
        if trouble.code != "ClientException":
            raise
        raise DeployError(f"{found.name}: there is no revision {revision_of(wanted)}", exit_code=2) from trouble
    if status == "INACTIVE":
        raise DeployError(
            f"{found.name}: revision {revision_of(wanted)} was deregistered, and AWS runs it no more; deploy the older "
            "version of the app instead",
            exit_code=5,
        )
    return _updated(found, service, taskDefinition=wanted)


def _before(ecs: Ecs, service: Service) -> str | None:
    """Give the task definition that last ran well before the present one."""
    history = ecs.service_deployments(ecs.history(service))
    worked = [one for one in history.values() if one.status == "SUCCESSFUL" and one.task_definition]
    worked.sort(key=lambda one: one.created.timestamp() if one.created else 0.0, reverse=True)
    for one in worked:
        if one.task_definition != service.task_definition:
            return one.task_definition
    family = service.task_definition.rpartition("/")[2].partition(":")[0]
    asked = ecs.call("ListTaskDefinitions", familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=100)
    here = int(_revision(service) or 0)
    for arn in asked.get("taskDefinitionArns", []):
        exact = arn.rpartition("/")[2].partition(":")[0] == family
        if exact and int(revision_of(arn) or 0) < here:
            return str(arn)
    return None


def _numbered(service: Service, revision: int) -> str:
    return f"{service.task_definition.rpartition(':')[0]}:{revision}"


def _revision(service: Service) -> str:
    return revision_of(service.task_definition)


def _updated(found: Found, service: Service, **change: Any) -> Begun:
    raw = found.ecs.call("UpdateService", cluster=service.cluster, service=service.arn, **change)["service"]
    entries = [one for one in raw.get("deployments", []) if one.get("status") == "PRIMARY"]
    created = entries[0].get("createdAt") if entries else None
    return Begun(raw.get("taskDefinition", service.task_definition), created - _SKEW if created else None)


def scale(found: Found, count: int, *, least: int | None = None, most: int | None = None) -> Mapping[str, Any]:
    """Have `count` tasks run; `least` and `most` are new bounds of the autoscaling.

    Gives what was and what is. Raises DeployError with exit code 2 for a count out of bounds, or for bounds of a
    service that nothing scales.
    """
    ecs, service = found.ecs, live(found)
    bounds = ecs.bounds(service)
    if bounds is None and (least is not None or most is not None):
        raise DeployError(f"{found.name}: nothing scales it; leave --min and --max out", exit_code=2)
    if bounds is not None:
        low = bounds[0] if least is None else least
        high = bounds[1] if most is None else most
        if not low <= count <= high:
            raise DeployError(
                f"{found.name}: autoscaling keeps {low} to {high} tasks, got {count}; "
                f"give --{'min' if count < low else 'max'} {count} too",
                exit_code=2,
            )
        if (low, high) != bounds:
            ecs.call(
                "RegisterScalableTarget",
                of="application-autoscaling",
                ServiceNamespace="ecs",
                ResourceId=scalable_id(service.arn),
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=low,
                MaxCapacity=high,
            )
            bounds = (low, high)
    ecs.call("UpdateService", cluster=service.cluster, service=service.arn, desiredCount=count)
    return {"service": found.name, "before": service.desired, "desired": count, "bounds": bounds}


def await_count(found: Found, count: int, out: Out, clock: Clock, *, limit: float, begun: datetime) -> Service:
    """Wait until so many tasks run, `limit` seconds at most, and tell at once why tasks fail.

    Raises DeployError with exit code 9 after that.
    """
    until = clock.monotonic() + limit
    collector = Collector(found.ecs, found.name)
    while True:
        service = live(found)
        if service.running == count and not service.pending:
            return service
        collector.hear(service.events, since=begun)
        over = clock.monotonic() >= until
        if collector.look(service, service.task_definition, since=begun) or over:
            out(Evidenced(stack=found.stack, evidence=collector.evidence()))
        if over:
            raise DeployError(
                f"{found.name}: {service.running} of {count} tasks run; stopped watching, ECS goes on", exit_code=9
            )
        clock.sleep(0.2 if found.ecs.client.local else 5.0)


def follow(found: Found, begun: Begun, out: Out, clock: Clock, *, limit: float) -> State:
    """Watch a rollout to its end and say its rows; give the state that it ended in.

    Raises DeployError with exit code 10 when it did not end as it was meant to, 9 after `limit` seconds.
    """
    key = found.logical_id or found.name
    watch = ServiceWatch(found.ecs, out, clock, found.stack, owners={key: Owner(found.name, "Service", None)})
    watch.add(key, found.physical_id, wanted=begun.task_definition, since=begun.since)
    watch.settle(limit)
    row = watch.watched[key].row
    if row is None or not row.settled:
        watch.report()
        raise DeployError(f"{found.name}: stopped watching, the time is over; ECS goes on", exit_code=9)
    meant = (State.UNDONE, State.FAILED) if begun.back else (State.DONE,)
    if row.state not in meant:
        watch.report()
        why = f": {row.reason}" if row.reason else ""
        raise DeployError(f"{found.name}: it is {row.state}{why}", exit_code=10)
    return row.state
