"""Resource types that the emulator has as calls only: made, changed and taken away by those calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local import apis
from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.schemas import schema
from fargate_stacks.deploy.local.shapes import input_of

Props = Mapping[str, Any]
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Type:
    """A resource type over an API.

    The properties become the request by the operation's own shape. `id` and `attributes` are paths into the answer
    (`Addon.Arn`), or properties (`=ClusterName`); an id of several parts is joined by `|`.
    """

    name: str
    service: str
    create: str
    id: tuple[str, ...]
    delete: str = ""
    deleted: Callable[[str, Props], dict[str, Any]] = lambda physical_id, props: {}
    update: str = ""
    by: str = ""
    """The member of the requests to update and delete that takes the physical id."""
    read: str = ""
    """The call by which the attributes are read, where the creation tells too few."""
    named: str = ""
    """The property that names it; made up where the template gives none."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    given: Callable[[Props], dict[str, Any]] = dict
    """What the request has that the properties say otherwise."""

    def register(self) -> None:
        """Put it into CloudFormation."""
        handler = {"create": self._create, "update": self._update, "delete": self._delete}
        provisioners._RESOURCE_HANDLERS[self.name] = handler
        known = schema(self.name)
        if known is not None and known.tag_property:
            provisioners._STACK_TAG_PROPERTY[self.name] = (known.tag_property, known.tag_shape)

    async def _create(self, logical_id: str, props: Props, stack: str) -> tuple[str, dict[str, Any]]:
        whole = dict(props)
        if self.named and not whole.get(self.named):
            whole[self.named] = provisioners._physical_name(stack, logical_id, max_len=40, lowercase=True)
        answer = await apis.call(self.service, self.create, **self._request(self.create, whole))
        physical_id = "|".join(str(_at(path, answer, whole)) for path in self.id)
        if self.read:
            which = {self.by: physical_id, **self.deleted(physical_id, whole)}
            answer = {**answer, **await apis.call(self.service, self.read, **which)}
        return physical_id, self._attributes(answer, whole)

    async def _update(self, physical_id: str, old: Props, new: Props, stack: str) -> tuple[str, dict[str, Any]]:
        whole = dict(new)
        if self.named and not self.by and not whole.get(self.named):
            whole[self.named] = physical_id.rpartition("|")[2]
        if self.by:
            whole[self.by] = physical_id
        operation = self.update or self.create
        if self.update or _without_tags(old) != _without_tags(new):
            answer = await apis.call(self.service, operation, **self._request(operation, whole))
            return physical_id, self._attributes(answer, whole)
        return physical_id, {}

    async def _delete(self, physical_id: str, props: Props) -> None:
        if not self.delete:
            return
        try:
            which = {self.by: physical_id} if self.by else {}
            await apis.call(self.service, self.delete, **which, **self.deleted(physical_id, props))
        except Refused as error:
            if "NotFound" not in error.code and "Nonexistent" not in error.code:
                raise

    def _request(self, operation: str, props: Props) -> dict[str, Any]:
        return input_of(self.service, operation)({**props, **self.given(props)})

    def _attributes(self, answer: Answer, props: Props) -> dict[str, Any]:
        found = {name: _at(path, answer, props) for name, path in self.attributes.items()}
        # as a template sees them: numbers are text
        return {
            name: str(value) if isinstance(value, int) else value for name, value in found.items() if value is not None
        }


def _at(path: str, answer: Answer, props: Props) -> Any:
    """Give what is at a path: of the properties where it begins with `=`, else of the answer."""
    if path.startswith("="):
        return props.get(path[1:])
    found: Any = answer
    for part in path.split("."):
        if isinstance(found, list):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            found = (found or {}).get(part)
    return found


def _without_tags(props: Props) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key != "Tags"}


def _tags(kind: str) -> Callable[[Props], dict[str, Any]]:
    def given(props: Props) -> dict[str, Any]:
        ids = props["ResourceId"]
        tags = [{"Key": one["Key"], "Value": one["Value"]} for one in props.get("Tags", ())]
        specifications = [{"ResourceType": kind, "Tags": tags}] if tags else []
        return {"ResourceIds": [ids], "TagSpecifications": specifications}

    return given


def part(physical_id: str, number: int) -> str:
    """Give one part of an id of several."""
    return physical_id.split("|")[number]


def map_of_tags(props: Props) -> dict[str, Any]:
    """Give tags as a map, as some services want them."""
    tags = props.get("Tags") or ()
    return {"Tags": {one["Key"]: one["Value"] for one in tags}} if isinstance(tags, list) else {}


def _composite_arn(props: Props) -> str:
    return f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{props['AlarmName']}"


TYPES = (
    Type(
        "AWS::EC2::FlowLog",
        "ec2",
        "CreateFlowLogs",
        ("FlowLogIds.0",),
        "DeleteFlowLogs",
        lambda physical_id, props: {"FlowLogIds": [physical_id]},
        attributes={"Id": "FlowLogIds.0"},
        given=_tags("flow-log"),
    ),
    Type(
        "AWS::ElastiCache::ServerlessCache",
        "elasticache",
        "CreateServerlessCache",
        ("ServerlessCache.ServerlessCacheName",),
        "DeleteServerlessCache",
        lambda physical_id, props: {"ServerlessCacheName": physical_id},
        update="ModifyServerlessCache",
        named="ServerlessCacheName",
        attributes={
            "ARN": "ServerlessCache.ARN",
            "Endpoint.Address": "ServerlessCache.Endpoint.Address",
            "Endpoint.Port": "ServerlessCache.Endpoint.Port",
            "ReaderEndpoint.Address": "ServerlessCache.ReaderEndpoint.Address",
            "ReaderEndpoint.Port": "ServerlessCache.ReaderEndpoint.Port",
            "Status": "ServerlessCache.Status",
        },
    ),
    Type(  # the emulator's own forgets the time zone, the dates and how often to try again
        "AWS::Scheduler::Schedule",
        "scheduler",
        "CreateSchedule",
        ("=Name",),
        "DeleteSchedule",
        lambda physical_id, props: {"GroupName": props.get("GroupName", "default")},
        update="UpdateSchedule",
        by="Name",
        named="Name",
        attributes={"Arn": "ScheduleArn"},
    ),
    Type(
        "AWS::WAFv2::WebACLAssociation",
        "wafv2",
        "AssociateWebACL",
        ("=ResourceArn", "=WebACLArn"),
        "DisassociateWebACL",
        lambda physical_id, props: {"ResourceArn": props["ResourceArn"]},
    ),
    Type(
        "AWS::EKS::Addon",
        "eks",
        "CreateAddon",
        ("=ClusterName", "=AddonName"),
        "DeleteAddon",
        lambda physical_id, props: {"clusterName": part(physical_id, 0), "addonName": part(physical_id, 1)},
        update="UpdateAddon",
        attributes={"Arn": "addon.addonArn"},
        given=map_of_tags,
    ),
    Type(
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "ecs",
        "PutClusterCapacityProviders",
        ("=Cluster",),
        "PutClusterCapacityProviders",
        lambda physical_id, props: {
            "cluster": physical_id,
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
        },
        update="PutClusterCapacityProviders",
    ),
)


def register() -> None:
    """Put the types into CloudFormation, and mend two that the emulator has."""
    for one in TYPES:
        one.register()
    Type(
        "AWS::CloudWatch::CompositeAlarm",
        "cloudwatch",
        "PutCompositeAlarm",
        ("=AlarmName",),
        "DeleteAlarms",
        lambda physical_id, props: {"AlarmNames": [physical_id]},
        update="PutCompositeAlarm",
        named="AlarmName",
        given=lambda props: {"Tags": [one for one in props.get("Tags", ()) if not one["Key"].startswith("aws:")]},
    ).register()
    _with_arn("AWS::CloudWatch::CompositeAlarm")


def _with_arn(kind: str) -> None:
    handler = provisioners._RESOURCE_HANDLERS[kind]
    for verb in ("create", "update"):
        handler[verb] = _arn_added(handler[verb])


def _arn_added(function: Callable[..., Any]) -> Callable[..., Any]:
    async def added(*arguments: Any) -> Any:
        physical_id, attributes = await function(*arguments)
        return physical_id, {**attributes, "Arn": _composite_arn({"AlarmName": physical_id})}

    return added
