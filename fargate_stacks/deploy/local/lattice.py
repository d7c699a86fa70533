"""VPC Lattice: service networks, services, listeners, rules and target groups, kept and told by its own API."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, now_iso
from ministack.services import ec2, ecs

from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.kept import Function, Request, serve
from fargate_stacks.deploy.local.lattice_types import TYPES

Record = dict[str, Any]

_SERVICE = "VpcLattice"


@dataclass(frozen=True)
class Kind:
    """One kind of thing: its name in operations, what its id begins with, and what belongs to it besides."""

    noun: str
    prefix: str
    made: Callable[[Request], Record] = lambda request: {}
    parents: tuple[str, ...] = ()
    kept_by: Callable[[Record], str] = lambda record: ""
    """Why it cannot be deleted."""

    @property
    def identifier(self) -> str:
        return self.noun[0].lower() + self.noun[1:] + "Identifier"

    @property
    def label(self) -> str:
        return self.noun.lower()


_stores: dict[str, Any] = {}


def reset() -> None:
    """Forget everything."""
    for store in _stores.values():
        store.clear()


def register() -> None:
    """Let the calls be answered."""
    functions: dict[str, Function] = {"ListTargets": _targets, "ListTagsForResource": _tags}
    for kind in KINDS:
        _stores[kind.noun] = AccountRegionScopedDict()
        functions |= {
            f"Create{kind.noun}": _creating(kind),
            f"Get{kind.noun}": _getting(kind),
            f"List{kind.noun}s": _listing(kind),
            f"Update{kind.noun}": _updating(kind),
            f"Delete{kind.noun}": _deleting(kind),
        }
    serve("vpc-lattice", "vpc-lattice", functions)
    for one in TYPES:
        one.register()


def of(noun: str) -> list[Record]:
    """Give what there is of a kind."""
    return list(_stores[noun].values())


def find(noun: str, identifier: str) -> Record:
    """Give one by its id or ARN; raises Refused."""
    found: Record | None = _stores[noun].get(str(identifier).rpartition("/")[2])
    if found is None:
        raise Refused(_SERVICE, "ResourceNotFoundException", f"{noun} {identifier} not found")
    return found


def _conflict(said: str) -> Refused:
    return Refused(_SERVICE, "ConflictException", said)


# --- the five verbs


def _creating(kind: Kind) -> Function:
    def create(request: Request) -> Record:
        more = kind.made(request)
        made = kind.prefix + secrets.token_hex(9)[:17]
        above = more.pop("_above", "")
        arn = f"{above}/{kind.label}/{made}" if above else _arn(f"{kind.label}/{made}")
        record = {
            "status": "ACTIVE",
            **{key: value for key, value in request.items() if key != "clientToken"},
            **more,
            "id": made,
            "arn": arn,
            "createdAt": now_iso(),
            "lastUpdatedAt": now_iso(),
            "createdBy": get_account_id(),
        }
        if kind.noun == "Service":
            record["dnsEntry"] = _entry(record)
        _stores[kind.noun][made] = record
        return record

    return create


def _getting(kind: Kind) -> Function:
    return lambda request: _told(kind, find(kind.noun, request[kind.identifier]))


def _told(kind: Kind, record: Record) -> Record:
    match kind.noun:
        case "ServiceNetwork":
            services, vpcs = (_of_network(f"ServiceNetwork{one}Association", record) for one in ("Service", "Vpc"))
            return {**record, "numberOfAssociatedServices": len(services), "numberOfAssociatedVPCs": len(vpcs)}
        case "TargetGroup":
            return {**record, "serviceArns": sorted({one["serviceArn"] for one in _forwarding(record)})}
    return record


def _listing(kind: Kind) -> Function:
    def listed(request: Request) -> Record:
        above = [request[f"{one}Identifier"].rpartition("/")[2] for one in kind.parents]
        wanted = {"serviceNetworkId": request.get("serviceNetworkIdentifier"), "vpcId": request.get("vpcIdentifier")}
        if not kind.parents:
            wanted["serviceId"] = request.get("serviceIdentifier")
        asked = {key: value.rpartition("/")[2] for key, value in wanted.items() if value}
        found = [
            _told(kind, one)
            for one in of(kind.noun)
            if all(part in one["arn"] for part in above) and all(one.get(key) == value for key, value in asked.items())
        ]
        return {"items": found}

    return listed


def _updating(kind: Kind) -> Function:
    def update(request: Request) -> Record:
        record = find(kind.noun, request[kind.identifier])
        _known_groups(request)
        given = {key: value for key, value in request.items() if not key.endswith("Identifier")}
        record |= {**given, "lastUpdatedAt": now_iso()}
        if kind.noun == "TargetGroup":
            record["config"] = {**record["config"], "healthCheck": given.get("healthCheck", {})}
        return record

    return update


def _deleting(kind: Kind) -> Function:
    def delete(request: Request) -> Record:
        record = find(kind.noun, request[kind.identifier])
        why = kind.kept_by(record)
        if why:
            raise _conflict(why)
        for noun in ("Rule", "Listener", kind.noun):
            store = _stores[noun]
            for name in [name for name, one in store.items() if one is record or f"{record['id']}/" in one["arn"]]:
                store.pop(name)
        return {**record, "status": "DELETE_IN_PROGRESS"}

    return delete


def _arn(resource: str) -> str:
    return f"arn:aws:vpc-lattice:{get_region()}:{get_account_id()}:{resource}"


def _entry(service: Record) -> Record:
    name = f"{service['name']}-0{service['id'].removeprefix('svc-')}.7d67968.vpc-lattice-svcs.{get_region()}.on.aws"
    return {"domainName": service.get("customDomainName") or name, "hostedZoneId": "Z00000000LOCALLATTICE"}


# --- what belongs to each kind


def _network(request: Request) -> Record:
    network = find("ServiceNetwork", request["serviceNetworkIdentifier"])
    return {f"serviceNetwork{end}": network[end.lower()] for end in ("Id", "Arn", "Name")}


def _of_network(noun: str, network: Record) -> list[Record]:
    return [one for one in of(noun) if one["serviceNetworkId"] == network["id"]]


def _service_association(request: Request) -> Record:
    network, service = _network(request), find("Service", request["serviceIdentifier"])
    made = {**network, **{f"service{end}": service[end.lower()] for end in ("Id", "Arn", "Name")}}
    for one in of("ServiceNetworkServiceAssociation"):
        if (one["serviceId"], one["serviceNetworkId"]) == (service["id"], network["serviceNetworkId"]):
            raise _conflict(f"Service {service['id']} is already associated with {network['serviceNetworkId']}")
    return {**made, "dnsEntry": service["dnsEntry"]}


def _vpc_association(request: Request) -> Record:
    network, vpc = _network(request), _vpc(request["vpcIdentifier"])
    if any(one["vpcId"] == vpc for one in of("ServiceNetworkVpcAssociation")):
        raise _conflict(f"VPC {vpc} is already associated with a service network")
    for group in request.get("securityGroupIds", ()):
        if group not in ec2._security_groups:
            said = f"Security group {group} does not exist"
            raise Refused(_SERVICE, "ValidationException", said)
    return {**network, "vpcId": vpc}


def _vpc(name: str) -> str:
    if name not in ec2._vpcs:
        raise Refused(_SERVICE, "ResourceNotFoundException", f"VPC {name} not found")
    return name


def _group(request: Request) -> Record:
    config = request.get("config", {})
    if config.get("vpcIdentifier"):
        _vpc(config["vpcIdentifier"])
    return {"config": {"protocolVersion": "HTTP1", "ipAddressType": "IPV4", **config}}


def _listener(request: Request) -> Record:
    service = find("Service", request["serviceIdentifier"])
    _known_groups(request)
    port = request.get("port") or (443 if request["protocol"] == "HTTPS" else 80)
    if any((one["serviceId"], one["port"]) == (service["id"], port) for one in of("Listener")):
        raise _conflict(f"Port {port} is already in use by a listener of service {service['id']}")
    return {"_above": service["arn"], "serviceId": service["id"], "serviceArn": service["arn"], "port": port}


def _rule(request: Request) -> Record:
    listener = find("Listener", request["listenerIdentifier"])
    _known_groups(request)
    same = [one for one in of("Rule") if one["listenerId"] == listener["id"]]
    if any(one["priority"] == request["priority"] for one in same):
        raise _conflict(f"Priority {request['priority']} is already in use by a rule of listener {listener['id']}")
    ends = {"listenerId": listener["id"], "serviceId": listener["serviceId"], "serviceArn": listener["serviceArn"]}
    return {"_above": listener["arn"], "isDefault": False, **ends}


def _known_groups(request: Request) -> None:
    for part in ("defaultAction", "action"):
        for group in _groups(request.get(part) or {}):
            find("TargetGroup", group)


def _groups(action: Mapping[str, Any]) -> Iterator[str]:
    for one in action.get("forward", {}).get("targetGroups", ()):
        yield one["targetGroupIdentifier"]


def _forwarding(group: Record) -> list[Record]:
    """Give the listeners and rules that forward to a target group."""
    return [
        one
        for noun, part in (("Listener", "defaultAction"), ("Rule", "action"))
        for one in of(noun)
        if group["id"] in {name.rpartition("/")[2] for name in _groups(one[part])}
    ]


def _associated(record: Record) -> str:
    for noun in ("ServiceNetworkServiceAssociation", "ServiceNetworkVpcAssociation"):
        for one in of(noun):
            if record["id"] in (one["serviceNetworkId"], one.get("serviceId")):
                return f"{record['id']} has associations"
    return ""


KINDS = (
    Kind("ServiceNetwork", "sn-", lambda request: {"authType": request.get("authType", "NONE")}, kept_by=_associated),
    Kind("Service", "svc-", lambda request: {"authType": request.get("authType", "NONE")}, kept_by=_associated),
    Kind("ServiceNetworkServiceAssociation", "snsa-", _service_association),
    Kind("ServiceNetworkVpcAssociation", "snva-", _vpc_association),
    Kind("TargetGroup", "tg-", _group, kept_by=lambda one: f"{one['id']} is in use" if _forwarding(one) else ""),
    Kind("Listener", "listener-", _listener, ("service",)),
    Kind("Rule", "rule-", _rule, ("service", "listener")),
)


# --- targets


def _targets(request: Request) -> Record:
    group = find("TargetGroup", request["targetGroupIdentifier"])
    return {"items": list(_tasks(group["arn"]))}


def _tasks(group: str) -> Iterator[Record]:
    """Give the tasks that ECS has registered."""
    for record in ecs._services.values():
        ports = [
            one["portName"] for one in record.get("vpcLatticeConfigurations", ()) if one["targetGroupArn"] == group
        ]
        for placed in record["_service"].live() if ports else ():
            if placed.task.status != "RUNNING":
                continue
            for container in placed.task.definition["containerDefinitions"]:
                for port in container["portMappings"]:
                    if port.get("name") in ports:
                        yield {"id": placed.task.address, "port": port["containerPort"], "status": "HEALTHY"}


def _tags(request: Request) -> Record:
    for store in _stores.values():
        for one in store.values():
            if one["arn"] == request["resourceArn"]:
                return {"tags": one.get("tags", {})}
    return {"tags": {}}
