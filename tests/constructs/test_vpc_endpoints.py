"""Interface endpoints: what is made, who may pass, and what waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.vpc_endpoints import PRIVATE_TASKS, Endpoints, part_of
from tests.constructs.networks import of_type, refusal, template


def endpoints(**fields: Any) -> dict[str, Any]:
    return of_type(template(Vpc("Net", nat="none", **fields)), "AWS::EC2::VPCEndpoint")


def test_the_bundle_is_what_a_task_without_a_way_out_needs() -> None:
    found = endpoints(endpoints="private-tasks")
    assert set(found) == {
        "NetS3Endpoint",
        "NetEcrApiEndpoint",
        "NetEcrDkrEndpoint",
        "NetLogsEndpoint",
        "NetSecretsmanagerEndpoint",
        "NetSsmEndpoint",
        "NetSsmmessagesEndpoint",
    }
    assert [part_of(one) for one in PRIVATE_TASKS] == Endpoints().parts


def test_an_interface_endpoint_stands_in_every_zone_and_answers_to_the_services_own_name() -> None:
    one = endpoints(endpoints="private-tasks")["NetEcrApiEndpoint"]
    assert one["VpcEndpointType"] == "Interface"
    assert one["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.ecr.api"}
    assert one["SubnetIds"] == [{"Ref": "NetIsolatedSubnet1"}, {"Ref": "NetIsolatedSubnet2"}]
    assert one["PrivateDnsEnabled"] is True
    assert one["SecurityGroupIds"] == [{"Fn::GetAtt": ["NetEndpointSecurityGroup", "GroupId"]}]


def test_only_principals_of_this_account_pass() -> None:
    for name, one in endpoints(endpoints=Endpoints(also=["dynamodb"])).items():
        if name in ("NetS3Endpoint", "NetSsmmessagesEndpoint"):  # layers and channels are fetched by tokens
            assert "PolicyDocument" not in one
            continue
        (statement,) = one["PolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}


def test_the_group_lets_https_in_from_the_vpc_and_nothing_out() -> None:
    group = of_type(template(Vpc("Net", cidr="10.7.0.0/16", endpoints="private-tasks")), "AWS::EC2::SecurityGroup")
    found = group["NetEndpointSecurityGroup"]
    assert found["SecurityGroupIngress"] == [
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "CidrIp": "10.7.0.0/16",
            "Description": "HTTPS from the VPC",
        }
    ]
    assert found["SecurityGroupEgress"][0]["CidrIp"] == "255.255.255.255/32"


def test_dynamodb_is_a_gateway_of_every_route_table() -> None:
    one = endpoints(endpoints=Endpoints(services=["dynamodb"]))["NetDynamodbEndpoint"]
    assert one["VpcEndpointType"] == "Gateway"
    assert one["RouteTableIds"] == [{"Ref": "NetPublicRouteTable"}, {"Ref": "NetIsolatedRouteTable"}]


def test_gateways_alone_need_no_group() -> None:
    made = template(Vpc("Net", nat="none", endpoints=Endpoints(services=["dynamodb"])))
    assert "NetEndpointSecurityGroup" not in made.resources


def test_with_private_and_isolated_subnets_the_innermost_hold_the_endpoints() -> None:
    made = template(Vpc("Net", tiers=["public", "private", "isolated"], endpoints="private-tasks"))
    assert made.resources["NetLogsEndpoint"]["Properties"]["SubnetIds"][0] == {"Ref": "NetIsolatedSubnet1"}


def test_tasks_inside_wait_for_every_endpoint_trap_1() -> None:
    vpc = Vpc("Net", tiers=["public", "private", "isolated"], endpoints=Endpoints(also=["sqs"]))
    for tier in ("private", "isolated"):
        after = {one.logical_id for one in vpc.subnets(tier, "a test").after}  # type: ignore[arg-type]
        assert {"NetEcrApiEndpoint", "NetSsmmessagesEndpoint", "NetSqsEndpoint"} <= after
    assert "NetSqsEndpoint" not in {one.logical_id for one in vpc.subnets("public", "a test").after}


def test_tasks_outside_wait_for_gateways_trap_1() -> None:
    vpc = Vpc("Net", endpoints=Endpoints(also=["dynamodb"]))
    after = {one.logical_id for one in vpc.subnets("public", "a test").after}
    assert "NetDynamodbEndpoint" in after and "NetEcrApiEndpoint" not in after


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"services": []}, "Endpoints: services is empty; leave endpoints out, or name a service like ecr.api"),
        ({"also": ["S3"]}, "Endpoints: a service is named like ecr.api or sqs, got 'S3'"),
        (
            {"also": ["com.amazonaws.eu-west-1.sqs"]},
            "Endpoints: a service is named like ecr.api or sqs, got 'com.amazonaws.eu-west-1.sqs'",
        ),
        ({"also": ["s3"]}, "Endpoints: s3 is reached by the gateway endpoint that every Vpc has; leave it out"),
        ({"also": ["logs"]}, "Endpoints: logs is named twice; name it once"),
    ],
)
def test_what_no_endpoints_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Endpoints(**fields)) == message


def test_a_vpc_takes_the_bundle_by_its_name_and_no_other_text() -> None:
    assert refusal(lambda: Vpc("Net", endpoints="all")) == (
        "Vpc \"Net\": endpoints must be one of 'private-tasks' or Endpoints or None, got 'all'; "
        "pass one of 'private-tasks' or Endpoints or None"
    )
