"""What a Vpc renders: ways that lead out, places that stay, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from troposphere import rds, sqs

from fargate_stacks.checks.engines import ENGINES
from fargate_stacks.constructs.flow_logs import FlowLogs
from fargate_stacks.constructs.network import Subnets, Tier, Vpc
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.core.template import Template
from fargate_stacks.errors import RenderError
from tests.constructs.networks import of_type, refusal, template

ALL: tuple[Tier, ...] = ("public", "private", "isolated")
ZONES = ("use1-az1", "use1-az4", "use1-az6")


def way_out(one: Template, subnet: str) -> list[str]:
    """Follow the default route of a subnet, hop by hop, until an internet gateway or a dead end."""
    tables = [
        association["RouteTableId"]["Ref"]
        for association in of_type(one, "AWS::EC2::SubnetRouteTableAssociation").values()
        if association["SubnetId"] == {"Ref": subnet}
    ]
    assert len(tables) == 1, f"{subnet} has {len(tables)} route tables"
    for route in of_type(one, "AWS::EC2::Route").values():
        if route["RouteTableId"] == {"Ref": tables[0]} and route["DestinationCidrBlock"] == "0.0.0.0/0":
            if "GatewayId" in route:
                gateway = route["GatewayId"]["Ref"]
                attached = of_type(one, "AWS::EC2::VPCGatewayAttachment").values()
                assert {"VpcId": {"Ref": "NetVpc"}, "InternetGatewayId": {"Ref": gateway}} in list(attached)
                return [gateway]
            nat = route["NatGatewayId"]["Ref"]
            return [nat, *way_out(one, of_type(one, "AWS::EC2::NatGateway")[nat]["SubnetId"]["Ref"])]
    return []


# what is there by default


def test_by_default_two_zones_have_a_public_and_a_private_subnet_and_share_one_nat() -> None:
    net = template(Vpc("Net"))
    subnets = ["NetPublicSubnet1", "NetPublicSubnet2", "NetPrivateSubnet1", "NetPrivateSubnet2"]
    assert list(of_type(net, "AWS::EC2::Subnet")) == subnets
    assert list(of_type(net, "AWS::EC2::NatGateway")) == ["NetNatGateway1"]


def test_without_nat_the_inner_tier_is_isolated() -> None:
    net = template(Vpc("Net", nat="none"))
    subnets = ["NetPublicSubnet1", "NetPublicSubnet2", "NetIsolatedSubnet1", "NetIsolatedSubnet2"]
    assert list(of_type(net, "AWS::EC2::Subnet")) == subnets
    assert of_type(net, "AWS::EC2::NatGateway") == of_type(net, "AWS::EC2::EIP") == {}


def test_every_part_has_its_plain_logical_id() -> None:
    net = template(Vpc("Net", azs=1, tiers=ALL, flow_logs=FlowLogs()))
    assert list(net.resources) == [
        "NetVpc",
        "NetInternetGateway",
        "NetInternetGatewayAttachment",
        "NetPublicSubnet1",
        "NetPublicRouteTable",
        "NetPublicSubnet1RouteTableAssociation",
        "NetPublicDefaultRoute",
        "NetElasticIp1",
        "NetNatGateway1",
        "NetPrivateSubnet1",
        "NetPrivateRouteTable1",
        "NetPrivateSubnet1RouteTableAssociation",
        "NetPrivateDefaultRoute1",
        "NetIsolatedSubnet1",
        "NetIsolatedRouteTable",
        "NetIsolatedSubnet1RouteTableAssociation",
        "NetS3Endpoint",
        "NetNamespace",
        "NetFlowLogGroup",
        "NetFlowLogPolicy",
        "NetFlowLogRole",
        "NetFlowLog",
    ]


def test_names_resolve_inside_the_vpc() -> None:
    vpc = template(Vpc("Net")).resources["NetVpc"]["Properties"]
    assert (vpc["EnableDnsSupport"], vpc["EnableDnsHostnames"]) == (True, True)


def test_no_subnet_gives_out_public_addresses() -> None:
    subnets = of_type(template(Vpc("Net", tiers=ALL)), "AWS::EC2::Subnet")
    assert {subnet["MapPublicIpOnLaunch"] for subnet in subnets.values()} == {False}


def test_what_a_console_lists_carries_its_name() -> None:
    net = template(Vpc("Net", tiers=ALL, flow_logs=FlowLogs()))
    for kind in ("VPC", "Subnet", "RouteTable", "InternetGateway", "NatGateway", "EIP", "VPCEndpoint", "FlowLog"):
        for logical_id, body in of_type(net, f"AWS::EC2::{kind}").items():
            assert body["Tags"] == [{"Key": "Name", "Value": {"Fn::Sub": f"${{AWS::StackName}}/{logical_id}"}}]


def test_endpoints_have_a_namespace_of_the_stack_and_vpc() -> None:
    vpc = Vpc("Net")
    assert template(vpc).resources["NetNamespace"]["Type"] == "AWS::ServiceDiscovery::HttpNamespace"
    assert template(vpc).resources["NetNamespace"]["Properties"]["Name"] == {"Fn::Sub": "${AWS::StackName}-Net"}
    assert (vpc.namespace_arn.logical_id, vpc.namespace_arn.attribute) == ("NetNamespace", "Arn")


# ways


@pytest.mark.parametrize("azs", [1, 2, 3, 4])
@pytest.mark.parametrize("nat", ["single", "per-zone"])
def test_every_private_subnet_leads_out_through_nat_and_gateway(azs: int, nat: Any) -> None:
    net = template(Vpc("Net", azs=azs, nat=nat, tiers=ALL))
    for zone in range(1, azs + 1):
        used = zone if nat == "per-zone" else 1
        assert way_out(net, f"NetPrivateSubnet{zone}") == [f"NetNatGateway{used}", "NetInternetGateway"]
        assert way_out(net, f"NetPublicSubnet{zone}") == ["NetInternetGateway"]
        assert way_out(net, f"NetIsolatedSubnet{zone}") == []


def test_a_nat_gateway_for_each_zone_stands_in_that_zone() -> None:
    net = template(Vpc("Net", azs=ZONES, nat="per-zone"))
    subnets = of_type(net, "AWS::EC2::Subnet")
    for zone, zone_id in enumerate(ZONES, 1):
        stands_in = of_type(net, "AWS::EC2::NatGateway")[f"NetNatGateway{zone}"]["SubnetId"]["Ref"]
        assert subnets[stands_in]["AvailabilityZoneId"] == zone_id
        assert subnets[f"NetPrivateSubnet{zone}"]["AvailabilityZoneId"] == zone_id


def test_each_nat_gateway_has_an_address_of_its_own() -> None:
    net = template(Vpc("Net", azs=3, nat="per-zone"))
    addresses = [nat["AllocationId"]["Fn::GetAtt"] for nat in of_type(net, "AWS::EC2::NatGateway").values()]
    assert addresses == [[f"NetElasticIp{zone}", "AllocationId"] for zone in (1, 2, 3)]
    assert {one["Domain"] for one in of_type(net, "AWS::EC2::EIP").values()} == {"vpc"}


def test_from_one_nat_to_one_in_each_zone_only_routes_change() -> None:
    one, many = template(Vpc("Net", nat="single")).resources, template(Vpc("Net", nat="per-zone")).resources
    assert [key for key in one if one[key] != many[key]] == ["NetPrivateDefaultRoute2"]
    assert set(many) - set(one) == {"NetElasticIp2", "NetNatGateway2"}


def test_an_isolated_vpc_has_no_gateway_at_all() -> None:
    vpc = Vpc("Net", nat="none", tiers=["isolated"])
    net = template(vpc)
    assert of_type(net, "AWS::EC2::InternetGateway") == of_type(net, "AWS::EC2::Route") == {}
    assert vpc.internet == ()


def test_the_s3_endpoint_serves_every_route_table() -> None:
    net = template(Vpc("Net", azs=3, tiers=ALL))
    endpoint = of_type(net, "AWS::EC2::VPCEndpoint")["NetS3Endpoint"]
    assert endpoint["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert [one["Ref"] for one in endpoint["RouteTableIds"]] == list(of_type(net, "AWS::EC2::RouteTable"))


def test_the_s3_endpoint_can_be_left_out() -> None:
    vpc = Vpc("Net", s3_endpoint=False)
    assert of_type(template(vpc), "AWS::EC2::VPCEndpoint") == {}
    assert [one.logical_id for one in vpc.subnets("public", "a test").after] == ["NetPublicDefaultRoute"]


# zones and places


def test_a_number_of_zones_takes_the_first_that_the_region_lists() -> None:
    subnets = of_type(template(Vpc("Net", azs=2)), "AWS::EC2::Subnet")
    assert subnets["NetPrivateSubnet2"]["AvailabilityZone"] == {"Fn::Select": [1, {"Fn::GetAZs": ""}]}


def test_zone_ids_pin_the_zones() -> None:
    subnets = of_type(template(Vpc("Net", azs=ZONES)), "AWS::EC2::Subnet")
    assert subnets["NetPrivateSubnet2"]["AvailabilityZoneId"] == "use1-az4"
    assert "AvailabilityZone" not in subnets["NetPrivateSubnet2"]


def test_subnets_stand_at_fixed_places() -> None:
    subnets = of_type(template(Vpc("Net", tiers=ALL)), "AWS::EC2::Subnet")
    assert {key: body["CidrBlock"] for key, body in subnets.items()} == {
        "NetPublicSubnet1": "10.0.0.0/20",
        "NetPublicSubnet2": "10.0.16.0/20",
        "NetPrivateSubnet1": "10.0.64.0/20",
        "NetPrivateSubnet2": "10.0.80.0/20",
        "NetIsolatedSubnet1": "10.0.128.0/20",
        "NetIsolatedSubnet2": "10.0.144.0/20",
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Vpc("Net", azs=2), Vpc("Net", azs=3)),
        (Vpc("Net", azs=1, nat="per-zone", tiers=ALL), Vpc("Net", azs=4, nat="per-zone", tiers=ALL)),
        (Vpc("Net", azs=ZONES[:2]), Vpc("Net", azs=ZONES)),
        (Vpc("Net"), Vpc("Net", tiers=ALL)),
        (Vpc("Net", nat="none"), Vpc("Net", tiers=ALL)),
    ],
)
def test_another_zone_or_tier_only_adds(before: Vpc, after: Vpc) -> None:
    old, new = template(before).resources, template(after).resources
    assert set(old) < set(new)
    changed = [key for key in old if old[key]["Properties"] != new[key]["Properties"]]
    assert changed == ["NetS3Endpoint"]  # whose list of route tables grows in place


@given(
    prefix=st.integers(16, 24),
    address=st.integers(0, 2**32 - 1),
    azs=st.integers(1, 4),
    tiers=st.sampled_from([("public", "private"), ("public", "isolated"), ALL]),
)
def test_subnets_lie_inside_the_vpc_and_never_overlap(prefix: int, address: int, azs: int, tiers: Any) -> None:
    cidr = ip_network((address, prefix), strict=False)
    nat: Any = "single" if "private" in tiers else "none"
    net = template(Vpc("Net", cidr=str(cidr), azs=azs, nat=nat, tiers=tiers))
    blocks = [ip_network(one["CidrBlock"]) for one in of_type(net, "AWS::EC2::Subnet").values()]
    assert len(blocks) == azs * len(tiers)
    assert {block.prefixlen for block in blocks} == {prefix + 4}
    assert all(block.subnet_of(cidr) for block in blocks)  # type: ignore[arg-type]
    assert not any(one.overlaps(other) for one, other in combinations(blocks, 2))


# what others ask


def test_subnets_of_a_tier_know_what_a_task_in_them_waits_for() -> None:
    vpc = Vpc("Net", tiers=ALL)
    after = {tier: [one.logical_id for one in vpc.subnets(tier, "a test").after] for tier in ALL}
    assert after == {
        "public": ["NetPublicDefaultRoute", "NetS3Endpoint"],
        "private": ["NetPrivateDefaultRoute1", "NetPrivateDefaultRoute2", "NetS3Endpoint"],
        "isolated": [
            "NetIsolatedSubnet1RouteTableAssociation",
            "NetIsolatedSubnet2RouteTableAssociation",
            "NetS3Endpoint",
        ],
    }


def test_a_public_load_balancer_waits_for_the_gateway() -> None:
    assert [one.logical_id for one in Vpc("Net").internet] == ["NetInternetGatewayAttachment"]


def test_subnets_can_be_counted() -> None:
    assert Vpc("Net", azs=3).subnets("private", "a test").count == 3


@pytest.mark.parametrize(
    ("vpc", "tier", "message"),
    [
        (
            Vpc("Net", nat="none"),
            "private",
            'Vpc "Net": it has no private subnets, and Service "Web" needs them; '
            'give Vpc(nat="single"), or ask for the isolated ones',
        ),
        (
            Vpc("Net"),
            "isolated",
            'Vpc "Net": it has no isolated subnets, and Service "Web" needs them; '
            "give Vpc(tiers=['public', 'private', 'isolated'])",
        ),
        (
            Vpc("Net", nat="none", tiers=["isolated"]),
            "public",
            'Vpc "Net": it has no public subnets, and Service "Web" needs them; '
            "give Vpc(tiers=['public', 'isolated'])",
        ),
    ],
)
def test_a_tier_that_is_missing_is_named_with_its_user(vpc: Vpc, tier: Any, message: str) -> None:
    assert refusal(lambda: vpc.subnets(tier, 'Service "Web"')) == message


class Group(Construct):
    """Something in the private subnets of a VPC, and something that waits for their ways out."""

    subnets: Subnets

    def build(self) -> Iterator[Any]:
        yield rds.DBSubnetGroup(self.id("Group"), DBSubnetGroupDescription="x", SubnetIds=self.subnets.ids)
        yield sqs.Queue(self.id("Queue"), DependsOn=list(self.subnets.after))


def test_at_home_subnets_are_references_and_ways_are_waited_for() -> None:
    vpc = Vpc("Net")
    group = Group("Group", subnets=vpc.subnets("private", "a test"))
    found = render(App([Stack("all", [vpc, group])]))["all"].resources
    assert found["GroupGroup"]["Properties"]["SubnetIds"] == [
        {"Ref": "NetPrivateSubnet1"},
        {"Ref": "NetPrivateSubnet2"},
    ]
    assert found["GroupQueue"]["DependsOn"] == ["NetPrivateDefaultRoute1", "NetPrivateDefaultRoute2", "NetS3Endpoint"]


def test_elsewhere_subnets_are_one_typed_list_and_ways_are_a_stacks_turn() -> None:
    vpc = Vpc("Net")
    group = Group("Group", subnets=vpc.subnets("private", "a test"))
    templates = render(App([Stack("app", [group]), Stack("net", [vpc])]))
    assert list(templates) == ["net", "app"]
    parameter = templates["app"].parameters["NetNetPrivateSubnets"]
    assert parameter["Type"] == "List<AWS::EC2::Subnet::Id>"
    assert templates["app"].references["NetNetPrivateSubnets"].length == 2
    assert templates["app"].resources["GroupGroup"]["Properties"]["SubnetIds"] == {"Ref": "NetNetPrivateSubnets"}
    assert "DependsOn" not in templates["app"].resources["GroupQueue"]
    refs = [{"Ref": "NetPrivateSubnet1"}, {"Ref": "NetPrivateSubnet2"}]
    assert templates["net"].outputs["NetPrivateSubnets"]["Value"] == {"Fn::Join": [",", refs]}


def test_customize_sees_the_network_by_logical_id() -> None:
    def widen(resources: Any) -> None:
        resources["NetPublicSubnet1"].MapPublicIpOnLaunch = True

    net = template(Vpc("Net"), customize=widen)
    assert net.resources["NetPublicSubnet1"]["Properties"]["MapPublicIpOnLaunch"] is True


def test_customize_cannot_take_away_what_others_wait_for() -> None:
    with pytest.raises(RenderError) as caught:
        template(Vpc("Net"), customize=lambda resources: resources.pop("NetInternetGatewayAttachment"))
    assert "NetInternetGatewayAttachment" in str(caught.value)


# what the linters say


WAYS: list[tuple[Any, Sequence[Tier] | None]] = [
    ("none", None),
    ("none", ["isolated"]),
    ("none", ["public"]),
    ("single", None),
    ("per-zone", ALL),
]
MATRIX = [
    Vpc("Net", azs=azs, nat=nat, tiers=tiers, flow_logs=flow_logs)
    for azs in (1, 2, 4, ZONES)
    for nat, tiers in WAYS
    for flow_logs in (None, FlowLogs(traffic="REJECT"))
]


@pytest.mark.parametrize("engine", ENGINES)
def test_no_linter_has_anything_to_say(engine: str) -> None:
    templates = {str(number): template(vpc) for number, vpc in enumerate(MATRIX)}
    found = [one for one in ENGINES[engine](templates) if one.severity != "info"]
    assert [f"{one.code} {one.where}: {one.message}" for one in found] == []
