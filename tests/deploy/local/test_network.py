"""Addresses, NAT gateways and single rules as CloudFormation makes them and EC2 describes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localcloud import Cloud

NETWORK: dict[str, Any] = {
    "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Net"}, "CidrBlock": "10.0.0.0/24"}},
    "Gateway": {"Type": "AWS::EC2::InternetGateway"},
    "Attached": {
        "Type": "AWS::EC2::VPCGatewayAttachment",
        "Properties": {"VpcId": {"Ref": "Net"}, "InternetGatewayId": {"Ref": "Gateway"}},
    },
}
NAT: dict[str, Any] = {
    **NETWORK,
    "Address": {
        "Type": "AWS::EC2::EIP",
        "DependsOn": "Attached",
        "Properties": {"Domain": "vpc", "Tags": [{"Key": "a", "Value": "b"}]},
    },
    "Nat": {
        "Type": "AWS::EC2::NatGateway",
        "DependsOn": "Attached",
        "Properties": {
            "SubnetId": {"Ref": "Subnet"},
            "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    },
}


def group(*rules: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "it", "VpcId": {"Ref": "Net"}, "SecurityGroupEgress": list(rules)},
    }


def rules(**one: Any) -> dict[str, Any]:
    return {
        **NETWORK,
        "Door": group(),
        "Task": group(),
        "Rule": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["Task", "GroupId"]},
                "SourceSecurityGroupId": {"Fn::GetAtt": ["Door", "GroupId"]},
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "Description": "from the door",
                **one,
            },
        },
    }


def why(cloud: Cloud, name: str) -> str:
    failed = [one for one in cloud.history(name) if one["ResourceStatus"].endswith("_FAILED")]
    return str(failed[0].get("ResourceStatusReason", ""))


def test_an_address_is_described(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": NAT})
    [address] = cloud.api("ec2").describe_addresses()["Addresses"]
    assert address["PublicIp"] == cloud.physical("net")["Address"]
    assert address["Domain"] == "vpc"


def test_a_nat_gateway_is_described_with_its_address(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": NAT})
    [nat] = cloud.api("ec2").describe_nat_gateways()["NatGateways"]
    ids = cloud.physical("net")
    assert (nat["NatGatewayId"], nat["SubnetId"], nat["VpcId"]) == (ids["Nat"], ids["Subnet"], ids["Net"])
    assert nat["State"] == "available"
    assert nat["NatGatewayAddresses"][0]["PublicIp"] == ids["Address"]


def test_tags_are_on_addresses_and_gateways(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": NAT})
    ec2 = cloud.api("ec2")
    [nat] = ec2.describe_nat_gateways()["NatGateways"]
    [address] = ec2.describe_addresses()["Addresses"]
    for tags in (nat["Tags"], address["Tags"]):
        assert {"Key": "a", "Value": "b"} in tags
        assert {"Key": "aws:cloudformation:stack-name", "Value": "net"} in tags


def test_a_nat_gateway_is_gone_with_its_stack(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": NAT})
    assert cloud.delete("net")["StackStatus"] == "DELETE_COMPLETE"
    assert cloud.api("ec2").describe_addresses()["Addresses"] == []
    assert [one["State"] for one in cloud.api("ec2").describe_nat_gateways()["NatGateways"]] == ["deleted"]


@pytest.mark.parametrize(
    ("props", "reason"),
    [
        ({"SubnetId": "subnet-0"}, "The subnet ID 'subnet-0' does not exist"),
        ({"AllocationId": "eipalloc-0"}, "The allocation ID 'eipalloc-0' does not exist"),
    ],
)
def test_a_nat_gateway_needs_what_it_names(cloud: Cloud, props: dict[str, str], reason: str) -> None:
    nat = {**NAT["Nat"], "Properties": {**NAT["Nat"]["Properties"], **props}}
    assert cloud.create("net", {"Resources": {**NAT, "Nat": nat}})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in why(cloud, "net")


def test_one_address_serves_one_gateway(cloud: Cloud) -> None:
    again = {**NAT["Nat"], "DependsOn": "Nat"}
    assert cloud.create("net", {"Resources": {**NAT, "Again": again}})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "is already associated" in why(cloud, "net")


def test_a_rule_is_in_its_group(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": rules()})
    ids = cloud.physical("net")
    [task] = cloud.api("ec2").describe_security_groups(GroupIds=[ids["Task"]])["SecurityGroups"]
    [permission] = task["IpPermissions"]
    assert (permission["IpProtocol"], permission["FromPort"], permission["ToPort"]) == ("tcp", 80, 80)
    pair = {"GroupId": ids["Door"], "UserId": cloud.account, "Description": "from the door"}
    assert permission["UserIdGroupPairs"] == [pair]


def test_a_rules_id_is_that_of_the_api(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": rules()})
    found = cloud.api("ec2").describe_security_group_rules(SecurityGroupRuleIds=[cloud.physical("net")["Rule"]])
    assert found["SecurityGroupRules"][0]["Description"] == "from the door"


def test_a_description_changes_in_place(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": rules()})
    before = cloud.physical("net")
    cloud.update("net", {"Resources": rules(Description="else")})
    assert cloud.physical("net") == before
    [task] = cloud.api("ec2").describe_security_groups(GroupIds=[before["Task"]])["SecurityGroups"]
    assert task["IpPermissions"][0]["UserIdGroupPairs"][0]["Description"] == "else"


def test_another_port_replaces_the_rule(cloud: Cloud) -> None:
    cloud.create("net", {"Resources": rules()})
    before = cloud.physical("net")
    cloud.update("net", {"Resources": rules(FromPort=81, ToPort=81)})
    assert cloud.physical("net")["Rule"] != before["Rule"]
    [task] = cloud.api("ec2").describe_security_groups(GroupIds=[before["Task"]])["SecurityGroups"]
    assert [one["FromPort"] for one in task["IpPermissions"]] == [81]


def test_a_rule_that_is_there_already_is_refused(cloud: Cloud) -> None:
    twice = {**rules(), "Again": {**rules()["Rule"], "DependsOn": "Rule"}}
    assert cloud.create("net", {"Resources": twice})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in why(cloud, "net")


def test_a_rule_of_a_group_that_is_not_there_is_refused(cloud: Cloud) -> None:
    assert cloud.create("net", {"Resources": rules(GroupId="sg-0")})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "The security group 'sg-0' does not exist" in why(cloud, "net")


def test_an_egress_rule_is_added_and_taken_away(cloud: Cloud) -> None:
    nowhere = {"CidrIp": "127.0.0.1/32", "IpProtocol": "-1"}
    without = {**NETWORK, "Door": group(nowhere), "Task": group(nowhere)}
    rule = {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": {"Fn::GetAtt": ["Door", "GroupId"]},
            "DestinationSecurityGroupId": {"Fn::GetAtt": ["Task", "GroupId"]},
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
        },
    }
    cloud.create("net", {"Resources": {**without, "Out": rule}})
    ids = cloud.physical("net")

    def egress() -> list[Any]:
        [door] = cloud.api("ec2").describe_security_groups(GroupIds=[ids["Door"]])["SecurityGroups"]
        return [one.get("FromPort") for one in door["IpPermissionsEgress"]]

    assert egress() == [None, 80]
    cloud.update("net", {"Resources": without})
    assert egress() == [None]


def subnet(**zone: str) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.9.0/24", **zone},
    }


NET = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}


def test_a_subnet_is_in_the_zone_whose_id_it_names(cloud: Cloud) -> None:
    cloud.create("s", {"Resources": {"Vpc": NET, "Four": subnet(AvailabilityZoneId="use1-az4")}})
    [found] = cloud.api("ec2").describe_subnets(SubnetIds=[cloud.physical("s")["Four"]])["Subnets"]
    assert (found["AvailabilityZoneId"], found["AvailabilityZone"]) == ("use1-az4", "us-east-1d")


@pytest.mark.parametrize("zone", [{"AvailabilityZoneId": "euw1-az1"}, {"AvailabilityZone": "eu-west-1a"}])
def test_a_zone_of_another_region_is_refused(cloud: Cloud, zone: dict[str, str]) -> None:
    stack = cloud.create("s", {"Resources": {"Vpc": NET, "Far": subnet(**zone)}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    [event] = [one for one in cloud.history("s") if one["ResourceStatus"] == "CREATE_FAILED"]
    [(name, value)] = zone.items()
    assert f"Value ({value}) for parameter a{name[1:]} is invalid." in event["ResourceStatusReason"]


def test_addresses_may_be_asked_for_one_by_one(cloud: Cloud) -> None:
    ec2 = cloud.api("ec2")
    addresses = [ec2.allocate_address(Domain="vpc")["PublicIp"] for _ in range(2)]
    found = ec2.describe_addresses(PublicIps=addresses[1:])["Addresses"]
    assert [one["PublicIp"] for one in found] == addresses[1:]
    with pytest.raises(ClientError) as caught:
        ec2.describe_addresses(PublicIps=["192.0.2.1"])
    assert caught.value.response["Error"]["Code"] == "InvalidAddress.NotFound"
