"""Resources as others write them, correct but for what is given; None leaves a property out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

Resources: TypeAlias = dict[str, Any]


class Case(NamedTuple):
    """A template's resources, and what the rule says of them, each line after its logical id."""

    resources: Resources
    says: Sequence[str]


class Truth(NamedTuple):
    """What one rule objects to and what it lets pass; the first of each is in the documentation."""

    bad: Sequence[Case]
    good: Sequence[Resources]


def truth(
    bad: Resources, *says: str, good: Resources, also: Sequence[Case] = (), passes: Sequence[Resources] = ()
) -> Truth:
    """Make the table of a rule from the pair that is documented, more that is bad, and more that passes."""
    return Truth([Case(bad, says), *also], [good, *passes])


def made(kind: str, *, depends: Any = None, **properties: Any) -> dict[str, Any]:
    """Give a resource of a type, named without `AWS::`."""
    body: dict[str, Any] = {"Type": f"AWS::{kind}"}
    if depends is not None:
        body["DependsOn"] = depends
    body["Properties"] = {key: value for key, value in properties.items() if value is not None}
    return body


def app(**properties: Any) -> dict[str, Any]:
    """Give a container."""
    sound = {"Name": "app", "Image": "public.ecr.aws/nginx/nginx:1.29", **properties}
    return {key: value for key, value in sound.items() if value is not None}


def task(*containers: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    """Give a task definition for Fargate."""
    sound = {
        "Family": "shop",
        "RequiresCompatibilities": ["FARGATE"],
        "NetworkMode": "awsvpc",
        "Cpu": "256",
        "Memory": "512",
        **properties,
        "ContainerDefinitions": list(containers) or [app()],
    }
    return made("ECS::TaskDefinition", **sound)


def service(*, depends: Any = None, **properties: Any) -> dict[str, Any]:
    """Give a service on Fargate that runs `Task`."""
    sound = {
        "TaskDefinition": ref("Task"),
        "LaunchType": None if "CapacityProviderStrategy" in properties else "FARGATE",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1", "subnet-2"]}},
        **properties,
    }
    return made("ECS::Service", depends=depends, **sound)


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, of]}


def listener(**properties: Any) -> dict[str, Any]:
    """Give a listener that forwards to `Group`."""
    sound = {
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/door/1",
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": ref("Group")}],
        **properties,
    }
    return made("ElasticLoadBalancingV2::Listener", **sound)


def group(**properties: Any) -> dict[str, Any]:
    """Give a target group for tasks."""
    sound = {"TargetType": "ip", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", **properties}
    return made("ElasticLoadBalancingV2::TargetGroup", **sound)


def balanced(**entry: Any) -> list[dict[str, Any]]:
    """Give the LoadBalancers of a service: port 80 of app behind `Group`."""
    return [{"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": ref("Group"), **entry}]


def mapped(port: int = 80, **mapping: Any) -> dict[str, Any]:
    """Give a container with a port."""
    return app(PortMappings=[{"ContainerPort": port, **mapping}])
