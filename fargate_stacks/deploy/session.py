"""ECS Exec: which task and container to enter or to go through, and the session that the plugin opens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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


@dataclass(frozen=True)
class Plugin:
    """The plugin that carries sessions: its path, and the profile whose credentials it takes up again with."""

    path: str
    profile: str | None


def enter(found: Found, command: str, *, container: str | None, task: str | None, plugin: Plugin) -> Session:
    """Open a session in a running task of a service: the named one, else the newest.

    Raises DeployError when no task can be entered, saying what keeps it.
    """
    target = _target(found, container, task)
    answer = target.call(
        "ExecuteCommand",
        cluster=target.cluster,
        task=target.task.arn,
        container=target.inside.name,
        command=command,
        interactive=True,
    )
    return target.session(answer["session"], plugin, {"Target": target.id})


def forward(found: Found, far: str, near: int, *, container: str | None, task: str | None, plugin: Plugin) -> Session:
    """Open a session that carries what comes to the port `near` of this machine to `far`, a port or `host:port`.

    A port alone is one of the task itself. Raises DeployError as `enter` does.
    """
    target = _target(found, container, task)
    host, _, port = far.rpartition(":")
    document = "AWS-StartPortForwardingSession" + ("ToRemoteHost" if host else "")
    parameters = {**({"host": [host]} if host else {}), "portNumber": [port], "localPortNumber": [str(near)]}
    request: dict[str, Any] = {"Target": target.id, "DocumentName": document, "Parameters": parameters}
    answer = target.call("StartSession", of="ssm", **request)
    return target.session({key: answer[key] for key in ("SessionId", "StreamUrl", "TokenValue")}, plugin, request)


def address(found: Found, to: str, container: str | None) -> str:
    """Give the port or `host:port` that `to` stands for: itself, or what a service's task is told of a name.

    `Orders` is ORDERS_HOST and ORDERS_PORT, or ORDERS_URL, of the environment of its containers, as `uses=` wrote it.
    Raises DeployError that lists the names that are known.
    """
    if re.fullmatch(r"([A-Za-z0-9.-]+:)?\d{1,5}", to):
        return to
    from fargate_stacks.constructs.access import env_prefix

    service = found.ecs.services([found.physical_id]).get(found.physical_id)
    told: dict[str, str] = {}
    if service is not None:
        for one in found.ecs.task_definition(service.task_definition).get("containerDefinitions", []):
            if container in (None, one["name"]):
                told |= {each["name"]: each["value"] for each in one.get("environment", [])}
    known = {name: place for name in told if (place := _place(told, name)) is not None}
    for name in (f"{env_prefix(to)}_HOST", f"{env_prefix(to)}_URL", to):
        if name in known:
            return known[name]
    names = sorted({name.removesuffix("_HOST").removesuffix("_URL") for name in known})
    cure = f"it is told of {', '.join(names)}" if names else "give HOST:PORT, or a port of the task"
    raise DeployError(f"{found.name}: its task is told of no {to} that has a host and a port; {cure}", exit_code=2)


def _place(told: Mapping[str, str], name: str) -> str | None:
    port = told.get(name.removesuffix("_HOST") + "_PORT", "")
    if name.endswith("_HOST") and port.isdigit():
        return f"{told[name]}:{port}"
    if not name.endswith("_URL"):
        return None
    parts = urlsplit(told[name])
    number = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.hostname}:{number}" if parts.hostname and number else None


@dataclass(frozen=True)
class _Target:
    """A container of a running task that the agent of ECS Exec answers for."""

    found: Found
    cluster: str
    task: Task
    inside: Container

    @property
    def id(self) -> str:
        """What Session Manager calls it."""
        cluster = self.task.arn.partition(":task/")[2].split("/")[0]
        return f"ecs:{cluster}_{self.task.id}_{self.inside.runtime_id}"

    def call(self, operation: str, *, of: str = "ecs", **request: Any) -> dict[str, Any]:
        try:
            return self.found.ecs.call(operation, of=of, **request)
        except CallFailed as trouble:
            if trouble.code in ("TargetNotConnectedException", "TargetNotConnected"):
                status = self.inside.exec_agent or "not connected"
                said = f"{self.found.name}: {self.inside.name}: {_NO_AGENT.format(status=status)}"
                raise DeployError(said) from trouble
            raise

    def session(self, opened: Mapping[str, Any], plugin: Plugin, request: Mapping[str, Any]) -> Session:
        """Give the plugin's command line: session, region, operation, profile, what the session is for."""
        told = {key[0].upper() + key[1:]: value for key, value in opened.items()}
        region = self.found.ecs.client.region
        argv = [plugin.path, json.dumps(told), region, "StartSession", plugin.profile or "", json.dumps(request)]
        return Session(self.task, self.inside.name, argv)


def _target(found: Found, container: str | None, task: str | None) -> _Target:
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
    return _Target(found, service.cluster, chosen, inside)


def _container(name: str, task: Task, wanted: str | None, balanced: Sequence[str]) -> Container:
    by_name = {one.name: one for one in task.containers}
    if wanted is not None and wanted not in by_name:
        raise DeployError(f"{name}: there is no container {wanted}; the task has {', '.join(by_name)}", exit_code=2)
    for one in [wanted] if wanted is not None else [*balanced, *by_name]:
        if one in by_name:
            return by_name[one]
    raise DeployError(f"{name}: task {task.id} has no container")
