"""Application Auto Scaling: targets, policies and scheduled actions, as API and as resource types."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
)
from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import ecs_service_api
from fargate_stacks.deploy.local.calls import Refused, json_call

SERVICE = "ApplicationAutoScaling"

targets = AccountRegionScopedDict()
policies = AccountRegionScopedDict()
schedules = AccountRegionScopedDict()
tags = AccountRegionScopedDict()

Data = dict[str, Any]
Props = Mapping[str, Any]


def register() -> None:
    """Add the service, and its resource types to CloudFormation."""
    router.SERVICE_PATTERNS["application-autoscaling"] = {"target_prefixes": ["AnyScaleFrontendService"]}
    app.SERVICE_HANDLERS["application-autoscaling"] = _handle
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::ApplicationAutoScaling::ScalableTarget"] = {
        "create": _create_target,
        "update": lambda physical_id, old, new, stack: _create_target("", new, stack, old),
        "delete": _delete_target,
    }
    handlers["AWS::ApplicationAutoScaling::ScalingPolicy"] = {
        "create": _create_policy,
        "update": lambda physical_id, old, new, stack: _put_policy(new, policies[physical_id]["PolicyName"]),
        "delete": _delete_policy,
    }
    provisioners._STACK_TAG_PROPERTY["AWS::ApplicationAutoScaling::ScalableTarget"] = ("Tags", "list")


def reset() -> None:
    """Forget everything."""
    for store in (targets, policies, schedules, tags):
        store.clear()


_DIMENSION = ("ServiceNamespace", "ResourceId", "ScalableDimension")


async def _handle(method: str, path: str, headers: Mapping[str, str], body: bytes, params: Any) -> Any:
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    answer = ACTIONS.get(action)
    if answer is None:
        return error_response_json("UnknownOperationException", f"{action} is not imitated by the local cloud", 400)
    return answer(json.loads(body or b"{}"))


def _answers(function: Callable[[Data], Data]) -> Callable[[Data], Any]:
    def answer(data: Data) -> Any:
        try:
            return json_response(function(data), content_type="application/x-amz-json-1.1")
        except Refused as error:
            return error_response_json(error.code, error.message, 400)

    return answer


def _key(data: Props) -> str:
    missing = [name for name in _DIMENSION if not data.get(name)]
    if missing:
        raise Refused(SERVICE, "ValidationException", f"{missing[0]} is required")
    return "|".join((data["ResourceId"], data["ScalableDimension"], data["ServiceNamespace"]))


def _target(data: Props) -> Data:
    found: Data | None = targets.get(_key(data))
    if found is None:
        raise Refused(
            SERVICE,
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {data['ServiceNamespace']}, "
            f"resource ID: {data['ResourceId']}, scalable dimension: {data['ScalableDimension']}",
        )
    return found


def _register(data: Data) -> Data:
    key = _key(data)
    old = targets.get(key)
    record = dict(old or {})
    record.update({name: data[name] for name in (*_DIMENSION, "RoleARN", "SuspendedState") if name in data})
    for name in ("MinCapacity", "MaxCapacity"):
        if name in data:
            record[name] = data[name]
        elif name not in record:
            raise Refused(SERVICE, "ValidationException", f"{name} is required to register a new scalable target")
    if record["MinCapacity"] > record["MaxCapacity"]:
        raise Refused(SERVICE, "ValidationException", "Maximum capacity cannot be less than minimum capacity")
    _known(record)
    if old is None:
        place = f"arn:aws:application-autoscaling:{get_region()}:{get_account_id()}"
        record["ScalableTargetARN"] = f"{place}:scalable-target/{new_uuid().replace('-', '')[:20]}"
        record["CreationTime"] = time.time()
        record.setdefault("RoleARN", _service_role())
        record.setdefault("SuspendedState", dict.fromkeys(_SUSPENDED, False))
    targets[key] = record
    if "Tags" in data:
        tags[record["ScalableTargetARN"]] = dict(data["Tags"])
    if record["ServiceNamespace"] == "ecs":
        ecs_service_api.bound(record["ResourceId"].partition("/")[2], record["MinCapacity"], record["MaxCapacity"])
    return {"ScalableTargetARN": record["ScalableTargetARN"]}


_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def _service_role() -> str:
    return (
        f"arn:aws:iam::{get_account_id()}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService"
    )


def _known(record: Data) -> None:
    """Refuse a target whose ECS service does not exist."""
    if record["ServiceNamespace"] != "ecs":
        return
    _, _, name = record["ResourceId"].partition("/")
    service = ecs._services.get(name)
    if service is None or service["status"] != "ACTIVE":
        raise Refused(SERVICE, "ValidationException", f"ECS service doesn't exist: {record['ResourceId']}")


def _deregister(data: Data) -> Data:
    _target(data)
    key = _key(data)
    tags.pop(targets.pop(key)["ScalableTargetARN"], None)
    for store in (policies, schedules):
        for name, record in store.items():
            if _key(record) == key:
                store.pop(name)
    return {}


def _put(data: Data) -> Data:
    _target(data)
    name = data["PolicyName"]
    for arn, record in policies.items():
        if record["PolicyName"] == name and _key(record) == _key(data):
            record.update(data)
            return {"PolicyARN": arn, "Alarms": record["Alarms"]}
    place = f"{get_region()}:{get_account_id()}"
    arn = (
        f"arn:aws:autoscaling:{place}:scalingPolicy:{new_uuid()}:resource/{data['ServiceNamespace']}/"
        f"{data['ResourceId']}:policyName/{name}"
    )
    tracked = data.get("PolicyType") == "TargetTrackingScaling"
    alarms = [
        {"AlarmName": alarm, "AlarmARN": f"arn:aws:cloudwatch:{place}:alarm:{alarm}"}
        for alarm in (f"TargetTracking-{data['ResourceId']}-Alarm{side}-{new_uuid()}" for side in ("High", "Low"))
        if tracked
    ]
    policies[arn] = {
        "PolicyType": "StepScaling",
        **data,
        "PolicyARN": arn,
        "Alarms": alarms,
        "CreationTime": time.time(),
    }
    return {"PolicyARN": arn, "Alarms": alarms}


def _unput(data: Data) -> Data:
    for arn, record in policies.items():
        if record["PolicyName"] == data["PolicyName"] and _key(record) == _key(data):
            policies.pop(arn)
            return {}
    raise Refused(SERVICE, "ObjectNotFoundException", f"No scaling policy found for {data['PolicyName']}")


def _put_action(data: Data) -> Data:
    _target(data)
    name = f"{_key(data)}|{data['ScheduledActionName']}"
    place = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}"
    arn = (
        f"{place}:scheduledAction:{new_uuid()}:resource/{data['ServiceNamespace']}/{data['ResourceId']}:"
        f"scheduledActionName/{data['ScheduledActionName']}"
    )
    schedules[name] = {"ScheduledActionARN": arn, "CreationTime": time.time(), **schedules.get(name, {}), **data}
    return {}


def _delete_action(data: Data) -> Data:
    if schedules.pop(f"{_key(data)}|{data['ScheduledActionName']}", None) is None:
        raise Refused(
            SERVICE, "ObjectNotFoundException", f"No scheduled action found for {data['ScheduledActionName']}"
        )
    return {}


def _listed(store: Any, answer: str, names: Mapping[str, str]) -> Callable[[Data], Data]:
    """Make a Describe call: records of a store that have what was asked for, a page at a time."""

    def describe(data: Data) -> Data:
        if not data.get("ServiceNamespace"):
            raise Refused(SERVICE, "ValidationException", "ServiceNamespace is required")
        found = [record for record in store.values() if _asked_for(record, data, names)]
        start, size = int(data.get("NextToken") or 0), int(data.get("MaxResults") or 50)
        page: Data = {answer: found[start : start + size]}
        if start + size < len(found):
            page["NextToken"] = str(start + size)
        return page

    return describe


def _asked_for(record: Data, data: Data, names: Mapping[str, str]) -> bool:
    exact = all(data[name] == record[name] for name in _DIMENSION if data.get(name))
    return exact and all(record[field] in data[asked] for asked, field in names.items() if data.get(asked))


def _tag(data: Data) -> Data:
    tags[_tagged(data)] = {**tags.get(data["ResourceARN"], {}), **data["Tags"]}
    return {}


def _untag(data: Data) -> Data:
    kept = {key: value for key, value in tags.get(_tagged(data), {}).items() if key not in data["TagKeys"]}
    tags[data["ResourceARN"]] = kept
    return {}


def _tagged(data: Data) -> str:
    arn: str = data["ResourceARN"]
    if all(record["ScalableTargetARN"] != arn for record in targets.values()):
        raise Refused(SERVICE, "ResourceNotFoundException", f"The resource {arn} does not exist")
    return arn


ACTIONS: dict[str, Callable[[Data], Any]] = {
    name: _answers(function)
    for name, function in {
        "RegisterScalableTarget": _register,
        "DeregisterScalableTarget": _deregister,
        "DescribeScalableTargets": _listed(targets, "ScalableTargets", {"ResourceIds": "ResourceId"}),
        "PutScalingPolicy": _put,
        "DeleteScalingPolicy": _unput,
        "DescribeScalingPolicies": _listed(policies, "ScalingPolicies", {"PolicyNames": "PolicyName"}),
        "PutScheduledAction": _put_action,
        "DeleteScheduledAction": _delete_action,
        "DescribeScheduledActions": _listed(
            schedules, "ScheduledActions", {"ScheduledActionNames": "ScheduledActionName"}
        ),
        "DescribeScalingActivities": lambda data: {"ScalingActivities": []},
        "TagResource": _tag,
        "UntagResource": _untag,
        "ListTagsForResource": lambda data: {"Tags": tags.get(_tagged(data), {})},
    }.items()
}


def call(action: str, **request: Any) -> Data:
    """Call Application Auto Scaling."""
    return json_call(SERVICE, ACTIONS, action, request)


def _create_target(logical_id: str, props: Props, stack: str, old: Props | None = None) -> tuple[str, Data]:
    suspended = props.get("SuspendedState")
    call(
        "RegisterScalableTarget",
        **{name: props[name] for name in _DIMENSION},
        MinCapacity=int(props["MinCapacity"]),
        MaxCapacity=int(props["MaxCapacity"]),
        **({"RoleARN": props["RoleARN"]} if props.get("RoleARN") else {}),
        **({"SuspendedState": {name: _bool(suspended.get(name)) for name in _SUSPENDED}} if suspended else {}),
        Tags={tag["Key"]: tag["Value"] for tag in props.get("Tags", ())},
    )
    key = _key(props)
    wanted = {one["ScheduledActionName"]: one for one in props.get("ScheduledActions", ())}
    for one in (old or {}).get("ScheduledActions", ()):
        if one["ScheduledActionName"] not in wanted:
            schedules.pop(f"{key}|{one['ScheduledActionName']}", None)
    for one in wanted.values():
        action = {**one, **{name: props[name] for name in _DIMENSION}}
        if "ScalableTargetAction" in one:
            action["ScalableTargetAction"] = {name: int(value) for name, value in one["ScalableTargetAction"].items()}
        call("PutScheduledAction", **action)
    return key, {"Id": key}


def _delete_target(physical_id: str, props: Props) -> None:
    if physical_id in targets:
        resource, dimension, space = physical_id.split("|")
        call("DeregisterScalableTarget", ResourceId=resource, ScalableDimension=dimension, ServiceNamespace=space)


def _create_policy(logical_id: str, props: Props, stack: str) -> tuple[str, Data]:
    return _put_policy(props, props["PolicyName"])


def _put_policy(props: Props, name: str) -> tuple[str, Data]:
    place = dict(_place(props))
    kinds = {
        "TargetTrackingScalingPolicyConfiguration": "TargetTrackingScaling",
        "StepScalingPolicyConfiguration": "StepScaling",
        "PredictiveScalingPolicyConfiguration": "PredictiveScaling",
    }
    given = {kind: _numbers(props[kind]) for kind in kinds if kind in props}
    arn = call("PutScalingPolicy", **place, PolicyName=name, PolicyType=props["PolicyType"], **given)["PolicyARN"]
    return arn, {"Arn": arn}


def _delete_policy(physical_id: str, props: Props) -> None:
    policies.pop(physical_id, None)


def _place(props: Props) -> Iterator[tuple[str, str]]:
    """Give what a policy scales: its target's own id says it, or the three properties do."""
    if "ScalingTargetId" in props:
        names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
        yield from zip(names, props["ScalingTargetId"].split("|"), strict=True)
    else:
        yield from ((name, props[name]) for name in _DIMENSION)


_NUMBERS = ("TargetValue", "ScaleInCooldown", "ScaleOutCooldown", "Cooldown", "MinAdjustmentMagnitude")


def _numbers(value: Any, name: str = "") -> Any:
    """Give a configuration with the numbers and booleans that a template may write as strings."""
    if isinstance(value, Mapping):
        return {key: _numbers(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if name == "DisableScaleIn":
        return _bool(value)
    if name in _NUMBERS or name.startswith(("MetricInterval", "ScalingAdjustment")):
        number = float(value)
        return number if name == "TargetValue" or number != int(number) else int(number)
    return value


def _bool(value: Any) -> bool:
    return str(value).lower() == "true"
