"""ECS Exec: which task and container to enter, and the session that the plugin opens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fargate_stacks.deploy.client import CallFailed
from fargate_stacks.deploy.ecs_values import Container, Task
from fargate_stacks.deploy.names import Found
from fargate_stacks.errors import DeployError

PLUGIN = "session-manager-plugin"
_NO_AGENT = (
    "the agent of ECS Exec does not run in it ({status}): the task role needs the four ssmmessages permissions, the "
    "subnets a way to ssmmessages, and a read-only root file system keeps the agent from starting"
)


@dataclass(frozen=True)
class Session:
    """An open session, as the plugin takes it."""

    task: Task
    container: str
    argv: Sequence[str]


def enter(
    found: Found, command: str, *, container: str | None, task: str | None, profile: str | None, plugin: str
) -> Session:
    """Open a session in a running task of a service: the named one, else the newest.

    Raises DeployError when no task can be entered, saying what keeps it.
    """
    ecs = found.ecs
    service = ecs.services([found.physical_id]).get(found.physical_id)
    if service is None or service.status == "INACTIVE":
        raise DeployError(f"{found.name}: there is no such service", exit_code=2)
    tasks = ecs.tasks(service.cluster, ecs.task_arns(service.cluster, serviceName=service.name))
    running = [one for one in tasks if one.status == "RUNNING" and one.id.startswith(task or "")]
    if not running:
        wanted = f"no task that begins with {task} runs" if task else "no task of it runs"
        raise DeployError(f"{found.name}: {wanted}; fargate-stacks status {found.name} tells more")
    enabled = [one for one in running if one.exec]
    if not enabled:
        cure = "its tasks are older than that; fargate-stacks restart" if service.exec else "give it exec=True; deploy"
        raise DeployError(f"{found.name}: ECS Exec is not enabled in its tasks: {cure} {found.name}")
    chosen = max(enabled, key=lambda one: one.started.timestamp() if one.started else 0.0)
    inside = _container(found.name, chosen, container, service.balanced)
    if inside.exec_agent and inside.exec_agent != "RUNNING":
        raise DeployError(f"{found.name}: {inside.name}: {_NO_AGENT.format(status=inside.exec_agent)}")
    try:
        answer = ecs.call(
            "ExecuteCommand",
            cluster=service.cluster,
            task=chosen.arn,
            container=inside.name,
            command=command,
            interactive=True,
        )
    except CallFailed as trouble:
        if trouble.code == "TargetNotConnectedException":
            status = inside.exec_agent or "not connected"
            raise DeployError(f"{found.name}: {inside.name}: {_NO_AGENT.format(status=status)}") from trouble
        raise
    return Session(chosen, inside.name, _argv(answer, chosen, inside, ecs.client.region, profile, plugin))


def _container(name: str, task: Task, wanted: str | None, balanced: Sequence[str]) -> Container:
    by_name = {one.name: one for one in task.containers}
    if wanted is not None and wanted not in by_name:
        raise DeployError(f"{name}: there is no container {wanted}; the task has {', '.join(by_name)}", exit_code=2)
    for one in [wanted] if wanted is not None else [*balanced, *by_name]:
        if one in by_name:
            return by_name[one]
    raise DeployError(f"{name}: task {task.id} has no container")


def _argv(
    answer: dict[str, Any], task: Task, inside: Container, region: str, profile: str | None, plugin: str
) -> list[str]:
    """Give the plugin's command line: session, region, operation, profile, what the session is for."""
    cluster = task.arn.partition(":task/")[2].split("/")[0]
    target = f"ecs:{cluster}_{task.id}_{inside.runtime_id}"
    session = {key[0].upper() + key[1:]: value for key, value in answer["session"].items()}
    return [plugin, json.dumps(session), region, "StartSession", profile or "", json.dumps({"Target": target})]
