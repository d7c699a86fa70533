"""What is different in AWS from what the stack says, and what only looks so because ECS or the scaler sets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fargate_stacks.core.template import Owner, Template
from fargate_stacks.deploy.client import call
from fargate_stacks.deploy.clock import Clock
from fargate_stacks.deploy.ecs import Ecs
from fargate_stacks.deploy.names import SERVICE
from fargate_stacks.errors import DeployError


@dataclass(frozen=True)
class Difference:
    """One property: as the template says it, and as it is."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Drifted:
    """One resource that is not as its stack says."""

    stack: str
    logical_id: str
    type: str
    status: str
    """MODIFIED or DELETED."""
    differences: tuple[Difference, ...] = ()
    owner: Owner | None = None
    normal: str = ""
    """Why this is no drift, where it is none: who sets it while the stack runs."""


def drift(ecs: Ecs, stack_id: str, stack: str, template: Template | None, clock: Clock) -> list[Drifted]:
    """Have CloudFormation compare a stack with what there is, and compare the services' task definitions.

    Raises DeployError when CloudFormation could not.
    """
    api = ecs.client.api
    detection = call(api, "DetectStackDrift", StackName=stack_id)["StackDriftDetectionId"]
    while True:
        found = call(api, "DescribeStackDriftDetectionStatus", StackDriftDetectionId=detection)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        clock.sleep(0.1 if ecs.client.local else 2.0)
    drifted = [_drifted(one, stack, template) for one in _pages(ecs, stack_id)]
    if found["DetectionStatus"] == "DETECTION_FAILED" and not drifted:
        reason = found.get("DetectionStatusReason", "no reason given")
        raise DeployError(f"{stack}: CloudFormation could not compare it: {reason}")
    told = {one.logical_id for one in drifted}
    return [*drifted, *(one for one in _services(ecs, stack_id, stack, template) if one.logical_id not in told)]


def _pages(ecs: Ecs, stack_id: str) -> Iterator[Mapping[str, Any]]:
    token: dict[str, str] = {}
    while True:
        answer = call(
            ecs.client.api,
            "DescribeStackResourceDrifts",
            StackName=stack_id,
            StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            **token,
        )
        yield from answer.get("StackResourceDrifts", [])
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _drifted(raw: Mapping[str, Any], stack: str, template: Template | None) -> Drifted:
    differences = tuple(
        Difference(one.get("PropertyPath", ""), str(one.get("ExpectedValue", "")), str(one.get("ActualValue", "")))
        for one in raw.get("PropertyDifferences", [])
    )
    logical_id, kind = raw["LogicalResourceId"], raw.get("ResourceType", "")
    return Drifted(
        stack,
        logical_id,
        kind,
        raw.get("StackResourceDriftStatus", ""),
        differences,
        template.owners.get(logical_id) if template is not None else None,
        _normal(kind, differences, template),
    )


def _normal(kind: str, differences: tuple[Difference, ...], template: Template | None) -> str:
    paths = [one.path for one in differences]
    if not paths:
        return ""
    if kind == SERVICE and all(path == "/DesiredCount" for path in paths):
        scaled = template is not None and any(
            one.get("Type") == "AWS::ApplicationAutoScaling::ScalableTarget" for one in template.resources.values()
        )
        return "autoscaling sets it" if scaled else ""
    weights = all(path.startswith("/Actions/") and "Weight" in path for path in paths)
    if kind.endswith(("::ListenerRule", "::Listener")) and weights:
        return "ECS sets the weights in every deployment"
    return ""


def _services(ecs: Ecs, stack_id: str, stack: str, template: Template | None) -> Iterator[Drifted]:
    """Find services that run another task definition than the stack's: rolled back by hand, or by ECS in silence."""
    if template is None:
        return
    resources = {one.logical_id: one for one in ecs.resources(stack_id)}
    wanted: dict[str, str] = {}
    for logical_id, one in template.resources.items():
        named = one.get("Properties", {}).get("TaskDefinition") if one.get("Type") == SERVICE else None
        definition = resources.get(named.get("Ref", "")) if isinstance(named, Mapping) else None
        if logical_id in resources and definition is not None:
            wanted[logical_id] = definition.physical_id
    live = ecs.services(resources[one].physical_id for one in wanted)
    for logical_id, arn in wanted.items():
        service = live.get(resources[logical_id].physical_id)
        owner = template.owners.get(logical_id)
        if service is not None and service.task_definition != arn:
            difference = Difference("/TaskDefinition", arn, service.task_definition)
            yield Drifted(stack, logical_id, SERVICE, "MODIFIED", (difference,), owner)
