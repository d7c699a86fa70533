"""What the tests of tasks share: a runner that is nothing but its task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.definition import task_resources
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template


class Runner(Construct):
    """Makes a task's log group, roles and definition, as a service, a schedule or a job does."""

    task: Task
    exec: bool = False

    def build(self) -> Iterator[Any]:
        yield from task_resources(self, self.task, exec=self.exec)


def run(task: Task, *others: Construct, exec: bool = False, **stack: Any) -> Template:
    return render(App([Stack("s", [Runner("Web", task=task, exec=exec), *others], **stack)]))["s"]


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template.resources[logical_id]["Properties"]
    return found


def definition(task: Task, *others: Construct, exec: bool = False) -> dict[str, Any]:
    return properties(run(task, *others, exec=exec), "WebTaskDefinition")


def container(one: Container, *others: Construct, exec: bool = False, **fields: Any) -> dict[str, Any]:
    """The definition of a task's only container."""
    (found,) = definition(Task(containers=[one], **fields), *others, exec=exec)["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def statements(template: Template, policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = properties(template, policy)["PolicyDocument"]["Statement"]
    return found
