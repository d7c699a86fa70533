"""Elastic addresses, NAT gateways and single security-group rules, which the emulator has as calls only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ministack.core.responses import get_region
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local.calls import Refused, query
from fargate_stacks.deploy.local.guards import with_gateway

Props = Mapping[str, Any]


def register() -> None:
    """Add the resource types to CloudFormation and mend what EC2 describes of them."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EC2::EIP"] = {"create": _address, "update": _tagged, "delete": _release}
    handlers["AWS::EC2::NatGateway"] = {"create": _nat, "update": _tagged, "delete": _delete_nat}
    for way in ("Ingress", "Egress"):
        rule = _Rule(way)
        handlers[f"AWS::EC2::SecurityGroup{way}"] = {
            "create": rule.create,
            "update": rule.update,
            "delete": rule.delete,
        }
    for kind in ("EIP", "NatGateway"):
        provisioners._STACK_TAG_PROPERTY[f"AWS::EC2::{kind}"] = ("Tags", "list")
    ec2._zone_name_for_az_id = _zone
    subnets = handlers["AWS::EC2::Subnet"]
    subnets["create"] = _in_a_zone(subnets["create"])
    ec2._sg_rule_xml = _with_prefix_list(ec2._sg_rule_xml)
    actions = ec2._ACTION_MAP
    actions["DescribeAddresses"] = _by_address(actions["DescribeAddresses"])
    actions["DescribeNatGateways"] = _with_addresses(actions["DescribeNatGateways"])
    for name in ("CreateVpc", "DescribeVpcs", "CreateDefaultVpc"):
        actions[name] = _without_inner_ids(actions[name])
    actions["CreateFlowLogs"] = _keeping_all(actions["CreateFlowLogs"])
    actions["DescribeFlowLogs"] = _telling_all(actions["DescribeFlowLogs"])


def _with_prefix_list(told: Callable[..., str]) -> Callable[..., str]:
    """Tell the prefix list of a rule that has one."""

    def whole(group: str, rule: Mapping[str, Any], is_egress: bool = False) -> str:
        lists = "".join(f"<prefixListId>{one['PrefixListId']}</prefixListId>" for one in rule.get("PrefixListIds", ()))
        return told(group, rule, is_egress=is_egress).replace("</item>", f"{lists}</item>")

    return whole


_FLOW_LOG = {
    "LogGroupName": "logGroupName",
    "DeliverLogsPermissionArn": "deliverLogsPermissionArn",
    "MaxAggregationInterval": "maxAggregationInterval",
    "LogFormat": "logFormat",
}


def _keeping_all(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keep what the emulator forgets of a flow log."""

    def created(params: Any) -> Any:
        told = create(params)
        for found in re.findall(rb"<item>(fl-\w+)</item>", told[2]):
            for name in _FLOW_LOG:
                if ec2._p(params, name):
                    ec2._flow_logs[found.decode()][name] = ec2._p(params, name)
        return told

    return created


def _telling_all(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def described(params: Any) -> Any:
        status, kinds, body = describe(params)

        def whole(found: re.Match[bytes]) -> bytes:
            record = ec2._flow_logs[found.group(1).decode()]
            more = "".join(
                f"<{tag}>{escape(record[name])}</{tag}>" for name, tag in _FLOW_LOG.items() if name in record
            )
            return found.group(0) + more.encode()

        return status, kinds, re.sub(rb"<flowLogId>([^<]*)</flowLogId>", whole, body)

    return described


def _without_inner_ids(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Leave out what the emulator tells of a network and EC2 does not."""

    def told(params: Any) -> Any:
        status, kinds, body = action(params)
        inner = rb"<(mainRouteTableId|defaultNetworkAclId|defaultSecurityGroupId)>[^<]*</\1>"
        return status, kinds, re.sub(inner, b"", body)

    return told


def call(action: str, **request: Any) -> ElementTree.Element:
    """Call EC2."""
    return query("Ec2", ec2._ACTION_MAP, action, request)


_ZONES = "abcdef"
"""The zones that a region can have, the emulator's own lists name three."""


def _zone(zone_id: str) -> str | None:
    for letter in _ZONES:
        name = f"{get_region()}{letter}"
        if ec2._az_id_for_zone_name(name) == zone_id:
            return name
    return None


def _in_a_zone(create: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a zone that the region does not have; the emulator takes its first one instead."""

    def made(logical_id: str, props: Props, stack: str) -> Any:
        names = [f"{get_region()}{letter}" for letter in _ZONES]
        for kind, known in (
            ("AvailabilityZone", names),
            ("AvailabilityZoneId", [ec2._az_id_for_zone_name(one) for one in names]),
        ):
            given = props.get(kind)
            if given and given not in known:
                raise Refused(
                    "Ec2",
                    "InvalidParameterValue",
                    f"Value ({given}) for parameter {kind[0].lower() + kind[1:]} is invalid. Subnets can currently "
                    f"only be created in the following availability zones: {', '.join(known)}.",
                )
        return create(logical_id, props, stack)

    return made


def _address(logical_id: str, props: Props, stack: str) -> tuple[str, dict[str, str]]:
    made = call("AllocateAddress", Domain=props.get("Domain", "vpc"))
    address, allocation = made.findtext("publicIp", ""), made.findtext("allocationId", "")
    _tag(allocation, props)
    _associate(allocation, props)
    return address, {"AllocationId": allocation, "PublicIp": address}


def _associate(allocation: str, props: Props) -> None:
    """Give an instance the address, in place of the one that it had."""
    instance = props.get("InstanceId")
    if instance:
        call("AssociateAddress", AllocationId=allocation, InstanceId=instance)
        ec2._instances[instance]["PublicIpAddress"] = ec2._addresses[allocation]["PublicIp"]


def _allocation(address: str) -> dict[str, Any]:
    for record in ec2._addresses.values():
        if record["PublicIp"] == address:
            found: dict[str, Any] = record
            return found
    raise Refused("Ec2", "InvalidAddress.NotFound", f"Address '{address}' not found.")


def _release(address: str, props: Props) -> None:
    record = _allocation(address)
    if props.get("InstanceId"):
        call("DisassociateAddress", AssociationId=record["AssociationId"])
    if record["AssociationId"]:
        raise Refused("Ec2", "InvalidIPAddress.InUse", f"The address '{address}' is in use")
    call("ReleaseAddress", AllocationId=record["AllocationId"])


def _nat(logical_id: str, props: Props, stack: str) -> tuple[str, dict[str, str]]:
    subnet, allocation = props.get("SubnetId", ""), props.get("AllocationId")
    if subnet not in ec2._subnets:
        raise Refused("Ec2", "InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
    public = props.get("ConnectivityType", "public") == "public"
    address = ec2._addresses.get(allocation) if allocation else None
    if public and address is None:
        raise Refused("Ec2", "InvalidAllocationID.NotFound", f"The allocation ID '{allocation}' does not exist")
    if public:
        vpc = ec2._subnets[subnet]["VpcId"]
        with_gateway(vpc, f"Network {vpc} has no Internet gateway attached", "Gateway.NotAttached", "Ec2")
    if address and address["AssociationId"]:
        raise Refused("Ec2", "Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
    made = call(
        "CreateNatGateway",
        SubnetId=subnet,
        AllocationId=allocation,
        ConnectivityType=props.get("ConnectivityType", "public"),
    )
    nat = made.findtext(".//natGatewayId", "")
    if address:
        address["AssociationId"] = "eipassoc-" + nat.removeprefix("nat-")
    _tag(nat, props)
    return nat, {"NatGatewayId": nat}


def _delete_nat(nat: str, props: Props) -> None:
    call("DeleteNatGateway", NatGatewayId=nat)
    address = ec2._addresses.get(props.get("AllocationId", ""))
    if address:
        address["AssociationId"] = None


def _tagged(physical_id: str, old: Props, new: Props, stack: str) -> tuple[str, dict[str, str]]:
    _tag(physical_id, new, old)
    if physical_id.startswith("nat-"):
        return physical_id, {"NatGatewayId": physical_id}
    allocation = _allocation(physical_id)["AllocationId"]
    _tag(allocation, new, old)
    _associate(allocation, new)
    return physical_id, {"AllocationId": allocation, "PublicIp": physical_id}


def _tag(resource: str, new: Props, old: Props | None = None) -> None:
    gone = {tag["Key"] for tag in (old or {}).get("Tags", ())}
    fresh = {tag["Key"]: tag["Value"] for tag in new.get("Tags", ())}
    kept = [tag for tag in ec2._tags.get(resource, ()) if tag["Key"] not in gone and tag["Key"] not in fresh]
    ec2._tags[resource] = kept + [{"Key": key, "Value": value} for key, value in fresh.items()]


def _by_address(described: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let addresses be asked for by themselves: the emulator knows their allocations only."""

    def describe(params: Any) -> Any:
        asked = [value[0] for name, value in sorted(params.items()) if name.startswith("PublicIp.")]
        by_ip = {one["PublicIp"]: one["AllocationId"] for one in ec2._addresses.values()}
        for number, address in enumerate(asked, 1):
            if address not in by_ip:
                return ec2._error("InvalidAddress.NotFound", f"Address '{address}' not found.", 400)
            params = {**params, f"AllocationId.{number}": [by_ip[address]]}
        return described(params)

    return describe


def _with_addresses(described: Any) -> Any:
    """Tell a NAT gateway's address too, by which people allow it elsewhere."""

    def describe(params: Any) -> Any:
        status, headers, body = described(params)
        text = body.decode() if isinstance(body, bytes) else body
        for nat, record in ec2._nat_gateways.items():
            address = ec2._addresses.get(record.get("AllocationId"))
            if address is None:
                continue
            before, found, after = text.partition(f"<natGatewayId>{nat}</natGatewayId>")
            if found:
                item = (
                    f"<natGatewayAddressSet><item><allocationId>{address['AllocationId']}</allocationId>"
                    f"<publicIp>{address['PublicIp']}</publicIp><isPrimary>true</isPrimary>"
                    "<status>succeeded</status></item></natGatewayAddressSet>"
                )
                text = before + found + after.replace("<natGatewayAddressSet/>", item, 1)
        return status, headers, text.encode()

    return describe


class _Rule:
    """One rule of a group that is a resource of its own."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.kept = "IpPermissions" + ("Egress" if way == "Egress" else "")

    def create(self, logical_id: str, props: Props, stack: str) -> tuple[str, dict[str, str]]:
        group = self._group(props)
        [rule] = provisioners._ec2_sg_permissions([props])
        if any(ec2._rules_match(rule, _unnamed(one)) for one in group[self.kept]):
            raise Refused(
                "Ec2",
                "InvalidPermission.Duplicate",
                f'the specified rule "{_told(rule)}" already exists',
            )
        group[self.kept].append(rule)
        rule["SecurityGroupRuleId"] = ec2._sg_rule_id(group["GroupId"], self.way == "Egress", rule)
        return rule["SecurityGroupRuleId"], {"Id": rule["SecurityGroupRuleId"]}

    def update(self, rule_id: str, old: Props, new: Props, stack: str) -> tuple[str, dict[str, str]]:
        # a description is all that changes in place
        for rule in self._group(new)[self.kept]:
            if rule.get("SecurityGroupRuleId") == rule_id:
                [fresh] = provisioners._ec2_sg_permissions([new])
                rule.update(fresh)
        return rule_id, {"Id": rule_id}

    def delete(self, rule_id: str, props: Props) -> None:
        group = ec2._security_groups.get(props.get("GroupId"))
        if group:
            group[self.kept] = [rule for rule in group[self.kept] if rule.get("SecurityGroupRuleId") != rule_id]

    def _group(self, props: Props) -> dict[str, Any]:
        name = props.get("GroupId", "")
        other = props.get("SourceSecurityGroupId") or props.get("DestinationSecurityGroupId")
        for wanted in (name, other):
            if wanted and wanted not in ec2._security_groups:
                raise Refused("Ec2", "InvalidGroup.NotFound", f"The security group '{wanted}' does not exist")
        group: dict[str, Any] = ec2._security_groups[name]
        return group


def _unnamed(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "SecurityGroupRuleId"}


def _told(rule: Mapping[str, Any]) -> str:
    pairs = rule["UserIdGroupPairs"] or rule["IpRanges"] or rule["Ipv6Ranges"] or rule["PrefixListIds"]
    peer = next((value for key, value in pairs[0].items() if key != "Description"), "") if pairs else ""
    ports = "ALL" if "FromPort" not in rule else f"from port: {rule['FromPort']}, to port: {rule.get('ToPort')}"
    return f"peer: {peer}, {rule['IpProtocol'].upper()}, {ports}, ALLOW"
