"""One route over several services by weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from troposphere import Ref, ecs
from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.entry import Door, Entry, Target
from fargate_stacks.constructs.network import Network
from fargate_stacks.constructs.route import Route
from fargate_stacks.constructs.targets import target_group
from fargate_stacks.core.construct import Construct, nearest, verb
from fargate_stacks.core.values import Attr
from fargate_stacks.errors import SpecError


class Share(Entry):
    """A part of a split route: made by `split.share(...)`, taken by `Service(route=)`."""

    split: Split
    key: str

    shifts: ClassVar[bool] = False

    @property
    def who(self) -> str:
        return f"share {self.key} of {self.split.who}"

    @property
    def front(self) -> str:
        return self.split.route.front

    @property
    def network(self) -> Network:
        return self.split.route.network

    @property
    def door(self) -> Door:
        return self.split.route.door

    @property
    def after(self) -> list[Attr]:
        return [self.split.attr("ListenerRule")]

    def check_target(self, to: Target) -> None:
        self.split.route.check_target(to)
        if to.deployment.shifts:
            raise self.refuse("a share has one target group, and this deployment swaps two; use Rolling()")

    def resources(self, to: Target) -> Iterator[Any]:
        yield from ()

    def waits(self, to: Target) -> list[str]:
        return []

    def attach(self, to: Target) -> tuple[str, Any]:
        return "LoadBalancers", ecs.LoadBalancer(
            ContainerName=to.container, ContainerPort=to.port, TargetGroupArn=self.split.group(self.key)
        )


class Split(Construct):
    """A route whose requests go to several services by weight: `weights={"stable": 95, "next": 5}`.

    It owns the rule and a target group for each share, so that each service is deployed by itself;
    `split.share("next")` is what a service takes. `port` is the containers' port. `sticky` keeps a client on its
    share for that long. A weight of 0 sends nothing. Raises SpecError for weights that a listener refuses.
    """

    route: Route
    weights: Mapping[str, int]
    port: int
    sticky: timedelta | None = None

    def check(self) -> None:
        if not 2 <= len(self.weights) <= 5:
            raise self.refuse(f"a rule forwards to 2 to 5 target groups here, got {len(self.weights)}")
        for key, weight in self.weights.items():
            if not key.isalnum() or not key.isascii():
                raise self.refuse(f"a share's name is letters and digits, got {key!r}")
            if not 0 <= weight <= 999:
                raise self.refuse(f"a weight is 0 to 999, got {key}={weight}")
        if not any(self.weights.values()):
            raise self.refuse("every weight is 0, so that no request would be answered; give one above 0")
        if len({key[:1].upper() + key[1:] for key in self.weights}) < len(self.weights):
            raise self.refuse("two shares differ in the case of a letter only, and logical ids do not; rename one")
        if self.sticky is not None and not 1 <= self.sticky.total_seconds() <= 604_800:
            raise self.refuse(f"sticky must be 1 to 604800 seconds, got {self.sticky.total_seconds():g}")

    def group(self, key: str) -> Attr:
        """The target group of a share."""
        return self.attr(f"{key[:1].upper()}{key[1:]}TargetGroup")

    @verb
    def share(self, key: str, *, container: str | None = None) -> Share:
        """Give the share of that name to a service. Raises SpecError for a name that has no weight."""
        if key not in self.weights:
            raise SpecError(f"{self.who}: there is no share {key}{nearest(key, self.weights)}")
        return Share(split=self, key=key, name="", port=self.port, container=container)

    def build(self) -> Iterator[Any]:
        for key in self.weights:
            yield target_group(
                self.route, self.id(f"{key[:1].upper()}{key[1:]}TargetGroup"), self.port, self.route.network
            )
        yield self.route.rule(self, self.id("ListenerRule"), self._forward())

    def _forward(self) -> Any:
        more = {}
        if self.sticky is not None:
            more["TargetGroupStickinessConfig"] = elb.TargetGroupStickinessConfig(
                Enabled=True, DurationSeconds=int(self.sticky.total_seconds())
            )
        groups = [
            elb.TargetGroupTuple(TargetGroupArn=Ref(self.group(key).logical_id), Weight=weight)
            for key, weight in self.weights.items()
        ]
        return elb.ListenerRuleAction(Type="forward", ForwardConfig=elb.ForwardConfig(TargetGroups=groups, **more))
