"""ECS Gateway: load balancers that ECS makes, fills and shares between the services of its clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from troposphere import ec2

from fargate_stacks.constructs.archive import LogArchive
from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.entry import Door, Entry, Target
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.waf import Waf
from fargate_stacks.core import ext
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text, by_removal, sub


class Connector(Entry):
    """What a gateway sends to a service: made by `gateway.connect(...)`, taken by `Service(route=)`."""

    gateway: Gateway
    health: str
    expect: str
    interval: timedelta
    timeout: timedelta
    healthy: int
    unhealthy: int

    shifts: ClassVar[bool] = False
    alone: ClassVar[bool] = True

    def check(self) -> None:
        super().check()
        if not self.health.startswith("/"):
            raise self.refuse(f"health must be a path that starts with /, got {shown(self.health)}")
        if self.timeout >= self.interval:
            raise self.refuse(
                f"timeout must be below interval={self.interval.total_seconds():g}, "
                f"got {self.timeout.total_seconds():g}"
            )

    @property
    def who(self) -> str:
        return f"connector of {self.gateway.who}"

    @property
    def front(self) -> str:
        return self.gateway.who

    @property
    def network(self) -> Network:
        return self.gateway.vpc

    @property
    def door(self) -> Door:
        return Door(self.gateway.name, self.gateway.security_group, f"gateway {self.gateway.name}")

    @property
    def after(self) -> Sequence[Attr]:
        return [self.gateway.attr(f"{one.name}Association") for one in self.gateway.clusters]

    def resources(self, to: Target) -> Iterator[Any]:
        yield from ()

    def waits(self, to: Target) -> list[str]:
        return []

    def check_target(self, to: Target) -> None:
        if to.cluster not in self.gateway.clusters:
            raise self.refuse(f"{self.gateway.who} does not serve {to.cluster.who}; add it to its clusters=")

    def attach(self, to: Target) -> tuple[str, Any]:
        return "GatewayConnectors", ext.GatewayConnector(
            PortName=to.port_name,
            Filters={"AccessTypes": ["PUBLIC" if self.gateway.public else "PRIVATE"]},
            HealthCheck={
                "HealthCheckProtocol": "HTTP",
                "HealthCheckPort": to.port,
                "HealthCheckPath": self.health,
                "HealthCheckIntervalSeconds": int(self.interval.total_seconds()),
                "HealthCheckTimeoutSeconds": int(self.timeout.total_seconds()),
                "HealthyThresholdCount": self.healthy,
                "UnhealthyThresholdCount": self.unhealthy,
                "Matcher": {"HttpCode": self.expect},
            },
        )


class Gateway(Construct):
    """Load balancers of ECS's own for the services of some clusters: no listener, rule or target group to write.

    They appear when a service takes `gateway.connect()`. `role` is the ARN of the role by which ECS makes them.
    Scheme, port and subnets cannot change later. It is not offered in every region: cfn-lint's rule E3006 tells.
    Deletion protection follows `Stack(removal=)`. Raises SpecError for what a gateway cannot be.
    """

    vpc: Network
    clusters: Sequence[Cluster]
    role: Text
    public: bool = False
    secure: bool = True
    """HTTPS on port 443, else HTTP on port 80."""
    allow_from: Sequence[Text] | None = None
    most: int | None = None
    """How many load balancers ECS may make."""
    desync: Literal["monitor", "defensive", "strictest"] = "defensive"
    test_header: Mapping[str, Sequence[str]] = {}
    """A header and its values that lead to the new revision of a blue/green deployment."""
    access_logs: LogArchive | None = None
    waf: Waf | None = None

    def check(self) -> None:
        if not self.clusters:
            raise self.refuse("it serves no cluster; give clusters=[...]")
        for one in self.clusters:
            if one.vpc.vpc_id != self.vpc.vpc_id:
                raise self.refuse(f"{one.who} is in another VPC")
        if len(self.test_header) > 1:
            raise self.refuse(f"test_header is one header, got {', '.join(self.test_header)}")
        if self.most is not None and self.most < 1:
            raise self.refuse(f"most must be 1 or more, got {self.most}")
        if self.vpc.subnets(self._tier, self.who).count == 1:
            raise self.refuse("a gateway needs subnets in two zones, its VPC has one; use azs=2")

    @property
    def _tier(self) -> Literal["public", "private"]:
        return "public" if self.public else "private"

    @property
    def arn(self) -> Attr:
        return self.attr("Gateway", "Arn")

    @property
    def security_group(self) -> Attr:
        return self.attr("SecurityGroup", "GroupId")

    @verb
    def connect(
        self,
        *,
        port: int | None = None,
        container: str | None = None,
        health: str = "/",
        expect: str = "200-399",
        interval: timedelta = timedelta(seconds=10),
        timeout: timedelta = timedelta(seconds=5),
        healthy: int = 2,
        unhealthy: int = 3,
    ) -> Connector:
        """Give a way to a service's container; a service takes one gateway, and ECS chooses the host name."""
        return Connector(
            gateway=self,
            name="",
            port=port,
            container=container,
            health=health,
            expect=expect,
            interval=interval,
            timeout=timeout,
            healthy=healthy,
            unhealthy=unhealthy,
        )

    def build(self) -> Iterator[Any]:
        port = 443 if self.secure else 80
        if self.allow_from is not None:
            sources = self.allow_from
        else:
            sources = ("0.0.0.0/0",) if self.public else (self.vpc.cidr_block,)
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Gateway {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(
                    IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=one, Description=f"port {port}"
                )
                for one in sources
            ],
            SecurityGroupEgress=[NO_EGRESS],
        )
        yield self._gateway(port)
        for one in self.clusters:
            yield ext.GatewayClusterAssociations(
                self.id(f"{one.name}Association"), Gateway=self.arn, Cluster=one.cluster_name
            )

    def _gateway(self, port: int) -> Any:
        subnets = self.vpc.subnets(self._tier, self.who)
        balancer: dict[str, Any] = {
            "Scheme": "internet-facing" if self.public else "internal",
            "Port": port,
            "Protocol": "HTTPS" if self.secure else "HTTP",
            "HttpDesync": self.desync,
            "NetworkConfiguration": {
                "InboundSecurityGroup": self.security_group,
                "Subnets": list(subnets.ids) if isinstance(subnets.ids, tuple) else subnets.ids,
            },
        }
        if self.most is not None:
            balancer["MaxAlbCount"] = self.most
        if self.waf is not None:
            balancer["WebACLArn"] = self.waf.arn
        if self.access_logs is not None:
            archive = {"Bucket": self.access_logs.bucket_name, "Prefix": f"{self.name}/access"}
            balancer["AccessLogs"] = {"Destination": {"S3": archive}}
        for name, values in self.test_header.items():
            balancer["TestTrafficRules"] = {"Header": {"Name": name, "Values": list(values)}}
        logs = [] if self.access_logs is None else [self.access_logs.ready]
        return ext.Gateway(
            self.id("Gateway"),
            DependsOn=[*(self.vpc.internet if self.public else ()), *logs],
            GatewayName=sub(f"${{AWS::StackName}}-{self.name}"),
            InfrastructureRoleArn=self.role,
            Configuration={"HostSharedAlb": balancer},
            DeletionProtection=by_removal(retain=True, remove=False),
            PropagateTags="GATEWAY",
        )
