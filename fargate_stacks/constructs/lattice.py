"""VPC Lattice: a service name that callers of several VPCs reach, without load balancers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from troposphere import GetAtt, Ref, ec2, ecs, iam
from troposphere import vpclattice as lattice

from fargate_stacks.constructs.entry import Entry, Target
from fargate_stacks.constructs.ingress import NO_EGRESS
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.shifting import trust_of_ecs
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import Conditions, Priority
from fargate_stacks.core.values import Attr, Text, sub

_PRIORITIES = range(1, 101)


class LatticeRoute(Entry):
    """What a Lattice service sends to a service of ECS: made by `names.route(...)`, taken by `Service(route=)`."""

    front_service: Lattice
    path: str
    method: str | None
    priority: int
    health: str
    interval: timedelta

    shifts: ClassVar[bool] = False
    alone: ClassVar[bool] = False

    def check(self) -> None:
        super().check()
        for key in ("path", "health"):
            if not getattr(self, key).startswith("/"):
                raise self.refuse(f"{key} must start with /, got {shown(getattr(self, key))}")
        if "*" in self.path[:-1] or (self.path.endswith("*") and not self.path.endswith("/*")):
            raise self.refuse(f"path is exact, or a prefix that ends in /*, got {shown(self.path)}")
        if self.priority not in _PRIORITIES:
            raise self.refuse(f"priority must be 1 to 100, got {self.priority}")
        if not 5 <= self.interval.total_seconds() <= 300:
            raise self.refuse(f"interval must be 5 to 300 seconds, got {self.interval.total_seconds():g}")

    @property
    def who(self) -> str:
        return f"route {self.path}" + (f" ({self.name})" if self.name else "")

    @property
    def front(self) -> str:
        return self.front_service.who

    @property
    def network(self) -> Network:
        return self.front_service.vpc

    @property
    def door(self) -> None:
        return None

    def check_target(self, to: Target) -> None:
        if to.deployment.shifts:
            raise self.refuse("traffic of VPC Lattice is not moved by this deployment here; use Rolling()")
        if to.udp:
            raise self.refuse(f"port {to.port} of container {to.container} speaks UDP, Lattice carries HTTP")

    def resources(self, to: Target) -> Iterator[Any]:
        service, part = to.service, self.part
        yield ec2.SecurityGroupIngress(
            service.id(f"{part}LatticeIngress{to.port}"),
            GroupId=service.attr("SecurityGroup", "GroupId"),
            IpProtocol="tcp",
            FromPort=to.port,
            ToPort=to.port,
            SourcePrefixListId=self.front_service.prefix_list,
            Description=f"from VPC Lattice to {service.name}",
        )
        yield lattice.TargetGroup(
            service.id(f"{part}LatticeTargetGroup"),
            Type="IP",
            Config=lattice.TargetGroupConfig(
                Port=to.port,
                Protocol="HTTP",
                ProtocolVersion="HTTP1",
                VpcIdentifier=to.network.vpc_id,
                HealthCheck=lattice.HealthCheckConfig(
                    Enabled=True,
                    Path=self.health,
                    Protocol="HTTP",
                    HealthCheckIntervalSeconds=int(self.interval.total_seconds()),
                    Matcher=lattice.Matcher(HttpCode="200-399"),
                ),
            ),
        )
        yield self._rule(to)
        yield iam.Role(
            service.id(f"{part}LatticeRole"),
            AssumeRolePolicyDocument=trust_of_ecs(),
            ManagedPolicyArns=[
                sub("arn:${AWS::Partition}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForVpcLattice")
            ],
        )

    def _rule(self, to: Target) -> Any:
        logical_id = to.service.id(f"{self.part}LatticeRule")
        exact = not self.path.endswith("/*")
        match = {"Exact": self.path} if exact else {"Prefix": self.path[:-1]}
        more = {} if self.method is None else {"Method": self.method}
        return lattice.Rule(
            logical_id,
            ServiceIdentifier=self.front_service.service_id,
            ListenerIdentifier=self.front_service.listener_id,
            # held against every other rule of this service in the app
            Priority=Priority(
                listener=self.front_service.listener_id,
                listener_name=self.front,
                rule=logical_id,
                label=f"{self.who} of {to.service.who}",
                conditions=Conditions(path=(self.path,), method=() if self.method is None else (self.method,)),
                explicit=self.priority,
                within=_PRIORITIES,
            ),
            Match=lattice.Match(
                HttpMatch=lattice.HttpMatch(PathMatch=lattice.PathMatch(Match=lattice.PathMatchType(**match)), **more)
            ),
            Action=lattice.Action(
                Forward=lattice.Forward(
                    TargetGroups=[
                        lattice.WeightedTargetGroup(
                            TargetGroupIdentifier=Ref(to.service.id(f"{self.part}LatticeTargetGroup")), Weight=100
                        )
                    ]
                )
            ),
        )

    def waits(self, to: Target) -> list[str]:
        return [f"{self.part}LatticeRule", f"{self.part}LatticeIngress{to.port}"]

    def attach(self, to: Target) -> tuple[str, Any]:
        service, part = to.service, self.part
        return "VpcLatticeConfigurations", ecs.VpcLatticeConfiguration(
            PortName=to.port_name,
            RoleArn=GetAtt(service.id(f"{part}LatticeRole"), "Arn"),
            TargetGroupArn=GetAtt(service.id(f"{part}LatticeTargetGroup"), "Arn"),
        )


class Lattice(Construct):
    """A service of VPC Lattice in a service network that its VPC belongs to: `names.route("/orders/*", priority=10)`.

    Callers in every VPC of the network find it by its DNS name. `prefix_list` is the id of the managed prefix list
    `com.amazonaws.<region>.vpc-lattice`, from which its requests come; no template can look it up. `auth="AWS_IAM"`
    wants signed requests, and a policy of yours. It costs by the hour and by what it processes. `network` is the
    identifier of a service network that exists; one is made otherwise. Raises SpecError for what is no prefix list.
    """

    vpc: Network
    prefix_list: Text
    network: Text | None = None
    auth: Literal["NONE", "AWS_IAM"] = "NONE"
    allow_from: Sequence[Text] | None = None
    """CIDR blocks of this VPC that may call; the whole VPC by default."""

    refused: ClassVar[Mapping[str, str]] = {"public": "is not what VPC Lattice is: its callers are in VPCs"}

    def check(self) -> None:
        if isinstance(self.prefix_list, str) and not self.prefix_list.startswith("pl-"):
            raise self.refuse(f"prefix_list must look like pl-0123456789abcdef0, got {shown(self.prefix_list)}")

    @property
    def service_id(self) -> Attr:
        return self.attr("LatticeService", "Id")

    @property
    def listener_id(self) -> Attr:
        return self.attr("LatticeListener", "Id")

    @property
    def dns_name(self) -> Attr:
        return self.attr("LatticeService", "DnsEntry.DomainName")

    @verb
    def route(
        self,
        path: str = "/*",
        *,
        priority: int,
        method: str | None = None,
        name: str = "",
        port: int | None = None,
        container: str | None = None,
        health: str = "/",
        interval: timedelta = timedelta(seconds=30),
    ) -> LatticeRoute:
        """Give a way from this Lattice service to a container; `priority`, 1 to 100, decides which rule is asked
        first.

        `path` is exact, or a prefix that ends in `/*`. A service with several ways in names all but one.
        """
        return LatticeRoute(
            front_service=self,
            path=path,
            method=method,
            priority=priority,
            name=name,
            port=port,
            container=container,
            health=health,
            interval=interval,
        )

    def build(self) -> Iterator[Any]:
        sources = (self.vpc.cidr_block,) if self.allow_from is None else self.allow_from
        network: Any = self.network
        if network is None:
            yield lattice.ServiceNetwork(self.id("ServiceNetwork"), AuthType=self.auth)
            network = Ref(self.id("ServiceNetwork"))
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Who may call {self.name} through VPC Lattice",
            VpcId=self.vpc.vpc_id,
            SecurityGroupIngress=[
                ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp=one, Description="port 80")
                for one in sources
            ],
            SecurityGroupEgress=[NO_EGRESS],
        )
        yield lattice.ServiceNetworkVpcAssociation(
            self.id("VpcAssociation"),
            ServiceNetworkIdentifier=network,
            VpcIdentifier=self.vpc.vpc_id,
            SecurityGroupIds=[GetAtt(self.id("SecurityGroup"), "GroupId")],
        )
        yield lattice.Service(self.id("LatticeService"), AuthType=self.auth)
        yield lattice.ServiceNetworkServiceAssociation(
            self.id("ServiceAssociation"),
            ServiceNetworkIdentifier=network,
            ServiceIdentifier=Ref(self.id("LatticeService")),
        )
        yield lattice.Listener(
            self.id("LatticeListener"),
            ServiceIdentifier=Ref(self.id("LatticeService")),
            Protocol="HTTP",
            Port=80,
            DefaultAction=lattice.DefaultAction(FixedResponse=lattice.FixedResponse(StatusCode=404)),
        )
