"""ECS as the templates write it: task definitions and services with every property kept.

The resource types call the API's own actions; a service's is done when its deployment is.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, new_uuid
from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import (
    ecs_control,
    ecs_express,
    ecs_history,
    ecs_schedules,
    ecs_service_api,
    ecs_targets,
    ecs_task_api,
    ecs_weights,
)
from fargate_stacks.deploy.local.calls import Refused, json_call
from fargate_stacks.deploy.local.shapes import input_of
from fargate_stacks.deploy.local.stacks import events
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]
Props = Mapping[str, Any]


def register() -> None:
    """Put the resource types into CloudFormation and mend the calls that lose properties."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::ECS::TaskDefinition"] = {
        "create": _create_definition,
        "update": _update_definition,
        "update_with_logical_id": True,
        "delete": _delete_definition,
    }
    handlers["AWS::ECS::Service"] = {
        "create": _create_service,
        "settle": _until_steady,
        "update": _update_service,
        "delete": _delete_service,
    }
    cluster = handlers["AWS::ECS::Cluster"]
    for verb, place in (("create", 1), ("update", 2)):
        cluster[verb] = _with_namespace(cluster[verb], place)
    provisioners._STACK_TAG_PROPERTY["AWS::ECS::TaskDefinition"] = ("Tags", "list")
    ecs._ACTION_MAP["RegisterTaskDefinition"] = _register
    for part in (ecs_schedules, ecs_service_api, ecs_task_api, ecs_history, ecs_control, ecs_targets, ecs_weights):
        part.register()
    ecs_express.register(_until_steady)


def _with_namespace(write: Callable[..., Any], place: int) -> Callable[..., Any]:
    """Keep the namespace of a cluster, which the emulator's resource type leaves out; `place` is the properties'."""

    def written(*arguments: Any) -> Any:
        name, attributes = write(*arguments)
        namespace = arguments[place].get("ServiceConnectDefaults", {}).get("Namespace")
        if namespace:
            ecs._clusters[name]["serviceConnectDefaults"] = {"namespace": namespace}
        return name, attributes

    return written


def call(action: str, **request: Any) -> Data:
    """Call ECS."""
    return json_call("Ecs", ecs._ACTION_MAP, action, request)


def definition(name: str) -> Data | None:
    """Give a task definition by ARN, family or family:revision."""
    found: Data | None = ecs._task_defs.get(ecs._resolve_td_key(name))
    return found


# --- the API


def _register(data: Data) -> Any:
    """RegisterTaskDefinition that keeps all it is given."""
    if not data.get("family"):
        return error_response_json("ClientException", "Family should not be null or empty.", 400)
    containers = data.get("containerDefinitions")
    if not containers:
        return error_response_json("ClientException", "Container list cannot be empty.", 400)
    fargate = "FARGATE" in data.get("requiresCompatibilities", ())
    if fargate:
        problem = _fargate_problem(data)
        if problem:
            return error_response_json("ClientException", problem, 400)
    for container in containers:
        container.setdefault("cpu", 0)
        container.setdefault("essential", True)
        for name in ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"):
            container.setdefault(name, [])
        for port in container["portMappings"]:
            port.setdefault("protocol", "tcp")
            if data.get("networkMode") == "awsvpc":
                port.setdefault("hostPort", port["containerPort"])
    revision = ecs._next_task_def_revision(data["family"])
    key = f"{data['family']}:{revision}"
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:task-definition/{key}"
    kept = {name: value for name, value in data.items() if name != "tags"}
    record = {
        "volumes": [],
        "placementConstraints": [],
        "networkMode": "bridge",
        **kept,
        "taskDefinitionArn": arn,
        "revision": revision,
        "status": "ACTIVE",
        "compatibilities": ["EC2", "FARGATE"] if fargate else ["EC2"],
        "requiresAttributes": [],
        "registeredAt": ecs._iso(),
        "registeredBy": f"arn:aws:iam::{get_account_id()}:root",
    }
    ecs._task_defs[key] = record
    ecs._tags[arn] = list(data.get("tags", ()))
    return json_response({"taskDefinition": record, "tags": data.get("tags", [])})


_MEMORY = {
    256: [512, 1024, 2048],
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
    32768: [61440, *range(65536, 249857, 8192), 249856],
}


def _fargate_problem(data: Props) -> str:
    """Say what ECS refuses in a task definition for Fargate."""
    if not data.get("cpu") or not data.get("memory"):
        return "Fargate requires that 'cpu' and 'memory' be defined at the task level."
    if data.get("networkMode") != "awsvpc":
        return "Fargate only supports network mode 'awsvpc'."
    cpu, memory = _units(data["cpu"], "vcpu"), _units(data["memory"], "gb")
    if memory not in _MEMORY.get(cpu, ()):
        return (
            "No Fargate configuration exists for given values: "
            f"{cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
        )
    return _role_problem(data)


def _role_problem(data: Props) -> str:
    """Say for what an execution role is missing."""
    if data.get("executionRoleArn"):
        return ""
    needs = "Fargate requires task definition to have execution role ARN to support"
    for container in data["containerDefinitions"]:
        if container.get("secrets"):
            return "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        if container.get("logConfiguration", {}).get("logDriver") == "awslogs":
            return f"{needs} log driver awslogs."
        if ".dkr.ecr." in container.get("image", ""):
            return f"{needs} ECR images."
    return ""


def _units(text: Any, unit: str) -> int:
    """Give `1 vCPU` or `2GB` as the number that ECS counts in."""
    said = str(text).strip().lower()
    if said.endswith(unit):
        return round(float(said.removesuffix(unit)) * 1024)
    return int(said) if said.isdigit() else -1


# --- the resource types


@cache
def _camel(operation: str) -> Callable[[Any], Data]:
    return input_of("ecs", operation)


def _create_definition(logical_id: str, props: Props, stack: str) -> tuple[str, Data]:
    family = props.get("Family") or provisioners._physical_name(stack, logical_id, max_len=255)
    made = call("RegisterTaskDefinition", **_camel("RegisterTaskDefinition")({**props, "Family": family}))
    arn = made["taskDefinition"]["taskDefinitionArn"]
    return arn, {"TaskDefinitionArn": arn}


def _update_definition(arn: str, old: Props, new: Props, stack: str, logical_id: str | None = None) -> tuple[str, Data]:
    if {**old, "Tags": None} != {**new, "Tags": None}:
        return _create_definition(logical_id or arn, new, stack)
    ecs._tags[arn] = _tags(new)
    return arn, {"TaskDefinitionArn": arn}


def _delete_definition(arn: str, props: Props) -> None:
    call("DeregisterTaskDefinition", taskDefinition=arn)


def _create_service(logical_id: str, props: Props, stack: str) -> tuple[str, Data]:
    name = props.get("ServiceName") or provisioners._physical_name(stack, logical_id, max_len=255)
    request = _camel("CreateService")({**props, "ServiceName": name})
    arn = call("CreateService", **request)["service"]["serviceArn"]
    return arn, {"ServiceArn": arn, "Name": name}


def _update_service(arn: str, old: Props, new: Props, stack: str) -> tuple[str, Data]:
    before, after = _camel("UpdateService")(old), _camel("UpdateService")(new)
    request = {name: value for name, value in after.items() if before.get(name) != value}
    for name in before.keys() - after.keys():
        # what left the template goes back to its default
        request[name] = _DEFAULTS.get(name, [] if isinstance(before[name], list) else {})
    if "deploymentConfiguration" in request:
        request["deploymentConfiguration"] = _whole(before.get("deploymentConfiguration", {}), request)
    request.pop("tags", None)
    if "AvailabilityZoneRebalancing" not in new:
        # ECS keeps the value that is left out (API reference)
        request.pop("availabilityZoneRebalancing", None)
    _, cluster, name = arn.rsplit("/", 2)
    # a count that left the template stays as it is: a scaler may have set it
    if "DesiredCount" not in new:
        request.pop("desiredCount", None)
    if new.get("ForceNewDeployment") != old.get("ForceNewDeployment"):
        request["forceNewDeployment"] = str(new.get("ForceNewDeployment", {}).get("EnableForceNewDeployment")) == "true"
    ecs._tags[arn] = _tags(new)
    if request:
        call("UpdateService", cluster=cluster, service=name, **request)
    return arn, {"ServiceArn": arn, "Name": name}


def _whole(before: Props, request: Props) -> Data:
    """Give a deployment configuration in which what left the template is said to be empty."""
    wanted: Data = request["deploymentConfiguration"]
    gone = {
        name: _CONFIGURATION.get(name, [] if isinstance(value, list) else {})
        for name, value in before.items()
        if name not in wanted
    }
    return {**gone, **wanted}


_CONFIGURATION: Data = {
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}


_DEFAULTS: dict[str, Any] = {
    "healthCheckGracePeriodSeconds": 0,
    "enableExecuteCommand": False,
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "platformVersion": "LATEST",
    "deploymentConfiguration": {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    },
    "serviceConnectConfiguration": {"enabled": False},
}


async def _delete_service(arn: str, props: Props) -> None:
    _, cluster, name = arn.rsplit("/", 2)
    try:
        call("DeleteService", cluster=cluster, service=name, force=True)
        await _until_steady(arn, props)
    except Refused as error:
        if not error.code.endswith("NotFoundException"):
            raise


STABLE = {"ROLLING": 3 * 3600.0}
"""How long CloudFormation waits for a service to be steady; 36 hours, those of its schema, for the other strategies."""


class Unstable(Exception):
    """Why CloudFormation gives a service up."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(
            f'Resource handler returned message: "{message}" (RequestToken: {new_uuid()}, HandlerErrorCode: {code})'
        )


def over(arn: str) -> bool:
    """Tell whether a service is where CloudFormation waits for it; raises Unstable when it will not get there."""
    service = ecs_service_api.of(arn)
    if service.over():
        if service.failure and service.record["status"] == "ACTIVE":
            raise Unstable(*service.failure)
        return True
    strategy = service.record["deploymentConfiguration"]["strategy"]
    if clock.now() >= service.since + STABLE.get(strategy, 36 * 3600.0):
        raise Unstable("Exceeded attempts to wait", "NotStabilized")
    return False


SHOWN = 1.0
"""Seconds of this machine for which a new service that failed stands under an instant clock: who looks on sees why."""


async def _until_steady(arn: str, props: Props) -> None:
    if events.express():
        return
    try:
        while not over(arn):
            await asyncio.sleep(0.02)
    except Unstable:
        if clock.speed == math.inf and len(ecs_service_api.of(arn).deployments) == 1:
            # the rollback of a create takes the service and its tasks away; AWS needs minutes until then
            await asyncio.sleep(SHOWN)
        raise


def _tags(props: Props) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in props.get("Tags", ())]
