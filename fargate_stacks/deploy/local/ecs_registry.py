"""The instances of a service in Cloud Map: one a task, for as long as it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import servicediscovery

from fargate_stacks.deploy.local.ecs_tasks import Task


def add(task: Task, registries: Any, service: Mapping[str, Any]) -> None:
    """Register a task in the registries of its service."""
    for one in registries or ():
        port = one.get("port") or one.get("containerPort")
        attributes = {
            "AWS_INSTANCE_IPV4": task.address,
            "AVAILABILITY_ZONE": task.record["availabilityZone"],
            "ECS_CLUSTER_NAME": service["clusterArn"].rpartition("/")[2],
            "ECS_SERVICE_NAME": service["serviceName"],
            "ECS_TASK_DEFINITION_FAMILY": task.definition["family"],
            **({"AWS_INSTANCE_PORT": str(port)} if port else {}),
        }
        servicediscovery._register_instance({"ServiceId": _id(one), "InstanceId": task.id, "Attributes": attributes})


def remove(task: Task, registries: Any) -> None:
    """Take a task out of them."""
    for one in registries or ():
        servicediscovery._deregister_instance({"ServiceId": _id(one), "InstanceId": task.id})


def _id(registry: Mapping[str, Any]) -> str:
    return str(registry["registryArn"]).rpartition("/")[2]
