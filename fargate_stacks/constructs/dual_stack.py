"""IPv6 beside IPv4 in a VPC: an Amazon-provided block, a /64 for each subnet, and ways out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troposphere import Cidr, GetAtt, Select, Tags, ec2

from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Attr, Text

ANYWHERE = "::/0"
_PLACES = 16  # as in IPv4: a place for each zone of each tier, and four to spare


def block(vpc: Construct, vpc_id: Text) -> Any:
    """Give the VPC's IPv6 block, a /56 of Amazon's."""
    return ec2.VPCCidrBlock(vpc.id("Ipv6CidrBlock"), AmazonProvidedIpv6CidrBlock=True, VpcId=vpc_id)


def of_subnet(vpc: Construct, place: int) -> dict[str, Any]:
    """Give what a subnet at a place says of IPv6; ECS gives an address to tasks where the subnet does."""
    blocks = Cidr(Select(0, GetAtt(vpc.id("Vpc"), "Ipv6CidrBlocks")), _PLACES, 64)
    return {
        # the attribute is empty until the block is there, and no reference says so
        "DependsOn": [vpc.attr("Ipv6CidrBlock")],
        "Ipv6CidrBlock": Select(place, blocks),
        "AssignIpv6AddressOnCreation": True,
    }


def way_in_and_out(vpc: Construct, table: Attr, after: list[Attr]) -> Any:
    """Give the public subnets' route."""
    return ec2.Route(
        vpc.id("PublicDefaultIpv6Route"),
        DependsOn=after,
        RouteTableId=table,
        DestinationIpv6CidrBlock=ANYWHERE,
        GatewayId=vpc.attr("InternetGateway"),
    )


def ways_out(vpc: Construct, vpc_id: Text, tables: list[Attr], tags: Tags) -> Iterator[Any]:
    """Give the gateway that lets nobody in, and a route to it for each private table."""
    yield ec2.EgressOnlyInternetGateway(vpc.id("EgressOnlyInternetGateway"), VpcId=vpc_id, Tags=tags)
    for number, table in enumerate(tables, start=1):
        yield ec2.Route(
            vpc.id(f"PrivateDefaultIpv6Route{number}"),
            RouteTableId=table,
            DestinationIpv6CidrBlock=ANYWHERE,
            EgressOnlyInternetGatewayId=vpc.attr("EgressOnlyInternetGateway"),
        )
