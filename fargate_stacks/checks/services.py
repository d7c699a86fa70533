"""Rules about services: settings that exclude, undo or deadlock each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fargate_stacks.checks.finding import Templates
from fargate_stacks.checks.reading import Hit, referred, resources, services, task_of


def exec_with_read_only_root(templates: Templates) -> Iterator[Hit]:
    """ECS Exec is on for a container whose root is read-only, which AWS does not support."""
    for template, logical_id, service in services(templates):
        if service.get("EnableExecuteCommand") is not True:
            continue
        for one in (task_of(template, service) or {}).get("ContainerDefinitions", ()):
            if one.get("ReadonlyRootFilesystem") is True:
                yield Hit(
                    template.name,
                    logical_id,
                    f"ECS Exec cannot open a session in container {one.get('Name')}, whose root file system is "
                    "read-only (aws/containers-roadmap#2824); give up one of the two",
                )


def count_beside_scaling(templates: Templates) -> Iterator[Hit]:
    """A service has a DesiredCount and a scaling target: each deployment undoes what scaling decided."""
    for template in templates.values():
        scaled = {
            logical_id
            for _, target in resources(template, "AWS::ApplicationAutoScaling::ScalableTarget")
            if target.get("ScalableDimension") == "ecs:service:DesiredCount"
            for logical_id in referred(target.get("ResourceId"))
        }
        for logical_id, service in resources(template, "AWS::ECS::Service"):
            if logical_id in scaled and "DesiredCount" in service:
                yield Hit(
                    template.name,
                    logical_id,
                    f"DesiredCount {service['DesiredCount']} stands beside a scaling target, so each deployment undoes "
                    "what scaling decided; leave it out",
                )


def launch_type_and_strategy(templates: Templates) -> Iterator[Hit]:
    """A service has a LaunchType and a CapacityProviderStrategy, which ECS refuses together."""
    for template, logical_id, service in services(templates):
        if "LaunchType" in service and service.get("CapacityProviderStrategy"):
            yield Hit(
                template.name,
                logical_id,
                "LaunchType and CapacityProviderStrategy exclude each other; leave LaunchType out",
            )


def deployment_deadlock(templates: Templates) -> Iterator[Hit]:
    """A rolling deployment may neither stop a task nor start one more, so it never ends."""
    for template, logical_id, service in services(templates):
        settings = service.get("DeploymentConfiguration", {})
        low, high = settings.get("MinimumHealthyPercent", 100), settings.get("MaximumPercent", 200)
        if _rolling(service) and isinstance(low, int) and isinstance(high, int) and low >= 100 and high <= 100:
            yield Hit(
                template.name,
                logical_id,
                f"with MinimumHealthyPercent {low} and MaximumPercent {high} a deployment may neither stop a task nor "
                "start one; lower the first or raise the second",
            )


def unknown_target(templates: Templates) -> Iterator[Hit]:
    """A load balancer sends to a container or port that the task does not have."""
    for template, logical_id, service in services(templates):
        task = task_of(template, service)
        if task is None:
            continue
        ports = {
            one.get("Name"): [mapping.get("ContainerPort") for mapping in one.get("PortMappings", ())]
            for one in task.get("ContainerDefinitions", ())
        }
        for target in service.get("LoadBalancers", ()):
            name, port = target.get("ContainerName"), target.get("ContainerPort")
            if name not in ports:
                problem = f"the load balancer sends to container {name}; the task has {', '.join(map(str, ports))}"
            elif port not in ports[name]:
                known = ", ".join(map(str, ports[name])) or "none"
                problem = f"the load balancer sends to port {port} of container {name}, which maps {known}"
            else:
                continue
            yield Hit(template.name, logical_id, problem)


def no_circuit_breaker(templates: Templates) -> Iterator[Hit]:
    """A rolling deployment has no circuit breaker: one that cannot succeed goes on for hours."""
    for template, logical_id, service in services(templates):
        breaker = service.get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker", {})
        if _rolling(service) and breaker.get("Enable") is not True:
            yield Hit(
                template.name,
                logical_id,
                "there is no deployment circuit breaker, so a deployment whose tasks cannot start goes on for up to "
                "three hours; enable it",
            )


def _rolling(service: Mapping[str, Any]) -> bool:
    controller = service.get("DeploymentController", {}).get("Type", "ECS")
    strategy = service.get("DeploymentConfiguration", {}).get("Strategy", "ROLLING")
    return (controller, strategy) == ("ECS", "ROLLING")
