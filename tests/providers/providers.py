"""What the tests of providers share: a provider beside a task that uses it."""

from __future__ import annotations

from typing import Any

from fargate_stacks.constructs.access import Access
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.template import Template
from tests.constructs.tasks import properties, run, statements


def used(access: Access, *members: Construct, **stack: Any) -> Template:
    """A stack of the members and a task that takes an access."""
    return run(Task(containers=[Container(image="nginx:1")], uses=[access]), *members, **stack)


def task_statements(access: Access, *members: Construct) -> list[dict[str, Any]]:
    return statements(used(access, *members), "WebTaskPolicy")


def secret_statements(access: Access, *members: Construct) -> list[dict[str, Any]]:
    """What the execution role may do beside writing logs."""
    return statements(used(access, *members), "WebExecutionPolicy")[1:]


def seen(access: Access, *members: Construct) -> dict[str, Any]:
    """The environment and secrets of the container by name."""
    (one,) = properties(used(access, *members), "WebTaskDefinition")["ContainerDefinitions"]
    found = {entry["Name"]: entry["Value"] for entry in one.get("Environment", [])}
    return {**found, **{entry["Name"]: entry["ValueFrom"] for entry in one.get("Secrets", [])}}


def allowed(*actions: str, on: list[Any], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}
