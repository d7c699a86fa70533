"""Entries: the ways by which requests come to a service, whatever stands in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from fargate_stacks.constructs.network import Network
from fargate_stacks.core.construct import Construct, Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Attr, Text

if TYPE_CHECKING:
    from fargate_stacks.constructs.cluster import Cluster, ExistingCluster
    from fargate_stacks.constructs.deployment import Deployment


class Target(NamedTuple):
    """What an entry leads to: a port of a container of a service."""

    service: Construct
    container: str
    port: int
    port_name: str
    udp: bool
    network: Network
    cluster: Cluster | ExistingCluster
    deployment: Deployment


class Door(NamedTuple):
    """A security group that must reach the tasks, and what stands for it in logical ids."""

    name: str
    security_group: Text
    what: str


class Entry(Value):
    """A way in: made by a verb of what stands in front, taken by `Service(route=)`."""

    name: str
    """Becomes part of logical ids; a service with several entries names all but one."""
    port: int | None
    container: str | None

    shifts: ClassVar[bool] = True
    """Whether ECS moves traffic between two revisions here, with a role of its own."""
    alone: ClassVar[bool] = False
    """Whether a service takes one entry of this kind at most."""
    made_by: ClassVar[str] = 'a way in (edge.route("/*"))'

    def check(self) -> None:
        if self.name and not re.fullmatch(r"[A-Za-z0-9]+", self.name):
            raise self.refuse(f"name is letters and digits, a part of logical ids, got {shown(self.name)}")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise self.refuse(f"port must be 1 to 65535, got {self.port}")

    @property
    def part(self) -> str:
        """What stands between the service's name and the resource's noun in logical ids."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def front(self) -> str:
        """What error messages call what stands in front."""
        return self.who

    @property
    def network(self) -> Network | None:
        """The VPC of what stands in front; None where it has none."""
        raise NotImplementedError

    @property
    def door(self) -> Door | None:
        """The security group behind which the tasks are opened; None where there is none."""
        raise NotImplementedError

    @property
    def after(self) -> Sequence[Attr]:
        """What others own and the service waits for."""
        return ()

    @property
    def protocol_of_rules(self) -> str:
        """The IP protocol of the security-group rules."""
        return "tcp"

    def check_target(self, to: Target) -> None:
        """Refuse a service that this entry cannot lead to. Raises SpecError."""

    def resources(self, to: Target) -> Iterator[Any]:
        """Give what the service's stack needs for this entry, in reading order."""
        raise NotImplementedError

    def waits(self, to: Target) -> list[str]:
        """Give the parts of the service that must be there before its first task."""
        raise NotImplementedError

    def attach(self, to: Target) -> tuple[str, Any]:
        """Give the property of the ECS service that is a list of such entries, and this one's item."""
        raise NotImplementedError
