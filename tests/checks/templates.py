"""Templates written out by hand, so that a rule is judged without the constructs that would keep it."""

from __future__ import annotations

from typing import Any

from fargate_stacks.checks.finding import Templates
from fargate_stacks.checks.reading import Reading
from fargate_stacks.checks.rules import RULES
from fargate_stacks.core.template import Reference, Template


def template(
    name: str = "s",
    *,
    outputs: dict[str, Any] | None = None,
    references: dict[str, Reference] | None = None,
    **resources: tuple[str, dict[str, Any]],
) -> Template:
    """Give a template with resources as (type without AWS::, properties) by logical id."""
    return Template(
        name,
        {key: {"Type": f"AWS::{kind}", "Properties": body} for key, (kind, body) in resources.items()},
        outputs=outputs or {},
        references=references or {},
    )


def task(*containers: dict[str, Any], **properties: Any) -> tuple[str, dict[str, Any]]:
    """Give a task definition that no rule objects to but for what is given; None leaves a property out."""
    sound = {
        "ContainerDefinitions": list(containers) or [container()],
        "ExecutionRoleArn": "role",
        "RequiresCompatibilities": ["FARGATE"],
        "NetworkMode": "awsvpc",
        "Family": "app",
        "Cpu": "256",
        "Memory": "512",
        **properties,
    }
    return "ECS::TaskDefinition", {key: value for key, value in sound.items() if value is not None}


def container(**properties: Any) -> dict[str, Any]:
    """Give a container that no rule objects to but for what is given; None leaves a property out."""
    hardened = {
        "Name": "app",
        "Image": "public.ecr.aws/docker/library/nginx:1.29",
        "ReadonlyRootFilesystem": True,
        "User": "1000",
        "LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}},
        "PortMappings": [{"ContainerPort": 80}],
        **properties,
    }
    return {key: value for key, value in hardened.items() if value is not None}


def service(**properties: Any) -> tuple[str, dict[str, Any]]:
    """Give a service that no rule objects to but for what is given."""
    return "ECS::Service", {
        "TaskDefinition": {"Ref": "Task"},
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
        "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
        **properties,
    }


def found(code: str, *templates: Template) -> list[str]:
    """Give what the rule of one code says of templates, each message after its stack and logical id."""
    by_name: Templates = {one.name: one for one in templates}
    (rule,) = [one for one in RULES if one.code == code]
    hits = rule.find(Reading(by_name))
    return [f"{hit.stack}.{hit.logical_id}: {rule.said(hit, ours=True)}" for hit in hits]
