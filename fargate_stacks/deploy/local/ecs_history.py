"""Service deployments and service revisions: what was deployed when, and how it went."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import ecs

from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]

deployments = AccountRegionScopedDict()
revisions = AccountRegionScopedDict()

OVER = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
"""The states that a service deployment does not leave."""

_REVISED = (
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "platformFamily",
    "monitoring",
)


def register() -> None:
    """Answer the calls that tell the history."""
    ecs._ACTION_MAP |= {
        "DescribeServiceDeployments": _describe,
        "ListServiceDeployments": _list,
        "DescribeServiceRevisions": _describe_revisions,
    }
    reset = ecs.reset

    def forgetting() -> None:
        with clock.lock:
            for store in (deployments, revisions):
                store.clear()
            clock.forget()
            reset()

    ecs.reset = forgetting


def revision(service: Mapping[str, Any], definition: Mapping[str, Any]) -> Data:
    """Make a revision of what a service is to run, and give it."""
    arn = _arn(service, "service-revision", f"{secrets.randbelow(9 * 10**18) + 10**18}")
    record: Data = {
        "serviceRevisionArn": arn,
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "taskDefinition": definition["taskDefinitionArn"],
        "guardDutyEnabled": False,
        "containerImages": [
            {"containerName": one["name"], "image": one["image"]} for one in definition["containerDefinitions"]
        ],
        "createdAt": time.time(),
        **{name: service[name] for name in _REVISED if service.get(name)},
    }
    revisions[arn] = record
    return record


def begin(service: Mapping[str, Any], target: Mapping[str, Any], sources: list[Data], threshold: int) -> Data:
    """Make a service deployment to a revision, and give it."""
    configuration = service["deploymentConfiguration"]
    breaker, alarms = configuration.get("deploymentCircuitBreaker", {}), configuration.get("alarms", {})
    now = time.time()
    alphabet = string.ascii_letters + string.digits
    record: Data = {
        "serviceDeploymentArn": _arn(
            service, "service-deployment", "".join(secrets.choice(alphabet) for _ in range(21))
        ),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "sourceServiceRevisions": sources,
        "targetServiceRevision": {"arn": target["serviceRevisionArn"]},
        "status": "IN_PROGRESS",
        "deploymentConfiguration": configuration,
        "deploymentCircuitBreaker": {
            "status": "MONITORING" if breaker.get("enable") else "DISABLED",
            "failureCount": 0,
            "threshold": threshold,
        },
        "alarms": {
            "status": "MONITORING" if alarms.get("enable") else "DISABLED",
            "alarmNames": alarms.get("alarmNames", []),
            "triggeredAlarmNames": [],
        },
    }
    deployments[record["serviceDeploymentArn"]] = record
    return record


def end(record: Data, status: str, reason: str = "") -> None:
    """Let a service deployment be over."""
    now = time.time()
    record |= {"status": status, "updatedAt": now, "stoppedAt" if status == "STOPPED" else "finishedAt": now}
    if reason:
        record["statusReason"] = reason
    for name in ("deploymentCircuitBreaker", "alarms"):
        if record[name]["status"] == "MONITORING":
            record[name]["status"] = "MONITORING_COMPLETE"


def _arn(service: Mapping[str, Any], kind: str, name: str) -> str:
    cluster, own = service["serviceArn"].split("/")[-2:]
    return f"arn:aws:ecs:{get_region()}:{get_account_id()}:{kind}/{cluster}/{own}/{name}"


def _describe(data: Data) -> Any:
    found, failures = [], []
    for arn in data.get("serviceDeploymentArns", ()):
        with clock.lock:
            if arn in deployments:
                found.append(ecs._sanitize(deployments[arn]))
            else:
                failures.append({"arn": arn, "reason": "MISSING"})
    return json_response({"serviceDeployments": found, "failures": failures})


def _describe_revisions(data: Data) -> Any:
    found, failures = [], []
    for arn in data.get("serviceRevisionArns", ()):
        if arn in revisions:
            found.append(ecs._sanitize(revisions[arn]))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return json_response({"serviceRevisions": found, "failures": failures})


_BRIEF = (
    "serviceDeploymentArn",
    "serviceArn",
    "clusterArn",
    "startedAt",
    "createdAt",
    "finishedAt",
    "status",
    "statusReason",
)


def _list(data: Data) -> Any:
    cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
    name = str(data.get("service", "")).rpartition("/")[2]
    if "/" in str(data.get("service", "")) and data["service"].startswith("arn:") and "cluster" not in data:
        cluster = data["service"].split("/")[-2]
    service = ecs._services.get(f"{cluster}/{name}")
    if service is None:
        return error_response_json("ServiceNotFoundException", "Service not found.", 400)
    between = data.get("createdAt", {})
    with clock.lock:
        listed = [
            {
                **{field: one[field] for field in _BRIEF if field in one},
                "targetServiceRevisionArn": one["targetServiceRevision"]["arn"],
            }
            for one in deployments.values()
            if one["serviceArn"] == service["serviceArn"]
            and (not data.get("status") or one["status"] in data["status"])
            and between.get("after", 0) <= one["createdAt"] <= between.get("before", 1e12)
        ][::-1]
    start, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 20)
    page: Data = {"serviceDeployments": listed[start : start + size]}
    if start + size < len(listed):
        page["nextToken"] = str(start + size)
    return json_response(page)
