"""A load balancer that something else owns."""

from __future__ import annotations

import re
from collections.abc import Hashable

from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.route import RouteSource
from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.priorities import ALL
from fargate_stacks.core.values import Text


class ExistingLoadBalancer(Value, RouteSource):
    """A load balancer that something else owns: its listener, and its security group.

    `priorities` is the part of the listener's priorities that this app may use, so that two apps can share it:
    `priorities=range(1000, 2000)`. `full_name` (`app/name/0123456789abcdef`) is needed for `Scaling(requests=)`.
    """

    vpc: Network
    listener_arn: Text
    security_group: Text
    priorities: range = ALL
    full_name: Text | None = None
    secure: bool | None = None
    """Whether its listener speaks HTTPS; None when you do not say."""
    logins: bool | None = None
    """Whether it reaches the providers of `route(login=)`; None when you do not say."""
    test_listener_arn: Text | None = None
    """The listener on which blue/green deployments show the new revision."""

    def check(self) -> None:
        if isinstance(self.listener_arn, str) and ":listener/app/" not in self.listener_arn:
            raise self.refuse(f"listener_arn must be the ARN of an ALB's listener, got {shown(self.listener_arn)}")
        if isinstance(self.security_group, str) and not re.fullmatch(r"sg-[0-9a-f]+", self.security_group):
            raise self.refuse(f"security_group must look like sg-0123456789abcdef0, got {shown(self.security_group)}")
        within = self.priorities
        if within.step != 1 or not within or within.start < 1 or within.stop > ALL.stop:
            raise self.refuse(f"priorities must be a range within range(1, {ALL.stop}), got {within}")

    @property
    def name(self) -> str:
        """What stands for it in the logical ids of those who use it."""
        return "LoadBalancer"

    @property
    def who(self) -> str:
        return f"ExistingLoadBalancer {shown(self.listener_arn)}"

    @property
    def listener_key(self) -> Hashable:
        return self.listener_arn
