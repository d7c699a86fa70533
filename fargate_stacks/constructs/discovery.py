"""Names by DNS for tasks themselves: Cloud Map, without a proxy or a load balancer between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from troposphere import GetAtt, ec2, ecs, servicediscovery

from fargate_stacks.constructs.entry import Entry, Target
from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, verb
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")


class Registration(Entry):
    """A name under which a service's tasks are found: made by `names.register(...)`, taken by `Service(route=)`."""

    names: DnsNames
    label: str
    record: Literal["A", "SRV"]
    ttl: timedelta
    allow_from: Sequence[Text] | None

    shifts: ClassVar[bool] = False
    alone: ClassVar[bool] = True

    def check(self) -> None:
        super().check()
        if not _LABEL.match(self.label):
            raise self.refuse(f"a name is lower-case letters, digits, - and _, got {shown(self.label)}")
        seconds = self.ttl.total_seconds()
        if not 0 <= seconds <= 86_400 or seconds % 1:
            raise self.refuse(f"ttl must be 0 to 86400 whole seconds, got {seconds:g}")

    @property
    def who(self) -> str:
        return f"name {self.label}.{self.names.domain}"

    @property
    def front(self) -> str:
        return self.names.who

    @property
    def network(self) -> Network:
        return self.names.vpc

    @property
    def door(self) -> None:
        return None

    def resources(self, to: Target) -> Iterator[Any]:
        sources = (self.names.vpc.cidr_block,) if self.allow_from is None else self.allow_from
        for number, source in enumerate(sources, 1):
            yield ec2.SecurityGroupIngress(
                to.service.id(f"Port{to.port}Open{number if len(sources) > 1 else ''}"),
                GroupId=to.service.attr("SecurityGroup", "GroupId"),
                IpProtocol="udp" if to.udp else "tcp",
                FromPort=to.port,
                ToPort=to.port,
                CidrIp=source,
                Description=f"who finds {to.service.name} by its name",
            )
        yield servicediscovery.Service(
            to.service.id("DiscoveryService"),
            Name=self.label,
            Description=f"Tasks of {to.service.name}",
            DnsConfig=servicediscovery.DnsConfig(
                NamespaceId=self.names.namespace_id,
                RoutingPolicy="MULTIVALUE",
                DnsRecords=[servicediscovery.DnsRecord(Type=self.record, TTL=int(self.ttl.total_seconds()))],
            ),
            # ECS says itself which tasks are healthy
            HealthCheckCustomConfig=servicediscovery.HealthCheckCustomConfig(FailureThreshold=1),
        )

    def waits(self, to: Target) -> list[str]:
        return []

    def attach(self, to: Target) -> tuple[str, Any]:
        port = {"ContainerName": to.container, "ContainerPort": to.port} if self.record == "SRV" else {}
        return "ServiceRegistries", ecs.ServiceRegistry(
            RegistryArn=GetAtt(to.service.id("DiscoveryService"), "Arn"), **port
        )


class DnsNames(Construct):
    """A private DNS domain of a VPC whose names are the tasks themselves: `names.register("orders")`.

    Clients resolve `orders.<domain>` to the addresses of healthy tasks and connect to them without a proxy. It is a
    hosted zone in Route 53, about 0.50 USD a month. DNS answers are cached for `ttl`; an `Endpoint` needs no DNS and
    shifts traffic in blue/green deployments. Raises SpecError for what is no domain.
    """

    vpc: Network
    domain: str

    def check(self) -> None:
        if not _DOMAIN.match(self.domain) or len(self.domain) > 200:
            raise self.refuse(f"domain must be lower case like internal.example, got {shown(self.domain)}")

    @property
    def namespace_id(self) -> Attr:
        return self.attr("DnsNamespace", "Id")

    @verb
    def register(
        self,
        label: str,
        *,
        record: Literal["A", "SRV"] = "A",
        ttl: timedelta = timedelta(seconds=10),
        port: int | None = None,
        container: str | None = None,
        allow_from: Sequence[Text] | None = None,
    ) -> Registration:
        """Give the name `label` in this domain to a service's tasks.

        `record` SRV says the port too. `allow_from` are CIDR blocks that may connect; the VPC by default.
        """
        return Registration(
            names=self,
            label=label,
            record=record,
            ttl=ttl,
            name="",
            port=port,
            container=container,
            allow_from=allow_from,
        )

    def build(self) -> Iterator[Any]:
        yield servicediscovery.PrivateDnsNamespace(
            self.id("DnsNamespace"), Name=self.domain, Vpc=self.vpc.vpc_id, Description=f"Names of {self.name}"
        )
