"""How a task begins: its record, its subnet, and what is planned of it."""

from __future__ import annotations

import copy
import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ec2, ecs

from fargate_stacks.deploy.local.ecs_needs import Network
from fargate_stacks.deploy.local.ecs_tasks import Task
from fargate_stacks.deploy.local.scenarios import TaskRule

Data = dict[str, Any]

_turn = itertools.count()


def begin(
    definition: Mapping[str, Any],
    *,
    cluster: Mapping[str, Any],
    network: Mapping[str, Any],
    rule: TaskRule | None,
    changed: Callable[[Task], None] = lambda task: None,
    lasts: float = math.inf,
    **more: Any,
) -> Task:
    """Make a task and plan its way up; `more` goes into its record as it is."""
    given = network["awsvpcConfiguration"]
    subnet = given["subnets"][next(_turn) % len(given["subnets"])]
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:task/{cluster['clusterName']}/{new_uuid().replace('-', '')}"
    windows = definition.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX") != "LINUX"
    arm = definition.get("runtimePlatform", {}).get("cpuArchitecture") == "ARM64"
    overrides = more.pop("overrides", None) or {}
    record: Data = {
        "taskArn": arn,
        "clusterArn": cluster["clusterArn"],
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "attachments": [
            {
                "id": new_uuid(),
                "type": "ElasticNetworkInterface",
                "status": "PRECREATED",
                "details": [{"name": "subnetId", "value": subnet}],
            }
        ],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "arm64" if arm else "x86_64"}],
        "availabilityZone": ec2._subnets.get(subnet, {}).get("AvailabilityZone", f"{get_region()}a"),
        "containers": [_container(one, arn) for one in definition["containerDefinitions"]],
        "cpu": str(overrides.get("cpu") or definition["cpu"]),
        "memory": str(overrides.get("memory") or definition["memory"]),
        "createdAt": time.time(),
        "desiredStatus": "RUNNING",
        "lastStatus": "PROVISIONING",
        "healthStatus": "UNKNOWN",
        "launchType": "FARGATE",
        "platformVersion": "1.0.0" if windows else "1.4.0",
        "platformFamily": "Windows_Server" if windows else "Linux",
        "ephemeralStorage": definition.get("ephemeralStorage", {"sizeInGiB": 20}),
        "enableExecuteCommand": False,
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **copy.deepcopy(overrides)},
        "tags": [],
        "version": 1,
        **more,
    }
    ecs._tasks[arn] = record
    ecs._tags[arn] = record["tags"]
    where = Network(subnet, tuple(given.get("securityGroups", ())), given.get("assignPublicIp") == "ENABLED")
    task = Task(record, definition, where, rule, lasts, changed)
    record["_task"] = task
    task.provision()
    return task


def of(record: Mapping[str, Any]) -> Task | None:
    """Give what drives a task's record."""
    found: Task | None = record.get("_task")
    return found


def named(definition: Mapping[str, Any], *names: str) -> Sequence[str]:
    """Give the names that a task goes by in a scenario file."""
    return [definition["family"], *names]


def _container(given: Mapping[str, Any], task: str) -> Data:
    cluster, task_id = task.split("/")[-2:]
    place = f"arn:aws:ecs:{get_region()}:{get_account_id()}"
    made = {
        "containerArn": f"{place}:container/{cluster}/{task_id}/{new_uuid()}",
        "taskArn": task,
        "name": given["name"],
        "image": given["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "networkBindings": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(given.get("cpu", 0)),
    }
    for name in ("memory", "memoryReservation"):
        if name in given:
            made[name] = str(given[name])
    return made
