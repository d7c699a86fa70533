"""VPCs: where tasks run, and how they reach the world."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from troposphere import GetAtt, GetAZs, Select, Tags, ec2, servicediscovery

from fargate_stacks.constructs.addresses import Block, parse_block
from fargate_stacks.constructs.network_existing import ExistingVpc
from fargate_stacks.constructs.subnets import Subnets, Tier
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, AttrList, Text, sub

if TYPE_CHECKING:  # most networks have none of these: they are imported when they are given
    from fargate_stacks.constructs.flow_logs import FlowLogs
    from fargate_stacks.constructs.nat_instance import NatInstance
    from fargate_stacks.constructs.vpc_endpoints import Endpoints

__all__ = ["ExistingVpc", "Network", "Subnets", "Tier", "Vpc"]

_TIERS: tuple[Tier, ...] = ("public", "private", "isolated")
_ZONES = 4  # the most that a region gives to everybody, and the places that each tier has in the VPC's addresses
_ZONE_ID = re.compile(r"([a-z]+\d+)-az\d+\Z", re.ASCII)
_ANYWHERE = "0.0.0.0/0"


class Vpc(Construct):
    """A network of public, private and isolated subnets in one to four zones.

    By default two zones with a public and a private subnet each, and one NAT gateway (about 33 USD a month and what
    it processes); `nat="per-zone"` outlives the loss of a zone, `nat="none"` makes the inner tier isolated.
    `azs` as a number takes the first zones that `Fn::GetAZs` lists, which is not the same list for ever; zone
    ids like `("use1-az1", "use1-az4")` pin them. Each subnet has a sixteenth of `cidr`, a /16 to /24, at a fixed
    place, so that another zone or tier moves none. The gateway endpoint of S3 and the Cloud Map namespace of
    `Endpoint` cost nothing and are always there. No address is given out to what starts in a public subnet
    unless it asks for one. Changing `cidr`, or the zones by name, replaces what is in them. Raises SpecError.
    """

    cidr: str = "10.0.0.0/16"
    azs: int | Sequence[str] = 2
    nat: Literal["none", "single", "per-zone"] | NatInstance = "single"
    tiers: Sequence[Tier] | None = None
    """By default public and private with NAT, public and isolated without."""
    s3_endpoint: bool = True
    endpoints: Literal["private-tasks"] | Endpoints | None = None
    """Interface endpoints: "private-tasks" are those without which a task in isolated subnets cannot start."""
    flow_logs: FlowLogs | None = None
    ipv6: bool = False

    refused: ClassVar[Mapping[str, str]] = {
        "availability_zones": "is called azs; it takes a number or zone ids like use1-az1",
        "max_azs": "is called azs",
        "cidr_block": "is called cidr",
        "ip_addresses": 'is called cidr: cidr="10.0.0.0/16"',
        "nat_gateways": 'is called nat: "none", "single", "per-zone" or a NatInstance',
        "ip_protocol": "is called ipv6: True gives both",
        "dual_stack": "is called ipv6",
        "subnet_configuration": 'is called tiers: ["public", "private", "isolated"]',
        "subnets": "follow cidr, azs and tiers; subnets that are there already belong to an ExistingVpc",
        "interface_endpoints": "are called endpoints",
        "vpc_id": "belongs to a VPC that is already there: ExistingVpc(vpc_id=...)",
    }

    def check(self) -> None:
        self._check_cidr()
        self._check_zones()
        self._check_tiers()

    def _check_cidr(self) -> None:
        block = parse_block(self.cidr)
        if block is None:
            raise self.refuse(f"cidr must be an IPv4 block like 10.0.0.0/16, got {shown(self.cidr)}")
        if not 16 <= block.prefix <= 24:
            raise self.refuse(
                f"cidr must be a /16 to /24, got {shown(self.cidr)}; "
                f"a subnet is a sixteenth of it, and the smallest that AWS makes is a /28"
            )
        if block.network != block:
            raise self.refuse(f"cidr {self.cidr} starts inside a block; write {block.network}")

    def _check_zones(self) -> None:
        if isinstance(self.azs, int):
            if not 1 <= self.azs <= _ZONES:
                raise self.refuse(f"azs must be 1 to {_ZONES} zones, got {self.azs}")
            return
        if not 1 <= len(self.azs) <= _ZONES:
            raise self.refuse(f"azs must name 1 to {_ZONES} zones, got {len(self.azs)}")
        for one in self.azs:
            if not _ZONE_ID.match(one):
                raise self.refuse(
                    f"azs takes zone ids like use1-az1, which mean the same zone in every account, got {shown(one)}"
                )
            if self.azs.count(one) > 1:
                raise self.refuse(f"azs names {one} twice; name each zone once")
        regions = sorted({one.split("-")[0] for one in self.azs})
        if len(regions) > 1:
            raise self.refuse(f"azs names zones of {len(regions)} regions, {' and '.join(regions)}; a VPC is in one")

    def _check_tiers(self) -> None:
        if self.tiers is None:
            return
        if not self.tiers:
            raise self.refuse(f"tiers is empty; name at least one of {', '.join(_TIERS)}")
        for one in self.tiers:
            if self.tiers.count(one) > 1:
                raise self.refuse(f"tiers names {one} twice; name each tier once")
        if self.has("private") and self.nat == "none":
            raise self.refuse(
                'private subnets reach out through NAT, got nat="none"; call the tier isolated or use nat="single"'
            )
        if self.has("private") and not self.has("public"):
            raise self.refuse(
                "NAT gateways stand in public subnets, and tiers has none; add public, or call the tier isolated"
            )
        if self.nat != "none" and not self.has("private"):
            nat = f'nat="{self.nat}"' if isinstance(self.nat, str) else "a NAT instance"
            raise self.refuse(
                f'{nat} costs money, and tiers has no private subnets for it; add private or use nat="none"'
            )

    # what others ask

    @property
    def vpc_id(self) -> Attr:
        return self.attr("Vpc")

    @property
    def cidr_block(self) -> Text:
        return self.cidr

    @property
    def namespace_arn(self) -> Attr:
        """The Service Connect namespace that the endpoints of this VPC share."""
        return self.attr("Namespace", "Arn")

    @property
    def internet(self) -> Sequence[Attr]:
        """What a public load balancer waits for: no reference leads from it to the gateway's attachment."""
        return (self.attr("InternetGatewayAttachment"),) if self.has("public") else ()

    def has(self, tier: Tier) -> bool:
        return tier in self._tiers

    def subnets(self, tier: Tier, user: str) -> Subnets:
        """Give the subnets of a tier. Raises SpecError that names `user` when there are none."""
        if not self.has(tier):
            raise self.refuse(f"it has no {tier} subnets, and {user} needs them; {self._cure(tier)}")
        ids = AttrList(self.id(f"{tier.title()}Subnets"), [self.attr(part) for part in self._subnet_parts(tier)])
        return Subnets(ids=ids, tier=tier, after=self._after(tier))

    def _after(self, tier: Tier) -> list[Attr]:
        """What must be there before a task reaches anything. Routes wait for the associations of their tables."""
        match tier:
            case "public":
                ways = ["PublicDefaultRoute", *(["PublicDefaultIpv6Route"] if self.ipv6 else [])]
            case "private":
                ways = [f"PrivateDefaultRoute{zone}" for zone in self._zones]
                ways += [f"PrivateDefaultIpv6Route{zone}" for zone in self._zones if self.ipv6]
            case "isolated":
                ways = [f"{part}RouteTableAssociation" for part in self._subnet_parts(tier)]
        if self.s3_endpoint:  # where there is another way, its late arrival would cut open connections to S3
            ways.append("S3Endpoint")
        if self._endpoints is not None:
            ways += self._endpoints.gateways if tier == "public" else self._endpoints.parts
        return [self.attr(part) for part in ways]

    def _cure(self, tier: Tier) -> str:
        if tier == "private" and self.nat == "none":
            return 'give Vpc(nat="single"), or ask for the isolated ones'
        return f"give Vpc(tiers=[{', '.join(repr(one) for one in _TIERS if one == tier or self.has(one))}])"

    # what is built

    def build(self) -> Iterator[Any]:
        yield ec2.VPC(
            self.id("Vpc"),
            CidrBlock=self.cidr,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=self._named("Vpc"),
        )
        if self.ipv6:
            from fargate_stacks.constructs.dual_stack import block

            yield block(self, self.vpc_id)
        if self.has("public"):
            yield from self._gateway()
            yield from self._public()
        if self.has("private"):
            yield from self._nat()
            yield from self._private()
        if self.has("isolated"):
            yield from self._isolated()
        if self.s3_endpoint:
            yield self._s3()
        if self._endpoints is not None:
            inner = self._subnet_parts(self._tiers[-1])  # private DNS leads the whole VPC to them
            yield from self._endpoints.resources(
                self,
                vpc_id=self.vpc_id,
                cidr=self.cidr,
                subnets=[self.attr(part) for part in inner],
                tables=self._tables,
            )
        yield servicediscovery.HttpNamespace(
            self.id("Namespace"),
            Name=sub("${AWS::StackName}-" + self.name),
            Description=f"Service Connect endpoints in {self.name}",
        )
        if self.flow_logs is not None:
            yield from self.flow_logs.resources(self, self.vpc_id, self._named("FlowLog"))

    def _gateway(self) -> Iterator[Any]:
        yield ec2.InternetGateway(self.id("InternetGateway"), Tags=self._named("InternetGateway"))
        yield ec2.VPCGatewayAttachment(
            self.id("InternetGatewayAttachment"),
            VpcId=self.vpc_id,
            InternetGatewayId=self.attr("InternetGateway"),
        )

    def _public(self) -> Iterator[Any]:
        yield from self._subnets("public")
        yield self._route_table("PublicRouteTable")
        yield from self._associations("public")
        yield ec2.Route(
            self.id("PublicDefaultRoute"),
            # EC2 refuses a route to a gateway that is not attached yet
            DependsOn=[*self.internet, *self._association_attrs("public")],
            RouteTableId=self.attr("PublicRouteTable"),
            DestinationCidrBlock=_ANYWHERE,
            GatewayId=self.attr("InternetGateway"),
        )
        if self.ipv6:
            from fargate_stacks.constructs.dual_stack import way_in_and_out

            after = [*self.internet, *self._association_attrs("public")]
            yield way_in_and_out(self, self.attr("PublicRouteTable"), after)

    def _nat(self) -> Iterator[Any]:
        if not isinstance(self.nat, str):
            after = [self.attr("PublicDefaultRoute")]
            yield from self.nat.resources(self, vpc_id=self.vpc_id, cidr=self.cidr, zones=self._nat_zones, after=after)
            return
        for zone in self._nat_zones:
            yield ec2.EIP(
                self.id(f"ElasticIp{zone}"),
                DependsOn=list(self.internet),
                Domain="vpc",
                Tags=self._named(f"ElasticIp{zone}"),
            )
            yield ec2.NatGateway(
                self.id(f"NatGateway{zone}"),
                DependsOn=[self.attr("PublicDefaultRoute")],
                AllocationId=GetAtt(self.id(f"ElasticIp{zone}"), "AllocationId"),
                SubnetId=self.attr(f"PublicSubnet{zone}"),
                Tags=self._named(f"NatGateway{zone}"),
            )

    def _private(self) -> Iterator[Any]:
        yield from self._subnets("private")
        for zone in self._zones:  # a table each also with one NAT, so that a change of `nat` moves routes alone
            yield self._route_table(f"PrivateRouteTable{zone}")
        yield from self._associations("private")
        for zone, association in zip(self._zones, self._association_attrs("private"), strict=True):
            through = zone if zone in self._nat_zones else 1
            if isinstance(self.nat, str):
                target, after = {"NatGatewayId": self.attr(f"NatGateway{through}")}, [association]
            else:  # its address changes once, when the elastic one comes: that must not cut a first task's pull
                target = {"InstanceId": self.attr(f"NatInstance{through}")}
                after = [association, self.attr(f"NatInstanceElasticIp{through}")]
            yield ec2.Route(
                self.id(f"PrivateDefaultRoute{zone}"),
                DependsOn=after,
                RouteTableId=self.attr(f"PrivateRouteTable{zone}"),
                DestinationCidrBlock=_ANYWHERE,
                **target,
            )
        if self.ipv6:
            from fargate_stacks.constructs.dual_stack import ways_out

            tables = [self.attr(f"PrivateRouteTable{zone}") for zone in self._zones]
            yield from ways_out(self, self.vpc_id, tables, self._named("EgressOnlyInternetGateway"))

    def _isolated(self) -> Iterator[Any]:
        yield from self._subnets("isolated")
        yield self._route_table("IsolatedRouteTable")
        yield from self._associations("isolated")

    def _s3(self) -> Any:
        return ec2.VPCEndpoint(
            self.id("S3Endpoint"),
            VpcEndpointType="Gateway",
            ServiceName=sub("com.amazonaws.${AWS::Region}.s3"),
            VpcId=self.vpc_id,
            RouteTableIds=self._tables,
            Tags=self._named("S3Endpoint"),
        )

    # the parts of a tier

    def _subnets(self, tier: Tier) -> Iterator[Any]:
        for zone, part in zip(self._zones, self._subnet_parts(tier), strict=True):
            where: dict[str, Any] = (
                {"AvailabilityZone": Select(zone - 1, GetAZs(""))}
                if isinstance(self.azs, int)
                else {"AvailabilityZoneId": self.azs[zone - 1]}
            )
            place = _TIERS.index(tier) * _ZONES + zone - 1
            if self.ipv6:
                from fargate_stacks.constructs.dual_stack import of_subnet

                where |= of_subnet(self, place)
            yield ec2.Subnet(
                self.id(part),
                VpcId=self.vpc_id,
                **where,
                CidrBlock=str(self._block(place)),
                MapPublicIpOnLaunch=False,
                Tags=self._named(part),
            )

    def _block(self, place: int) -> Block:
        # four places a tier, taken or not, and four more for a tier to come: nothing moves when one is filled
        whole = parse_block(self.cidr)
        assert whole is not None
        return whole.part(4, place)

    def _route_table(self, part: str) -> Any:
        return ec2.RouteTable(self.id(part), VpcId=self.vpc_id, Tags=self._named(part))

    def _associations(self, tier: Tier) -> Iterator[Any]:
        tables = self._table_parts(tier)
        for place, part in enumerate(self._subnet_parts(tier)):
            yield ec2.SubnetRouteTableAssociation(
                self.id(f"{part}RouteTableAssociation"),
                SubnetId=self.attr(part),
                RouteTableId=self.attr(tables[place if len(tables) > 1 else 0]),
            )

    def _association_attrs(self, tier: Tier) -> list[Attr]:
        return [self.attr(f"{part}RouteTableAssociation") for part in self._subnet_parts(tier)]

    def _subnet_parts(self, tier: Tier) -> list[str]:
        return [f"{tier.title()}Subnet{zone}" for zone in self._zones]

    def _table_parts(self, tier: Tier) -> list[str]:
        if tier == "private":
            return [f"PrivateRouteTable{zone}" for zone in self._zones]
        return [f"{tier.title()}RouteTable"]

    @property
    def _tables(self) -> list[Attr]:
        return [self.attr(part) for tier in self._tiers for part in self._table_parts(tier)]

    @property
    def _endpoints(self) -> Endpoints | None:
        if self.endpoints != "private-tasks":
            return self.endpoints
        from fargate_stacks.constructs.vpc_endpoints import Endpoints

        return Endpoints()

    @property
    def _tiers(self) -> tuple[Tier, ...]:
        if self.tiers is not None:
            return tuple(one for one in _TIERS if one in self.tiers)
        return ("public", "isolated") if self.nat == "none" else ("public", "private")

    @property
    def _zones(self) -> range:
        return range(1, (self.azs if isinstance(self.azs, int) else len(self.azs)) + 1)

    @property
    def _nat_zones(self) -> Sequence[int]:
        each = self.nat == "per-zone" if isinstance(self.nat, str) else self.nat.per_zone
        return self._zones if each else (1,)

    def _named(self, part: str) -> Tags:
        return Tags(Name=sub("${AWS::StackName}/" + self.id(part)))


Network: TypeAlias = Vpc | ExistingVpc
