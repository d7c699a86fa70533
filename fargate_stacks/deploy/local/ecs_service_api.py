"""CreateService, UpdateService and DeleteService: what they refuse, and what they set in motion."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import alb, ec2, ecs

from fargate_stacks.deploy.local import ecs_rollout, ecs_shift
from fargate_stacks.deploy.local.ecs_services import Service, new_deployment
from fargate_stacks.deploy.local.ecs_targets import balancers_of
from fargate_stacks.deploy.local.scenarios import TAG, from_tag
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]
Props = Mapping[str, Any]
Problem = tuple[str, str]

TRIGGERS = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
"""The parameters of UpdateService that begin a deployment, by the text of the API reference; a force does too."""

QUIET = (
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "availabilityZoneRebalancing",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "monitoring",
)
"""Those that wait for the next deployment, or need none."""

_CONFIGURATION: Data = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}


def register() -> None:
    """Answer the calls that change services, and hold the lock while any call of ECS is answered."""
    actions = ecs._ACTION_MAP
    for name in list(actions):
        actions[name] = _locked(actions[name])
    actions |= {"CreateService": _create, "UpdateService": _update, "DeleteService": _delete}
    ecs._create_service, ecs._update_service, ecs._delete_service = _create, _update, _delete


def of(arn: str) -> Service:
    """Give what drives a service."""
    _, cluster, name = arn.rsplit("/", 2)
    found: Service = ecs._services[f"{cluster}/{name}"]["_service"]
    return found


def bound(name: str, least: int, most: int) -> None:
    """Pull a service's desired count into the bounds of its scalable target."""
    with clock.turn():
        service: Service = ecs._services[name]["_service"]
        wanted = min(max(service.desired, least), most)
        if wanted != service.desired:
            _change(service, {"desiredCount": wanted})


def _locked(action: Callable[[Data], Any]) -> Callable[[Data], Any]:
    def locked(data: Data) -> Any:
        with clock.lock:
            return action(data)

    return locked


def _create(data: Data) -> Any:
    with clock.turn():
        problem = next(_problems(data), None) or next(_existing(data), None)
        if problem:
            return error_response_json(*problem, 400)
        service = _made(data)
        _deploy(service, data["taskDefinition"])
        return json_response({"service": _told(service)})


def _update(data: Data) -> Any:
    with clock.turn():
        service = _found(data)
        if service is None or service.record["status"] == "INACTIVE":
            return error_response_json("ServiceNotFoundException", "Service not found.", 400)
        if service.record["status"] != "ACTIVE":
            return error_response_json("ServiceNotActiveException", "Service was not ACTIVE.", 400)
        merged = {"taskDefinition": service.record["taskDefinition"], **service.record, **data}
        problem = next(_problems(merged, checks=data), None)
        if problem:
            return error_response_json(*problem, 400)
        _change(service, data)
        return json_response({"service": _told(service)})


def _delete(data: Data) -> Any:
    with clock.turn():
        service = _found(data)
        if service is None or service.record["status"] == "INACTIVE":
            return error_response_json("ServiceNotFoundException", "Service not found.", 400)
        if service.desired > 0 and not data.get("force"):
            words = "The service cannot be stopped while it is scaled above 0."
            return error_response_json("InvalidParameterException", words, 400)
        service.record |= {"status": "DRAINING", "desiredCount": 0}
        service.shift, service.since = None, clock.now()
        service.step()
        return json_response({"service": _told(service)})


def _told(service: Service) -> Data:
    told: Data = ecs._sanitize(service.record)
    return told


def _found(data: Data) -> Service | None:
    cluster, name = ecs._resolve_cluster_name(data.get("cluster") or "default"), data.get("service", "")
    record = ecs._services.get(f"{cluster}/{name.rpartition('/')[2]}")
    return record["_service"] if record else None


def _definition(name: str) -> Data | None:
    found: Data | None = ecs._task_defs.get(ecs._resolve_td_key(name))
    return found


# --- in motion


def _made(data: Data) -> Service:
    cluster = ecs._clusters[ecs._resolve_cluster_name(data.get("cluster") or "default")]
    launch_type, strategy, _ = ecs._launch_choice(data, cluster)
    name = data["serviceName"]
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:service/{cluster['clusterName']}/{name}"
    record: Data = {
        "serviceArn": arn,
        "serviceName": name,
        "clusterArn": cluster["clusterArn"],
        "status": "ACTIVE",
        "desiredCount": data.get("desiredCount", 1),
        "runningCount": 0,
        "pendingCount": 0,
        "launchType": launch_type,
        "capacityProviderStrategy": strategy,
        "platformVersion": data.get("platformVersion", "LATEST"),
        "platformFamily": _family(data["taskDefinition"]),
        "deploymentController": {"type": "ECS"},
        "schedulingStrategy": data.get("schedulingStrategy", "REPLICA"),
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "healthCheckGracePeriodSeconds": 0,
        "enableExecuteCommand": False,
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "availabilityZoneRebalancing": "ENABLED" if _moves(data) else "DISABLED",
        "events": [],
        "deployments": [],
        "createdAt": time.time(),
        "createdBy": f"arn:aws:iam::{get_account_id()}:root",
        "roleArn": data.get("role"),
        **{name: data[name] for name in (*TRIGGERS, *QUIET) if name in data},
        "deploymentConfiguration": _configured(_CONFIGURATION, data.get("deploymentConfiguration", {})),
    }
    service = Service(record, cluster, ecs_rollout.step, since=clock.now())
    record["_service"] = service
    ecs._services[f"{cluster['clusterName']}/{name}"] = record
    ecs._tags[arn] = list(data.get("tags", ()))
    return service


def _family(name: str) -> str:
    platform = (_definition(name) or {}).get("runtimePlatform", {})
    windows = platform.get("operatingSystemFamily", "LINUX") != "LINUX"
    return "Windows" if windows else "Linux"


def _moves(data: Props) -> bool:
    """Tell whether more than 100 % may run, without which ECS does not rebalance."""
    return bool((data.get("deploymentConfiguration") or {}).get("maximumPercent", 200) > 100)


def _configured(before: Props, given: Props) -> Data:
    return {name: value for name, value in {**before, **given}.items() if value != {}}


def _change(service: Service, data: Data) -> None:
    record = service.record
    wanted = {name: data[name] for name in TRIGGERS if name in data}
    if "taskDefinition" in wanted:
        wanted["taskDefinition"] = (_definition(wanted["taskDefinition"]) or {})["taskDefinitionArn"]
    before = {name: record.get(name) for name in wanted}
    deploys = bool(data.get("forceNewDeployment")) or any(
        value != before[name] and not (not value and not before[name]) for name, value in wanted.items()
    )
    record |= {**wanted, **{name: data[name] for name in QUIET if name in data and name != "deploymentConfiguration"}}
    if data.get("capacityProviderStrategy"):
        record["launchType"] = None
    if "deploymentConfiguration" in data:
        record["deploymentConfiguration"] = _configured(
            record["deploymentConfiguration"], data["deploymentConfiguration"]
        )
    if "desiredCount" in data:
        record["desiredCount"] = data["desiredCount"]
    service.failure, service.since = None, clock.now()
    if deploys or (service.primary.failed and wanted):
        _deploy(service, record["taskDefinition"])
    else:
        service.steady = service.steady and "desiredCount" not in data
        service.step()


def _deploy(service: Service, name: str) -> None:
    definition = _definition(name)
    assert definition is not None
    service.record["taskDefinition"] = definition["taskDefinitionArn"]
    rolling = service.record["deploymentConfiguration"].get("strategy", "ROLLING") == "ROLLING"
    how = ecs_rollout if rolling else ecs_shift
    service.strategy = how.step
    how.begin(service, new_deployment(service, definition))
    service.step()


# --- what is refused


def _existing(data: Data) -> Iterator[Problem]:
    cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
    record = ecs._services.get(f"{cluster}/{data.get('serviceName')}")
    if record is None or record["status"] == "INACTIVE":
        return
    if record["status"] == "DRAINING":
        yield "InvalidParameterException", "Unable to Start a service that is still Draining."
    yield "InvalidParameterException", "Creation of service was not idempotent."


def _problems(data: Props, *, checks: Props | None = None) -> Iterator[Problem]:
    """Say what ECS refuses in a service; an update looks only at what it changes (`checks`)."""
    checked = data if checks is None else checks
    cluster = ecs._clusters.get(ecs._resolve_cluster_name(data.get("cluster") or data.get("clusterArn") or "default"))
    if cluster is None or cluster["status"] != "ACTIVE":
        yield "ClusterNotFoundException", "Cluster not found."
        return
    if checks is None and not data.get("serviceName"):
        yield "InvalidParameterException", "Name cannot be blank."
    if not data.get("taskDefinition"):
        yield "ClientException", "TaskDefinition is required"
        return
    definition = _definition(data["taskDefinition"])
    if "taskDefinition" in checked:
        if definition is None:
            yield "ClientException", "TaskDefinition not found."
            return
        if definition["status"] != "ACTIVE":
            yield "ClientException", "TaskDefinition is inactive"
    for item in checked.get("capacityProviderStrategy") or ():
        if item["capacityProvider"] not in cluster["capacityProviders"]:
            yield (
                "InvalidParameterException",
                "The specified capacity provider strategy cannot contain a capacity provider that is not "
                f"associated with the cluster. {item['capacityProvider']}",
            )
    if checks is None:
        problem = ecs._launch_choice(data, cluster)[2]
        if problem:
            yield "InvalidParameterException", ecs._BOTH_LAUNCH_CHOICES
    if definition is None:
        return
    if "networkConfiguration" in checked or checks is None:
        yield from network_problems(definition, data.get("networkConfiguration"))
    for one in checked.get("loadBalancers") or ():
        yield from _balancer(one, definition)
    if _rebalances(data, checked):
        yield (
            "InvalidParameterException",
            "maximumPercent must be greater than 100 when availabilityZoneRebalancing is ENABLED.",
        )
    for tag in checked.get("tags") or ():
        yield from tag_problems(tag)


def _rebalances(data: Props, checked: Props) -> bool:
    if "availabilityZoneRebalancing" not in checked and "deploymentConfiguration" not in checked:
        return False
    return data.get("availabilityZoneRebalancing") == "ENABLED" and not _moves(data)


def network_problems(definition: Props, network: Props | None) -> Iterator[Problem]:
    """Say what is wrong with where tasks shall be."""
    if definition.get("networkMode") != "awsvpc":
        return
    given = (network or {}).get("awsvpcConfiguration")
    if not given or not given.get("subnets"):
        yield (
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )
        return
    for store, kind, names, code in (
        (ec2._subnets, "subnet", given["subnets"], "InvalidSubnetID.NotFound"),
        (ec2._security_groups, "security group", given.get("securityGroups", ()), "InvalidGroup.NotFound"),
    ):
        for name in names:
            if name not in store:
                said = f"The subnet ID '{name}'" if kind == "subnet" else f"The security group '{name}'"
                yield (
                    "InvalidParameterException",
                    f"Error retrieving {kind} information for [{name}]: {said} does not exist (ErrorCode: {code})",
                )


def _balancer(one: Props, definition: Props) -> Iterator[Problem]:
    group, name = one.get("targetGroupArn", ""), one.get("containerName", "")
    ports = {
        container["name"]: [port["containerPort"] for port in container.get("portMappings", ())]
        for container in definition["containerDefinitions"]
    }
    if name not in ports:
        yield "InvalidParameterException", f"The container {name} does not exist in the task definition."
        return
    if one.get("containerPort") not in ports[name]:
        words = f"The container {name} did not have a container port {one.get('containerPort')} defined."
        yield "InvalidParameterException", words
    if group not in alb._tgs:
        yield "InvalidParameterException", f"The specified target group does not exist. {group}"
        return
    if not balancers_of(group):
        words = f"The target group with targetGroupArn {group} does not have an associated load balancer."
        yield "InvalidParameterException", words
    if alb._tgs[group].get("TargetType", "instance") != "ip":
        yield (
            "InvalidParameterException",
            f"The provided target group {group} has target type {alb._tgs[group].get('TargetType', 'instance')}, which "
            "is incompatible with the awsvpc network mode specified in the task definition.",
        )


def tag_problems(tag: Props) -> Iterator[Problem]:
    """Say what is wrong with a scenario that a tag orders; AWS knows nothing of it."""
    if tag.get("key") != TAG:
        return
    try:
        from_tag(tag.get("value", ""))
    except ValueError as error:
        yield "InvalidParameterException", f"tag {TAG}: {error}"
