"""The security-group rules between a service's tasks, what stands in front of them and what they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from troposphere import ec2

from fargate_stacks.constructs.access import Access, PortAccess
from fargate_stacks.constructs.entry import Door
from fargate_stacks.core.values import Text


class Tasks(Protocol):
    """Tasks behind a security group of their own; the rules stand in their stack."""

    @property
    def name(self) -> str: ...

    @property
    def security_group(self) -> Text: ...

    def id(self, part: str) -> str: ...


class Way(NamedTuple):
    """A door of the tasks, and the port and protocol to which it leads."""

    door: Door
    port: int
    protocol: str


def used_ports(uses: Iterable[Access]) -> list[PortAccess]:
    """Give the ports of others that a task uses, each once."""
    return list({(id(one.provider), one.port): one for access in uses for one in access.ports}.values())


def rules_of_way(tasks: Tasks, way: Way) -> Iterator[Any]:
    """Give the rules by which what stands in front reaches the tasks."""
    name, security_group, what = way.door
    ends = {"IpProtocol": way.protocol, "FromPort": way.port, "ToPort": way.port}
    description = f"from {what} to {tasks.name}"
    yield ec2.SecurityGroupIngress(
        tasks.id(f"{name}Ingress{way.port}"),
        GroupId=tasks.security_group,
        **ends,
        SourceSecurityGroupId=security_group,
        Description=description,
    )
    yield ec2.SecurityGroupEgress(
        tasks.id(f"{name}Egress{way.port}"),
        GroupId=security_group,
        **ends,
        DestinationSecurityGroupId=tasks.security_group,
        Description=description,
    )


def rules_of_port(tasks: Tasks, port: PortAccess, *, narrow: bool) -> Iterator[Any]:
    """Give the rules by which the tasks reach what they use; `narrow` says that their own way out is closed."""
    name = port.provider.name
    ends = {"IpProtocol": "tcp", "FromPort": port.port, "ToPort": port.port}
    description = f"from {tasks.name} to {name}"
    yield ec2.SecurityGroupIngress(
        tasks.id(f"{name}Ingress{port.port}"),
        GroupId=port.security_group,
        **ends,
        SourceSecurityGroupId=tasks.security_group,
        Description=description,
    )
    if narrow:
        yield ec2.SecurityGroupEgress(
            tasks.id(f"{name}Egress{port.port}"),
            GroupId=tasks.security_group,
            **ends,
            DestinationSecurityGroupId=port.security_group,
            Description=description,
        )
