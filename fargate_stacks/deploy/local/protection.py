"""Deletion protection that the emulator does not know: of log groups and of EKS clusters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.kept import Request, serve

Props = Mapping[str, Any]


def register() -> None:
    """Keep the flags, tell them, and refuse what they forbid."""
    serve(
        "logs",
        "logs",
        {
            "CreateLogGroup": _create,
            "DeleteLogGroup": _delete,
            "DescribeLogGroups": _described,
            "PutLogGroupDeletionProtection": _put,
        },
    )
    handlers = provisioners._RESOURCE_HANDLERS
    group = handlers["AWS::Logs::LogGroup"]
    handlers["AWS::Logs::LogGroup"] = {
        **group,
        **{verb: _flagged(group[verb]) for verb in ("create", "update")},
        "delete": _group_guarded(group["delete"]),
    }
    cluster = handlers["AWS::EKS::Cluster"]
    handlers["AWS::EKS::Cluster"] = {**cluster, "delete": _cluster_guarded(cluster["delete"])}


# --- log groups


def _answer(told: Any) -> Mapping[str, Any]:
    status, _, body = told
    content: dict[str, Any] = json.loads(body or b"{}")
    if status >= 400:
        raise Refused("CloudWatchLogs", str(content.get("__type", "")).rpartition("#")[2], content.get("message", ""))
    return content


def _create(request: Request) -> Mapping[str, Any]:
    told = _answer(cloudwatch_logs._create_log_group(request))
    cloudwatch_logs._log_groups[request["logGroupName"]]["_protected"] = bool(request.get("deletionProtectionEnabled"))
    return told


def _delete(request: Request) -> Mapping[str, Any]:
    _unprotected(request.get("logGroupName", ""))
    return _answer(cloudwatch_logs._delete_log_group(request))


def _described(request: Request) -> Mapping[str, Any]:
    told = _answer(cloudwatch_logs._describe_log_groups(request))
    for one in told["logGroups"]:
        record = cloudwatch_logs._log_groups.get(one["logGroupName"], {})
        one["deletionProtectionEnabled"] = bool(record.get("_protected"))
    return told


def _put(request: Request) -> Mapping[str, Any]:
    name = request["logGroupIdentifier"].removesuffix(":*").rpartition(":")[2]
    record = cloudwatch_logs._log_groups.get(name)
    if record is None:
        said = "The specified log group does not exist."
        raise Refused("CloudWatchLogs", "ResourceNotFoundException", said)
    record["_protected"] = bool(request["deletionProtectionEnabled"])
    return {}


def _unprotected(name: str) -> None:
    if (cloudwatch_logs._log_groups.get(name) or {}).get("_protected"):
        raise Refused(
            "CloudWatchLogs",
            "ValidationException",
            f"Log group {name} cannot be deleted because deletion protection is enabled",
        )


def _flagged(function: Callable[..., Any]) -> Callable[..., Any]:
    def flagged(first: str, *rest: Any) -> Any:
        name, attributes = function(first, *rest)
        # create: (logical id, properties, stack); update: (physical id, old, new, stack, ...)
        props = rest[1] if isinstance(rest[1], Mapping) else rest[0]
        record = cloudwatch_logs._log_groups.get(name)
        if record is not None:
            record["_protected"] = str(props.get("DeletionProtectionEnabled", "")).lower() == "true"
        return name, attributes

    return flagged


def _group_guarded(delete: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(name: str, *rest: Any) -> Any:
        _unprotected(name)
        return delete(name, *rest)

    return guarded


# --- clusters of EKS


def _cluster_guarded(delete: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(name: str, props: Props, *rest: Any) -> Any:
        if str(props.get("DeletionProtection", "")).lower() == "true":
            said = f"Cluster {name} has deletion protection enabled and cannot be deleted"
            raise Refused("Eks", "InvalidRequestException", said)
        return delete(name, props, *rest)

    return guarded
