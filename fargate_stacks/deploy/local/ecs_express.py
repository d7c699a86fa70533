"""ECS Express Mode: a service of ECS and its scaling, made and told by the calls of Express Mode.

The load balancer, its rules and its certificate, which ECS makes and shares, are not imitated: the address is a name.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_region,
    json_response,
)
from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import scaling
from fargate_stacks.deploy.local.calls import Refused, json_call
from fargate_stacks.deploy.local.ecs_needs import Network
from fargate_stacks.deploy.local.shapes import input_of

Data = dict[str, Any]
Props = Mapping[str, Any]

services = AccountRegionScopedDict()

_METRICS = {
    "AVERAGE_CPU": "ECSServiceAverageCPUUtilization",
    "AVERAGE_MEMORY": "ECSServiceAverageMemoryUtilization",
    "REQUEST_COUNT_PER_TARGET": "ALBRequestCountPerTarget",
}
_DEPLOYMENT = {
    "strategy": "CANARY",
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 3},
    "bakeTimeInMinutes": 3,
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
}
_SCALING = {"minTaskCount": 1, "maxTaskCount": 20, "autoScalingMetric": "AVERAGE_CPU", "autoScalingTargetValue": 60}
_KEPT = ("executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture", "primaryContainer")


def register(settle: Callable[..., Any]) -> None:
    """Answer the calls, and put the resource type into CloudFormation; `settle` waits until a service is steady."""
    ecs._ACTION_MAP |= {
        "CreateExpressGatewayService": _answers(_create),
        "DescribeExpressGatewayService": _answers(lambda data: _told(_found(data), tags="TAGS" in _asked(data))),
        "UpdateExpressGatewayService": _answers(_update),
        "DeleteExpressGatewayService": _answers(_delete),
    }
    reset = ecs.reset

    def forgetting() -> None:
        services.clear()
        reset()

    ecs.reset = forgetting
    provisioners._STACK_TAG_PROPERTY[_TYPE] = ("Tags", "list")

    async def gone(arn: str, props: Props) -> None:
        try:
            _call("DeleteExpressGatewayService", serviceArn=arn)
        except Refused as error:
            if not error.code.endswith("NotFoundException"):
                raise
        else:
            await settle(arn, props)

    provisioners._RESOURCE_HANDLERS[_TYPE] = {
        "create": _create_resource,
        "update": _update_resource,
        "delete": gone,
        "settle": settle,
    }


_TYPE = "AWS::ECS::ExpressGatewayService"


def _call(action: str, **request: Any) -> Data:
    return json_call("Ecs", ecs._ACTION_MAP, action, request)


def _answers(function: Callable[[Data], Data]) -> Callable[[Data], Any]:
    def answer(data: Data) -> Any:
        try:
            return json_response({"service": function(data)})
        except Refused as error:
            return error_response_json(error.code, error.message, 400)

    return answer


def _asked(data: Data) -> Any:
    return data.get("include") or ()


def _found(data: Data) -> Data:
    found: Data | None = services.get(data["serviceArn"])
    if found is None:
        raise Refused("Ecs", "ServiceNotFoundException", "Service not found.")
    return found


# --- the calls


def _create(data: Data) -> Data:
    name = data.get("serviceName") or f"express-{secrets.token_hex(4)}"
    definition = data.get("taskDefinitionArn") or _defined(name, data)
    target = {**_SCALING, **data.get("scalingTarget", {})}
    made = _call(
        "CreateService",
        cluster=data.get("cluster") or "default",
        serviceName=name,
        taskDefinition=definition,
        desiredCount=target["minTaskCount"],
        networkConfiguration=_network(data),
        deploymentConfiguration=_DEPLOYMENT,
        tags=data.get("tags", []),
    )["service"]
    now = time.time()
    record: Data = {
        "cluster": made["clusterArn"],
        "serviceName": name,
        "serviceArn": made["serviceArn"],
        "infrastructureRoleArn": data["infrastructureRoleArn"],
        "tags": data.get("tags", []),
        "createdAt": now,
        "updatedAt": now,
        "given": {"healthCheckPath": "/ping", **data, "taskDefinitionArn": definition, "scalingTarget": target},
        "endpoint": f"https://{name[:40].lower()}-{secrets.token_hex(4)}.ecs.{get_region()}.on.aws",
    }
    services[made["serviceArn"]] = record
    _scale(record)
    return _told(record)


def _update(data: Data) -> Data:
    record = _found(data)
    given = {**record["given"], **{key: value for key, value in data.items() if key != "serviceArn"}}
    given["scalingTarget"] = {**record["given"]["scalingTarget"], **data.get("scalingTarget", {})}
    if "taskDefinitionArn" not in data and any(name in data for name in _KEPT):
        given["taskDefinitionArn"] = _defined(record["serviceName"], given)
    _call(
        "UpdateService",
        cluster=record["cluster"],
        service=record["serviceName"],
        taskDefinition=given["taskDefinitionArn"],
        networkConfiguration=_network(given),
    )
    record |= {"given": given, "updatedAt": time.time()}
    _scale(record)
    told = _told(record)
    return {**told, "targetConfiguration": told["activeConfigurations"][0]}


def _delete(data: Data) -> Data:
    record = _found(data)
    if scaling._key(_dimension(record)) in scaling.targets:
        scaling.call("DeregisterScalableTarget", **_dimension(record))
    _call("DeleteService", cluster=record["cluster"], service=record["serviceName"], force=True)
    record["updatedAt"] = time.time()
    return _told(record)


def _defined(name: str, data: Data) -> str:
    """Register the task definition that ECS makes of a primary container, and give its ARN."""
    given = data["primaryContainer"]
    logs = given.get("awsLogsConfiguration")
    options = {
        "awslogs-group": (logs or {}).get("logGroup"),
        "awslogs-stream-prefix": (logs or {}).get("logStreamPrefix"),
        "awslogs-region": get_region(),
    }
    container = {
        "name": "Main",
        **{key: given[key] for key in ("image", "command", "environment", "secrets") if key in given},
        "repositoryCredentials": given.get("repositoryCredentials"),
        "portMappings": [{"containerPort": given.get("containerPort", 80), "name": "main"}],
        "logConfiguration": {"logDriver": "awslogs", "options": options} if logs else None,
    }
    made = _call(
        "RegisterTaskDefinition",
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu=data.get("cpu", "256"),
        memory=data.get("memory", "512"),
        runtimePlatform={
            "cpuArchitecture": data.get("cpuArchitecture", "X86_64"),
            "operatingSystemFamily": "LINUX",
        },
        containerDefinitions=[{key: value for key, value in container.items() if value is not None}],
        **{key: data[key] for key in ("executionRoleArn", "taskRoleArn") if key in data},
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def _network(data: Data) -> Data:
    given = data.get("networkConfiguration", {})
    address = "ENABLED" if _public(data) else "DISABLED"
    return {"awsvpcConfiguration": {**given, "assignPublicIp": address}}


def _public(data: Data) -> bool:
    subnets = data.get("networkConfiguration", {}).get("subnets", ())
    return any(Network(one, (), public=True).faces_the_internet() for one in subnets)


# --- how it scales


def _dimension(record: Data) -> Data:
    cluster = record["cluster"].rpartition("/")[2]
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{cluster}/{record['serviceName']}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }


def _scale(record: Data) -> None:
    target = record["given"]["scalingTarget"]
    place = _dimension(record)
    least, most = int(target["minTaskCount"]), int(target["maxTaskCount"])
    scaling.call("RegisterScalableTarget", **place, MinCapacity=least, MaxCapacity=most)
    metric = {"PredefinedMetricType": _METRICS[target["autoScalingMetric"]]}
    scaling.call(
        "PutScalingPolicy",
        **place,
        PolicyName=f"{record['serviceName']}-express",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": float(target["autoScalingTargetValue"]),
            "PredefinedMetricSpecification": metric,
        },
    )


# --- what is told


def _told(record: Data, *, tags: bool = False) -> Data:
    given = record["given"]
    cluster, name = record["serviceArn"].split("/")[-2:]
    service = ecs._services[f"{cluster}/{name}"]
    definition = ecs._task_defs[ecs._resolve_td_key(given["taskDefinitionArn"])]
    main = definition["containerDefinitions"][0]
    logs = main.get("logConfiguration", {}).get("options", {})
    container = {
        **{key: main[key] for key in ("image", "command", "environment", "secrets") if main.get(key)},
        "containerPort": next((one["containerPort"] for one in main["portMappings"]), None),
        "repositoryCredentials": main.get("repositoryCredentials"),
        "awsLogsConfiguration": {
            "logGroup": logs["awslogs-group"],
            "logStreamPrefix": logs.get("awslogs-stream-prefix", ""),
        }
        if "awslogs-group" in logs
        else None,
    }
    revisions = service.get("currentServiceRevisions") or [{"arn": None}]
    configuration = {
        "serviceRevisionArn": revisions[0]["arn"],
        "taskDefinitionArn": given["taskDefinitionArn"],
        **{key: definition.get(key) for key in ("executionRoleArn", "taskRoleArn", "cpu", "memory")},
        "cpuArchitecture": definition.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64"),
        **{key: given.get(key) for key in ("networkConfiguration", "healthCheckPath", "scalingTarget")},
        "primaryContainer": _without_none(container),
        "ingressPaths": [{"accessType": "PUBLIC" if _public(given) else "PRIVATE", "endpoint": record["endpoint"]}],
        "createdAt": record["updatedAt"],
    }
    kept = {key: value for key, value in record.items() if key not in ("given", "endpoint", "tags")}
    return _without_none(
        {
            **kept,
            "status": {"statusCode": service["status"]},
            "currentDeployment": service.get("currentServiceDeployment"),
            "activeConfigurations": [_without_none(configuration)],
            "tags": record["tags"] if tags else None,
        }
    )


def _without_none(record: Data) -> Data:
    return {key: value for key, value in record.items() if value is not None}


# --- the resource type


def _create_resource(logical_id: str, props: Props, stack: str) -> tuple[str, Data]:
    name = props.get("ServiceName") or provisioners._physical_name(stack, logical_id, max_len=255)
    request = input_of("ecs", "CreateExpressGatewayService")({**props, "ServiceName": name})
    return _resource(_call("CreateExpressGatewayService", **request)["service"])


def _update_resource(arn: str, old: Props, new: Props, stack: str) -> tuple[str, Data]:
    request = input_of("ecs", "UpdateExpressGatewayService")({**new, "ServiceArn": arn})
    return _resource(_call("UpdateExpressGatewayService", **request)["service"])


def _resource(service: Data) -> tuple[str, Data]:
    arn = service["serviceArn"]
    return arn, {"ServiceArn": arn, "Endpoint": services[arn]["endpoint"], "Status": service["status"]}
