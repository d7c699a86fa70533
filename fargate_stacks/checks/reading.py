"""How the rules read a rendered template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from fargate_stacks.checks.finding import Severity, Templates
from fargate_stacks.core.template import Template


class Hit(NamedTuple):
    """A resource that a rule objects to, and why."""

    stack: str
    logical_id: str
    message: str


Find: TypeAlias = Callable[[Templates], Iterator[Hit]]


class Rule(NamedTuple):
    """A code, how bad it is, and the function that finds it; the function's docstring says what it is."""

    code: str
    severity: Severity
    find: Find

    @property
    def title(self) -> str:
        return (self.find.__doc__ or "").partition("\n")[0].rstrip(".")


class Container(NamedTuple):
    """A container definition and the task definition that it is in."""

    stack: str
    logical_id: str
    task: Mapping[str, Any]
    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"container {self.definition.get('Name')}"

    @property
    def windows(self) -> bool:
        family = self.task.get("RuntimePlatform", {}).get("OperatingSystemFamily", "LINUX")
        return str(family).startswith("WINDOWS")

    def hit(self, problem: str) -> Hit:
        return Hit(self.stack, self.logical_id, f"{self.name} {problem}")


def resources(template: Template, resource_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give logical id and properties of each resource of one type."""
    for logical_id, resource in template.resources.items():
        if resource["Type"] == resource_type:
            yield logical_id, resource.get("Properties", {})


def containers(templates: Templates) -> Iterator[Container]:
    """Give every container of every task definition."""
    for name, template in templates.items():
        for logical_id, task in resources(template, "AWS::ECS::TaskDefinition"):
            for definition in task.get("ContainerDefinitions", ()):
                yield Container(name, logical_id, task, definition)


def services(templates: Templates) -> Iterator[tuple[Template, str, Mapping[str, Any]]]:
    """Give every service with its template and logical id."""
    for template in templates.values():
        for logical_id, service in resources(template, "AWS::ECS::Service"):
            yield template, logical_id, service


def task_of(template: Template, service: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the task definition that a service runs, if it is in the same template."""
    for logical_id in referred(service.get("TaskDefinition")):
        resource = template.resources.get(logical_id, {})
        if resource.get("Type") == "AWS::ECS::TaskDefinition":
            found: Mapping[str, Any] = resource.get("Properties", {})
            return found
    return None


def referred(value: Any) -> Iterator[str]:
    """Give each logical id or parameter that a value refers to."""
    if isinstance(value, list):
        for one in value:
            yield from referred(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.partition(".")[0]
            elif key == "Fn::Sub":
                text, *rest = inner if isinstance(inner, list) else (inner,)
                yield from (name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
                yield from referred(rest)
            else:
                yield from referred(inner)
