"""Every blueprint on the local cloud: what the services themselves describe is what the blueprint said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fargate_stacks import Template, render
from fargate_stacks.deploy.destroy import destroy
from fargate_stacks.deploy.engine import deploy
from tests.blueprints.catalog import CASES, Case
from tests.deploy.local.whole import TYPES
from tests.localcloud import Cloud
from tests.readback import READERS, Deployed

DEV = [pytest.param(case, id=case.name) for case in CASES if case.stage == "dev"]


def yes(question: str) -> bool:
    return True


def nothing(message: object) -> None:
    """Where messages go."""


def roll_out(cloud: Cloud, templates: Mapping[str, Template], given: Mapping[str, str]) -> Deployed:
    deploy(templates, cloud.client(), out=nothing, ask=yes, given=given)
    return Deployed(cloud, templates)


def existing(cloud: Cloud, case: Case) -> dict[str, str]:
    """Make what a blueprint expects to find, and give the parameters that name it."""
    if case.name in ("https_domain", "hardened_web", "grpc_service_connect"):
        zone = cloud.api("route53").create_hosted_zone(Name="example.com", CallerReference="test")
        return {"HostedZoneId": zone["HostedZone"]["Id"].rpartition("/")[2]}
    if case.name == "image_from_pipeline":
        image = "public.ecr.aws/nginx/nginx-unprivileged:1.27"
        cloud.api("ssm").put_parameter(Name=f"/shop/{case.stage}/worker/image", Type="String", Value=image)
    if case.name != "existing_vpc":
        return {}
    ec2, elb = cloud.api("ec2"), cloud.api("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
    group = ec2.create_security_group(GroupName="door", Description="door", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    balancer = elb.create_load_balancer(Name="door", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    return {
        "VpcId": vpc,
        "PrivateSubnet1": subnets[0],
        "PrivateSubnet2": subnets[1],
        "LoadBalancerSecurityGroup": group,
        "ListenerArn": listener,
    }


@pytest.mark.parametrize("case", DEV)
def test_what_is_deployed_is_what_was_said(cloud: Cloud, case: Case) -> None:
    given = existing(cloud, case)
    # without a way to the internet an image comes from ECR, as the local cloud knows too
    inside = f"{cloud.account}.dkr.ecr.{cloud.region}.amazonaws.com/ledger"
    image = inside if case.name == "private_endpoints_only" else "public.ecr.aws/nginx/nginx-unprivileged"
    first = render(case.app(image=f"{image}:1.28"))
    assert roll_out(cloud, first, given).differences() == []

    # another image: new revisions run, everything else stays as it was
    second = render(case.app(image=f"{image}:1.29"))
    before = {name: cloud.physical(name) for name in first}
    assert roll_out(cloud, second, given).differences() == []
    changed = {
        second[stack].resources[logical_id]["Type"]
        for stack in second
        for logical_id, physical in cloud.physical(stack).items()
        if before[stack][logical_id] != physical
    }
    # there the image of the file is for the first deploy: what runs stays
    assert changed == (set() if case.name == "image_from_pipeline" else {"AWS::ECS::TaskDefinition"})

    destroy(second, cloud.client(), out=nothing, ask=yes)
    assert cloud.api("cloudformation").describe_stacks()["Stacks"] == []
    clusters = cloud.api("ecs").list_clusters()["clusterArns"]
    assert clusters == []


def test_everything_that_can_be_read_back_is_in_some_blueprint() -> None:
    types = {body["Type"] for case in CASES for one in render(case.app()).values() for body in one.resources.values()}
    # tests/deploy/local/test_whole.py has the others
    assert set(READERS) <= types | set(TYPES)
