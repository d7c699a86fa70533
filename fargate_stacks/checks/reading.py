"""How the rules read templates: resources by type over all stacks, and what refers to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from fargate_stacks.checks.finding import Severity, Templates
from fargate_stacks.checks.part import Part, referred
from fargate_stacks.checks.resolve import origins, resolve


class Hit(NamedTuple):
    """A resource that a rule objects to, what is wrong with it, and a cure where the rule's own is not exact enough."""

    stack: str
    logical_id: str
    problem: str
    cure: str = ""
    """In CloudFormation's words."""
    option: str = ""
    """In the words of our constructs, for what they made."""


@dataclass(frozen=True, eq=False, slots=True)
class Resource:
    """A resource of a stack; `part` is its properties."""

    stack: str
    logical_id: str
    type: str
    part: Part

    def __getitem__(self, key: str) -> Part:
        return self.part[key]

    @property
    def key(self) -> tuple[str, str]:
        return self.stack, self.logical_id

    def hit(self, problem: str, cure: str = "", option: str = "") -> Hit:
        return Hit(self.stack, self.logical_id, problem, cure, option)


@dataclass(frozen=True, eq=False, slots=True)
class Container:
    """A container definition and the task definition that it is in."""

    task: Resource
    part: Part

    def __getitem__(self, key: str) -> Part:
        return self.part[key]

    @property
    def name(self) -> str:
        return f"container {self.part['Name'].text}"

    def hit(self, problem: str, cure: str = "", option: str = "") -> Hit:
        return self.task.hit(f"{self.name} {problem}", cure, option)


class Reading:
    """All templates of an app, or all files of a call, with their values worked out."""

    def __init__(self, templates: Templates, settings: Mapping[str, str] | None = None) -> None:
        self.written = templates
        self.templates = {name: resolve(one, settings) for name, one in templates.items()}
        self.origins = {name: origins(one, settings) for name, one in templates.items()}
        """By stack and logical id, the key of the loop that makes a resource."""
        self._by_type: dict[str, list[Resource]] = {}
        self._resources: dict[tuple[str, str], Resource] = {}
        self._after: dict[tuple[str, str], set[str]] = {}
        for name, template in self.templates.items():
            for logical_id, body in template.resources.items():
                one = Resource(name, logical_id, body["Type"], Part(body.get("Properties") or {}))
                self._by_type.setdefault(one.type, []).append(one)
                self._resources[one.key] = one

    def of(self, kind: str) -> list[Resource]:
        """Give every resource of a type, named without `AWS::`."""
        return self._by_type.get(f"AWS::{kind}", [])

    def ours(self, one: Resource) -> bool:
        """Tell whether a construct of an app made a resource."""
        owner = self.written[one.stack].owners.get(one.logical_id)
        return owner is not None and bool(owner.name)

    @property
    def everything(self) -> Iterable[Resource]:
        return self._resources.values()

    @cached_property
    def _exports(self) -> dict[str, tuple[str, Any]]:
        found: dict[str, tuple[str, Any]] = {}
        for name, template in self.templates.items():
            for output in template.outputs.values():
                exported = Part(output).at("Export.Name").text
                if exported is not None:
                    found[exported] = (name, output.get("Value"))
        return found

    def follow(self, stack: str, part: Part) -> list[Resource]:
        """Give what a value refers to, in whatever stack that lives."""
        return list(dict.fromkeys(self._followed(stack, part, 0)))

    def _followed(self, stack: str, part: Part, depth: int) -> Iterator[Resource]:
        if depth > 20 or not isinstance(part.value, (dict, list)):
            return
        template = self.templates[stack]
        for name in part.refs:
            if (stack, name) in self._resources:
                yield self._resources[stack, name]
            elif name in template.references:
                producer, output, _ = template.references[name]
                if producer in self.templates and output in self.templates[producer].outputs:
                    value = Part(self.templates[producer].outputs[output].get("Value"))
                    yield from self._followed(producer, value, depth + 1)
        for name in _imports(part.value):
            if name in self._exports:
                producer, value = self._exports[name]
                yield from self._followed(producer, Part(value), depth + 1)

    def one(self, stack: str, part: Part, kind: str) -> Resource | None:
        """Give the one resource of a type (without `AWS::`) that a value refers to."""
        found = [one for one in self.follow(stack, part) if one.type == f"AWS::{kind}"]
        return found[0] if len(found) == 1 else None

    def after(self, one: Resource) -> set[str]:
        """Give what of its stack is made before a resource: by reference, by DependsOn, and over others."""
        if one.key not in self._after:
            resources = self.templates[one.stack].resources
            found: set[str] = set()
            todo = [one.logical_id]
            while todo:
                new = {name for name in _direct(resources[todo.pop()]) if name in resources} - found
                found |= new
                todo += new
            self._after[one.key] = found
        return self._after[one.key]

    # the nouns of ECS

    @cached_property
    def containers(self) -> list[Container]:
        """Every container of every task definition."""
        return [Container(task, one) for task in self.of("ECS::TaskDefinition") for one in task["ContainerDefinitions"]]

    @cached_property
    def fargate_tasks(self) -> list[Resource]:
        """The task definitions that Fargate runs, as far as the templates say so."""
        return [one for one in self.of("ECS::TaskDefinition") if self.on_fargate(one)]

    @property
    def fargate_containers(self) -> Iterator[Container]:
        for task in self.fargate_tasks:
            yield from (Container(task, one) for one in task["ContainerDefinitions"])

    def on_fargate(self, task: Resource) -> bool:
        wanted = task["RequiresCompatibilities"]
        if wanted.absent:
            return task.key in self._run_on_fargate
        return any(one.text == "FARGATE" for one in wanted)

    @cached_property
    def _run_on_fargate(self) -> set[tuple[str, str]]:
        tasks = ((self.task_of(one), one) for one in self.of("ECS::Service"))
        return {task.key for task, one in tasks if task is not None and _asks_for_fargate(one.part)}

    def task_of(self, service: Resource) -> Resource | None:
        """Give the task definition that a service runs, if it is among the templates."""
        return self.one(service.stack, service["TaskDefinition"], "ECS::TaskDefinition")

    @cached_property
    def services(self) -> list[Resource]:
        return self.of("ECS::Service")

    @cached_property
    def fargate_services(self) -> list[Resource]:
        """The services whose tasks Fargate runs, as far as the templates say so."""
        return [one for one in self.services if self._service_on_fargate(one)]

    def _service_on_fargate(self, service: Resource) -> bool:
        if service["LaunchType"].given or service["CapacityProviderStrategy"].given:
            return _asks_for_fargate(service.part)
        task = self.task_of(service)
        return task is not None and self.on_fargate(task)


Find: TypeAlias = Callable[[Reading], Iterator[Hit]]


class Rule(NamedTuple):
    """A code, how bad it is, the function that finds it, and the cure; the function's docstring says what it is."""

    code: str
    severity: Severity
    find: Find
    cure: str
    """In CloudFormation's words, after a semicolon."""
    option: str = ""
    """In the words of our constructs, where a construct made the resource."""
    source: str = ""
    """The page, API or issue that the fact comes from."""

    @property
    def title(self) -> str:
        return (self.find.__doc__ or "").partition("\n")[0].rstrip(".")

    def said(self, hit: Hit, *, ours: bool) -> str:
        """Give the message of a hit, with its cure in our constructs' words or in CloudFormation's."""
        cure = (ours and (hit.option or hit.cure or self.option)) or hit.cure or self.cure
        return f"{hit.problem}; {cure}" if cure else hit.problem


def rule(code: str, severity: Severity, *, cure: str, option: str = "", source: str = "") -> Callable[[Find], Rule]:
    """Make a rule of the function that finds it."""
    return lambda find: Rule(code, severity, find, cure, option, source)


def windows(task: Resource) -> bool:
    """Tell whether a task definition is for Windows."""
    return (task.part.at("RuntimePlatform.OperatingSystemFamily").text or "").startswith("WINDOWS")


def rolling(service: Resource) -> bool:
    """Tell whether ECS replaces a service's tasks in rolling deployments."""
    controller, strategy = service.part.at("DeploymentController.Type"), strategy_of(service)
    return (controller.absent or controller.text == "ECS") and strategy == "ROLLING"


def strategy_of(service: Resource) -> str | None:
    """Give a service's deployment strategy; None where it is not told."""
    strategy = service.part.at("DeploymentConfiguration.Strategy")
    return "ROLLING" if strategy.absent else strategy.text


def _asks_for_fargate(service: Part) -> bool:
    providers = [one["CapacityProvider"].text or "" for one in service["CapacityProviderStrategy"]]
    return service["LaunchType"].text == "FARGATE" or any(one.startswith("FARGATE") for one in providers)


def _direct(body: Mapping[str, Any]) -> Iterator[str]:
    waits = body.get("DependsOn")
    yield from (one for one in (waits if isinstance(waits, list) else [waits]) if isinstance(one, str))
    yield from referred({key: one for key, one in body.items() if key != "DependsOn"})


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Fn::ImportValue" and isinstance(one, str):
                yield one
            else:
                yield from _imports(one)
    elif isinstance(value, list):
        for one in value:
            yield from _imports(one)
