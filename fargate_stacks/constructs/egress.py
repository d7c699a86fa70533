"""Where tasks may connect to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from troposphere import ec2

from fargate_stacks.constructs.ingress import cidr
from fargate_stacks.core.construct import Value
from fargate_stacks.core.values import Text


class Egress(Value):
    """Where a service's tasks may open connections to: a port (None is every port) of a CIDR block, IPv4 or IPv6."""

    port: int | None = None
    to: Text = "0.0.0.0/0"
    protocol: Literal["tcp", "udp", "-1"] = "tcp"

    def check(self) -> None:
        if self.port is not None and not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")
        if self.port is not None and self.protocol == "-1":
            raise self.refuse('protocol "-1" is every protocol and has no port; leave port out')

    def rules(self, *, ipv6: bool) -> Iterator[Any]:
        """Give the rule, and in a network of both protocols the same for IPv6 where it says "anywhere"."""
        yield self._rule(self.to)
        if ipv6 and self.to == "0.0.0.0/0":
            yield self._rule("::/0")

    def _rule(self, to: Text) -> Any:
        if self.protocol == "-1":
            return ec2.SecurityGroupRule(IpProtocol="-1", **cidr(to), Description="any protocol and port")
        first, last = (self.port, self.port) if self.port is not None else (0, 65535)
        what = f"{self.protocol} {self.port or 'any port'}"
        return ec2.SecurityGroupRule(
            IpProtocol=self.protocol, FromPort=first, ToPort=last, **cidr(to), Description=what
        )
