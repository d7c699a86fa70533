"""EC2 instances and IPv6 in networks, and the permissions boundaries of roles, which the emulator leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv6Network
from typing import Any

from ministack.services import ec2, iam, ssm
from ministack.services.cloudformation import provisioners

from fargate_stacks.deploy.local.calls import Refused
from fargate_stacks.deploy.local.network import call
from fargate_stacks.deploy.local.types import Type

Props = Mapping[str, Any]
_IPV6 = "Ipv6CidrBlock"
_NEWEST = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"


def register() -> None:
    """Add the resource types to CloudFormation and what EC2 describes of them."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EC2::Instance"] = {"create": _instance, "update": _changed, "delete": _terminate}
    handlers["AWS::EC2::VPCCidrBlock"] = {"create": _block, "delete": _without_block}
    ssm._PUBLIC_AMI_PARAMETERS[_NEWEST + "arm64"] = "ami-0c2023a1b2c3d4e50"
    provisioners._STACK_TAG_PROPERTY["AWS::EC2::Instance"] = ("Tags", "list")
    Type(
        "AWS::EC2::EgressOnlyInternetGateway",
        "ec2",
        "CreateEgressOnlyInternetGateway",
        ("EgressOnlyInternetGateway.EgressOnlyInternetGatewayId",),
        "DeleteEgressOnlyInternetGateway",
        lambda physical_id, props: {"EgressOnlyInternetGatewayId": physical_id},
        attributes={"Id": "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId"},
        given=lambda props: {"TagSpecifications": _specified("egress-only-internet-gateway", props), "Tags": None},
    ).register()
    vpc, subnet, role = (handlers[f"AWS::{kind}"] for kind in ("EC2::VPC", "EC2::Subnet", "IAM::Role"))
    vpc["create"] = _with_blocks(vpc["create"])
    subnet["create"] = _in_its_block(subnet["create"])
    for verb in ("create", "update"):
        role[verb] = _bounded(role[verb])
    actions = ec2._ACTION_MAP
    actions["DescribeSubnets"] = _telling(actions["DescribeSubnets"], ec2._subnets, "subnetId", "assignIpv6")
    actions["DescribeVpcs"] = _telling(actions["DescribeVpcs"], ec2._vpcs, "vpcId", "")


# --- instances


def _instance(logical_id: str, props: Props, stack: str) -> tuple[str, dict[str, str]]:
    first: Mapping[str, Any] = next(iter(props.get("NetworkInterfaces", ())), {})
    subnet = first.get("SubnetId") or props.get("SubnetId", "")
    if subnet and subnet not in ec2._subnets:
        raise Refused("Ec2", "InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
    made = call(
        "RunInstances",
        ImageId=props.get("ImageId", ""),
        InstanceType=props.get("InstanceType", "m1.small"),
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet or None,
        SecurityGroupId=first.get("GroupSet") or props.get("SecurityGroupIds"),
        UserData=props.get("UserData"),
        TagSpecification=_specified("instance", props),
    )
    instance = made.findtext(".//instanceId", "")
    ec2._instances[instance]["UserData"] = props.get("UserData")
    _disks(instance, props)
    _changed(instance, {}, props, stack)
    return instance, _attributes(instance)


def _disks(instance: str, props: Props) -> None:
    """Let the root volume, the only one that the emulator makes, be what the template says."""
    wanted = {one["DeviceName"]: one["Ebs"] for one in props.get("BlockDeviceMappings", ()) if "Ebs" in one}
    for volume in ec2._volumes.values():
        for attached in volume["Attachments"]:
            disk = wanted.get(attached["Device"]) if attached["InstanceId"] == instance else None
            if disk is not None:
                volume["Encrypted"] = str(disk.get("Encrypted", False)).lower() == "true"
                volume["VolumeType"] = disk.get("VolumeType", volume["VolumeType"])
                volume["Size"] = int(disk.get("VolumeSize", volume["Size"]))


def _changed(instance: str, old: Props, new: Props, stack: str) -> tuple[str, dict[str, str]]:
    record = ec2._instances[instance]
    record["InstanceType"] = new.get("InstanceType", record["InstanceType"])
    record["SourceDestCheck"] = str(new.get("SourceDestCheck", True)).lower() == "true"
    record["EbsOptimized"] = str(new.get("EbsOptimized", False)).lower() == "true"
    record["MetadataOptions"] = {"State": "applied", **new.get("MetadataOptions", {})}
    ec2._tags[instance] = [dict(tag) for tag in new.get("Tags", ())]
    return instance, _attributes(instance)


def _attributes(instance: str) -> dict[str, str]:
    record = ec2._instances[instance]
    return {
        "InstanceId": instance,
        "PrivateIp": record["PrivateIpAddress"],
        "PublicIp": record["PublicIpAddress"],
        "AvailabilityZone": record["Placement"]["AvailabilityZone"],
    }


def _terminate(instance: str, props: Props) -> None:
    if instance in ec2._instances:
        call("TerminateInstances", InstanceId=[instance])


def _specified(kind: str, props: Props) -> list[dict[str, Any]]:
    tags = [{"Key": one["Key"], "Value": one["Value"]} for one in props.get("Tags", ())]
    return [{"ResourceType": kind, "Tag": tags, "Tags": tags}] if tags else []


# --- IPv6


def _coming_block(vpc: str) -> str:
    """The /56 that a network has once it asks for one: CloudFormation reads the attribute when it is needed."""
    digits = vpc.rpartition("-")[2]
    # written as AWS writes it: without zeros before a group

    return str(IPv6Network(f"2600:1f{digits[:2]}:{digits[2:6]}:{digits[6:8]}00::/56"))


def _block(logical_id: str, props: Props, stack: str) -> tuple[str, dict[str, str]]:
    vpc = ec2._vpcs.get(props.get("VpcId"))
    if vpc is None:
        raise Refused("Ec2", "InvalidVpcID.NotFound", f"The vpc ID '{props.get('VpcId')}' does not exist")
    vpc[_IPV6] = props.get(_IPV6) or _coming_block(vpc["VpcId"])
    association = "vpc-cidr-assoc-" + vpc["VpcId"].removeprefix("vpc-")
    return f"{association}|{vpc['VpcId']}", {"Id": association, "VpcId": vpc["VpcId"]}


def _without_block(physical_id: str, props: Props) -> None:
    vpc = ec2._vpcs.get(physical_id.rpartition("|")[2])
    if vpc is None:
        return
    if any(one["VpcId"] == vpc["VpcId"] and _IPV6 in one for one in ec2._subnets.values()):
        raise Refused("Ec2", "InvalidCidrBlock.InUse", f"The vpc CIDR {vpc.get(_IPV6)} is in use by a subnet")
    vpc.pop(_IPV6, None)


def _with_blocks(create: Callable[..., Any]) -> Callable[..., Any]:
    def made(logical_id: str, props: Props, stack: str) -> Any:
        vpc, attributes = create(logical_id, props, stack)
        return vpc, {**attributes, "Ipv6CidrBlocks": [_coming_block(vpc)]}

    return made


def _in_its_block(create: Callable[..., Any]) -> Callable[..., Any]:
    def made(logical_id: str, props: Props, stack: str) -> Any:
        wanted, vpc = props.get(_IPV6), ec2._vpcs.get(props.get("VpcId"), {})
        whole = vpc.get(_IPV6, "")
        if wanted and not (whole and IPv6Network(wanted).subnet_of(IPv6Network(whole))):
            raise Refused("Ec2", "InvalidSubnet.Range", f"The CIDR '{wanted}' is invalid.")
        taken = [one for one in ec2._subnets.values() if one["VpcId"] == props.get("VpcId")]
        if wanted and any(one.get(_IPV6) == wanted for one in taken):
            raise Refused(
                "Ec2", "InvalidSubnet.Conflict", f"The CIDR '{wanted}' conflicts with another subnet (VPC {vpc})"
            )
        subnet, attributes = create(logical_id, props, stack)
        if wanted:
            ec2._subnets[subnet][_IPV6] = wanted
            assigns = str(props.get("AssignIpv6AddressOnCreation", False)).lower() == "true"
            ec2._subnets[subnet]["AssignIpv6AddressOnCreation"] = assigns
            attributes = {**attributes, "Ipv6CidrBlocks": [wanted]}
        return subnet, attributes

    return made


def _telling(described: Any, records: Any, key: str, assigns: str) -> Any:
    """Tell the IPv6 block of a network or subnet, and whether it gives out addresses of it."""

    def describe(params: Any) -> Any:
        status, headers, body = described(params)
        text = body.decode() if isinstance(body, bytes) else body
        for name, record in records.items():
            if _IPV6 not in record:
                continue
            before, found, after = text.partition(f"<{key}>{name}</{key}>")
            item = (
                f"<ipv6CidrBlockAssociationSet><item><ipv6CidrBlock>{record[_IPV6]}</ipv6CidrBlock>"
                "<ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item>"
                "</ipv6CidrBlockAssociationSet>"
            )
            if assigns and record.get("AssignIpv6AddressOnCreation"):
                flag = "<assignIpv6AddressOnCreation>{}</assignIpv6AddressOnCreation>"
                after = after.replace(flag.format("false"), flag.format("true"), 1)
            text = before + found + (item if found else "") + after
        return status, headers, text.encode()

    return describe


# --- roles


def _bounded(write: Callable[..., Any]) -> Callable[..., Any]:
    def written(*arguments: Any) -> Any:
        # create(logical id, properties, stack), update(physical id, old, new, stack, logical id)
        props = arguments[1 if len(arguments) == 3 else 2]
        boundary = props.get("PermissionsBoundary")
        if boundary and boundary not in iam._policies and boundary not in iam._aws_managed_policies:
            raise Refused("Iam", "NoSuchEntity", f"Scope ARN: {boundary} does not exist or is not attachable.")
        name, attributes = write(*arguments)
        iam._roles[name]["PermissionsBoundary"] = boundary
        return name, attributes

    return written
