"""Network load balancers: connections and datagrams handed on as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from troposphere import Ref, ec2, ecs
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.archive import LogArchive
from fargate_stacks.constructs.dns import HostedZone, alias_records, certificate
from fargate_stacks.constructs.entry import Door, Entry, Target
from fargate_stacks.constructs.ingress import NO_EGRESS, TLS_POLICY
from fargate_stacks.constructs.named import Named
from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import Conditions, Priority
from fargate_stacks.core.values import Text, by_removal, sub

Protocol = Literal["TCP", "TLS", "UDP", "TCP_UDP"]
_PORTS = range(1, 65_536)


class Listening(Entry):
    """What a network load balancer sends to a service: made by `door.listen(...)`, taken by `Service(route=)`."""

    balancer: NetworkLoadBalancer
    listens: int
    protocol: Protocol
    test: int | None
    encrypted: bool
    health: str | None
    health_port: int | None
    interval: timedelta
    healthy: int
    unhealthy: int
    deregistration_delay: timedelta
    client_ip: bool | None
    proxy_protocol: bool
    sticky: bool

    def check(self) -> None:
        super().check()
        for key in ("listens", "test", "health_port"):
            given: int | None = getattr(self, key)
            if given is not None and given not in _PORTS:
                raise self.refuse(f"{key.replace('listens', 'a port')} must be 1 to 65535, got {given}")
        if self.test == self.listens:
            raise self.refuse(f"test must be another port than {self.listens}")
        if self.protocol == "TLS" and not self.balancer.secure:
            raise self.refuse(f"TLS needs a certificate; give {self.balancer.who} certificate= or domain=")
        if self.encrypted and self.protocol != "TLS":
            raise self.refuse(f"encrypted is for protocol TLS, which ends here; {self.protocol} is handed on as it is")
        if self.health is not None and not self.health.startswith("/"):
            raise self.refuse(f"health must be a path that starts with /, got {shown(self.health)}")
        if self.client_ip is False and self.protocol in ("UDP", "TCP_UDP"):
            raise self.refuse(f"{self.protocol} always shows the client's address; leave client_ip out")
        for key, low, high in (("interval", 5, 300), ("deregistration_delay", 0, 1500)):
            seconds = getattr(self, key).total_seconds()
            if not low <= seconds <= high or seconds % 1:
                raise self.refuse(f"{key} must be {low} to {high} whole seconds, got {seconds:g}")
        for key in ("healthy", "unhealthy"):
            if not 2 <= getattr(self, key) <= 10:
                raise self.refuse(f"{key} must be 2 to 10 checks in a row, got {getattr(self, key)}")

    @property
    def who(self) -> str:
        return f"listener {self.protocol} {self.listens}" + (f" ({self.name})" if self.name else "")

    def check_target(self, to: Target) -> None:
        wanted = {"UDP": True, "TCP_UDP": None}.get(self.protocol, False)
        if wanted is not None and to.udp is not wanted:
            spoken, cure = ("UDP", "leave udp out") if to.udp else ("TCP", "give Container(udp=True)")
            raise self.refuse(f"port {to.port} of container {to.container} speaks {spoken}; {cure}")

    @property
    def front(self) -> str:
        return self.balancer.who

    @property
    def network(self) -> Network:
        return self.balancer.vpc

    @property
    def door(self) -> Door:
        return Door(self.balancer.name, self.balancer.security_group, f"load balancer {self.balancer.name}")

    @property
    def protocol_of_rules(self) -> str:
        return {"UDP": "udp", "TCP_UDP": "-1"}.get(self.protocol, "tcp")

    # what the service's stack gets

    def resources(self, to: Target) -> Iterator[Any]:
        service, part = to.service, self.part
        ports = [self.listens, *([self.test] if self.test is not None and to.deployment.shifts else [])]
        for port in ports:
            yield from self._opened(to, port)
        yield self._group(service.id(f"{part}TargetGroup"), to)
        if to.deployment.shifts:
            yield self._group(service.id(f"{part}GreenTargetGroup"), to)
        yield self._listener(to, f"{part}Listener", self.listens)
        if self.test is not None and to.deployment.shifts:
            yield self._listener(to, f"{part}TestListener", self.test)

    def waits(self, to: Target) -> list[str]:
        test = self.test is not None and to.deployment.shifts
        return [f"{self.part}Listener", *([f"{self.part}TestListener"] if test else [])]

    def attach(self, to: Target) -> tuple[str, Any]:
        service, part = to.service, self.part
        more = to.deployment.alternate(
            service,
            group=service.attr(f"{part}GreenTargetGroup"),
            production=service.attr(f"{part}Listener"),
            test=None if self.test is None else service.attr(f"{part}TestListener"),
        )
        return "LoadBalancers", ecs.LoadBalancer(
            ContainerName=to.container,
            ContainerPort=to.port,
            TargetGroupArn=Ref(service.id(f"{part}TargetGroup")),
            **more,
        )

    def _opened(self, to: Target, port: int) -> Iterator[Any]:
        """The load balancer's own door: who listens opens it, since nobody else knows the port."""
        for protocol in {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}.get(self.protocol, ("tcp",)):
            for number, source in enumerate(self.balancer.sources, 1):
                which = str(number) if len(self.balancer.sources) > 1 else ""
                yield ec2.SecurityGroupIngress(
                    to.service.id(f"{self.balancer.name}{protocol.capitalize()}{port}Open{which}"),
                    GroupId=self.balancer.security_group,
                    IpProtocol=protocol,
                    FromPort=port,
                    ToPort=port,
                    CidrIp=source,
                    Description=f"{protocol} {port} of {to.service.name}",
                )

    def _group(self, logical_id: str, to: Target) -> Any:
        protocol = ("TLS" if self.encrypted else "TCP") if self.protocol == "TLS" else self.protocol
        health: dict[str, Any] = {"HealthCheckProtocol": "TCP" if self.health is None else "HTTP"}
        if self.health is not None:
            health |= {"HealthCheckPath": self.health, "Matcher": elb.Matcher(HttpCode="200-399")}
        if self.health_port is not None:
            health["HealthCheckPort"] = str(self.health_port)
        attributes = {"deregistration_delay.timeout_seconds": str(int(self.deregistration_delay.total_seconds()))}
        if self.client_ip is not None:
            attributes["preserve_client_ip.enabled"] = "true" if self.client_ip else "false"
        if self.proxy_protocol:
            attributes["proxy_protocol_v2.enabled"] = "true"
        if self.sticky:
            attributes |= {"stickiness.enabled": "true", "stickiness.type": "source_ip"}
        return elb.TargetGroup(
            logical_id,
            TargetType="ip",
            Protocol=protocol,
            Port=to.port,
            VpcId=to.network.vpc_id,
            **health,
            HealthCheckIntervalSeconds=int(self.interval.total_seconds()),
            HealthyThresholdCount=self.healthy,
            UnhealthyThresholdCount=self.unhealthy,
            TargetGroupAttributes=[elb.TargetGroupAttribute(Key=key, Value=one) for key, one in attributes.items()],
        )

    def _listener(self, to: Target, part: str, port: int) -> Any:
        logical_id = to.service.id(part)
        secure: dict[str, Any] = {}
        if self.protocol == "TLS":
            secure = {
                "Certificates": [elb.Certificate(CertificateArn=self.balancer.served_certificate)],
                "SslPolicy": self.balancer.tls_policy,
            }
        return elb.Listener(
            logical_id,
            LoadBalancerArn=self.balancer.arn,
            # held against every other listener of the app, as a rule's priority is
            Port=Priority(
                listener=self.balancer.arn,
                listener_name=self.balancer.who,
                rule=logical_id,
                label=f"{self.who} of {to.service.who}",
                conditions=Conditions(path=(f"port {port}",)),
                explicit=port,
                within=_PORTS,
            ),
            Protocol=self.protocol,
            **secure,
            DefaultActions=[to.deployment.forward(to.service, self.part, logical_id)],
        )


class NetworkLoadBalancer(Construct, Named):
    """A network load balancer: TCP, TLS and UDP on any port, with one address a zone that stays.

    Internal by default. Services listen: `door.listen(5432)` makes the listener in the service's stack and opens its
    port. `allow_from` are CIDR blocks: by default everywhere when public, the VPC when internal. TLS needs a
    `certificate` or a `domain` in a `hosted_zone`, which brings one. Access logs exist for TLS listeners only. Deletion
    protection follows `Stack(removal=)`. It costs about 16 USD a month and what it processes. Raises SpecError.
    """

    vpc: Network
    public: bool = False
    certificate: Text | None = None
    domain: str | Sequence[str] = ()
    hosted_zone: HostedZone | None = None
    tls_policy: str = TLS_POLICY
    allow_from: Sequence[Text] | None = None
    cross_zone: bool = False
    """Whether a node hands on to tasks of other zones too; traffic between zones is charged."""
    access_logs: LogArchive | None = None

    refused: ClassVar[Mapping[str, str]] = {
        "internet_facing": "is called public",
        "scheme": "is called public: True is internet-facing, False is internal",
        "subnets": "follow public: public subnets, or the private (else isolated) ones",
        "waf": "is for application load balancers",
    }

    def check(self) -> None:
        wrong = self.wrong_name()
        if wrong is not None:
            raise self.refuse(wrong)
        if self.access_logs is not None and not self.secure:
            raise self.refuse("access logs are kept of TLS listeners alone; give certificate= or domain=, or leave out")
        self.standing  # noqa: B018 - asks the VPC for the tier, which refuses when there is none

    @property
    def served_certificate(self) -> Text:
        return self.certificates[0] if self.certificates else self.attr("Certificate")

    @property
    def address(self) -> Text:
        """The first domain, else the load balancer's own name."""
        return self.domains[0] if self.domains else sub("{host}", host=self.dns_name)

    @verb
    def listen(
        self,
        port: int,
        *,
        protocol: Protocol = "TCP",
        test: int | None = None,
        name: str = "",
        to: int | None = None,
        container: str | None = None,
        encrypted: bool = False,
        health: str | None = None,
        health_port: int | None = None,
        interval: timedelta = timedelta(seconds=10),
        healthy: int = 2,
        unhealthy: int = 3,
        deregistration_delay: timedelta = timedelta(seconds=30),
        client_ip: bool | None = None,
        proxy_protocol: bool = False,
        sticky: bool = False,
    ) -> Listening:
        """Give a way from a port of this load balancer to a container: the one named, else the one with port `to`.

        TLS ends here, and `encrypted` speaks it anew to the container. A task is healthy when it accepts a connection,
        or answers 200 to 399 at the path `health`; `health_port` asks at another port, which a UDP service needs.
        `client_ip` shows the client's address to the container, `proxy_protocol` says it in a header, `sticky` sends
        an address to the same task. `test` is the port on which blue/green shows the new revision. A service with
        several ways in names all but one.
        """
        return Listening(
            balancer=self,
            listens=port,
            protocol=protocol,
            test=test,
            name=name,
            port=to,
            container=container,
            encrypted=encrypted,
            health=health,
            health_port=health_port,
            interval=interval,
            healthy=healthy,
            unhealthy=unhealthy,
            deregistration_delay=deregistration_delay,
            client_ip=client_ip,
            proxy_protocol=proxy_protocol,
            sticky=sticky,
        )

    def build(self) -> Iterator[Any]:
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"Network load balancer {self.name}",
            VpcId=self.vpc.vpc_id,
            SecurityGroupEgress=[NO_EGRESS],
        )
        if self.makes_certificate and self.hosted_zone is not None:
            yield certificate(self.id("Certificate"), self.domains, self.hosted_zone)
        yield self._load_balancer()
        if self.hosted_zone is not None:
            yield from alias_records(self.name, self.domains, self.hosted_zone, self.dns_name, self.hosted_zone_id)

    def _load_balancer(self) -> Any:
        attributes: dict[str, Any] = {
            "deletion_protection.enabled": by_removal(retain="true", remove="false"),
            "load_balancing.cross_zone.enabled": "true" if self.cross_zone else "false",
        }
        if self.access_logs is not None:
            attributes |= {
                "access_logs.s3.enabled": "true",
                "access_logs.s3.bucket": self.access_logs.bucket_name,
                "access_logs.s3.prefix": f"{self.name}/access",
            }
        logs = [] if self.access_logs is None else [self.access_logs.ready]
        return elb.LoadBalancer(
            self.id("LoadBalancer"),
            DependsOn=[*(self.vpc.internet if self.public else ()), *logs],
            Type="network",
            Scheme="internet-facing" if self.public else "internal",
            Subnets=self.placed,
            # only from the start: one that was made without can never have any
            SecurityGroups=[self.security_group],
            LoadBalancerAttributes=[elb.LoadBalancerAttributes(Key=k, Value=v) for k, v in attributes.items()],
        )
